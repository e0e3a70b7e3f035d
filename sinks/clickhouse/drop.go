package clickhouse

import (
	"context"
	"fmt"
	"time"

	ch "github.com/ClickHouse/clickhouse-go/v2"
)

const (
	dropAgainFor   = 5 * time.Second
	dropAgainAfter = 200 * time.Millisecond
)

// DropSlot destroys one slot of a class in one table, both as in [HeldSlot]. It may be called again for a slot that is
// gone already.
//
// No query reads its rows when the server has dropped it; on the disk stay parts that a query was just reading, and those
// that were merged into others shortly before (old_parts_lifetime, schemas/sql). The server looks for them at its leisure: every
// 5 s as seen, after minutes when it has nothing else to do. Dropped again, they go as soon as they may, so for a
// short while this is done again until none is left; what stays longer is left to the server.
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
		var left uint64
		err := s.conn.Exec(ctx, drop.Statement)
		if err == nil {
			err = s.conn.QueryRow(ctx, drop.Left).Scan(&left)
		}
		if err != nil {
			return fmt.Errorf("clickhouse: drop slot %s of class %s in %s: %w", time.Unix(slot, 0).UTC().Format(time.RFC3339), class, table, withRemedy(err))
		}
		if left == 0 || time.Since(began) > dropAgainFor {
			return nil
		}
		select {
		case <-ctx.Done():
			return nil // its rows are gone
		case <-time.After(dropAgainAfter):
		}
	}
}
