package ingest

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promauto"
	"mailtrail/schemas/event"
	"mailtrail/schemas/event/records"
	"mailtrail/schemas/retention"
)

// RecordDeps are what the topic mail.records needs from outside.
type RecordDeps struct {
	// Insert stores rows, whose payloads are sealed by now where they are to be.
	Insert func(ctx context.Context, token string, rows *event.RecordColumns) error
	// Keys seal the payloads of kinds that are sealed.
	Keys Keys
	// Metrics counts what was not stored, since its slot was destroyed meanwhile.
	Metrics prometheus.Registerer
	// Hash makes the keyed hash of a retrieval key's value.
	Hash RecordHash
}

// RecordHash makes the keyed hash under which a record of the system is found by a key's value.
type RecordHash func(system, key string, value []byte) [event.RecordKeyBytes]byte

// Records is the topic mail.records: records of all other kinds.
func Records(deps RecordDeps) Stream {
	return recordStream{deps, promauto.With(deps.Metrics).NewCounter(prometheus.CounterOpts{
		Namespace: "mailtrail", Subsystem: "ingest", Name: "records_over_total",
		Help: "Records that were not stored, since their slot was destroyed after their block was cut.",
	})}
}

type recordStream struct {
	deps RecordDeps
	over prometheus.Counter
}

func (recordStream) Topic() string { return event.RecordsTopic }
func (recordStream) NewRows() Rows { return &event.RecordColumns{} }

// Insert seals what is to be sealed, and stores the rows. The rows themselves
// stay as they are, since they may be sent again. Rows of a slot that was
// destroyed meanwhile are left out: they would go at once.
func (s recordStream) Insert(ctx context.Context, token string, rows Rows) error {
	clear := rows.(*event.RecordColumns)
	sealed := &event.RecordColumns{Heads: event.Heads{Topic: clear.Topic, Partition: clear.Partition}}
	for i := range clear.Rows {
		row := clear.Rows[i]
		head := clear.HeadAt(i)
		if row.Sealed {
			payload, err := s.deps.Keys.Seal(ctx, event.Seal{Class: head.Class, Slot: head.Slot}, clear.Identity(i), row.Payload)
			switch {
			case errors.Is(err, ErrKeyEnded):
				s.over.Inc()
				continue
			case err != nil:
				return fmt.Errorf("seal a record of class %s: %w", head.Class, err)
			}
			row.Payload = payload
		}
		sealed.Append(&head, row)
	}
	if sealed.Len() == 0 {
		return nil
	}
	return s.deps.Insert(ctx, token, sealed)
}

// Seals implements Sealing.
func (recordStream) Seals(rows Rows) (seals []event.Seal) {
	clear := rows.(*event.RecordColumns)
	for i := range clear.Rows {
		if !clear.Rows[i].Sealed {
			continue
		}
		head := clear.HeadAt(i)
		if seal := (event.Seal{Class: head.Class, Slot: head.Slot}); !slices.Contains(seals, seal) {
			seals = append(seals, seal)
		}
	}
	return seals
}

// kindsPart begins the name of the part that holds a file of kinds.
const kindsPart = "kinds/"

// Load implements Stream.
func (s recordStream) Load(parts map[string][]byte) (Tables, error) {
	sources := map[string][]byte{}
	for name, content := range parts {
		if file, found := strings.CutPrefix(name, kindsPart); found {
			sources[file] = content
		}
	}
	catalog, err := records.Parse(sources)
	if err != nil {
		return nil, err
	}
	schedule, err := retention.Parse(parts[schedulePart])
	return NewRecordTables(catalog, schedule, s.deps), err
}

// recordVersion names the rules of reading and checking records. It changes
// whenever any record could get another row or outcome.
const recordVersion = 2

// RecordTables are the tables that decide about records.
type RecordTables struct {
	catalog  *records.Catalog
	schedule *retention.Schedule
	hash     RecordHash
}

// NewRecordTables makes them of the kinds and the schedule.
func NewRecordTables(catalog *records.Catalog, schedule *retention.Schedule, deps RecordDeps) RecordTables {
	return RecordTables{catalog: catalog, schedule: schedule, hash: deps.Hash}
}

// Version implements Tables.
func (RecordTables) Version() string { return "records " + strconv.Itoa(recordVersion) }

