package crash

import (
	"context"
	"fmt"

	ch "github.com/ClickHouse/clickhouse-go/v2"
	"github.com/ClickHouse/clickhouse-go/v2/lib/driver"
)

// storeReader asks ClickHouse in plain SQL, beside mailtrail's own code.
type storeReader struct{ conn driver.Conn }

func openReader(addr, user, password string) (*storeReader, error) {
	conn, err := ch.Open(&ch.Options{Addr: []string{addr}, Auth: ch.Auth{Username: user, Password: password}})
	if err != nil {
		return nil, fmt.Errorf("clickhouse: %w", err)
	}
	return &storeReader{conn}, nil
}

func (r *storeReader) close() { _ = r.conn.Close() } // only reads went over it

// each hands over the rows of a query.
func (r *storeReader) each(ctx context.Context, query string, row func(driver.Rows) error, args ...any) error {
	rows, err := r.conn.Query(ctx, query, args...)
	if err != nil {
		return fmt.Errorf("%s: %w", query, err)
	}
	defer rows.Close()
	for rows.Next() {
		if err := row(rows); err != nil {
			return fmt.Errorf("%s: %w", query, err)
		}
	}
	return rows.Err()
}

// counts returns a query's rows of a text and a number.
func (r *storeReader) counts(ctx context.Context, query string, args ...any) (map[string]uint64, error) {
	counts := map[string]uint64{}
	err := r.each(ctx, query, func(rows driver.Rows) error {
		var name string
		var n uint64
		err := rows.Scan(&name, &n)
		counts[name] = n
		return err
	}, args...)
	return counts, err
}

// number returns the one number that a query asks for.
func (r *storeReader) number(ctx context.Context, query string, args ...any) (n uint64, err error) {
	if err := r.conn.QueryRow(ctx, query, args...).Scan(&n); err != nil {
		return 0, fmt.Errorf("%s: %w", query, err)
	}
	return n, nil
}

// receipt is a row of blocks, without its counts.
type receipt struct {
	partition   int32
	first, last int64
	at          int64 // Unix milliseconds
	epoch       string
}

// receipts returns all receipts in the order of their offsets.
func (r *storeReader) receipts(ctx context.Context) (all []receipt, err error) {
	err = r.each(ctx, `SELECT partition, first, last, toUnixTimestamp64Milli(at), epoch FROM mailtrail_data.blocks ORDER BY partition, first`, func(rows driver.Rows) error {
		var b receipt
		err := rows.Scan(&b.partition, &b.first, &b.last, &b.at, &b.epoch)
		all = append(all, b)
		return err
	})
	return all, err
}
