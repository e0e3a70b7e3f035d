package event

import "bytes"

// Form is how the events of a request's body stand beside each other.
type Form uint8

const (
	// JSONForm is one event, an array of events, or the push envelope of IV-MTR.
	JSONForm Form = iota
	// LinesForm is one JSON event a line; blank lines are passed over.
	LinesForm
	// ProtoForm is a protobuf ScanBatch.
	ProtoForm
	// ConfirmForm is a CONFIRM scan file, one event a line; blank lines are passed over.
	ConfirmForm
)

// TooManyEvents: a body holds more events than are taken at once. Like
// NotReadable and EmptyValue it can be said of a whole body; it is never said of an event.
const TooManyEvents Code = "too_many_events"

// Body is a request's body split into its events. It is made to be used again.
type Body struct {
	// Events are the bytes of each event, in order. They point into the body.
	Events [][]byte
	// Push is the numbering of a push envelope, empty without one.
	Push Push

	form  Form
	limit int
	lines []int // of a ConfirmForm: the line of each event, from 1
}

// Reset lets go of the body and keeps the memory for the next one.
func (b *Body) Reset() {
	clear(b.Events)
	*b = Body{Events: b.Events[:0], lines: b.lines[:0]}
}

// Split finds the events of a body without copying them; limit is how many may
// be in it. A body that breaks off or is not of its form is wrong as a whole,
// since what is missing cannot be known: NotReadable with the place in bytes, and
// Events holds those before it. A line that is not JSON and an entry that is no
// event are left to Decode. A body without any bytes is EmptyValue; an empty
// array or envelope is a body without events.
func (b *Body) Split(form Form, data []byte, limit int) *Error {
	b.Reset()
	b.form, b.limit = form, limit
	if form == ProtoForm {
		return b.splitProto(data)
	}
	data = bytes.TrimPrefix(data, []byte("\ufeff"))
	if len(bytes.TrimSpace(data)) == 0 {
		return &Error{Code: EmptyValue, Message: "the body is empty: an event is needed"}
	}
	switch form {
	case LinesForm:
		return b.splitLines(data)
	case ConfirmForm:
		return b.splitConfirm(data)
	}
	return b.splitJSON(data)
}

// Decode reads the i-th event into the Scan, which is Reset before.
func (b *Body) Decode(i int, s *Scan) *Error {
	s.Reset()
	switch b.form {
	case ProtoForm:
		return s.DecodeProto(b.Events[i])
	case ConfirmForm:
		return s.DecodeConfirm(b.Events[i])
	}
	return s.DecodeJSON(b.Events[i])
}

func (b *Body) add(raw []byte) *Error {
	if len(b.Events) == b.limit {
		return &Error{Code: TooManyEvents, Message: "more than " + itoa(b.limit) + " events in one request"}
	}
	b.Events = append(b.Events, raw)
	return nil
}

func (b *Body) splitProto(data []byte) *Error {
	if len(data) == 0 {
		return &Error{Code: EmptyValue, Message: "the body is empty: a ScanBatch with events is needed"}
	}
	batch := NewBatch(data)
	for {
		raw, ok, err := batch.Next()
		switch {
		case err != nil:
			return err
		case !ok && len(b.Events) == 0:
			return &Error{Code: NotReadable, Message: "the ScanBatch has no events"}
		case !ok:
			return nil
		}
		if err := b.add(raw); err != nil {
			return err
		}
	}
}

func (b *Body) splitLines(data []byte) *Error {
	for len(data) > 0 {
		line, rest, _ := bytes.Cut(data, []byte{'\n'})
		data = rest
		if line = bytes.Trim(line, " \t\r"); len(line) == 0 {
			continue
		}
		if err := b.add(line); err != nil {
			return err
		}
	}
	return nil
}

func (b *Body) splitJSON(data []byte) *Error {
	r := jsonReader{data: data}
	r.space()
	var err *Error
	switch r.peek() {
	case '[':
		err = b.splitArray(&r)
	case '{':
		err = b.splitObject(&r)
	default:
		err = notReadable(&r, "an event, an array of events or a push envelope")
	}
	if err != nil {
		return err
	}
	if r.space(); r.at != len(data) {
		return notReadable(&r, "the end of the body (for one event a line the content type is application/x-ndjson)")
	}
	return nil
}

func (b *Body) splitArray(r *jsonReader) *Error {
	r.at++
	if r.take(']') {
		return nil
	}
	for {
		r.space()
		start := r.at
		if !r.skip() {
			return notReadable(r, "a JSON value")
		}
		if err := b.add(r.data[start:r.at]); err != nil {
			return err
		}
		if r.take(',') {
			continue
		}
		if !r.take(']') {
			return notReadable(r, "a comma or the end of the array")
		}
		return nil
	}
}
