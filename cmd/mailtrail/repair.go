package main

import (
	"context"
	"errors"
	"fmt"
	"time"

	"mailtrail/pipeline/rejects"
	"mailtrail/schemas/derive"
	"mailtrail/schemas/event"
	"mailtrail/sinks/kafka"
)

// startRepair starts the repair of bars that the stream rejects, as a part of the role ingest.
func (r *role) startRepair(tables *derive.Tables) error {
	client, err := newKafka(r.config)
	if err != nil {
		return err
	}
	producer := client.NewProducer(int(r.config.Kafka.MaxMessage))
	repair := rejects.NewRepair(tables, rejects.RepairDeps{
		Log: r.log.With().Str("part", "repair").Logger(), Metrics: r.observer.registry,
		Topic: deadLetters{client, repairGroup(r.config.Ingest.Group)}, Producer: producer,
	})
	r.parts.start("repair of damaged bars", func(ctx context.Context) error {
		defer client.Close()
		defer producer.Close()
		return repair.Run(ctx)
	})
	return nil
}

// repairGroup is the consumer group in which members of an ingest group repair.
func repairGroup(ingest string) string { return ingest + "-repair" }

// deadLetters is mail.rejects as its repair wants it.
type deadLetters struct {
	client *kafka.Client
	group  string
}

func (t deadLetters) Join() (rejects.Group, error) {
	group, err := t.client.Join(kafka.GroupConfig{ID: t.group, Topic: event.RejectsTopic, Session: sessionTimeout, Rebalance: rebalanceTimeout})
	if err != nil {
		return nil, err
	}
	return repairMember{group}, nil
}

func (t deadLetters) Reader(partition int32) rejects.PartitionReader {
	return rejectReader{t.client.NewReader(kafka.ReaderConfig{Topic: event.RejectsTopic, Partition: partition, MaxBytes: 1 << 20, MaxWait: 500 * time.Millisecond})}
}

func (t deadLetters) Start(ctx context.Context, partition int32) (int64, error) {
	spans, err := t.client.Spans(ctx, event.RejectsTopic)
	if err != nil {
		return 0, err
	}
	if int(partition) >= len(spans) {
		return 0, fmt.Errorf("topic %s has no partition %d", event.RejectsTopic, partition)
	}
	return spans[partition].Start, nil
}

// rejectReader, repairMember and repairAssignment give kafka's types the names of the repair's errors.
type rejectReader struct{ *kafka.Reader }

func (r rejectReader) Next(ctx context.Context, offset int64) (messages []event.Message, next, end int64, err error) {
	got, err := r.Reader.Next(ctx, offset)
	if errors.Is(err, kafka.ErrOutOfRange) {
		return nil, 0, 0, fmt.Errorf("%w: %w", rejects.ErrGone, err)
	}
	if err != nil {
		return nil, 0, 0, err
	}
	return got.Messages, got.Next, got.End, nil
}

type repairMember struct{ *kafka.Group }

func (m repairMember) Next(ctx context.Context) (rejects.Generation, error) {
	generation, err := m.Group.Next(ctx)
	if err != nil {
		return nil, err
	}
	return repairAssignment{generation}, nil
}

type repairAssignment struct{ *kafka.Generation }

func (a repairAssignment) Commit(ctx context.Context, partition int32, offset int64) error {
	err := a.Generation.Commit(ctx, partition, offset, "")
	if errors.Is(err, kafka.ErrNotOwner) {
		return fmt.Errorf("%w: %w", rejects.ErrNotOwner, err)
	}
	return err
}

func (a repairAssignment) Committed(ctx context.Context, partition int32) (int64, error) {
	offset, _, err := a.Generation.Committed(ctx, partition)
	return offset, err
}
