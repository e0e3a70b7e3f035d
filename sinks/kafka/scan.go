package kafka

import (
	"context"
	"errors"
	"time"

	"mailtrail/schemas/event"
)

// scanBytes is how much a Scan asks for at once; a larger batch comes all the same.
const scanBytes = 4 << 20

// Scan reads a topic once, one partition after the other, from its first
// offset to the end that it has when the Scan begins, and hands over every
// message; its bytes belong to it. What stands behind the beginning of an open
// transaction does not come, nor what is deleted while the Scan is under way.
func (c *Client) Scan(ctx context.Context, topic string, each func(*event.Message) error) error {
	spans, err := c.Spans(ctx, topic)
	if err != nil {
		return err
	}
	for _, span := range spans {
		if err := c.scanSpan(ctx, topic, span, each); err != nil {
			return err
		}
	}
	return nil
}

// Size is how many offsets the topic holds, markers of transactions among them.
func (c *Client) Size(ctx context.Context, topic string) (size int64, err error) {
	spans, err := c.Spans(ctx, topic)
	for _, span := range spans {
		size += span.End - span.Start
	}
	return size, err
}

func (c *Client) scanSpan(ctx context.Context, topic string, span Span, each func(*event.Message) error) error {
	for at := span.Start; at < span.End; {
		got, err := c.Fetch(ctx, Fetch{Topic: topic, Partition: span.Partition, Offset: at, MaxBytes: scanBytes, MaxWait: 100 * time.Millisecond})
		if errors.Is(err, ErrOutOfRange) {
			start, err := c.startOf(ctx, topic, span.Partition)
			if err != nil {
				return err
			}
			if start <= at {
				return nil // not deleted from the front: the topic was made anew
			}
			at = start
			continue
		}
		if err != nil {
			return err
		}
		for i := range got.Messages {
			if got.Messages[i].Offset >= span.End {
				return nil
			}
			if err := each(&got.Messages[i]); err != nil {
				return err
			}
		}
		if at = got.Next; at >= got.End {
			return nil
		}
	}
	return nil
}

// startOf returns the first offset that a partition holds.
func (c *Client) startOf(ctx context.Context, topic string, partition int32) (int64, error) {
	spans, err := c.Spans(ctx, topic)
	if err != nil {
		return 0, err
	}
	for _, span := range spans {
		if span.Partition == partition {
			return span.Start, nil
		}
	}
	return 0, nil
}
