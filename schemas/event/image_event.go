package event

import "slices"

// ImageEvent is what equipment tells of a picture that it took: the part
// `event` of POST /v1/images. Of a scan it has the fields that name the object
// (here one of them or none: a piece without a readable barcode has a picture
// too) and the place; and two of its own. Other fields of a scan are read and
// not kept. Not safe for concurrent use.
type ImageEvent struct {
	// Scan holds the barcode and the place; its Time is CapturedDatetime after Check found nothing.
	Scan Scan
	// Side is the side of the piece, one of Sides, or empty.
	Side string

	captured []byte
}

// The fields that an ImageEvent has besides those of a scan.
const (
	CapturedDatetime = "capturedDatetime"
	Side             = "side"
)

// UnknownSide: side is none of Sides.
const UnknownSide Code = "unknown_side"

// Sides are the sides of a piece that a picture can show: letters have two, parcels six.
func Sides() []string { return []string{"front", "back", "top", "bottom", "left", "right"} }

// DecodeJSON reads the event from a JSON object, as [Scan.DecodeJSON] does.
func (e *ImageEvent) DecodeJSON(data []byte) *Error {
	e.Scan.Reset()
	e.Side, e.captured = "", nil
	if err := e.Scan.DecodeJSON(data); err != nil {
		return err
	}
	return e.own(data)
}

// own reads the two fields that a scan does not have, from an object that was found to be readable.
func (e *ImageEvent) own(data []byte) *Error {
	var side []byte
	own := map[string]*[]byte{CapturedDatetime: &e.captured, Side: &side}
	r := jsonReader{data: data}
	r.space()
	for r.take('{'); !r.take('}'); r.take(',') {
		r.space()
		name, _, _ := r.text()
		into := own[string(name)]
		r.take(':')
		r.space()
		text := r.peek() == '"'
		start := r.at
		if !r.skip() {
			return notReadable(&r, "a JSON value")
		}
		switch value := data[start:r.at]; {
		case into == nil || string(value) == "null" || string(value) == `""`:
		case !text:
			return &Error{Field: string(name), Code: WrongType, Message: "text"}
		case *into != nil:
			return &Error{Field: string(name), Code: Repeated, Message: "the field stands twice in the event"}
		default:
			*into = value[1 : len(value)-1]
			e.Scan.Unknown--
		}
	}
	e.Side = string(side)
	return nil
}

// Check says what is wrong with the event, as [Scan.Check] does.
func (e *ImageEvent) Check() *Error {
	s := &e.Scan
	if err := s.checkFields(); err != nil {
		return err
	}
	if _, one := s.Object(); !one && s.present.meets(&objectSet) {
		return s.objectError()
	}
	if e.captured == nil {
		return &Error{Field: CapturedDatetime, Code: Missing, Message: "the time at which the picture was taken is needed"}
	}
	var ok bool
	if s.Time, ok = ParseMoment(e.captured); !ok {
		return &Error{Field: CapturedDatetime, Code: NotTime, Message: "an RFC 3339 date and time between 1970 and 2199, such as 2026-11-20T14:03:22.123-05:00"}
	}
	if e.Side != "" && !slices.Contains(Sides(), e.Side) {
		return &Error{Field: Side, Code: UnknownSide, Message: "one of front, back, top, bottom, left and right, or nothing"}
	}
	return s.checkPlace()
}
