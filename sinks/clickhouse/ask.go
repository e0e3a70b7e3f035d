package clickhouse

import (
	"context"
	"fmt"
	"strings"

	ch "github.com/ClickHouse/clickhouse-go/v2"
	"github.com/ClickHouse/clickhouse-go/v2/ext"
	"github.com/ClickHouse/clickhouse-go/v2/lib/driver"

	"mailtrail/schemas/event"
	"mailtrail/schemas/sql"
)

// params are the parameters of a query by name.
type params map[string]any

// query asks one of the store's own queries. wanted are the keys of its
// external table, nil where it has none.
func (s *Store) query(ctx context.Context, query sql.Query, wanted []string, params params) (driver.Rows, error) {
	return s.ask(ctx, s.sql.Query(query), wanted, params)
}

func (s *Store) ask(ctx context.Context, text string, wanted []string, params params) (driver.Rows, error) {
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
	rows, err := s.conn.Query(ctx, text, args...)
	return rows, withRemedy(err)
}

// each asks one of the store's own queries and hands over its rows.
func (s *Store) each(ctx context.Context, query sql.Query, wanted []string, params params, row func(driver.Rows) error) error {
	rows, err := s.query(ctx, query, wanted, params)
	if err != nil {
		return err
	}
	return handOver(rows, row)
}

// eachOf asks a query of the table that holds the rows of a topic, which stands in params, and hands over its rows.
func (s *Store) eachOf(ctx context.Context, query sql.Query, topic string, params params, row func(driver.Rows) error) error {
	table, err := rowsOf(topic)
	if err != nil {
		return err
	}
	params["topic"] = topic
	rows, err := s.ask(ctx, s.sql.QueryRows(query, table), nil, params)
	if err != nil {
		return err
	}
	return handOver(rows, row)
}

func handOver(rows driver.Rows, row func(driver.Rows) error) error {
	defer rows.Close()
	for rows.Next() {
		if err := row(rows); err != nil {
			return err
		}
	}
	return rows.Err()
}

// rowsOf is the table of the rows of a topic, whatever its label.
func rowsOf(topic string) (string, error) {
	switch name, _, _ := strings.Cut(topic, "#"); name {
	case event.ScansTopic:
		return "scans", nil
	case event.ImagesTopic:
		return "images", nil
	case event.RecordsTopic:
		return "records", nil
	}
	return "", fmt.Errorf("topic %q: no table holds its rows", topic)
}
