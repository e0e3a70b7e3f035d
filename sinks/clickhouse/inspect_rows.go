package clickhouse

import (
	"context"
	"errors"
	"fmt"

	ch "github.com/ClickHouse/clickhouse-go/v2"
	"github.com/ClickHouse/clickhouse-go/v2/lib/driver"

	"mailtrail/schemas/sql"
)

// InspectedClock is what a part's rows say of their clocks, Unix milliseconds.
type InspectedClock struct {
	Part           string
	Oldest, Newest int64
}

// ErrNoClock says that no column of a table tells how old a row is.
var ErrNoClock = errors.New("the table has no column that tells the clock of a row")

// InspectExpiries evaluates a TTL expression for slots of classes, Unix seconds.
func (s *Store) InspectExpiries(ctx context.Context, expiry string, classes []string, slots []int64) (ends []int64, err error) {
	rows, err := s.conn.Query(ctx, s.sql.Expiries(expiry, classes, slots))
	if err != nil {
		return nil, withRemedy(err)
	}
	defer rows.Close()
	for rows.Next() {
		var end int64
		if err := rows.Scan(&end); err != nil {
			return nil, err
		}
		ends = append(ends, end)
	}
	if err := rows.Err(); err != nil {
		return nil, err
	}
	if len(ends) != len(classes) {
		return nil, fmt.Errorf("it gives %d values for %d classes", len(ends), len(classes))
	}
	return ends, nil
}

// looking are the settings under which rows are read, beside everything else that the server does: on one thread, and with the
// names of thousands of parts in the query, which the log of queries need not repeat.
var looking = ch.Settings{"max_threads": 1, "max_query_size": 64 << 20, "max_ast_elements": 10_000_000, "max_expanded_ast_elements": 10_000_000, "log_queries_cut_to_length": 1000}

// InspectClocks reads the clocks of a table's rows by part. Parts that are known are left out.
func (s *Store) InspectClocks(ctx context.Context, database, table string, known []string) (clocks []InspectedClock, err error) {
	var columns []string
	err = s.each(ctx, sql.Columns, nil, params{"database": database, "name": table}, func(rows driver.Rows) error {
		var c sql.Column
		err := rows.Scan(&c.Name, &c.Type, &c.DefaultKind, &c.DefaultExpression, &c.Codec, &c.Comment)
		if c.DefaultKind != "ALIAS" && c.DefaultKind != "EPHEMERAL" {
			columns = append(columns, c.Name)
		}
		return err
	})
	if err != nil {
		return nil, err
	}
	query := s.sql.Clocks(database, table, columns, known)
	if query == "" {
		return nil, ErrNoClock
	}
	rows, err := s.conn.Query(ch.Context(ctx, ch.WithSettings(looking)), query)
	if err != nil {
		return nil, withRemedy(err)
	}
	defer rows.Close()
	for rows.Next() {
		var c InspectedClock
		if err := rows.Scan(&c.Part, &c.Oldest, &c.Newest); err != nil {
			return nil, err
		}
		clocks = append(clocks, c)
	}
	return clocks, rows.Err()
}
