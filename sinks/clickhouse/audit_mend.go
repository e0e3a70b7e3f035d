package clickhouse

import (
	"context"
	"fmt"
	"time"

	"github.com/ClickHouse/clickhouse-go/v2/lib/driver"

	"mailtrail/schemas/sql"
)

// Place is where one scan lies.
type Place struct {
	Offset int64
	Index  uint32
	Class  string
	Slot   int64 // start, Unix seconds
}

// Places returns where the scans at offsets first to last, both within, lie,
// in slots that are not due. A position that stands more than once comes once.
func (s *Store) Places(ctx context.Context, topic string, partition int32, first, last int64) (found []Place, err error) {
	asked := params{"topic": topic, "partition": partition, "first": first, "last": last}
	err = s.each(ctx, sql.Identities, nil, asked, func(rows driver.Rows) error {
		var p Place
		err := rows.Scan(&p.Offset, &p.Index, &p.Class, &p.Slot)
		found = append(found, p)
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("clickhouse: look up scans of topic %s partition %d, offsets %d to %d: %w", topic, partition, first, last, err)
	}
	return found, nil
}

// TopicPartition is one partition of a topic.
type TopicPartition struct {
	Topic     string
	Partition int32
}

// ReceiptPartitions returns every partition that has a receipt.
func (s *Store) ReceiptPartitions(ctx context.Context) (found []TopicPartition, err error) {
	err = s.each(ctx, sql.ReceiptPartitions, nil, nil, func(rows driver.Rows) error {
		var p TopicPartition
		err := rows.Scan(&p.Topic, &p.Partition)
		found = append(found, p)
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("clickhouse: list the partitions with receipts: %w", err)
	}
	return found, nil
}

// VolumeShare is what volumes lacks under one key of a slot.
type VolumeShare struct {
	Hour                      int64 // Unix seconds
	Locale, EventCode, Object string
	Lacking                   int64 // below 0 where it counts too much
}

// VolumeShares returns what volumes lacks of a slot of scans.
func (s *Store) VolumeShares(ctx context.Context, class string, slot int64) (found []VolumeShare, err error) {
	err = s.each(ctx, sql.VolumeShares, nil, params{"class": class, "slot": slot}, func(rows driver.Rows) error {
		var v VolumeShare
		err := rows.Scan(&v.Hour, &v.Locale, &v.EventCode, &v.Object, &v.Lacking)
		found = append(found, v)
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("clickhouse: compare volumes and scans of class %s, slot %s: %w", class, time.Unix(slot, 0).UTC().Format(time.RFC3339), err)
	}
	return found, nil
}

// InsertVolumeShares adds to a slot of volumes what it lacks. What it counts
// too much goes in as the complement to 2^64, so that the sum is right.
func (s *Store) InsertVolumeShares(ctx context.Context, token, class string, slot int64, shares []VolumeShare) error {
	columns := []string{"retention_class", "slot", "hour", "scanLocaleKey", "scanEventCode", "object", "events"}
	return s.insert(ctx, "volumes", token, columns, func(batch driver.Batch) error {
		for _, v := range shares {
			err := batch.Append(class, time.Unix(slot, 0).UTC(), time.Unix(v.Hour, 0).UTC(), v.Locale, v.EventCode, v.Object, uint64(v.Lacking))
			if err != nil {
				return err
			}
		}
		return nil
	})
}
