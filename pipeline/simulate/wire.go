package simulate

import (
	"strconv"

	"google.golang.org/protobuf/encoding/protowire"

	"mailtrail/schemas/event"
)

// Numbers of the ScanBatch and ScanEvent messages (scan.proto) that are not in
// the table of fields.
const (
	batchEvents       = 1
	scanUnixMs        = 8
	scanOffsetMinutes = 9
)

// writer writes the fields of an event in one of the two forms.
type writer struct {
	protobuf bool
	// heads are what stands before each field's text: its name, or its tag.
	heads [event.NumFields]string
}

func newWriter(wire Wire) *writer {
	w := &writer{protobuf: wire == Protobuf}
	for f := range event.NumFields {
		spec := f.Spec()
		w.heads[f] = `"` + spec.Name + `":`
		if w.protobuf {
			kind := protowire.BytesType
			if spec.Kind == event.Count {
				kind = protowire.VarintType
			}
			w.heads[f] = string(protowire.AppendTag(nil, protowire.Number(spec.Number), kind))
		}
	}
	return w
}

// appendText appends a field whose text needs no escape in JSON.
func appendText[T string | []byte](w *writer, dst []byte, f event.Field, text T) []byte {
	dst = append(dst, w.heads[f]...)
	if w.protobuf {
		dst = protowire.AppendVarint(dst, uint64(len(text)))
		return append(dst, text...)
	}
	dst = append(dst, '"')
	dst = append(dst, text...)
	return append(dst, '"', ',')
}

// name appends a field of free text, such as a facility's name.
func (w *writer) name(dst []byte, f event.Field, text string) []byte {
	if w.protobuf {
		return appendText(w, dst, f, text)
	}
	dst = append(dst, w.heads[f]...)
	dst = append(dst, '"')
	for i := range len(text) {
		if c := text[i]; c == '"' || c == '\\' {
			dst = append(dst, '\\')
		}
		dst = append(dst, text[i])
	}
	return append(dst, '"', ',')
}

func (w *writer) count(dst []byte, f event.Field, n int) []byte {
	dst = append(dst, w.heads[f]...)
	if w.protobuf {
		return protowire.AppendVarint(dst, uint64(n))
	}
	return append(strconv.AppendInt(dst, int64(n), 10), ',')
}

// time appends when the scan was: a moment with its offset, or the bare local time.
func (w *writer) time(dst []byte, unixMilli int64, offset int16, local bool) []byte {
	if w.protobuf && !local {
		dst = protowire.AppendTag(dst, scanUnixMs, protowire.VarintType)
		dst = protowire.AppendVarint(dst, uint64(unixMilli))
		dst = protowire.AppendTag(dst, scanOffsetMinutes, protowire.VarintType)
		return protowire.AppendVarint(dst, protowire.EncodeZigZag(int64(offset)))
	}
	var text [len("2026-11-20T14:03:22.123-05:00")]byte
	return appendText(w, dst, event.ScanDatetime, appendMoment(text[:0], unixMilli, offset, local))
}

// wrongType appends a field with a value of another type.
func (w *writer) wrongType(dst []byte) []byte {
	if w.protobuf {
		dst = protowire.AppendTag(dst, protowire.Number(event.PieceID.Spec().Number), protowire.VarintType)
		return protowire.AppendVarint(dst, 7)
	}
	return append(append(dst, w.heads[event.PieceID]...), "[7],"...)
}

// event appends a whole event, made of its fields, to the body of a request.
func (w *writer) event(body, fields []byte, broken bool) []byte {
	if w.protobuf {
		if broken { // a field whose text breaks off
			fields = append(append(fields, w.heads[event.EventID]...), 36, 'x')
		}
		body = protowire.AppendTag(body, batchEvents, protowire.BytesType)
		body = protowire.AppendVarint(body, uint64(len(fields)))
		return append(body, fields...)
	}
	if broken {
		fields = fields[:len(fields)/2]
	}
	body = append(body, '{')
	body = append(body, fields...)
	if !broken {
		body[len(body)-1] = '}'
	}
	return append(body, '\n')
}

// appendMoment appends an RFC 3339 date and time with milliseconds.
func appendMoment(dst []byte, unixMilli int64, offset int16, local bool) []byte {
	wall := unixMilli + int64(offset)*minuteMilli
	dst = appendDate(dst, wall)
	rest := uint64(wall % dayMilli)
	dst = append(dst, 'T')
	dst = appendDigits(dst, rest/3_600_000, 2)
	dst = append(dst, ':')
	dst = appendDigits(dst, rest/60_000%60, 2)
	dst = append(dst, ':')
	dst = appendDigits(dst, rest/1000%60, 2)
	dst = append(dst, '.')
	dst = appendDigits(dst, rest%1000, 3)
	if local {
		return dst
	}
	sign := byte('+')
	if offset < 0 {
		sign, offset = '-', -offset
	}
	dst = append(dst, sign)
	dst = appendDigits(dst, uint64(offset/60), 2)
	dst = append(dst, ':')
	return appendDigits(dst, uint64(offset%60), 2)
}

// appendDate appends YYYY-MM-DD of a wall clock in milliseconds since 1970. The
// year is taken to begin in March, so that the leap day is its last.
func appendDate(dst []byte, wall int64) []byte {
	days := uint64(wall/dayMilli + 719_468)
	era, ofEra := days/146_097, days%146_097
	year := (ofEra - ofEra/1460 + ofEra/36_524 - ofEra/146_096) / 365
	ofYear := ofEra - (365*year + year/4 - year/100)
	month := (5*ofYear + 2) / 153
	dayOfMonth := ofYear - (153*month+2)/5 + 1
	year += era * 400
	if month += 3; month > 12 {
		month -= 12
		year++
	}
	dst = appendDigits(dst, year, 4)
	dst = append(dst, '-')
	dst = appendDigits(dst, month, 2)
	dst = append(dst, '-')
	return appendDigits(dst, dayOfMonth, 2)
}
