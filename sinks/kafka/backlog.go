package kafka

import (
	"context"
	"errors"
	"time"
)

// Backlog is what a group has not consumed of a topic.
type Backlog struct {
	Partition int32
	// Committed is the group's place, the topic's start where it has none.
	Committed, End int64
	// Oldest is the timestamp of the oldest record that is not consumed, Unix
	// milliseconds; 0 where everything is.
	Oldest int64
}

// Backlogs returns the group's backlog of each partition of the topic.
func (c *Client) Backlogs(ctx context.Context, group, topic string) ([]Backlog, error) {
	spans, err := c.Spans(ctx, topic)
	if err != nil {
		return nil, err
	}
	partitions := make([]int32, len(spans))
	for i := range spans {
		partitions[i] = spans[i].Partition
	}
	commits, err := c.Committed(ctx, group, topic, partitions)
	if err != nil {
		return nil, err
	}
	backlogs := make([]Backlog, len(spans))
	for i, span := range spans {
		b := Backlog{Partition: span.Partition, Committed: max(commits[i].Offset, span.Start), End: span.End}
		if b.Committed < b.End {
			if b.Oldest, err = c.timeAt(ctx, topic, b.Partition, b.Committed, b.End); err != nil {
				return nil, err
			}
		}
		backlogs[i] = b
	}
	return backlogs, nil
}

// timeAt returns the timestamp of the first message from the offset on, 0 where
// there is none before the end. Offsets without an event are passed over.
func (c *Client) timeAt(ctx context.Context, topic string, partition int32, offset, end int64) (int64, error) {
	for offset < end {
		got, err := c.Fetch(ctx, Fetch{Topic: topic, Partition: partition, Offset: offset, MaxBytes: 64 << 10, MaxWait: time.Millisecond})
		switch {
		case errors.Is(err, ErrOutOfRange):
			return 0, nil // deleted in this moment
		case err != nil:
			return 0, err
		case len(got.Messages) > 0:
			return got.Messages[0].Time, nil
		case got.Next == offset:
			return 0, nil // what is left belongs to an open transaction
		}
		offset = got.Next
	}
	return 0, nil
}
