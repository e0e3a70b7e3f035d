package ingest

import (
	"context"

	"mailtrail/schemas/event"
)

// Stream is a topic as ingest takes it in: what its messages mean, and where
// what becomes of them goes. Everything else (blocks, intents, receipts,
// repeats, rejects, epochs) is the same for all topics.
type Stream interface {
	// Topic is the topic's own name.
	Topic() string
	// NewRows makes an empty block of rows.
	NewRows() Rows
	// Insert stores a block of rows that NewRows made. The same token again adds only what is missing.
	Insert(ctx context.Context, token string, rows Rows) error
	// Load makes the topic's tables again from their parts, by name.
	Load(parts map[string][]byte) (Tables, error)
}

// Identified is a Stream whose messages bear the identity of what they tell of
// as their batch id. A repeat is known by the row that has it, and no
// message is remembered in the table of batch ids.
type Identified interface {
	// Known returns where the identities are stored, each as the one event of a message.
	Known(ctx context.Context, ids []string) ([]event.BatchRow, error)
}

// Sealing is a Stream whose rows are sealed when they are inserted.
type Sealing interface {
	// Seals returns the slots, each once, under whose keys Insert seals the rows.
	Seals(rows Rows) []event.Seal
}

// Rows are the rows of a block in the form in which they are stored. Methods go over whole blocks, so that none is called for each row.
type Rows interface {
	// Head returns the columns that rows of every topic have.
	Head() *event.Heads
	// Grow makes room for so many rows, Reset empties the rows and keeps their memory.
	Grow(rows int)
	Reset()
	// Truncate keeps the first n rows, Keep those for which keep is true.
	Truncate(n int)
	Keep(keep []bool)
	// Bytes is the memory that the rows take, without what is held in reserve.
	Bytes() int
}

// Tables are what decides about the events of one topic beside the schedule and the clock.
type Tables interface {
	// Version names the rules that are code. It changes whenever any event
	// could get another row or outcome.
	Version() string
	// ClockField names the field that holds an event's own clock.
	ClockField() string
	// Parts are the tables' content, from which Stream.Load makes them again.
	Parts() []event.EpochPart
	// Decoder makes a decoder; it serves one block at a time.
	Decoder() Decoder
}

// Decoder reads the events of a message.
type Decoder interface {
	// Decode tells in of every event of the message, in order: it appends a row
	// to in.Rows and calls in.Row, or calls in.Reject or in.RejectWhole.
	// The value of the message is not empty, and its headers were read.
	Decode(env *Envelope, in *Intake)
}

// Withholding is a Decoder of events that may not lie in a dead letter as they came.
type Withholding interface {
	// Withheld tells that a message which is rejected before it is decoded leaves no payload.
	Withheld(payload []byte) bool
}

// Envelope is what the headers of a message say. It is valid until the next message.
type Envelope struct {
	Message *event.Message
	// Proto tells that the value is a protobuf message, Lines that it is JSON objects on lines; else it is one JSON object.
	Proto  bool
	Lines  bool
	Zone   string
	Device string
	// Origin is the identity of a replay, else empty, and Repair how its bars were repaired.
	Origin string
	Repair event.Repair

	received int64
	seal     event.Seal // of a replay that came sealed
}

// Intake takes the events of one message into a block.
type Intake struct {
	b   *block
	u   *builder
	env *Envelope
}

// Rows are the block's rows: those that the stream's NewRows made.
func (in *Intake) Rows() Rows { return in.b.rows }

// Head fills in what a row has in common with all others of its message. class is the retention class, captured the event's own clock, Unix milliseconds.
func (in *Intake) Head(index uint32, class string, captured int64) event.Head {
	return event.Head{Class: class, Origin: in.env.Origin, Offset: in.env.Message.Offset, Index: index, Captured: captured}
}

// Unknown counts fields of an event that are not known and were ignored.
func (in *Intake) Unknown(fields int) { in.b.unknownFields += uint64(fields) }

// Row takes account of the row that was appended last, of which raw is the event as its dead letter would hold it.
func (in *Intake) Row(class string, captured int64, raw []byte) {
	in.u.row(in.b, in.env, class, captured, raw)
}

// Reject makes a reject of one event. captured is its own clock, Unix milliseconds, the earliest that it can be; 0 where it could not be read.
// raw is the payload of the dead letter, nil where it has none.
func (in *Intake) Reject(index uint32, stage event.Stage, err *event.Error, captured int64, raw []byte) {
	in.u.reject(in.b, in.env, index, stage, err, captured, raw)
}

// RejectWhole rejects bytes that could not be split into events.
func (in *Intake) RejectWhole(index uint32, err *event.Error, raw []byte) {
	in.u.rejectWhole(in.b, in.env, index, err, raw)
}
