package main

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"mailtrail/cmd/mailtrail/config"
	"mailtrail/pipeline/ingest"
	"mailtrail/schemas/event"
	"mailtrail/schemas/retention"
	"mailtrail/sinks/clickhouse"
	"mailtrail/sinks/kafka"
)

// frontTopic is Kafka as the ingest of one topic wants it.
type frontTopic struct {
	client *kafka.Client
	topic  string
	group  string
	// fetchBytes and fetchWait bound one fetch.
	fetchBytes int
	fetchWait  time.Duration
}

const (
	// sessionTimeout is how long a member that was killed keeps its partitions from others.
	sessionTimeout = 10 * time.Second
	// rebalanceTimeout leaves time for a block in flight.
	rebalanceTimeout = ingest.Grace + 15*time.Second
)

// groupOf names the consumer group that takes a topic in: ingest.group for scans, and for every other topic that name
// with the topic's behind it, so that a member that comes or goes stops the work on one topic alone.
func groupOf(c *config.Loaded, topic string) string {
	if topic == event.ScansTopic {
		return c.Ingest.Group
	}
	return c.Ingest.Group + "." + topic
}

// frontTopics are the topics that ingest takes in under the schedule.
func frontTopics(schedule *retention.Schedule) []string {
	return slices.DeleteFunc([]string{event.ScansTopic, event.ImagesTopic, event.RecordsTopic}, func(topic string) bool { return schedule.TopicLife(topic) == 0 })
}

func newFrontTopic(c *config.Loaded, client *kafka.Client, topic string) *frontTopic {
	return &frontTopic{client: client, topic: topic, group: groupOf(c, topic), fetchBytes: 1 << 20, fetchWait: min(c.Ingest.BlockAge/2, 250*time.Millisecond)}
}

func (t *frontTopic) Join() (ingest.Group, error) {
	group, err := t.client.Join(kafka.GroupConfig{ID: t.group, Topic: t.topic, Session: sessionTimeout, Rebalance: rebalanceTimeout})
	if err != nil {
		return nil, err
	}
	return member{group}, nil
}

func (t *frontTopic) Reader(partition int32) ingest.Reader {
	return partitionReader{t.client.NewReader(kafka.ReaderConfig{Topic: t.topic, Partition: partition, MaxBytes: t.fetchBytes, MaxWait: t.fetchWait})}
}

// partitionReader gives kafka's reader the names of ingest's errors.
type partitionReader struct{ *kafka.Reader }

func (r partitionReader) Next(ctx context.Context, offset int64) (ingest.Fetched, error) {
	got, err := r.Reader.Next(ctx, offset)
	if errors.Is(err, kafka.ErrOutOfRange) {
		return ingest.Fetched{}, fmt.Errorf("%w: %w", ingest.ErrGone, err)
	}
	if err != nil {
		return ingest.Fetched{}, err
	}
	return ingest.Fetched{Messages: got.Messages, Control: got.Control, Aborted: got.Aborted, Next: got.Next, End: got.End}, nil
}

func (t *frontTopic) Span(ctx context.Context, partition int32) (start, end int64, err error) {
	spans, err := t.client.Spans(ctx, t.topic)
	if err != nil {
		return 0, 0, err
	}
	if int(partition) >= len(spans) {
		return 0, 0, fmt.Errorf("topic %s has no partition %d", t.topic, partition)
	}
	return spans[partition].Start, spans[partition].End, nil
}

func (t *frontTopic) Reject(ctx context.Context, partition int32, messages []event.Message) error {
	return t.client.ProduceTo(ctx, event.RejectsTopic, partition, messages)
}

func (t *frontTopic) Transient(err error) bool { return kafka.Transient(err) }

// member and assignment give kafka's types the names of ingest's errors.
type member struct{ *kafka.Group }

func (m member) Next(ctx context.Context) (ingest.Generation, error) {
	generation, err := m.Group.Next(ctx)
	if err != nil {
		return nil, err
	}
	return assignment{generation}, nil
}

type assignment struct{ *kafka.Generation }

func (a assignment) Commit(ctx context.Context, partition int32, offset int64, metadata string) error {
	err := a.Generation.Commit(ctx, partition, offset, metadata)
	if errors.Is(err, kafka.ErrNotOwner) {
		return fmt.Errorf("%w: %w", ingest.ErrNotOwner, err)
	}
	return err
}

// rowStore is ClickHouse as ingest wants it.
type rowStore struct{ *clickhouse.Store }

func (rowStore) Transient(err error) bool { return clickhouse.Transient(err) }
