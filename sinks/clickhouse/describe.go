package clickhouse

import (
	"context"
	"fmt"
	"strings"

	ch "github.com/ClickHouse/clickhouse-go/v2"

	"mailtrail/schemas/sql"
)

// description is what the server says an object is.
type description struct {
	create, engine, comment string
	columns                 []sql.Column
	indices                 map[string]sql.Index // by name
}

// describe asks what an object is; nil where it does not exist.
func (m *migration) describe(ctx context.Context, database, name string) (*description, error) {
	var d *description
	asked := []any{ch.Named("database", database), ch.Named("name", name)}
	rows, err := m.conn.Query(ctx, m.sql.Query(sql.Definition), asked...)
	if err != nil {
		return nil, fmt.Errorf("look up %s.%s: %w", database, name, err)
	}
	defer rows.Close()
	for rows.Next() {
		d = &description{}
		if err := rows.Scan(&d.create, &d.engine, &d.comment); err != nil {
			return nil, fmt.Errorf("look up %s.%s: %w", database, name, err)
		}
	}
	if err := rows.Err(); err != nil || d == nil {
		return nil, err
	}
	columns, err := m.conn.Query(ctx, m.sql.Query(sql.Columns), asked...)
	if err != nil {
		return nil, fmt.Errorf("look up the columns of %s.%s: %w", database, name, err)
	}
	defer columns.Close()
	for columns.Next() {
		var c sql.Column
		if err := columns.Scan(&c.Name, &c.Type, &c.DefaultKind, &c.DefaultExpression, &c.Codec, &c.Comment); err != nil {
			return nil, fmt.Errorf("look up the columns of %s.%s: %w", database, name, err)
		}
		d.columns = append(d.columns, c)
	}
	if err := columns.Err(); err != nil {
		return nil, fmt.Errorf("look up the columns of %s.%s: %w", database, name, err)
	}
	if d.indices, err = m.indices(ctx, asked); err != nil {
		return nil, fmt.Errorf("look up the indices of %s.%s: %w", database, name, err)
	}
	return d, nil
}

func (m *migration) indices(ctx context.Context, asked []any) (map[string]sql.Index, error) {
	rows, err := m.conn.Query(ctx, m.sql.Query(sql.Indices), asked...)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	indices := map[string]sql.Index{}
	for rows.Next() {
		var i sql.Index
		if err := rows.Scan(&i.Name, &i.Expression, &i.Type, &i.Granularity); err != nil {
			return nil, err
		}
		indices[i.Name] = i
	}
	return indices, rows.Err()
}

// settle turns the description of a draft into that of the real object.
func (d *description) settle(s *sql.SQL) {
	d.create, d.engine = s.Settle(d.create), s.Settle(d.engine)
}

// parts takes the engine of a table apart: all that cannot be altered, the
// expiry, and the settings by name.
func (d *description) parts() (fixed, ttl string, settings map[string]string) {
	rest, list, _ := strings.Cut(d.engine, " SETTINGS ")
	fixed, ttl, _ = strings.Cut(rest, " TTL ")
	settings = map[string]string{}
	for _, each := range strings.Split(list, ", ") {
		if name, value, ok := strings.Cut(each, " = "); ok {
			settings[name] = value
		}
	}
	return fixed, ttl, settings
}
