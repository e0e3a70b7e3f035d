package images

import (
	"errors"
	"io"
	"mime"
	"mime/multipart"
	"net/http"
	"os"
	"time"

	"mailtrail/pipeline/images/header"
	"mailtrail/schemas/derive"
	"mailtrail/schemas/event"
)

// The parts of a request.
const (
	eventPart = "event"
	imagePart = "image"
)

// picture is one picture of a request with what was told of it.
type picture struct {
	bytes    []byte // of the request's body
	from, to int    // where they stand in it
	device   string
	slot     int64 // start, Unix seconds
	received int64 // Unix milliseconds
	entry    event.ImageEntry
}

// intake reads the parts of one request. All of them are read and checked before anything is stored.
type intake struct {
	door     *Images
	device   Device
	now      time.Time
	pictures []picture
	// body holds the parts' contents, one behind the other; its memory is taken from the budget.
	body []byte

	told    event.ImageEvent
	derived derive.Scan
	// next is what the last event told, for the pictures behind it; there is one where waiting or used.
	next          picture
	waiting, used bool
}

// read takes in the body. On a failure the budget that was taken is still the intake's.
func (in *intake) read(w http.ResponseWriter, r *http.Request) *failure {
	if r.ContentLength > in.door.config.MaxBody {
		return in.door.tooLarge()
	}
	r.Body = http.MaxBytesReader(w, r.Body, in.door.config.MaxBody)
	parts, err := r.MultipartReader()
	if err != nil {
		return fail(http.StatusUnsupportedMediaType, UnsupportedType, "expected multipart/form-data with a boundary").at("Content-Type", noIndex)
	}
	for {
		part, err := parts.NextRawPart()
		if err == io.EOF {
			break
		}
		if err != nil {
			return in.door.readFailure(err)
		}
		if f := in.part(part); f != nil {
			return f
		}
	}
	switch {
	case in.waiting:
		return fail(http.StatusBadRequest, MissingImage, "the last event has no picture behind it").at(imagePart, len(in.pictures))
	case len(in.pictures) == 0:
		return fail(http.StatusBadRequest, EmptyBody, "expected parts event and image, repeated")
	}
	for i := range in.pictures {
		p := &in.pictures[i]
		p.bytes = in.body[p.from:p.to:p.to]
	}
	return nil
}

func (in *intake) part(part *multipart.Part) *failure {
	index := len(in.pictures)
	switch part.FormName() {
	case eventPart:
		if in.waiting {
			return fail(http.StatusBadRequest, MissingImage, "an event has no picture behind it").at(imagePart, index)
		}
		return in.event(part, index)
	case imagePart:
		if !in.waiting && !in.used {
			return fail(http.StatusBadRequest, MissingEvent, "a picture has no event before it").at(eventPart, index)
		}
		if index == in.door.config.Limits.Images {
			return fail(http.StatusRequestEntityTooLarge, TooManyImages, "send them in several requests").withLimit(int64(index))
		}
		return in.image(part, index)
	}
	return fail(http.StatusBadRequest, UnknownPart, "expected parts named event and image").at("Content-Disposition", index)
}

// event reads what is told of the pictures behind it.
func (in *intake) event(part io.Reader, index int) *failure {
	text, f := in.bytes(part, in.door.config.Limits.Event)
	if f != nil {
		return f.at(eventPart, index)
	}
	err := in.told.DecodeJSON(text)
	if err == nil {
		err = in.told.Check()
	}
	if err == nil {
		err = in.door.deps.Tables.FromImage(&in.told, in.device.Zone, &in.derived)
	}
	if err != nil {
		return wrongEvent(err, index)
	}
	if f := in.door.window(in.derived.UnixMilli, in.now); f != nil {
		return f.at(event.CapturedDatetime, index)
	}
	in.next = picture{device: in.device.Name, received: in.now.UnixMilli(), entry: in.entry()}
	in.next.slot = in.door.config.Row.SlotOf(min(in.derived.UnixMilli, in.next.received))
	in.waiting = true
	return nil
}

// entry is what the index will say of the pictures behind the event.
func (in *intake) entry() event.ImageEntry {
	told, d := &in.told, &in.derived
	return event.ImageEntry{
		Captured: time.UnixMilli(d.UnixMilli).UTC(), Shift: d.ShiftMinutes, MachineID: string(told.Scan.Values[event.MachineID]), ScanLocaleKey: string(told.Scan.Values[event.ScanLocaleKey]),
		Side: told.Side, Object: d.Object, Code: string(d.Code), PieceKey: string(d.PieceKey), MID: in.door.deps.Tables.MID(d), Bars: string(told.Scan.Values[event.Bars]),
	}
}

