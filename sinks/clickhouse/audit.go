package clickhouse

import (
	"context"
	"fmt"

	"github.com/ClickHouse/clickhouse-go/v2/lib/driver"

	"mailtrail/schemas/sql"
)

// RowCount is how many scans of one partition lie in one slot.
type RowCount struct {
	Topic     string
	Partition int32
	Class     string
	Slot      int64 // start, Unix seconds
	Rows      uint64
	// Identities is how many different positions the rows have: fewer than
	// rows where some are stored twice.
	Identities uint64
}

// RowCounts counts the scans of all slots that are not due.
func (s *Store) RowCounts(ctx context.Context) (counts []RowCount, err error) {
	err = s.each(ctx, sql.RowCounts, nil, nil, func(rows driver.Rows) error {
		var c RowCount
		err := rows.Scan(&c.Topic, &c.Partition, &c.Class, &c.Slot, &c.Rows, &c.Identities)
		counts = append(counts, c)
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("clickhouse: count the scans: %w", err)
	}
	return counts, nil
}

// BlockDifference is a block whose scans in one slot are not what its receipt says.
type BlockDifference struct {
	// First is the first offset of the block. Scans that no receipt covers
	// come under the offset where the gap begins, with Covered false.
	First   int64
	Covered bool
	Class   string
	Slot    int64 // start, Unix seconds
	// Expected is what the receipt says, Rows what is there, Identities how
	// many different positions these have.
	Expected, Rows, Identities uint64
}

// BlockDifferences compares the receipts of a partition with its scans at
// offsets below before, in all slots that are not due. It takes about 24 bytes of the server's memory for
// each scan, over 500 MB on its disk.
func (s *Store) BlockDifferences(ctx context.Context, topic string, partition int32, before int64) (found []BlockDifference, err error) {
	asked := params{"partition": partition, "before": before}
	err = s.eachOf(ctx, sql.BlockDifferences, topic, asked, func(rows driver.Rows) error {
		var d BlockDifference
		var covered uint8
		err := rows.Scan(&d.First, &covered, &d.Class, &d.Slot, &d.Expected, &d.Rows, &d.Identities)
		d.Covered = covered == 1
		found = append(found, d)
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("clickhouse: compare receipts and scans of topic %s partition %d: %w", topic, partition, err)
	}
	return found, nil
}

// Duplicate is a position at which more than one scan is stored.
type Duplicate struct {
	Offset int64
	Index  uint32
	Copies uint64
}

// Duplicates returns the positions from offset first to last, both within, at
// which more than one scan is stored; at most limit of them.
func (s *Store) Duplicates(ctx context.Context, topic string, partition int32, first, last int64, limit int) (found []Duplicate, err error) {
	asked := params{"partition": partition, "first": first, "last": last, "limit": limit}
	err = s.eachOf(ctx, sql.Duplicates, topic, asked, func(rows driver.Rows) error {
		var d Duplicate
		err := rows.Scan(&d.Offset, &d.Index, &d.Copies)
		found = append(found, d)
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("clickhouse: look for duplicates in topic %s partition %d: %w", topic, partition, err)
	}
	return found, nil
}
