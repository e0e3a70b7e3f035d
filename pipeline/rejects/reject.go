package rejects

import (
	"strconv"

	"mailtrail/schemas/event"
)

// Reject is what is known of a dead letter besides its payload. It holds no
// barcode and nothing else of the piece.
type Reject struct {
	// ID is the identity of the event, TOPIC/PARTITION/OFFSET/INDEX.
	ID string
	// RejectedAt is the clock that decided, Clock the earliest that the event can have; Unix milliseconds.
	RejectedAt, Clock int64
	Stage             event.Stage
	Reason            string
	// Field is the JSON name of the field that is wrong, empty where it is not one.
	Field string
	// Class is the retention class, empty where it was not told.
	Class       string
	ContentType string
	Device      string
	// Seal is event.NoSeal, or how the payload is sealed.
	Seal string
	// Bytes is the size of the payload, opened.
	Bytes int
	// Events is how many events the payload holds: more than one where a whole ScanBatch was rejected.
	Events uint32
	// Partition and Offset are where it stands in mail.rejects.
	Partition int32
	Offset    int64
	// Times is how often it was rejected.
	Times int
	State State
}

// read takes a message of mail.rejects; ok is false for what is no reject.
func read(m *event.Message) (r Reject, ok bool) {
	id := string(m.Header(event.OriginHeader))
	identity, err := event.ParseIdentity(id)
	rejectedAt, err2 := strconv.ParseInt(string(m.Header(event.RejectedAtHeader)), 10, 64)
	clock, err3 := strconv.ParseInt(string(m.Header(event.ClockHeader)), 10, 64)
	if err != nil || err2 != nil || err3 != nil || identity.String() != id {
		return Reject{}, false
	}
	size := len(m.Value)
	if m.Sealed() {
		size = max(0, size-event.SealOverhead)
	}
	return Reject{
		ID: id, RejectedAt: rejectedAt, Clock: clock,
		Stage: event.Stage(m.Header(event.StageHeader)), Reason: string(m.Header(event.ReasonHeader)), Field: string(m.Header(event.FieldHeader)),
		Class: string(m.Header(event.ClassHeader)), ContentType: string(m.Header(event.ContentTypeHeader)), Device: string(m.Header(event.DeviceHeader)),
		Seal: string(m.Header(event.SealHeader)), Bytes: size, Events: countEvents(m),
		Partition: m.Partition, Offset: m.Offset, Times: 1, State: Rejected,
	}, true
}

// origins are the identities of the payload's events. Only a whole message
// holds several, and then it bears the first one's.
func (r *Reject) origins() []string {
	if r.Events == 1 {
		return []string{r.ID}
	}
	origins := make([]string, r.Events)
	for i := range origins {
		origins[i] = originOf(r.ID, uint32(i))
	}
	return origins
}

// originOf is the identity of the event at a place of the payload that bears the ID.
func originOf(id string, place uint32) string {
	identity, _ := event.ParseIdentity(id) // read has tried it
	identity.Index += place
	return identity.String()
}

// newerThan tells which of two rejects with the same ID counts.
func (r *Reject) newerThan(other *Reject) bool {
	if r.RejectedAt != other.RejectedAt {
		return r.RejectedAt > other.RejectedAt
	}
	return r.Offset > other.Offset
}
