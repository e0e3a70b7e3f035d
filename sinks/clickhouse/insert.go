package clickhouse

import (
	"context"
	"fmt"

	ch "github.com/ClickHouse/clickhouse-go/v2"
	"github.com/ClickHouse/clickhouse-go/v2/lib/driver"
)

// endless is a limit that no block reaches.
const endless = 1 << 40

// insertSettings make an INSERT one block that is stored once.
func insertSettings(token string) ch.Settings {
	return ch.Settings{
		// The queue of asynchronous inserts puts several INSERTs into one block
		// under one token (ClickHouse issue 111031); it is on by default.
		"async_insert":               0,
		"insert_deduplicate":         1,
		"insert_deduplication_token": token,
		// mailtrail has no materialized view, but whoever runs the server may
		// hang one on a table. A block that the table already has still goes on
		// to the views, whose tables then keep what they miss and drop what they have.
		"deduplicate_blocks_in_dependent_materialized_views": 1,
		// A block has up to 50 partitions of the table, and a replaced schedule may make them short.
		"max_partitions_per_insert_block": 0,
		// A token names blocks by their number within the INSERT: were it cut
		// at another row the second time, rows would be stored twice.
		"max_insert_block_size":                              endless,
		"max_insert_block_size_bytes":                        0,
		"min_insert_block_size_rows":                         endless,
		"min_insert_block_size_bytes":                        0,
		"max_insert_threads":                                 1,
		"parallel_view_processing":                           0,
		"materialized_views_ignore_errors":                   0,
		"min_insert_block_size_rows_for_materialized_views":  endless,
		"min_insert_block_size_bytes_for_materialized_views": 0,
	}
}

// insert sends one block to a table under a token. fill gets the block with
// the columns in the order given.
func (s *Store) insert(ctx context.Context, table, token string, columns []string, fill func(driver.Batch) error) error {
	if token == "" {
		return fmt.Errorf("clickhouse: insert into %s: a token is needed", table)
	}
	ctx = ch.Context(ctx, ch.WithSettings(insertSettings(token)))
	batch, err := s.conn.PrepareBatch(ctx, s.sql.Insert(table, columns))
	if err != nil {
		return fmt.Errorf("clickhouse: insert into %s: %w", table, withRemedy(err))
	}
	defer batch.Close() // after Send it does nothing; without it a failed fill would keep the connection
	if err := fill(batch); err != nil {
		return fmt.Errorf("clickhouse: insert into %s: fill the block: %w", table, err)
	}
	if err := batch.Send(); err != nil {
		return fmt.Errorf("clickhouse: insert into %s: %w", table, withRemedy(err))
	}
	return nil
}
