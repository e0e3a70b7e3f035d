package ingest

import (
	"slices"

	"mailtrail/schemas/event"
)

// block is a stretch of contiguous offsets on its way into the stores: what
// its messages became so far, before the clock of the block has decided.
type block struct {
	topic     string
	partition int32
	first     int64 // the first offset
	next      int64 // the one after the last

	// rows are the events that can be rows, and head what all topics' rows have. Their
	// clocks are as they came; the block's clock makes their slots of them.
	rows     Rows
	head     *event.Heads
	received []int64 // the gateway's clock or the record's timestamp, Unix milliseconds
	replayed []bool  // the row is a replayed reject: its receipt may lie further back

	rejects []reject
	// early are copies of events that may lie too far in the future, by row.
	early map[int]earlyEvent
	// requests are the messages that have a batch id or are replays, in order.
	requests []request

	// control and aborted are offsets without an event.
	control, aborted []int64
	unknownFields    uint64
	slots            []slotKey // about those that the rows will lie in; few, and mostly the last of them
	bytes            int       // of the parts besides rows
	held             int64     // bytes of the room for blocks that it holds
	asOf             int64     // the clock when it began, Unix milliseconds; its own is not earlier
	weighed          int       // how many events there were when the columns were last weighed
}

type slotKey struct {
	class string
	slot  int64
}

// reject is an event that goes to mail.rejects.
type reject struct {
	offset   int64
	index    uint32
	origin   string // of a replay
	stage    event.Stage
	err      *event.Error
	headers  []event.Header // kept from the message
	payload  []byte
	isProto  bool
	whole    bool // the payload is no single event
	received int64
	captured int64 // 0 where it could not be read
	ended    bool  // it came sealed in a slot that is over: there is nothing to reject
	replayed bool
}

// earlyEvent is what a reject needs, kept of an event until the clock has decided.
type earlyEvent struct {
	payload []byte
	headers []event.Header
	isProto bool
}

// request is a message that can be a repeat, with the stretch of rows and
// rejects that its events take.
type request struct {
	offset         int64
	id             string     // batch id, empty for a replay
	origin         string     // identity of a replay, else empty
	seal           event.Seal // of a replay that came sealed
	part           event.Part
	places         event.Ranges
	device         string
	pushGroup      string
	pushPart       event.Part
	events         uint64
	rowFrom, rowTo int
	rejFrom, rejTo int
}

func newBlock(topic string, partition int32, first int64, rows Rows) *block {
	b := &block{topic: topic, partition: partition, rows: rows, head: rows.Head()}
	b.begin(first)
	return b
}

// grow makes room for so many rows.
func (b *block) grow(rows int) {
	b.rows.Grow(rows)
	b.received, b.replayed = slices.Grow(b.received, rows), slices.Grow(b.replayed, rows)
}

// begin empties the block for the stretch that begins at first and keeps its memory.
func (b *block) begin(first int64) {
	b.first, b.next = first, first
	b.rows.Reset()
	b.head.Topic, b.head.Partition = b.topic, b.partition
	b.received, b.replayed = b.received[:0], b.replayed[:0]
	clear(b.rejects)
	b.rejects = b.rejects[:0]
	clear(b.requests)
	b.requests = b.requests[:0]
	b.early = map[int]earlyEvent{}
	b.control, b.aborted, b.unknownFields = b.control[:0], b.aborted[:0], 0
	b.slots = b.slots[:0]
	b.bytes, b.weighed = 0, 0
}

// empty reports whether the block holds no offset.
func (b *block) empty() bool { return b.next == b.first }

// size returns the memory of the block's rows and payloads, in bytes.
func (b *block) size() int { return b.rows.Bytes() + 9*len(b.received) + b.bytes }

// events returns the number of events so far.
func (b *block) events() int { return b.head.Len() + len(b.rejects) }

// skip takes the offsets without an event below the limit into the block.
func (b *block) skip(f *Fetched, below int64) {
	for len(f.Control) > 0 && f.Control[0] < below {
		b.control, f.Control = append(b.control, f.Control[0]), f.Control[1:]
	}
	for len(f.Aborted) > 0 && f.Aborted[0] < below {
		b.aborted, f.Aborted = append(b.aborted, f.Aborted[0]), f.Aborted[1:]
	}
	b.next = max(b.next, below)
}

// truncate ends the block before the offset.
func (b *block) truncate(next int64) {
	rows := b.head.Len()
	for rows > 0 && b.head.Offset[rows-1] >= next {
		rows--
	}
	rejects := len(b.rejects)
	for rejects > 0 && b.rejects[rejects-1].offset >= next {
		rejects--
	}
	b.dropFrom(rows, rejects)
	for len(b.requests) > 0 && b.requests[len(b.requests)-1].offset >= next {
		b.requests = b.requests[:len(b.requests)-1]
	}
	b.control, b.aborted = below(b.control, next), below(b.aborted, next)
	b.next = min(b.next, next)
}

// dropFrom takes back the rows and rejects from these places on.
func (b *block) dropFrom(rows, rejects int) {
	for i := rows; i < b.head.Len(); i++ {
		delete(b.early, i)
	}
	b.rows.Truncate(rows)
	b.received, b.replayed = b.received[:rows], b.replayed[:rows]
	clear(b.rejects[rejects:])
	b.rejects = b.rejects[:rejects]
}

// earliest is the earliest clock of the rows and rejects from these places on, Unix milliseconds, 0 where none has one.
func (b *block) earliest(rows, rejects int) (captured int64) {
	take := func(each int64) {
		if each != 0 && each != event.NoClock && (captured == 0 || each < captured) {
			captured = each
		}
	}
	for _, each := range b.head.Captured[rows:] {
		take(each)
	}
	for i := range b.rejects[rejects:] {
		take(b.rejects[rejects+i].captured)
	}
	return captured
}

func below(offsets []int64, limit int64) []int64 {
	for len(offsets) > 0 && offsets[len(offsets)-1] >= limit {
		offsets = offsets[:len(offsets)-1]
	}
	return offsets
}
