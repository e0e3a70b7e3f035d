package rejects

import (
	"bytes"
	"encoding/json"
	"mime"
	"strconv"
	"time"
	"unicode/utf8"

	"mailtrail/schemas/event"
)

// Payload is what was rejected, as far as it can be read.
type Payload struct {
	// Events are the events as JSON, with the fields' JSON names.
	Events []json.RawMessage
	// Rest are the bytes that cannot be read, or not to the end.
	Rest []byte
}

// isProto tells how ingest would read the message.
func isProto(m *event.Message) bool {
	media, _, err := mime.ParseMediaType(string(m.Header(event.ContentTypeHeader)))
	return err == nil && (media == event.ProtoType || media == "application/protobuf")
}

// scanEvents are the raw events of a ScanBatch; nil where it cannot be read to its end.
func scanEvents(value []byte) (events [][]byte) {
	batch := event.NewBatch(value)
	for {
		raw, ok, err := batch.Next()
		switch {
		case err != nil:
			return nil
		case !ok:
			return events
		}
		events = append(events, raw)
	}
}

// countEvents is how many events the payload can be sent as.
func countEvents(m *event.Message) uint32 {
	const least = 2 // bytes of an event
	switch {
	case m.Sealed():
		told, _ := strconv.ParseUint(string(m.Header(event.EventsHeader)), 10, 32)
		return uint32(max(1, min(told, uint64(len(m.Value)/least))))
	case !isProto(m):
		return 1
	}
	return uint32(max(1, len(scanEvents(m.Value))))
}

// readPayload makes a payload readable.
func readPayload(m *event.Message) (p Payload) {
	if !isProto(m) {
		if json.Valid(m.Value) {
			p.Events = []json.RawMessage{m.Value}
		} else {
			p.Rest = m.Value
		}
		return p
	}
	batch := event.NewBatch(m.Value)
	var scan event.Scan
	for {
		raw, ok, err := batch.Next()
		if !ok {
			return p
		}
		if err == nil {
			scan.Reset()
			err = scan.DecodeProto(raw)
			text, whole := scanJSON(&scan)
			p.Events = append(p.Events, text)
			if err == nil && whole {
				continue
			}
		}
		p.Rest = append(p.Rest, raw...)
	}
}

// scanJSON writes an event's fields under their JSON names. whole is false
// where the text may not hold all of it: a value that is not UTF-8, or a time
// in numbers, which only an event that passes Check has as text.
func scanJSON(s *event.Scan) (text json.RawMessage, whole bool) {
	whole = s.Check() == nil
	var out bytes.Buffer
	out.WriteByte('{')
	for f := range event.NumFields {
		value := s.Values[f]
		if f == event.ScanDatetime && value == nil && s.Time.HasOffset {
			value = rfc3339(s.Time)
		}
		if value == nil {
			continue
		}
		if out.Len() > 1 {
			out.WriteByte(',')
		}
		whole = whole && utf8.Valid(value)
		writeText(&out, f.String())
		out.WriteByte(':')
		if f.Spec().Kind == event.Count {
			out.Write(value)
		} else {
			writeText(&out, string(value))
		}
	}
	out.WriteByte('}')
	return out.Bytes(), whole
}

func writeText(out *bytes.Buffer, text string) {
	encoder := json.NewEncoder(out)
	encoder.SetEscapeHTML(false)
	_ = encoder.Encode(text) // a text can always be written
	out.Truncate(out.Len() - 1)
}

func rfc3339(m event.Moment64) []byte {
	zone := time.FixedZone("", int(m.OffsetMinutes)*60)
	return time.UnixMilli(m.UnixMilli()).In(zone).AppendFormat(nil, "2006-01-02T15:04:05.000Z07:00")
}
