package clickhouse

import (
	"context"
	"fmt"
	"iter"
	"time"

	"github.com/ClickHouse/clickhouse-go/v2/lib/driver"

	"mailtrail/schemas/event"
	"mailtrail/schemas/retention"
	"mailtrail/schemas/sql"
)

// InsertReceipt stores the receipt of a block.
func (s *Store) InsertReceipt(ctx context.Context, token string, r event.Receipt) error {
	columns := []string{
		"slot", "topic", "partition", "first", "last", "at", "epoch", "events", "control", "aborted",
		"outcomes.class", "outcomes.outcome", "outcomes.reason", "outcomes.events", "slots.class", "slots.slot", "slots.rows",
	}
	outcomes, slots := columnsOf(&r)
	return s.insert(ctx, "blocks", token, columns, func(batch driver.Batch) error {
		return batch.Append(s.slotOf(retention.Receipts, r.At), r.Topic, r.Partition, r.First, r.Last, time.UnixMilli(r.At).UTC(), r.Epoch,
			r.Events, r.Control, r.Aborted, outcomes.class, outcomes.outcome, outcomes.reason, outcomes.events, slots.class, slots.start, slots.rows)
	})
}

// outcomeColumns and slotColumns are the counts of a receipt as arrays.
type outcomeColumns struct {
	class, outcome, reason []string
	events                 []uint64
}

type slotColumns struct {
	class []string
	start []time.Time
	rows  []uint64
}

func columnsOf(r *event.Receipt) (outcomes outcomeColumns, slots slotColumns) {
	for _, o := range r.Outcomes {
		outcomes.class = append(outcomes.class, o.Class)
		outcomes.outcome = append(outcomes.outcome, o.Outcome.String())
		outcomes.reason = append(outcomes.reason, o.Reason)
		outcomes.events = append(outcomes.events, o.Events)
	}
	for _, slot := range r.Slots {
		slots.class = append(slots.class, slot.Class)
		slots.start = append(slots.start, time.Unix(slot.Slot, 0).UTC())
		slots.rows = append(slots.rows, slot.Rows)
	}
	return outcomes, slots
}

// LastReceipts returns the last offset that has a receipt, by partition of the
// topic. Partitions without a receipt are absent.
func (s *Store) LastReceipts(ctx context.Context, topic string) (map[int32]int64, error) {
	last := map[int32]int64{}
	err := s.each(ctx, sql.LastReceipts, nil, params{"topic": topic}, func(rows driver.Rows) error {
		var partition int32
		var offset int64
		err := rows.Scan(&partition, &offset)
		last[partition] = offset
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("clickhouse: look up the last receipts of topic %s: %w", topic, err)
	}
	return last, nil
}

// Receipts goes through the receipts of a partition in the order of their
// first offset. A receipt that stands twice comes twice. It ends with the
// first error.
func (s *Store) Receipts(ctx context.Context, topic string, partition int32) iter.Seq2[event.Receipt, error] {
	return func(yield func(event.Receipt, error) bool) {
		rows, err := s.query(ctx, sql.Receipts, nil, params{"topic": topic, "partition": partition})
		if err != nil {
			yield(event.Receipt{}, fmt.Errorf("clickhouse: read receipts of topic %s partition %d: %w", topic, partition, err))
			return
		}
		defer rows.Close()
		for rows.Next() {
			r, err := scanReceipt(rows)
			if err != nil {
				yield(event.Receipt{}, fmt.Errorf("clickhouse: read receipts of topic %s partition %d: %w", topic, partition, err))
				return
			}
			if !yield(r, nil) {
				return
			}
		}
		if err := rows.Err(); err != nil {
			yield(event.Receipt{}, fmt.Errorf("clickhouse: read receipts of topic %s partition %d: %w", topic, partition, err))
		}
	}
}

func scanReceipt(rows driver.Rows) (r event.Receipt, err error) {
	var class, outcome, reason, slotClass []string
	var events, slotRows []uint64
	var slot []int64
	err = rows.Scan(&r.Topic, &r.Partition, &r.First, &r.Last, &r.At, &r.Epoch, &r.Events, &r.Control, &r.Aborted,
		&class, &outcome, &reason, &events, &slotClass, &slot, &slotRows)
	if err != nil {
		return r, err
	}
	for i := range outcome {
		o, err := parseOutcome(outcome[i])
		if err != nil {
			return r, err
		}
		r.Outcomes = append(r.Outcomes, event.OutcomeCount{Class: class[i], Outcome: o, Reason: reason[i], Events: events[i]})
	}
	for i := range slot {
		r.Slots = append(r.Slots, event.SlotCount{Class: slotClass[i], Slot: slot[i], Rows: slotRows[i]})
	}
	return r, nil
}

func parseOutcome(text string) (event.Outcome, error) {
	for o := range event.NumOutcomes {
		if o.String() == text {
			return o, nil
		}
	}
	return 0, fmt.Errorf("%q is not an outcome", text)
}
