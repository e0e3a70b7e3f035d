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

// PutEpoch stores the tables of an epoch; storing them again changes nothing.
// All parts must be of one epoch.
func (s *Store) PutEpoch(ctx context.Context, parts []event.EpochPart) error {
	if len(parts) == 0 {
		return nil
	}
	return s.insert(ctx, "epochs", "epoch:"+parts[0].Epoch, []string{"epoch", "name", "content"}, func(batch driver.Batch) error {
		for _, p := range parts {
			if err := batch.Append(p.Epoch, p.Name, p.Content); err != nil {
				return err
			}
		}
		return nil
	})
}

// Epoch returns the tables of an epoch by name; none where it is not known.
func (s *Store) Epoch(ctx context.Context, id string) (parts []event.EpochPart, err error) {
	err = s.each(ctx, sql.Epoch, []string{id}, nil, func(rows driver.Rows) error {
		var p event.EpochPart
		err := rows.Scan(&p.Epoch, &p.Name, &p.Content)
		parts = append(parts, p)
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("clickhouse: read the tables of epoch %s: %w", id, err)
	}
	return parts, nil
}

// PutKnown stores known barcodes under their hash in the slot of at, Unix milliseconds; again in the same slot it changes nothing.
func (s *Store) PutKnown(ctx context.Context, hash string, text []byte, at int64) error {
	slot := s.slotOf(retention.KnownBarcodes, at)
	return s.insert(ctx, "known_barcodes", fmt.Sprintf("known:%s:%d", hash, slot.Unix()), []string{"slot", "hash", "content", "at"}, func(batch driver.Batch) error {
		return batch.Append(slot, hash, text, time.UnixMilli(at).UTC())
	})
}

// Known returns the known barcodes of that hash, nil where no slot that is not due has them.
func (s *Store) Known(ctx context.Context, hash string) (text []byte, err error) {
	err = s.each(ctx, sql.Known, []string{hash}, nil, func(rows driver.Rows) error { return rows.Scan(&text) })
	if err != nil {
		return nil, fmt.Errorf("clickhouse: read the known barcodes: %w", err)
	}
	return text, nil
}
