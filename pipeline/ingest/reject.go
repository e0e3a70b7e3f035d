package ingest

import (
	"iter"
	"strconv"

	"mailtrail/schemas/event"
)

// rejection is a reject about which the block's clock has decided.
type rejection struct {
	*reject
	class string
}

// message makes the message for mail.rejects: the payload as raw bytes,
// everything else in headers (see README.md of package rejects). It is made
// when it is sent, since it takes several times the memory of the reject.
func (d *decided) message(r rejection) event.Message {
	origin := r.origin
	if origin == "" {
		origin = event.Identity{Topic: d.topic, Partition: d.partition, Offset: r.offset, Index: r.index}.String()
	}
	received := d.clamp(r.received, r.replayed)
	clock := received
	if r.captured != 0 {
		clock = min(clock, r.captured)
	}
	payload := r.payload
	if r.isProto && !r.whole {
		payload = event.WrapProto(payload)
	}
	headers := []event.Header{
		{Key: event.OriginHeader, Value: []byte(origin)},
		{Key: event.StageHeader, Value: []byte(r.stage)},
		{Key: event.ReasonHeader, Value: []byte(r.err.Code)},
		{Key: event.FieldHeader, Value: []byte(r.err.Field)},
		{Key: event.RejectedAtHeader, Value: strconv.AppendInt(nil, d.at, 10)},
		{Key: event.ClockHeader, Value: strconv.AppendInt(nil, clock, 10)},
		{Key: event.ClassHeader, Value: []byte(r.class)},
		{Key: event.SealHeader, Value: []byte(event.NoSeal)},
		{Key: event.ReceivedHeader, Value: strconv.AppendInt(nil, received, 10)},
	}
	for _, h := range r.headers {
		if h.Key != event.ReceivedHeader {
			headers = append(headers, h)
		}
	}
	return event.Message{Topic: event.RejectsTopic, Key: []byte(origin), Value: payload, Headers: headers}
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
