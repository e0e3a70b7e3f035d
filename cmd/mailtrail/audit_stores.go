package main

import (
	"context"
	"errors"
	"fmt"

	"mailtrail/pipeline/audit"
	"mailtrail/pipeline/ingest"
	"mailtrail/schemas/event"
	"mailtrail/sinks/clickhouse"
	"mailtrail/sinks/kafka"
)

// auditedTopic is Kafka as the audit of a topic wants it.
type auditedTopic struct {
	client *kafka.Client
	topic  string
	group  string
}

func (t auditedTopic) Spans(ctx context.Context) ([]audit.Span, error) {
	found, err := t.client.Spans(ctx, t.topic)
	spans := make([]audit.Span, len(found))
	for i, s := range found {
		spans[i] = audit.Span{Start: s.Start, End: s.End}
	}
	return spans, err
}

func (t auditedTopic) Commit(ctx context.Context, partition int32) (audit.Commit, error) {
	found, err := t.client.Committed(ctx, t.group, t.topic, []int32{partition})
	if err != nil {
		return audit.Commit{}, err
	}
	commit := audit.Commit{Offset: found[0].Offset}
	open, err := ingest.ParseIntent(found[0].Offset, found[0].Metadata)
	if err != nil {
		return commit, fmt.Errorf("partition %d: %w: another program uses the group %s; give mailtrail one of its own with ingest.group", partition, err, t.group)
	}
	if open != nil {
		commit.Open = &audit.Open{Last: open.Last, At: open.At, Epoch: open.Epoch, Topic: open.Topic}
	}
	return commit, nil
}

func (t auditedTopic) SetCommit(ctx context.Context, partition int32, offset int64) error {
	err := t.client.SetCommitted(ctx, t.group, t.topic, kafka.Commit{Partition: partition, Offset: offset})
	if errors.Is(err, kafka.ErrNotOwner) {
		return fmt.Errorf("%w: %w", audit.ErrMembers, err)
	}
	return err
}

// auditedStore is ClickHouse as the audit of a topic wants it.
type auditedStore struct {
	*clickhouse.Store
	stream ingest.Stream
}

func (s auditedStore) ReceiptPartitions(ctx context.Context) ([]audit.TopicPartition, error) {
	found, err := s.Store.ReceiptPartitions(ctx)
	return converted(found, func(p clickhouse.TopicPartition) audit.TopicPartition { return audit.TopicPartition(p) }), err
}

func (s auditedStore) BlockDifferences(ctx context.Context, topic string, partition int32, before int64) ([]audit.BlockDifference, error) {
	found, err := s.Store.BlockDifferences(ctx, topic, partition, before)
	return converted(found, func(d clickhouse.BlockDifference) audit.BlockDifference { return audit.BlockDifference(d) }), err
}

func (s auditedStore) Duplicates(ctx context.Context, topic string, partition int32, first, last int64, limit int) ([]audit.Duplicate, error) {
	found, err := s.Store.Duplicates(ctx, topic, partition, first, last, limit)
	return converted(found, func(d clickhouse.Duplicate) audit.Duplicate { return audit.Duplicate(d) }), err
}

func (s auditedStore) Places(ctx context.Context, topic string, partition int32, first, last int64) ([]audit.Place, error) {
	found, err := s.Store.Places(ctx, topic, partition, first, last)
	return converted(found, func(p clickhouse.Place) audit.Place { return audit.Place(p) }), err
}

// converted turns values of one type into those of another.
func converted[From, To any](from []From, convert func(From) To) []To {
	to := make([]To, len(from))
	for i := range from {
		to[i] = convert(from[i])
	}
	return to
}

// InsertRows puts rows into the table of their topic as ingest does, sealed where they are to be.
func (s auditedStore) InsertRows(ctx context.Context, token string, rows event.Rows) error {
	return s.stream.Insert(ctx, token, rows.(ingest.Rows))
}

// auditedBlocks makes blocks again as ingest does.
type auditedBlocks struct{ *ingest.Rebuilder }

func auditedBlock(b *ingest.Rebuilt, err error) (*audit.Block, error) {
	if err != nil {
		return nil, err
	}
	return &audit.Block{
		Token: b.Token, Rows: b.Rows.(event.Rows), Rejected: b.Rejected, Batches: b.Batches, Replays: b.Replays, Receipt: b.Receipt,
	}, nil
}

func (b auditedBlocks) Block(ctx context.Context, receipt event.Receipt) (*audit.Block, error) {
	return auditedBlock(b.Rebuilder.Block(ctx, receipt))
}

func (b auditedBlocks) Gap(ctx context.Context, topic string, partition int32, first, last, at int64, epoch string) (*audit.Block, error) {
	return auditedBlock(b.Rebuilder.Gap(ctx, topic, partition, first, last, at, epoch))
}

func (b auditedBlocks) Reject(ctx context.Context, block *audit.Block) error {
	return b.Rebuilder.Reject(ctx, &ingest.Rebuilt{Rejected: block.Rejected, Receipt: block.Receipt})
}
