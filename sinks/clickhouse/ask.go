package clickhouse

import (
	"context"

	ch "github.com/ClickHouse/clickhouse-go/v2"
	"github.com/ClickHouse/clickhouse-go/v2/ext"
	"github.com/ClickHouse/clickhouse-go/v2/lib/driver"

	"mailtrail/schemas/sql"
)

// params are the parameters of a query by name.
type params map[string]any

// query asks one of the store's own queries. wanted are the keys of its
// external table, nil where it has none. One that names a topic is asked of the
// table that holds the topic's rows.
func (s *Store) query(ctx context.Context, query sql.Query, wanted []string, params params) (driver.Rows, error) {
	if wanted != nil {
		table, err := ext.NewTable("wanted", ext.Column("key", "String"))
		if err != nil {
			return nil, err
		}
		for _, key := range wanted {
			if err := table.Append(key); err != nil {
				return nil, err
			}
		}
		ctx = ch.Context(ctx, ch.WithExternalTable(table))
	}
	var args []any
	for name, value := range params {
		args = append(args, ch.Named(name, value))
	}
	text := s.sql.Query(query)
	if topic, ok := params["topic"].(string); ok {
		text = s.sql.QueryRows(query, rowsOf(topic))
	}
	rows, err := s.conn.Query(ctx, text, args...)
	return rows, withRemedy(err)
}

// each asks one of the store's own queries and hands over its rows.
func (s *Store) each(ctx context.Context, query sql.Query, wanted []string, params params, row func(driver.Rows) error) error {
	rows, err := s.query(ctx, query, wanted, params)
	if err != nil {
		return err
	}
	defer rows.Close()
	for rows.Next() {
		if err := row(rows); err != nil {
			return err
		}
	}
	return rows.Err()
}
