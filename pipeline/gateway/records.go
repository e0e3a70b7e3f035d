package gateway

import (
	"fmt"
	"mime"
	"net/http"
	"strings"
	"time"

	"mailtrail/schemas/event"
	"mailtrail/schemas/event/records"
	"mailtrail/schemas/retention"
)

func (c *call) postRecords() { c.postEvents(c.g.deps.Records.Pressure, (*call).takeInRecords) }

// takeInRecords reads the request, checks its records and encodes the accepted ones.
func (c *call) takeInRecords(w *work, check bool) (batch string, failed *failure) {
	kind, failed := c.g.kindOf(c.r.PathValue("kind"))
	if failed != nil {
		return "", failed
	}
	delimited, failed := isDelimited(c.r.Header, kind)
	if failed != nil {
		return "", failed
	}
	form := event.JSONForm
	if !delimited {
		if form, failed = formOf(c.r.Header); failed != nil {
			return "", failed
		}
		if form == event.ProtoForm {
			return "", fail(http.StatusUnsupportedMediaType, UnsupportedType, "expected application/json or application/x-ndjson").withField("Content-Type")
		}
	}
	key, failed := idempotencyKey(c.r.Header)
	if failed != nil {
		return "", failed
	}
	if failed := c.readBody(w); failed != nil {
		return "", failed
	}
	w.kind = kind
	s := recordSift{g: c.g, w: w, cut: cutter{w: w, target: c.g.partBytes}, preview: check, now: c.g.deps.Clock().UnixMilli(), row: c.g.deps.Records.Schedule.Row(kind.Class)}
	if delimited {
		failed = s.lines()
	} else {
		failed = s.objects(form)
	}
	if failed != nil {
		return "", failed
	}
	s.cut.end()
	return batchID(c.device.Name, "records/"+kind.Name, key, w.data), nil
}

// kindOf finds the kind of a path, where its records are taken in.
func (g *Gateway) kindOf(name string) (*records.Kind, *failure) {
	known := g.deps.Records
	kind := known.Kinds.Kind(name)
	if kind == nil {
		return nil, fail(http.StatusNotFound, NotFound, "no such kind of records; there are "+strings.Join(known.Kinds.Names(), ", ")).withField("kind")
	}
	_, err := known.Schedule.Admit(kind.Class)
	switch {
	case kind.Never != "":
		return nil, fail(http.StatusNotFound, NotKept, "nothing of kind "+kind.Name+" is kept: "+kind.Never).withField("kind")
	case kind.Elsewhere != "":
		return nil, fail(http.StatusNotFound, NotKept, "records of kind "+kind.Name+" come in by "+kind.Elsewhere).withField("kind")
	case err != nil:
		return nil, fail(http.StatusNotFound, NotKept, err.Error()).withField("kind")
	}
	return kind, nil
}

// isDelimited tells that the body is delimited text.
func isDelimited(header http.Header, kind *records.Kind) (bool, *failure) {
	media, _, err := mime.ParseMediaType(header.Get("Content-Type"))
	if err != nil || media != "text/csv" && media != "text/tab-separated-values" {
		return false, nil
	}
	if !kind.Document {
		return false, fail(http.StatusUnsupportedMediaType, UnsupportedType, "expected application/json or application/x-ndjson: delimited text is for electronic documentation").withField("Content-Type")
	}
	return true, nil
}

// recordSift checks the records of one request.
type recordSift struct {
	g       *Gateway
	w       *work
	cut     cutter
	preview bool
	now     int64 // Unix milliseconds
	row     *retention.Row
}

// objects goes through a body of JSON.
func (s *recordSift) objects(form event.Form) *failure {
	w := s.w
	if err := w.body.Split(form, w.data, s.g.config.Limits.Events); err != nil {
		return s.g.splitFailure(w, err)
	}
	for i, raw := range w.body.Events {
		s.take(i, len(raw), w.record.DecodeJSON(w.kind, raw))
	}
	return nil
}

// lines goes through a body of delimited text.
func (s *recordSift) lines() *failure {
	w, limit := s.w, s.g.config.Limits.Events
	rows, err := records.NewDelimited(w.kind, w.data)
	if err != nil {
		if err.Code == event.EmptyValue {
			return fail(http.StatusBadRequest, EmptyBody, err.Message)
		}
		return fail(http.StatusBadRequest, NotReadable, err.Message).withField(err.Field)
	}
	for i := 0; ; i++ {
		ok, broken, err := rows.Next(&w.record)
		switch {
		case !ok:
			return nil
		case broken:
			f := fail(http.StatusBadRequest, NotReadable, err.Message)
			f.index = i
			return f
		case i == limit:
			return fail(http.StatusRequestEntityTooLarge, TooManyEvents, fmt.Sprintf("more than %d records in one request: send them in several requests", limit)).withLimit(int64(limit))
		}
		s.take(i, rows.Bytes(), err)
	}
}

// take accepts the record that was just read, of so many bytes, or refuses it.
func (s *recordSift) take(i, bytes int, err *event.Error) {
	w := s.w
	start := len(w.encoded)
	captured, ok := int64(0), false
	if err == nil {
		// The part is measured by what is sent on, which of delimited text is far longer. It is told before the clock
		// is asked, so that a repeat of the request is cut at the same places.
		w.encoded = append(w.record.AppendJSON(w.encoded), '\n')
		bytes = max(bytes, len(w.encoded)-start)
		if captured, ok = w.record.CapturedAt(); bytes > s.g.config.MaxMessage/2 {
			err = &event.Error{Code: event.TooLong, Message: fmt.Sprintf("the record has %d bytes, at most %d (half of kafka.max_message)", bytes, s.g.config.MaxMessage/2)}
		}
	}
	if err == nil && ok {
		err = s.checkTime(captured)
	}
	line := w.encoded[start:]
	w.encoded = w.encoded[:start]
	s.cut.next(bytes)
	if err != nil {
		w.refused = append(w.refused, refusal{Index: i, Field: err.Field, Code: err.Code, Message: err.Message})
		return
	}
	w.accepted++
	if !s.preview {
		w.encoded = append(w.encoded, line...) // where it lies already, behind the part that has just ended
		s.cut.add(uint32(i))
		return
	}
	if !ok {
		captured = s.now
	}
	outcome, err := s.g.deps.Records.Preview(w.kind.Class, captured, s.now)
	p := preview{Index: i, Class: w.kind.Class, Outcome: outcome.String()}
	if err != nil {
		p.Field, p.Code, p.Message = w.kind.Captured, err.Code, err.Message
	}
	w.previews = append(w.previews, p)
}

// checkTime refuses a record that is too old for its class, or too far ahead.
func (s *recordSift) checkTime(captured int64) *event.Error {
	switch {
	case captured < s.now-time.Duration(s.row.Behind).Milliseconds():
		return &event.Error{Field: s.w.kind.Captured, Code: TooOld, Message: fmt.Sprintf("the record is more than %s old (behind of class %s, in the retention schedule)", s.row.Behind, s.row.Class)}
	case captured > s.now+s.g.window.ahead:
		return &event.Error{Field: s.w.kind.Captured, Code: TooFarAhead, Message: s.g.window.tooLateText}
	}
	return nil
}
