// Package audit proves that receipts cover the offsets of the front topic
// without gap or overlap, and that live slots hold exactly the rows that their
// receipts say; and it mends what can be mended. README.md beside this file
// says what is proved, how, and what it cannot see.
package audit

import (
	"context"
	"errors"
	"strings"
	"time"

	"mailtrail/schemas/retention"
)

// Config says what is audited.
type Config struct {
	// Topic is the topic; Rows is the base table of its rows, and Same are the columns in which two rows of one event are equal.
	Topic string
	Rows  string
	Same  []string
	// Group is the consumer group's name, for what a person reads.
	Group string
	// Database holds the base tables, for the statements in remedies.
	Database string
	Schedule *retention.Schedule
	// Settle is the pause before the second look at what seems wrong.
	Settle time.Duration
}

// Audit compares what Kafka, the receipts and the rows say.
type Audit struct {
	config   Config
	deps     Deps
	receipts *retention.Row // how long receipts are kept
}

// New checks the configuration; nothing is read.
func New(config Config, deps Deps) (*Audit, error) {
	if config.Schedule.TopicLife(config.Topic) == 0 {
		return nil, errors.New("audit: the retention schedule does not have the topic " + config.Topic)
	}
	if deps.Progress == nil {
		deps.Progress = func(int) {}
	}
	return &Audit{config, deps, config.Schedule.Row(retention.Receipts)}, nil
}

// Check compares everything once. What is wrong at the first look is looked at
// again before it is a finding, since ingest may be at work.
func (a *Audit) Check(ctx context.Context) (*Report, error) {
	report := &Report{Topic: a.config.Topic, Totals: newTotals()}
	targets, err := a.targets(ctx)
	if err != nil {
		return nil, err
	}
	for _, target := range targets {
		if err := a.checkPartition(ctx, target, report); err != nil {
			return nil, err
		}
	}
	return report, nil
}

// target is a partition to be audited.
type target struct {
	TopicPartition
	// live tells that Kafka holds the partition under this label; else only
	// receipts and rows can be compared.
	live bool
}

// targets lists the partitions of the topic, and those of which only receipts
// are left: topics that were made anew, partitions that are gone.
func (a *Audit) targets(ctx context.Context) ([]target, error) {
	label, err := a.deps.Store.TopicLabel(ctx, a.config.Topic)
	if err != nil {
		return nil, err
	}
	spans, err := a.deps.Kafka.Spans(ctx)
	if err != nil {
		return nil, err
	}
	var targets []target
	for partition := range spans {
		targets = append(targets, target{TopicPartition{label, int32(partition)}, true})
	}
	known, err := a.deps.Store.ReceiptPartitions(ctx)
	if err != nil {
		return nil, err
	}
	for _, p := range known {
		if name, _, _ := strings.Cut(p.Topic, "#"); name != a.config.Topic {
			continue // of another topic, whatever its label
		}
		if p.Topic != label || int(p.Partition) >= len(spans) {
			targets = append(targets, target{p, false})
		}
	}
	return targets, nil
}

// checkPartition judges a partition, twice where something is wrong: only what
// is wrong both times is a finding.
func (a *Audit) checkPartition(ctx context.Context, target target, report *Report) error {
	first, err := a.judge(ctx, target)
	if err != nil {
		return err
	}
	result := first
	if len(first.findings) > 0 {
		if err := a.settle(ctx); err != nil {
			return err
		}
		if result, err = a.judge(ctx, target); err != nil {
			return err
		}
		seen := map[findingKey]bool{}
		for i := range first.findings {
			seen[first.findings[i].key()] = true
		}
		for i := range result.findings {
			if f := &result.findings[i]; seen[f.key()] {
				report.Findings = append(report.Findings, *f)
			}
		}
	}
	report.Notes = append(report.Notes, result.notes...)
	report.Totals.addAll(&result.totals)
	return nil
}

// settle waits before the second look.
func (a *Audit) settle(ctx context.Context) error {
	timer := time.NewTimer(a.config.Settle)
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-timer.C:
		return nil
	}
}

// due reports whether the slot is to be destroyed by now; what the schedule
// does not know is not looked at.
func (a *Audit) due(class string, slot int64) bool {
	row := a.config.Schedule.Row(class)
	return row == nil || row.DestroyAt(slot)*1000 <= a.deps.Clock()
}

// over reports whether everything that was decided at the time (Unix
// milliseconds) or before lies in slots that are due, or its receipt may have
// been destroyed in its time: that of a block before may lie a slot earlier.
func (a *Audit) over(at int64) bool {
	if a.receiptsGone(a.receipts.SlotOf(at)) {
		return true
	}
	for _, row := range a.config.Schedule.Classes {
		if row.Topic == a.config.Topic && row.DestroyAt(row.SlotOf(at))*1000 > a.deps.Clock() {
			return false
		}
	}
	return true
}

// receiptsGone reports whether receipts of the slot before the moment (Unix seconds) are due: of rows in a slot that
// begins then, or earlier, receipts may be gone in their time. The slot before counts since a row's slot is told by the
// clock of the gateway, and its receipt's by that of ingest.
func (a *Audit) receiptsGone(moment int64) bool {
	return a.receipts.DestroyAt(a.receipts.SlotOf(moment*1000-1))*1000 <= a.deps.Clock()
}
