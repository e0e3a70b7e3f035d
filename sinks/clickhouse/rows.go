package clickhouse

import (
	"context"
	"fmt"
	"iter"
	"reflect"
	"slices"

	ch "github.com/ClickHouse/clickhouse-go/v2"
	"github.com/ClickHouse/clickhouse-go/v2/ext"
	"github.com/ClickHouse/clickhouse-go/v2/lib/driver"

	"mailtrail/schemas/event"
	"mailtrail/schemas/sql"
)

// Column is a column of an answer.
type Column struct {
	Name string
	// Type is the server's own name of the type.
	Type string
}

// Rows is the answer to a query, to be read once. Close it.
type Rows struct {
	Columns []Column
	rows    driver.Rows
	// keep says which rows are handed out; nil for all.
	keep func(values []any) bool
}

// Query asks the server in SQL, as the configured user. Names without a
// database are those of the public views.
func (s *Store) Query(ctx context.Context, text string) (*Rows, error) {
	var there uint64
	err := s.conn.QueryRow(ctx, s.sql.Query(sql.Database), ch.Named("database", s.cfg.Database)).Scan(&there)
	if err != nil {
		return nil, fmt.Errorf("clickhouse: query: %w", withRemedy(err))
	}
	if there == 0 {
		return nil, fmt.Errorf("clickhouse: query: the server has no database %s: run mailtrail migrate", s.cfg.Database)
	}
	rows, err := s.public.Query(ctx, text)
	if err != nil {
		return nil, fmt.Errorf("clickhouse: query: %w", err)
	}
	return newRows(rows), nil
}

// Piece returns what is told of the scans of a piece, newest first: its history as
// far as it is kept, in the columns of the view histories. keys are the forms that its piece key may have.
func (s *Store) Piece(ctx context.Context, keys []string) (*Rows, error) {
	found, err := s.piece(ctx, keys)
	if err != nil {
		return nil, fmt.Errorf("clickhouse: look up a piece: %w", err)
	}
	rows := newRows(found)
	column := slices.IndexFunc(rows.Columns, func(c Column) bool { return c.Name == "pieceKey" })
	// The number of a piece may be a hash. The server would make the text of every row that it reads, some thousand
	// around each one that is found.
	rows.keep = func(values []any) bool { return slices.Contains(keys, values[column].(string)) }
	return rows, nil
}

func (s *Store) piece(ctx context.Context, keys []string) (driver.Rows, error) {
	wanted, err := ext.NewTable("wanted", ext.Column("piece", "UInt64"))
	if err != nil {
		return nil, err
	}
	for _, key := range keys {
		if err := wanted.Append(event.PieceNumber([]byte(key))); err != nil {
			return nil, err
		}
	}
	// There are a few granules to read in each of many parts: to share them among threads takes longer than to read them.
	ctx = ch.Context(ctx, ch.WithExternalTable(wanted), ch.WithSettings(ch.Settings{"max_threads": 1}))
	rows, err := s.conn.Query(ctx, s.sql.Query(sql.Piece))
	return rows, withRemedy(err)
}

func newRows(rows driver.Rows) *Rows {
	r := &Rows{rows: rows}
	for _, each := range rows.ColumnTypes() {
		r.Columns = append(r.Columns, Column{each.Name(), each.DatabaseTypeName()})
	}
	return r
}

// All goes through the rows: one value a column, of the Go type that the
// server's type has in clickhouse-go; nil pointers are NULL. The slice is
// valid until the next row. It ends with the first error.
func (r *Rows) All() iter.Seq2[[]any, error] {
	return func(yield func([]any, error) bool) {
		types := r.rows.ColumnTypes()
		into, values := make([]any, len(types)), make([]any, len(types))
		for r.rows.Next() {
			for i, each := range types {
				into[i] = reflect.New(each.ScanType()).Interface()
			}
			if err := r.rows.Scan(into...); err != nil {
				yield(nil, fmt.Errorf("clickhouse: read a row: %w", err))
				return
			}
			for i := range into {
				values[i] = reflect.ValueOf(into[i]).Elem().Interface()
			}
			if r.keep != nil && !r.keep(values) {
				continue
			}
			if !yield(values, nil) {
				return
			}
		}
		if err := r.rows.Err(); err != nil {
			yield(nil, fmt.Errorf("clickhouse: read the rows: %w", err))
		}
	}
}

// Close ends the query and gives its connection back.
func (r *Rows) Close() error { return r.rows.Close() }
