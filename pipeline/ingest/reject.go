package ingest

import (
	"iter"
	"strconv"

	"mailtrail/schemas/event"
	"mailtrail/schemas/retention"
)

// rejection is a reject about which the block's clock has decided.
type rejection struct {
	*reject
	class string
	// received and clock are its times, Unix milliseconds; slot is the start of the slot under which it is sealed, Unix seconds.
	received, clock, slot int64
}

// message makes the message for mail.rejects: the payload as raw bytes, still in
// clear, everything else in headers (see README.md of package rejects). It is made
// when it is sent, since it takes several times the memory of the reject.
func (d *decided) message(r rejection) event.Message {
	origin := r.origin
	if origin == "" {
		origin = event.Identity{Topic: d.topic, Partition: d.partition, Offset: r.offset, Index: r.index}.String()
	}
	payload := r.payload
	if r.isProto && !r.whole && payload != nil {
		payload = event.WrapProto(payload)
	}
	seal := event.NoSeal // of nothing
	if len(payload) > 0 {
		seal = d.sealText(r.slot)
	}
	headers := []event.Header{
		{Key: event.OriginHeader, Value: []byte(origin)},
		{Key: event.StageHeader, Value: []byte(r.stage)},
		{Key: event.ReasonHeader, Value: []byte(r.err.Code)},
		{Key: event.FieldHeader, Value: []byte(r.err.Field)},
		{Key: event.RejectedAtHeader, Value: strconv.AppendInt(nil, d.at, 10)},
		{Key: event.ClockHeader, Value: strconv.AppendInt(nil, r.clock, 10)},
		{Key: event.ClassHeader, Value: []byte(r.class)},
		{Key: event.SealHeader, Value: []byte(seal)},
		{Key: event.ReceivedHeader, Value: strconv.AppendInt(nil, r.received, 10)},
	}
	for _, h := range r.headers {
		if h.Key != event.ReceivedHeader {
			headers = append(headers, h)
		}
	}
	if r.whole && r.saysProto() {
		if events := countWhole(payload); events > 1 {
			headers = append(headers, event.Header{Key: event.EventsHeader, Value: strconv.AppendInt(nil, events, 10)})
		}
	}
	return event.Message{Topic: event.RejectsTopic, Key: []byte(origin), Value: payload, Headers: headers}
}

// sealText is the text of the seal of a slot. Most rejects of a block are of few slots.
func (d *decided) sealText(slot int64) string {
	text, known := d.seals[slot]
	if !known {
		if d.seals == nil {
			d.seals = map[int64]string{}
		}
		text = event.Seal{Class: retention.Rejects, Slot: slot}.Text()
		d.seals[slot] = text
	}
	return text
}

// saysProto tells whether its message is a ScanBatch by its headers, of which another may be wrong.
func (r *reject) saysProto() bool {
	m := event.Message{Headers: r.headers}
	proto, _, err := formOf(m.Header(event.ContentTypeHeader))
	return err == nil && proto
}

// countWhole is how many events a whole ScanBatch can be sent as; 0 where it cannot be read to its end.
func countWhole(payload []byte) (events int64) {
	batch := event.NewBatch(payload)
	for {
		_, ok, err := batch.Next()
		switch {
		case err != nil:
			return 0
		case !ok:
			return events
		}
		events++
	}
}

// letters makes the messages of the block's rejects, one after the other.
func (d *decided) letters() iter.Seq[event.Message] {
	return func(yield func(event.Message) bool) {
		for _, r := range d.rejected {
			if !yield(d.message(r)) {
				return
			}
		}
	}
}
