package clickhouse

import (
	"context"
	"fmt"
	"time"

	ch "github.com/ClickHouse/clickhouse-go/v2"

	"mailtrail/schemas/sql"
)

const (
	dropAgainFor   = 5 * time.Second
	dropAgainAfter = 200 * time.Millisecond
)

// DropSlot destroys one slot of a class in one table, both as in [HeldSlot]. It may be called again for a slot that is
// gone already.
//
// No query reads its rows when the server has dropped it; on the disk stay parts that a query was just reading, and those
// that were merged into others shortly before (old_parts_lifetime, schemas/sql). The server looks for them every few seconds:
// after up to 6 s under load (bench/expiry). Dropped again, they go as soon as they may. So where they may go soon, which is
// where margins are of seconds, the slot is dropped until none is left; else the margin is long enough for the server.
func (s *Store) DropSlot(ctx context.Context, class, table string, slot int64) error {
	row := s.deps.Schedule.Row(class)
	if row == nil {
		return fmt.Errorf("clickhouse: drop a slot of class %q: the schedule does not have it", class)
	}
	drop, err := s.sql.DropSlot(row, table, slot)
	if err != nil {
		return fmt.Errorf("clickhouse: drop a slot: %w", err)
	}
	// The server refuses large partitions, to keep people from mistakes: what is due goes whatever its size.
	ctx = ch.Context(ctx, ch.WithSettings(ch.Settings{"max_partition_size_to_drop": 0}))
	for began := time.Now(); ; {
		left, err := s.dropOnce(ctx, drop)
		if err != nil {
			return fmt.Errorf("clickhouse: drop slot %s of class %s in %s: %w", time.Unix(slot, 0).UTC().Format(time.RFC3339), class, table, withRemedy(err))
		}
		if !left || time.Since(began) > dropAgainFor {
			return nil
		}
		select {
		case <-ctx.Done():
			return nil // its rows are gone
		case <-time.After(dropAgainAfter):
		}
	}
}

// dropOnce reports whether files are left that may go soon.
func (s *Store) dropOnce(ctx context.Context, drop sql.SlotDrop) (left bool, err error) {
	if err := s.conn.Exec(ctx, drop.Statement); err != nil || drop.Stay >= dropAgainFor {
		return false, err
	}
	var parts uint64
	err = s.conn.QueryRow(ctx, drop.Left).Scan(&parts)
	return parts > 0, err
}
