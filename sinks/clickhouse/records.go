package clickhouse

import (
	"context"
	"time"

	"github.com/ClickHouse/clickhouse-go/v2/lib/driver"

	"mailtrail/schemas/event"
)

// InsertRecords stores a block of records, whose payloads are sealed where they are to be.
func (s *Store) InsertRecords(ctx context.Context, token string, c *event.RecordColumns) error {
	if c.Len() == 0 {
		return nil
	}
	columns := []string{
		"retention_class", "slot", "kind", "topic", "partition", "offset", "index", "captured", "received", "origin", "device",
		"key_names", "key_hashes", "sealed", "payload",
	}
	return s.insert(ctx, "records", token, columns, func(batch driver.Batch) error {
		for i := range c.Rows {
			row, head := &c.Rows[i], c.HeadAt(i)
			names, hashes := make([]string, len(row.Keys)), make([]string, len(row.Keys))
			for n, key := range row.Keys {
				names[n], hashes[n] = key.Name, string(key.Hash[:])
			}
			err := batch.Append(head.Class, time.Unix(head.Slot, 0).UTC(), row.Kind, c.Topic, c.Partition, head.Offset, head.Index,
				time.UnixMilli(head.Captured).UTC(), time.UnixMilli(head.Received).UTC(), head.Origin, row.Device,
				names, hashes, row.Sealed, row.Payload)
			if err != nil {
				return err
			}
		}
		return nil
	})
}
