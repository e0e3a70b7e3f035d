package simulate

import (
	"context"
	"strconv"

	"mailtrail/schemas/event"
)

// Producer writes messages to Kafka and returns when all brokers that must have
// them do. What it returned an error for may have been written in part, so the
// truth of such a run does not hold.
type Producer interface {
	Produce(ctx context.Context, messages []event.Message) error
}

// KafkaConfig says how to write to the topic mail.scans.
type KafkaConfig struct {
	Producer Producer
	// Concurrency is how many requests are written at once; from 1.
	Concurrency int
	// Progress, where set, is called after each request, one call at a time.
	Progress func(Progress)
}

// ToKafka writes the mail to the topic mail.scans as equipment with its own
// producer does: an event a message in JSON, or a ScanBatch. Requests that are
// repeated bear their key as batch id; all others have neither key nor id. The
// truth holds where the error is nil.
func ToKafka(ctx context.Context, options Options, config KafkaConfig) (Truth, Progress, error) {
	options.Door = Kafka
	p := &progress{listener: config.Progress}
	truth, err := sendAll(ctx, options, config.Concurrency, func(ctx context.Context, r *Request) error {
		if err := config.Producer.Produce(ctx, r.Messages(options.Wire)); err != nil {
			return err
		}
		p.add(Progress{Requests: 1, Events: uint64(r.Len()), Accepted: uint64(r.Len())})
		return nil
	})
	return truth, p.sum, err
}

// Messages returns the request as messages for the topic mail.scans. Their values
// are parts of the request's body.
func (r *Request) Messages(wire Wire) []event.Message {
	if wire == Protobuf {
		m := event.Message{Topic: event.ScansTopic, Value: r.Body}
		m.Headers = []event.Header{{Key: event.ContentTypeHeader, Value: []byte(event.ProtoType)}}
		if r.Repeated {
			m.Key = []byte(r.Key)
			m.Headers = append(m.Headers, event.Header{Key: event.BatchIDHeader, Value: m.Key})
		}
		return []event.Message{m}
	}
	messages := make([]event.Message, r.Len())
	for i := range messages {
		m := &messages[i]
		m.Topic, m.Value = event.ScansTopic, r.Event(i)
		if r.Repeated {
			m.Key = []byte(r.Key)
			m.Headers = []event.Header{
				{Key: event.BatchIDHeader, Value: m.Key},
				{Key: event.BatchPartHeader, Value: []byte(event.Part{Number: i + 1, Of: r.Len()}.String())},
				{Key: event.BatchIndexHeader, Value: strconv.AppendInt(nil, int64(i), 10)},
			}
		}
	}
	return messages
}
