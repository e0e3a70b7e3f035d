package rejects

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"mailtrail/schemas/event"
)

// Replayed says what a Replay did, or would do.
type Replayed struct {
	// Sent are rejects that went to their topics once more, Events the events in
	// them: more, where whole messages were rejected.
	Sent, Events int
	// Stored are rejects that an earlier replay stored, Empty those without a
	// payload, of which nothing can ever be stored, Ended those whose key is destroyed.
	Stored, Empty, Ended int
	// Unreadable are messages of the topic that are no rejects.
	Unreadable int
}

// Replay sends the rejects of the reason, of all reasons where it is empty, to
// their topics once more, except for those that are stored. They keep their
// identity and their clock, so that ingest stores each once however often it
// is sent, and travel sealed. A dry run sends nothing. Where payloads were not
// sealed by this installation it sends the others and returns a SealedError. On
// any other error some may have been sent, and a further Replay is safe.
func (r *Rejects) Replay(ctx context.Context, reason string, dryRun bool) (done Replayed, err error) {
	sealed := &SealedError{}
	done.Unreadable, err = r.inParts(ctx, func(found *index) error {
		chosen := map[position]*Reject{}
		for i := range found.rejects {
			reject := &found.rejects[i]
			switch {
			case reason != "" && reject.Reason != reason:
			case reject.State == Stored:
				done.Stored++
			case reject.Bytes == 0:
				done.Empty++
			default:
				chosen[position{reject.Partition, reject.Offset}] = reject
			}
		}
		return r.send(ctx, chosen, dryRun, &done, sealed)
	})
	if err == nil && sealed.Count > 0 {
		err = sealed
	}
	return done, err
}

// position is where a reject stands in mail.rejects.
type position struct {
	partition int32
	offset    int64
}

// Messages are sent together up to these bounds.
const (
	sendMessages = 1000
	sendBytes    = 8 << 20
)

func (r *Rejects) send(ctx context.Context, chosen map[position]*Reject, dryRun bool, done *Replayed, sealed *SealedError) error {
	if len(chosen) == 0 {
		return nil
	}
	var waiting []event.Message
	rejects, size := 0, 0
	flush := func() error {
		if !dryRun && len(waiting) > 0 {
			if err := r.deps.Producer.Produce(ctx, waiting); err != nil {
				return fmt.Errorf("replay rejects: %w", err)
			}
		}
		done.Sent, done.Events = done.Sent+rejects, done.Events+len(waiting)
		waiting, rejects, size = waiting[:0], 0, 0
		return nil
	}
	err := r.deps.Reader.Scan(ctx, event.RejectsTopic, func(m *event.Message) error {
		reject, ok := chosen[position{m.Partition, m.Offset}]
		if !ok {
			return nil
		}
		again, err := r.again(ctx, m, reject)
		switch {
		case errors.Is(err, ErrKeyEnded):
			done.Ended++
			return nil
		case errors.Is(err, ErrForeign):
			sealed.ID, sealed.Seal, sealed.Err = reject.ID, reject.Seal, err
			sealed.Count++
			return nil
		case err != nil:
			return fmt.Errorf("replay rejects: %w", err)
		}
		waiting, rejects, size = append(waiting, again...), rejects+1, size+len(m.Value)
		if len(waiting) < sendMessages && size < sendBytes {
			return nil
		}
		return flush()
	})
	if err != nil {
		return err
	}
	return flush()
}

// kept lists the headers that a replay keeps. The id of the request is not
// among them: a replay is known by its origin, and the request by its first message.
var kept = []string{event.ReceivedHeader, event.ContentTypeHeader, event.DeviceHeader, event.ZoneHeader, event.KindHeader}

// again makes of a reject what is sent to its topic: the payload as it is, or
// each event by itself where it holds several, since each has an identity.
func (r *Rejects) again(ctx context.Context, m *event.Message, reject *Reject) ([]event.Message, error) {
	if reject.Events == 1 {
		replay, err := r.vault.replay(ctx, m, reject)
		return []event.Message{replay}, err
	}
	seal, err := r.vault.sealOf(m, reject)
	if err != nil {
		return nil, err
	}
	payload, err := r.vault.open(ctx, m)
	if err != nil {
		return nil, err
	}
	events := scanEvents(payload)
	origins := make([]string, len(events))
	for i := range events {
		origins[i] = originOf(reject.ID, uint32(i))
	}
	stored, err := r.stored(ctx, origins)
	if err != nil {
		return nil, err
	}
	var again []event.Message
	for i, raw := range events {
		if stored[origins[i]] {
			continue
		}
		sealed, err := r.deps.Keys.Seal(ctx, seal, origins[i], event.WrapProto(raw))
		if err != nil {
			return nil, err
		}
		again = append(again, replayOf(m, origins[i], seal, sealed))
	}
	return again, nil
}

// replayOf makes the message of a sealed payload under an identity. The identity is the key too,
// so that all replays of one event share a partition, where ingest sees them in order.
func replayOf(m *event.Message, origin string, seal event.Seal, value []byte) event.Message {
	headers := []event.Header{{Key: event.OriginHeader, Value: []byte(origin)}, {Key: event.SealHeader, Value: []byte(seal.Text())}}
	for _, name := range kept {
		if text := m.Header(name); text != nil {
			headers = append(headers, event.Header{Key: name, Value: text})
		}
	}
	return event.Message{Topic: topicOf(origin), Key: []byte(origin), Value: value, Headers: headers}
}

// topicOf is the topic in which an event first stood, under its own name.
func topicOf(origin string) string {
	identity, err := event.ParseIdentity(origin)
	if err != nil {
		return event.ScansTopic // ingest rejects what has no identity
	}
	name, _, _ := strings.Cut(identity.Topic, "#")
	return name
}
