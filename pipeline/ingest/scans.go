package ingest

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"strconv"
	"time"

	"mailtrail/schemas/barcode"
	"mailtrail/schemas/derive"
	"mailtrail/schemas/event"
	"mailtrail/schemas/facility"
	"mailtrail/schemas/retention"
)

// Scans is the topic mail.scans. Its rows go to insert.
func Scans(insert func(ctx context.Context, token string, rows *event.ScanColumns) error) Stream {
	return scanStream{insert}
}

type scanStream struct {
	insert func(ctx context.Context, token string, rows *event.ScanColumns) error
}

func (scanStream) Topic() string { return event.ScansTopic }
func (scanStream) NewRows() Rows { return &event.ScanColumns{} }

func (s scanStream) Insert(ctx context.Context, token string, rows Rows) error {
	return s.insert(ctx, token, rows.(*event.ScanColumns))
}

// decoderVersion names the rules of reading, checking and deriving scans. It
// changes whenever any scan could get another row or outcome.
const decoderVersion = 6

// The parts of the tables of scans, by name.
const (
	serviceTypesPart    = "service_types"
	specialServicesPart = "special_services"
	facilitiesPart      = "facilities"
)

// ScanTables are the tables that decide about scans.
type ScanTables struct{ *derive.Tables }

// Version implements Tables.
func (ScanTables) Version() string {
	return fmt.Sprintf("decoder %d, classifier %d", decoderVersion, retention.ClassifierVersion)
}

// ClockField implements Tables.
func (ScanTables) ClockField() string { return event.ScanDatetime.String() }

// Parts implements Tables.
func (t ScanTables) Parts() []event.EpochPart {
	return []event.EpochPart{
		{Name: serviceTypesPart, Content: []byte(t.ServiceTypes.Text())},
		{Name: specialServicesPart, Content: []byte(t.SpecialServices.Text())},
		{Name: facilitiesPart, Content: t.Facilities.Encode()},
		{Name: knownPart, Content: knownText(t.Known)},
	}
}

// Load implements Stream.
func (scanStream) Load(parts map[string][]byte) (Tables, error) {
	types, err1 := barcode.ParseServiceTypes(parts[serviceTypesPart])
	special, err2 := barcode.ParseSpecialServices(parts[specialServicesPart])
	facilities, err3 := facility.Parse(bytes.NewReader(parts[facilitiesPart]))
	known, err4 := parseKnown(parts[knownPart])
	tables := &derive.Tables{ServiceTypes: types, SpecialServices: special, Facilities: facilities, Known: known}
	return ScanTables{tables}, errors.Join(err1, err2, err3, err4)
}

func knownText(known *barcode.KnownSet) []byte {
	if known == nil {
		return nil
	}
	return []byte(known.Text())
}

func parseKnown(text []byte) (*barcode.KnownSet, error) {
	if len(text) == 0 {
		return nil, nil
	}
	return barcode.ParseKnownSet(text)
}

// Preview says what would become of a checked scan that came at now (Unix
// milliseconds) from a device with the time zone, if it were no repeat.
func (t ScanTables) Preview(schedule *retention.Schedule, ahead time.Duration, s *event.Scan, zone string, now int64) (class string, outcome event.Outcome, err *event.Error) {
	var d derive.Scan
	if err := t.From(s, derive.Envelope{Zone: zone}, &d); err != nil {
		return "", Rules{Schedule: schedule}.refusal(s, now), err
	}
	outcome, err = preview(Rules{schedule, t, ahead}, d.Class, d.UnixMilli, now)
	return d.Class, outcome, err
}

// Decoder implements Tables.
func (t ScanTables) Decoder() Decoder { return &scanDecoder{tables: t.Tables} }

// scanDecoder reads scans, as JSON or as a ScanBatch.
type scanDecoder struct {
	tables  *derive.Tables
	scan    event.Scan
	derived derive.Scan
}

func (d *scanDecoder) Decode(env *Envelope, in *Intake) {
	d.derived.BeginMessage()
	if env.Lines {
		in.RejectWhole(0, badHeader(event.ContentTypeHeader, event.JSONType+" or "+event.ProtoType), env.Message.Value)
		return
	}
	if env.Proto {
		d.batch(env, in)
		return
	}
	d.scan.Reset()
	d.event(env, in, 0, env.Message.Value, d.scan.DecodeJSON(env.Message.Value))
}

func (d *scanDecoder) batch(env *Envelope, in *Intake) {
	const least = 2 // bytes of an event
	value := env.Message.Value
	if len(value) > least*event.MaxBatchEvents && event.CountBatch(value, event.MaxBatchEvents) > event.MaxBatchEvents {
		// Each event would be a reject of its own: two bytes of the topic can take a thousand of memory.
		in.RejectWhole(0, &event.Error{Code: event.NotReadable, Message: "a ScanBatch of more than " + strconv.Itoa(event.MaxBatchEvents) + " events"}, value)
		return
	}
	batch := event.NewBatch(value)
	index := uint32(0)
	for {
		raw, ok, err := batch.Next()
		if !ok {
			break
		}
		if err != nil {
			in.RejectWhole(index, err, raw)
		} else {
			d.scan.Reset()
			d.event(env, in, index, raw, d.scan.DecodeProto(raw))
		}
		index++
	}
	if index == 0 {
		in.RejectWhole(0, &event.Error{Code: event.NotReadable, Message: "a ScanBatch without events"}, value)
	}
}

// event makes a row of the event that was just decoded, or a reject.
func (d *scanDecoder) event(env *Envelope, in *Intake, index uint32, raw []byte, err *event.Error) {
	in.Unknown(d.scan.Unknown)
	if err == nil {
		err = d.scan.Check()
	}
	if err != nil {
		in.Reject(index, event.DecodeStage, err, d.captured(), raw)
		return
	}
	from := &d.derived
	if err := d.tables.From(&d.scan, derive.Envelope{Zone: env.Zone, Repair: env.Repair}, from); err != nil {
		in.Reject(index, event.DeriveStage, err, d.captured(), raw)
		return
	}
	in.Rows().(*event.ScanColumns).Append(&event.ScanRow{
		Head: in.Head(index, from.Class, from.UnixMilli), Object: from.Object, Device: env.Device,
		ScanShift: from.ShiftMinutes, Flags: uint32(from.Flags), PieceKey: from.PieceKey, Code: from.Code,
		RepairedBars: from.RepairedBars, RepairConfidence: from.RepairConfidence,
	}, &d.scan)
	in.Row(from.Class, from.UnixMilli, raw)
}

// captured is the clock of a scan that is refused, 0 where no time was read. Of a local time the zone may be what is not
// known: the earliest that it can mean keeps the dead letter from outliving the scan's limit.
func (d *scanDecoder) captured() int64 {
	earliest, ok := d.scan.Earliest()
	if !ok {
		return 0
	}
	return earliest
}
