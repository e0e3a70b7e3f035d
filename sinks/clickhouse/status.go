package clickhouse

import (
	"context"
	"fmt"
	"time"

	"github.com/ClickHouse/clickhouse-go/v2/lib/driver"

	"mailtrail/schemas/sql"
)

// Status is what the operator wants to see of the store.
type Status struct {
	Classes []ClassStatus
	Tables  []TableStatus
	Disks   []DiskStatus
}

// ClassStatus is one class of the retention schedule. The pointers are nil
// where the class has no rows.
type ClassStatus struct {
	Class                             string
	Limit                             time.Duration
	OldestSlot, NewestSlot, DestroyAt *time.Time
	Rows                              uint64
	CompleteFrom                      time.Time
}

// TableStatus is one base table: its active parts, their rows and bytes on
// disk, and the most that any one partition has: the server refuses inserts
// where these are too many.
type TableStatus struct {
	Table              string
	Parts, Rows, Bytes uint64
	MostParts          uint64
}

// DiskStatus is one disk of the server, in bytes.
type DiskStatus struct {
	Name, Path  string
	Free, Total uint64
}

// MostParts returns how many active parts the fullest partition of the base tables has.
func (s *Store) MostParts(ctx context.Context) (int, error) {
	var most uint64
	err := s.each(ctx, sql.MostParts, nil, nil, func(rows driver.Rows) error { return rows.Scan(&most) })
	if err != nil {
		return 0, fmt.Errorf("clickhouse: count of parts: %w", err)
	}
	return int(most), nil
}

// Now is the server's own time.
func (s *Store) Now(ctx context.Context) (now time.Time, err error) {
	err = s.each(ctx, sql.Now, nil, nil, func(rows driver.Rows) error { return rows.Scan(&now) })
	if err != nil {
		return time.Time{}, fmt.Errorf("clickhouse: its time: %w", err)
	}
	return now, nil
}

// Status asks the server how it stands.
func (s *Store) Status(ctx context.Context) (Status, error) {
	var status Status
	err := s.each(ctx, sql.SlotStatus, nil, nil, func(rows driver.Rows) error {
		var c ClassStatus
		var limit uint64
		err := rows.Scan(&c.Class, &limit, &c.OldestSlot, &c.NewestSlot, &c.Rows, &c.DestroyAt, &c.CompleteFrom)
		c.Limit = time.Duration(limit) * time.Second
		status.Classes = append(status.Classes, c)
		return err
	})
	if err != nil {
		return Status{}, fmt.Errorf("clickhouse: status of the classes: %w", err)
	}
	err = s.each(ctx, sql.TableStatus, nil, nil, func(rows driver.Rows) error {
		var t TableStatus
		err := rows.Scan(&t.Table, &t.Parts, &t.Rows, &t.Bytes, &t.MostParts)
		status.Tables = append(status.Tables, t)
		return err
	})
	if err != nil {
		return Status{}, fmt.Errorf("clickhouse: status of the tables: %w", err)
	}
	err = s.each(ctx, sql.DiskStatus, nil, nil, func(rows driver.Rows) error {
		var d DiskStatus
		err := rows.Scan(&d.Name, &d.Path, &d.Free, &d.Total)
		status.Disks = append(status.Disks, d)
		return err
	})
	if err != nil {
		return Status{}, fmt.Errorf("clickhouse: status of the disks: %w", err)
	}
	return status, nil
}
