package kafka

import (
	"context"
	"errors"
	"fmt"
	"time"

	kafkago "github.com/segmentio/kafka-go"
	"mailtrail/schemas/event"
)

// EnvelopeBytes is how much larger than the largest event message a topic, the
// writer and a fetch allow a message to be: room for headers.
const EnvelopeBytes = 64 << 10

// Producer writes messages and waits until all replicas in sync have them.
// The partition follows from the key as Java's clients choose it, so that
// equal keys meet in one partition whoever writes them, and messages without a
// key are spread.
type Producer struct {
	writer *kafkago.Writer
}

// NewProducer makes a producer for messages of at most maxMessage bytes
// besides their headers. Close it.
func (c *Client) NewProducer(maxMessage int) *Producer {
	return &Producer{writer: &kafkago.Writer{
		Addr:         c.addr,
		Transport:    c.transport,
		Balancer:     kafkago.Murmur2Balancer{},
		RequiredAcks: kafkago.RequireAll,
		BatchBytes:   int64(maxMessage + EnvelopeBytes),
		// The writer makes room for a whole batch when its first message comes, and most batches are of few.
		BatchSize:    128,
		BatchTimeout: 2 * time.Millisecond,
		// The caller's client repeats a request that failed, and repeats are
		// stored once; a few tries here only hide a change of leader.
		MaxAttempts:  3,
		WriteTimeout: 10 * time.Second,
		ReadTimeout:  10 * time.Second,
	}}
}

// Produce writes the messages to their topics and returns after every one is
// acknowledged. On an error some of them may have been written.
func (p *Producer) Produce(ctx context.Context, messages []event.Message) error {
	out := make([]kafkago.Message, len(messages))
	for i := range messages {
		m := &messages[i]
		out[i] = kafkago.Message{Topic: m.Topic, Key: m.Key, Value: m.Value, Headers: headers(m.Headers)}
	}
	err := p.writer.WriteMessages(ctx, out...)
	var each kafkago.WriteErrors
	switch {
	case err == nil:
		return nil
	case errors.As(err, &each):
		return fmt.Errorf("write to kafka: %d of %d messages: %w", each.Count(), len(messages), worst(each))
	}
	return fmt.Errorf("write to kafka: %w", err)
}

// worst picks the error to report for many messages: one that needs a person,
// if there is one, since the others heal. kafka-go's own error for many hides them from errors.As.
func worst(each kafkago.WriteErrors) (found error) {
	for _, err := range each {
		if err != nil && (found == nil || !Transient(err)) {
			found = err
		}
	}
	return found
}

// Close sends what is waiting and closes the producer.
func (p *Producer) Close() error { return p.writer.Close() }

func headers(in []event.Header) []kafkago.Header {
	out := make([]kafkago.Header, len(in))
	for i, h := range in {
		out[i] = kafkago.Header{Key: h.Key, Value: h.Value}
	}
	return out
}

// ProduceTo writes messages of one topic to one partition, compressed, and
// returns after all replicas in sync have them.
func (c *Client) ProduceTo(ctx context.Context, topic string, partition int32, messages []event.Message) error {
	records := make([]kafkago.Record, len(messages))
	for i := range messages {
		m := &messages[i]
		records[i] = kafkago.Record{Key: kafkago.NewBytes(m.Key), Value: kafkago.NewBytes(m.Value), Headers: headers(m.Headers), Time: time.Now()}
	}
	res, err := c.client.Produce(ctx, &kafkago.ProduceRequest{
		Topic: topic, Partition: int(partition), RequiredAcks: kafkago.RequireAll, Compression: kafkago.Zstd,
		Records: kafkago.NewRecordReader(records...),
	})
	if err == nil {
		err = res.Error
	}
	if err != nil {
		return fmt.Errorf("write to topic %s partition %d: %w", topic, partition, err)
	}
	return nil
}
