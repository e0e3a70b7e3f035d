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

// InsertBatches stores what became of the messages of a block.
func (s *Store) InsertBatches(ctx context.Context, token string, rows []event.BatchRow) error {
	if len(rows) == 0 {
		return nil
	}
	columns := []string{
		"slot", "id", "part", "parts", "places", "topic", "partition", "offset", "at", "device",
		"stored", "duplicate", "rejected", "expired", "reasons", "msgGrpId", "msgSerNbr", "totMsgCnt",
	}
	return s.insert(ctx, "batches", token, columns, func(batch driver.Batch) error {
		for _, r := range rows {
			reasons := r.Reasons
			if reasons == nil {
				reasons = map[string]uint64{}
			}
			err := batch.Append(s.slotOf(retention.BatchIDs, r.At), r.ID, uint32(r.Part.Number), uint32(r.Part.Of), r.Places,
				r.Topic, r.Partition, r.Offset, time.UnixMilli(r.At).UTC(), r.Device,
				r.Outcomes[event.Stored], r.Outcomes[event.Duplicate], r.Outcomes[event.Rejected], r.Outcomes[event.Expired],
				reasons, r.PushGroup, uint32(r.PushPart.Number), uint32(r.PushPart.Of))
			if err != nil {
				return err
			}
		}
		return nil
	})
}

// Batches returns what became of the messages with these ids that were decided
// since then (Unix milliseconds), by id and position. topic is empty for all
// topics.
func (s *Store) Batches(ctx context.Context, topic string, ids []string, since int64) ([]event.BatchRow, error) {
	if len(ids) == 0 {
		return nil, nil
	}
	var found []event.BatchRow
	err := s.each(ctx, sql.Batches, ids, params{"topic": topic, "since": since}, func(rows driver.Rows) error {
		var r event.BatchRow
		var part, parts, pushPart, pushParts uint32
		err := rows.Scan(&r.ID, &part, &parts, &r.Places, &r.Topic, &r.Partition, &r.Offset, &r.At, &r.Device,
			&r.Outcomes[event.Stored], &r.Outcomes[event.Duplicate], &r.Outcomes[event.Rejected], &r.Outcomes[event.Expired],
			&r.Reasons, &r.PushGroup, &pushPart, &pushParts)
		r.Part = event.Part{Number: int(part), Of: int(parts)}
		r.PushPart = event.Part{Number: int(pushPart), Of: int(pushParts)}
		found = append(found, r)
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("clickhouse: look up batches: %w", err)
	}
	return found, nil
}

// BatchByID returns what became of all messages of one request.
func (s *Store) BatchByID(ctx context.Context, id string) ([]event.BatchRow, error) {
	row := s.deps.Schedule.Row(retention.BatchIDs)
	return s.Batches(ctx, "", []string{id}, time.Now().Add(-row.Longest()).UnixMilli())
}