// ClockField implements Tables: every kind has a field of its own for it.
func (RecordTables) ClockField() string { return "" }

// Parts implements Tables.
func (t RecordTables) Parts() (parts []event.EpochPart) {
	sources := t.catalog.Sources()
	for _, name := range t.catalog.Files() {
		parts = append(parts, event.EpochPart{Name: kindsPart + name, Content: sources[name]})
	}
	return parts
}

// Decoder implements Tables.
func (t RecordTables) Decoder() Decoder { return &recordDecoder{tables: t} }

// PreviewRecord says what would become of a record of the class that came at now (Unix milliseconds), if it were no repeat.
func PreviewRecord(schedule *retention.Schedule, ahead time.Duration, class string, captured, now int64) (event.Outcome, *event.Error) {
	return preview(Rules{Schedule: schedule, Tables: RecordTables{}, Ahead: ahead}, class, captured, now)
}

// recordDecoder reads records, one a message or one a line.
type recordDecoder struct {
	tables RecordTables
	record records.Record
}

func (d *recordDecoder) Decode(env *Envelope, in *Intake) {
	value := env.Message.Value
	kind, err := d.kind(env)
	if !env.Lines {
		d.event(env, in, kind, err, 0, value)
		return
	}
	index := uint32(0)
	for len(value) > 0 {
		line, rest, _ := bytes.Cut(value, []byte{'\n'})
		value = rest
		if line = bytes.Trim(line, " \t\r"); len(line) > 0 {
			d.event(env, in, kind, err, index, line)
			index++
		}
	}
	if index == 0 {
		in.RejectWhole(0, &event.Error{Code: event.NotReadable, Message: "lines without a record"}, nil)
	}
}

// kind is that of the message's records, where they can be taken in.
func (d *recordDecoder) kind(env *Envelope) (*records.Kind, *event.Error) {
	if env.Proto {
		return nil, badHeader(event.ContentTypeHeader, event.JSONType+" or "+event.LinesType)
	}
	kind := d.tables.catalog.Kind(string(env.Message.Header(event.KindHeader)))
	if kind == nil {
		return nil, &event.Error{Code: records.UnknownKind, Message: "header \"kind\": expected one of those that `mailtrail records kinds` lists"}
	}
	if _, err := d.tables.schedule.Admit(kind.Class); err != nil {
		return nil, &event.Error{Code: records.NotKept, Message: err.Error()}
	}
	if kind.Never != "" || kind.Elsewhere != "" {
		return nil, &event.Error{Code: records.NotKept, Message: "records of kind " + kind.Name + " are not kept here"}
	}
	return kind, nil
}

// withheld is the payload of a reject: none where it holds what may be kept
// nowhere, or what the kind of a person's records does not have.
func withheld(kind *records.Kind, err *event.Error, raw []byte) []byte {
	unasked := err.Code == records.UnknownField && !(kind != nil && kind.Document)
	if unasked || err.Code == records.NotKept || records.Forbidden(err.Code) || records.HoldsForbidden(raw) {
		return nil
	}
	return raw
}

// Withheld implements Withholding.
func (d *recordDecoder) Withheld(payload []byte) bool { return records.HoldsForbidden(payload) }

// event makes a row of a record, or a reject, where err says why none of its message can be taken in.
func (d *recordDecoder) event(env *Envelope, in *Intake, kind *records.Kind, err *event.Error, index uint32, raw []byte) {
	captured, told := int64(0), false
	if err == nil {
		err = d.record.DecodeJSON(kind, raw)
		captured, told = d.record.CapturedAt() // of a refused record too, as far as it was read
	}
	if err != nil {
		if !told {
			captured = 0
		}
		in.Reject(index, event.DecodeStage, err, captured, withheld(kind, err, raw))
		return
	}
	if !told {
		captured = event.NoClock
	}
	row := event.RecordRow{Kind: kind.Name, Device: env.Device, Sealed: kind.Sealed(), Payload: d.record.AppendJSON(nil)}
	d.record.EachKey(func(key string, value []byte) {
		row.Keys = append(row.Keys, event.RecordKey{Name: key, Hash: d.tables.hash(kind.System, key, value)})
	})
	head := in.Head(index, kind.Class, captured)
	in.Rows().(*event.RecordColumns).Append(&head, row)
	in.Row(kind.Class, captured, raw)
}
