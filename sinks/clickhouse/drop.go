package clickhouse

import (
	"context"
	"fmt"
	"time"

	ch "github.com/ClickHouse/clickhouse-go/v2"
)

// DropSlot destroys one slot of a class in one table, both as in [HeldSlot]. It may be called again for a slot that is
// gone already.
func (s *Store) DropSlot(ctx context.Context, class, table string, slot int64) error {
	row := s.deps.Schedule.Row(class)
	if row == nil {
		return fmt.Errorf("clickhouse: drop a slot of class %q: the schedule does not have it", class)
	}
	statement, err := s.sql.DropSlot(row, table, slot)
	if err != nil {
		return fmt.Errorf("clickhouse: drop a slot: %w", err)
	}
	// The server refuses large partitions, to keep people from mistakes: what is due goes whatever its size.
	ctx = ch.Context(ctx, ch.WithSettings(ch.Settings{"max_partition_size_to_drop": 0}))
	if err := s.conn.Exec(ctx, statement); err != nil {
		return fmt.Errorf("clickhouse: drop slot %s of class %s in %s: %w", time.Unix(slot, 0).UTC().Format(time.RFC3339), class, table, withRemedy(err))
	}
	return nil
}
