package main

import (
	"context"
	"errors"
	"fmt"
	"time"

	"mailtrail/pipeline/rejects"
	"mailtrail/schemas/event"
	"mailtrail/sinks/kafka"
)

// startRepair starts the repair of bars that the stream rejects, as a part of the role ingest.
func (r *role) startRepair(rules *ruleBook, sealer *sealer) error {
	client, err := newKafka(r.config)
	if err != nil {
		return err
	}
	producer := client.NewProducer(int(r.config.Kafka.MaxMessage))
	repair := rejects.NewRepair(rules.tables, rejects.RepairDeps{
		Log: r.log.With().Str("part", "repair").Logger(), Metrics: r.observer.registry,
		Topic: deadLetters{client, repairGroup(r.config.Ingest.Group)}, Producer: producer,
		Keys: rejectKeys(sealer), SealedBy: sealedBy(rules.schedule),
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

func (t deadLetters) Spans(ctx context.Context) ([]rejects.Span, error) {
	all, err := t.client.Spans(ctx, event.RejectsTopic)
	spans := make([]rejects.Span, len(all))
	for i, span := range all {
		spans[i] = rejects.Span{Start: span.Start, End: span.End}
	}
	return spans, err
}

func (t deadLetters) Fetch(ctx context.Context, partition int32, offset int64) (messages []event.Message, next int64, err error) {
	got, err := t.client.Fetch(ctx, kafka.Fetch{Topic: event.RejectsTopic, Partition: partition, Offset: offset, MaxBytes: 256 << 10, MaxWait: 100 * time.Millisecond})
	if err != nil {
		return nil, 0, err
	}
	return got.Messages, got.Next, nil
}

// repairMember and repairAssignment give kafka's types the names of the repair's errors.
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
