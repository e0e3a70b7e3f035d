package clickhouse

import (
	"context"
	"fmt"

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
	asked := params{"partition": partition, "first": first, "last": last}
	err = s.eachOf(ctx, sql.Identities, topic, asked, func(rows driver.Rows) error {
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