// image reads a picture and what it says of itself.
func (in *intake) image(part *multipart.Part, index int) *failure {
	data, f := in.bytes(part, in.door.config.MaxBody)
	if f != nil {
		return f
	}
	info, err := header.Read(data)
	if err != nil {
		return wrongImage(err, index)
	}
	if f := claims(part.Header.Get("Content-Type"), info.MediaType); f != nil {
		return f.at(imagePart, index)
	}
	p := in.next
	p.from, p.to = len(in.body)-len(data), len(in.body)
	p.entry.MediaType, p.entry.Width, p.entry.Height, p.entry.Pages, p.entry.Bytes = info.MediaType, info.Width, info.Height, uint32(info.Pages), uint32(len(data))
	p.entry.ID = in.door.deps.IDKey.ID(p.device, p.entry.Captured.UnixMilli(), data)
	in.pictures = append(in.pictures, p)
	in.waiting, in.used = false, true
	return nil
}

// claims refuses a picture that says it is another than it is. One that says nothing, or only that it is bytes, is taken for what it is.
func claims(contentType, mediaType string) *failure {
	said, _, err := mime.ParseMediaType(contentType)
	if contentType == "" || err == nil && (said == "application/octet-stream" || said == mediaType || said == "image/jpg" && mediaType == header.JPEG) {
		return nil
	}
	return fail(http.StatusUnprocessableEntity, WrongType, "the Content-Type of the part is not that of its bytes, which are "+mediaType)
}

const readStep = 64 << 10 // bytes of memory that a request begins with; it is doubled as it fills

// bytes reads a part to its end and returns its content, valid until the next part is read. The
// memory is taken from the budget as the bytes come, not as they are announced: a client that sends slowly holds
// no more than twice what it sent.
func (in *intake) bytes(part io.Reader, limit int64) ([]byte, *failure) {
	start := len(in.body)
	for {
		if len(in.body) == cap(in.body) {
			grown := max(readStep, 2*cap(in.body))
			if !in.door.bytes.take(int64(grown - cap(in.body))) {
				return nil, in.door.full()
			}
			in.body = append(make([]byte, 0, grown), in.body...)
		}
		n, err := part.Read(in.body[len(in.body):cap(in.body)])
		in.body = in.body[:len(in.body)+n]
		switch {
		case int64(len(in.body)-start) > limit:
			return nil, fail(http.StatusRequestEntityTooLarge, BodyTooLarge, "the part is too large").withLimit(limit)
		case err == io.EOF:
			return in.body[start:], nil
		case err != nil:
			return nil, in.door.readFailure(err)
		}
	}
}

// keptMemory is how many bytes of a request's memory are kept for another one.
const keptMemory = 2 << 20

// begin takes memory of a request before it, as far as the budget goes.
func (in *intake) begin() {
	kept := in.door.bodies.Get().(*[]byte)
	if in.door.bytes.take(int64(cap(*kept))) {
		in.body = (*kept)[:0]
	}
}

// release gives the budget back, and the memory to another request. No picture may be in use any more.
func (in *intake) release() {
	in.door.bytes.give(int64(cap(in.body)))
	if body := in.body; cap(body) > 0 && cap(body) <= keptMemory {
		in.door.bodies.Put(&body)
	}
}

func (d *Images) full() *failure {
	return later(Busy, time.Second, "the pictures in flight hold as many bytes as the door takes at once").withLimit(d.bytes.limit)
}

func (d *Images) tooLarge() *failure {
	return fail(http.StatusRequestEntityTooLarge, BodyTooLarge, "the body is too large (gateway.max_body): send fewer or smaller pictures in a request").withLimit(d.config.MaxBody)
}

func (d *Images) readFailure(err error) *failure {
	var tooLarge *http.MaxBytesError
	switch {
	case errors.As(err, &tooLarge):
		return d.tooLarge()
	case errors.Is(err, os.ErrDeadlineExceeded):
		return fail(http.StatusRequestTimeout, Timeout, "the request did not come in time").withLimit(int64(d.config.Limits.Read / time.Second))
	}
	return fail(http.StatusBadRequest, NotReadable, "the body breaks off or is not multipart/form-data").because(err)
}

// window refuses a capture that is too long ago or too far ahead.
func (d *Images) window(captured int64, now time.Time) *failure {
	switch age := now.Sub(time.UnixMilli(captured)); {
	case age > time.Duration(d.config.Row.Behind):
		return fail(http.StatusUnprocessableEntity, TooOld, "the picture was taken more than "+d.config.Row.Behind.String()+" ago (behind, in the retention schedule)")
	case -age > d.config.Ahead:
		return fail(http.StatusUnprocessableEntity, TooFarAhead, "the picture was taken more than "+d.config.Ahead.String()+" ahead of the server's clock, which the answer carries (ingest.ahead)")
	}
	return nil
}
