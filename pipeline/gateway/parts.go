package gateway

import (
	"strconv"
	"time"

	"mailtrail/schemas/event"
)

// A request is cut into parts by the places of its events and the size of their
// bytes as they were sent, whether they are accepted or not. So the same request
// is cut at the same places when it is sent again, even where an event has
// become too old meanwhile.
const (
	// targetPart is how many bytes of the request go into one message. An encoded
	// event is hardly ever longer than it was, so that half of kafka.max_message is room enough.
	targetPart = 1 << 20
	// maxPlaces bounds the events of a part, and with them the header of their places.
	maxPlaces = 10_000
)

// part is a message to be: a piece of work.encoded, and the places of its events.
type part struct {
	start, end int
	places     event.Ranges
}

// cutter cuts the parts of one request.
type cutter struct {
	w      *work
	target int

	bytes, events int // of the part so far, as sent
	places        event.Ranges
	start         int
}

// next takes note of an event of so many bytes, and ends the part before it
// where that is full.
func (c *cutter) next(bytes int) {
	if c.events > 0 && (c.bytes+bytes > c.target || c.events == maxPlaces) {
		c.end()
	}
	c.bytes += bytes
	c.events++
}

// add takes an accepted event into the part, which the work has encoded.
func (c *cutter) add(place uint32) { c.places = c.places.Add(place) }

// end ends the part. One of which nothing was accepted is none.
func (c *cutter) end() {
	if len(c.places) > 0 {
		c.w.parts = append(c.w.parts, part{start: c.start, end: len(c.w.encoded), places: c.places})
	}
	c.start, c.places, c.bytes, c.events = len(c.w.encoded), nil, 0, 0
}

// messages are the parts as Kafka messages. All bear the batch id as their key,
// so that they and their repeats come to one partition.
func (w *work) messages(batch string, device Device, received time.Time) []event.Message {
	key, push := []byte(batch), w.body.Push
	topic, contentType := event.ScansTopic, event.ProtoType
	if w.kind != nil {
		topic, contentType = event.RecordsTopic, event.LinesType
	}
	common := []event.Header{
		{Key: event.ContentTypeHeader, Value: []byte(contentType)},
		{Key: event.BatchIDHeader, Value: key},
		{Key: event.ReceivedHeader, Value: strconv.AppendInt(nil, received.UnixMilli(), 10)},
		{Key: event.DeviceHeader, Value: []byte(device.Name)},
	}
	if w.kind != nil {
		common = append(common, event.Header{Key: event.KindHeader, Value: []byte(w.kind.Name)})
	}
	if device.Zone != "" {
		common = append(common, event.Header{Key: event.ZoneHeader, Value: []byte(device.Zone)})
	}
	if push.Group != "" {
		common = append(common, event.Header{Key: event.PushGroupHeader, Value: []byte(push.Group)})
	}
	if push.Part.Of > 0 {
		common = append(common, event.Header{Key: event.PushPartHeader, Value: []byte(push.Part.String())})
	}
	messages := make([]event.Message, len(w.parts))
	for i, p := range w.parts {
		number := event.Part{Number: i + 1, Of: len(w.parts)}
		headers := append(make([]event.Header, 0, len(common)+2), common...)
		messages[i] = event.Message{
			Topic: topic,
			Time:  received.UnixMilli(),
			Key:   key,
			Value: w.encoded[p.start:p.end:p.end],
			Headers: append(headers,
				event.Header{Key: event.BatchPartHeader, Value: []byte(number.String())},
				event.Header{Key: event.BatchIndexHeader, Value: []byte(p.places.String())}),
		}
	}
	return messages
}
