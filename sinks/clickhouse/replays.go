package clickhouse

import (
	"context"
	"fmt"
	"time"

	"github.com/ClickHouse/clickhouse-go/v2/lib/driver"

	"mailtrail/schemas/event"
	"mailtrail/schemas/retention"
	"mailtrail/schemas/sql"
)

// InsertReplays stores where replayed rejects were stored.
func (s *Store) InsertReplays(ctx context.Context, token string, rows []event.ReplayRow) error {
	if len(rows) == 0 {
		return nil
	}
	columns := []string{"slot", "origin", "topic", "partition", "offset", "at"}
	return s.insert(ctx, "replays", token, columns, func(batch driver.Batch) error {
		for _, r := range rows {
			err := batch.Append(s.slotOf(retention.ReplayIDs, r.At), r.Origin, r.Topic, r.Partition, r.Offset, time.UnixMilli(r.At).UTC())
			if err != nil {
				return err
			}
		}
		return nil
	})
}

// Replays returns which of the rejects were stored already, and from where.
func (s *Store) Replays(ctx context.Context, origins []string) ([]event.ReplayRow, error) {
	if len(origins) == 0 {
		return nil, nil
	}
	var found []event.ReplayRow
	err := s.each(ctx, sql.Replays, origins, nil, func(rows driver.Rows) error {
		var r event.ReplayRow
		err := rows.Scan(&r.Origin, &r.Topic, &r.Partition, &r.Offset, &r.At)
		found = append(found, r)
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("clickhouse: look up replays: %w", err)
	}
	return found, nil
}
