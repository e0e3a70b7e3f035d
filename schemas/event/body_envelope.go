package event

import (
	"bytes"
	"encoding/json"
	"strconv"
	"unicode/utf8"
)

// maxPushGroup is the longest msgGrpId that is kept, in bytes.
const maxPushGroup = 100

// Push is the numbering of an IV-MTR push envelope (its members msgGrpId,
// msgSerNbr, totMsgCnt and recCnt): from it can be seen which message of a group never came.
type Push struct {
	// Group is msgGrpId, empty where there is none.
	Group string
	// Part is msgSerNbr of totMsgCnt, zero where they do not give one.
	Part Part
	// Odd tells that the numbering does not hold together: a part that is
	// outside of its total or not a number, a group that is too long, or another
	// number of events than recCnt says. The events are taken all the same.
	Odd bool
}

// envelope is what a push envelope says, as text.
type envelope struct {
	group, serial, total, records string
}

// splitObject takes an object: a push envelope where it has the member
// "events", else one event. Names of the envelope may be written in any case,
// and its numbers as text: receivers of the feed have seen both.
func (b *Body) splitObject(r *jsonReader) *Error {
	start := r.at
	r.at++
	var env envelope
	isEnvelope := false
	for more := !r.take('}'); more; {
		r.space()
		name, _, ok := r.text()
		if !ok {
			return notReadable(r, "a field name in quotes")
		}
		if !r.take(':') {
			return notReadable(r, "a colon")
		}
		r.space()
		if bytes.EqualFold(name, []byte("events")) {
			if isEnvelope {
				return notReadable(r, "one member events, not two,")
			}
			isEnvelope = true
			if err := b.splitMemberEvents(r); err != nil {
				return err
			}
		} else {
			value := r.at
			if !r.skip() {
				return notReadable(r, "a JSON value")
			}
			env.keep(name, r.data[value:r.at])
		}
		if more = r.take(','); !more && !r.take('}') {
			return notReadable(r, "a comma or the end of the object")
		}
	}
	if !isEnvelope {
		return b.add(r.data[start:r.at])
	}
	b.Push = env.push(len(b.Events))
	return nil
}

func (b *Body) splitMemberEvents(r *jsonReader) *Error {
	switch r.peek() {
	case '[':
		return b.splitArray(r)
	case 'n':
		if r.word("null") {
			return nil
		}
	}
	return notReadable(r, "an array of events")
}

// keep notes a member of the envelope that numbers it.
func (e *envelope) keep(name, value []byte) {
	for _, each := range []struct {
		name string
		text *string
	}{{"msgGrpId", &e.group}, {"msgSerNbr", &e.serial}, {"totMsgCnt", &e.total}, {"recCnt", &e.records}} {
		if !bytes.EqualFold(name, []byte(each.name)) {
			continue
		}
		switch c := value[0]; {
		case c == '"':
			// An escape that is not valid leaves the text empty.
			_ = json.Unmarshal(value, each.text)
		case c == '-' || c-'0' <= 9:
			*each.text = string(value)
		}
	}
}

func (e *envelope) push(events int) (p Push) {
	if len(e.group) > maxPushGroup || !utf8.ValidString(e.group) {
		p.Odd = true
	} else {
		p.Group = e.group
	}
	if e.serial != "" || e.total != "" {
		part, err := ParsePart(e.serial + "/" + e.total)
		p.Part, p.Odd = part, p.Odd || err != nil
	}
	if e.records != "" {
		records, err := strconv.Atoi(e.records)
		p.Odd = p.Odd || err != nil || records != events
	}
	return p
}
