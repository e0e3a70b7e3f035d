package kafka

import (
	"context"
	"fmt"
	"strconv"
	"time"

	kafkago "github.com/segmentio/kafka-go"

	"mailtrail/schemas/retention"
)

// Intervals asks every broker how often it looks for what is due and how long
// it waits before it deletes that from disk, and returns the longest of each. The
// embedded broker has one interval, under the name of the cleaner's, and waits for nothing.
func (c *Client) Intervals(ctx context.Context) (longest retention.Intervals, err error) {
	cluster, err := c.client.Metadata(ctx, &kafkago.MetadataRequest{})
	if err != nil {
		return longest, fmt.Errorf("list the brokers: %w", err)
	}
	for _, broker := range cluster.Brokers {
		settings, err := c.settings(ctx, kafkago.ResourceTypeBroker, strconv.Itoa(broker.ID))
		if err != nil {
			return longest, fmt.Errorf("read the intervals of broker %d (mailtrail needs DescribeConfigs on the cluster): %w", broker.ID, err)
		}
		own, err := intervalsOf(settings)
		if err != nil {
			return longest, fmt.Errorf("read the intervals of broker %d: %w", broker.ID, err)
		}
		longest.Check, longest.Delete = max(longest.Check, own.Check), max(longest.Delete, own.Delete)
	}
	return longest, nil
}

func intervalsOf(settings map[string]string) (i retention.Intervals, err error) {
	check, apache := settings["log.retention.check.interval.ms"]
	if !apache {
		i.Check, err = milliseconds("log.cleaner.backoff.ms", settings["log.cleaner.backoff.ms"])
		return i, err
	}
	if i.Check, err = milliseconds("log.retention.check.interval.ms", check); err != nil {
		return i, err
	}
	i.Delete, err = milliseconds("log.segment.delete.delay.ms", settings["log.segment.delete.delay.ms"])
	return i, err
}

func milliseconds(name, text string) (time.Duration, error) {
	number, err := strconv.ParseInt(text, 10, 64)
	if err != nil || number < 0 {
		return 0, fmt.Errorf("%s is %q, expected milliseconds", name, text)
	}
	return time.Duration(number) * time.Millisecond, nil
}

// OldestTimes returns the timestamp of the oldest record of each partition of
// the topic, Unix milliseconds; 0 where it is empty.
func (c *Client) OldestTimes(ctx context.Context, topic string) ([]int64, error) {
	spans, err := c.Spans(ctx, topic)
	if err != nil {
		return nil, err
	}
	times := make([]int64, len(spans))
	for i, span := range spans {
		if times[i], err = c.timeAt(ctx, topic, span.Partition, span.Start, span.End); err != nil {
			return nil, err
		}
	}
	return times, nil
}

// Stamp is the newest record of a partition with the time that its broker gave it.
type Stamp struct {
	Partition int32
	// End is the offset behind it, Time Unix milliseconds.
	End, Time int64
}

// NewestStamps returns the newest record of each partition of the topic that has one. They tell the brokers' clocks: Apache
// Kafka stamps what is appended where the topic asks for it, and so does the embedded broker. Of a topic that keeps the
// producers' own times the error says so.
func (c *Client) NewestStamps(ctx context.Context, topic string) ([]Stamp, error) {
	settings, err := c.TopicSettings(ctx, topic)
	if err != nil {
		return nil, err
	}
	if kind := settings["message.timestamp.type"]; kind != "LogAppendTime" {
		return nil, fmt.Errorf("topic %s has message.timestamp.type %s, so its records do not tell the brokers' clocks: expected LogAppendTime; run `mailtrail migrate`", topic, kind)
	}
	spans, err := c.Spans(ctx, topic)
	if err != nil {
		return nil, err
	}
	var stamps []Stamp
	for _, span := range spans {
		if span.End == span.Start {
			continue
		}
		at, err := c.timeAt(ctx, topic, span.Partition, span.End-1, span.End)
		if err != nil {
			return nil, err
		}
		if at > 0 {
			stamps = append(stamps, Stamp{span.Partition, span.End, at})
		}
	}
	return stamps, nil
}
