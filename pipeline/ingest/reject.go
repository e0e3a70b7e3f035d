package ingest

import (
	"strconv"

	"mailtrail/schemas/event"
)

// rejectMessage makes the message for mail.rejects: the payload as raw bytes,
// everything else in headers (see README.md of package rejects).
func (d *decider) rejectMessage(r *reject, class string) event.Message {
	origin := r.origin
	if origin == "" {
		origin = event.Identity{Topic: d.b.topic, Partition: d.b.partition, Offset: r.offset, Index: r.index}.String()
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
		{Key: event.ClassHeader, Value: []byte(class)},
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
