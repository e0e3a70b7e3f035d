package clickhouse

import (
	"context"
	"fmt"

	"github.com/ClickHouse/clickhouse-go/v2/lib/driver"

	"mailtrail/schemas/event"
)

// ScanColumns are the columns of the table scans in the order in which
// InsertScans sends them.
func ScanColumns() []string {
	columns := []string{
		"retention_class", "slot", "topic", "partition", "offset", "index", "received", "scanDatetime", "scanOffsetMinutes",
		"object", "flags", "pieceKey", "origin", "device", "imb",
	}
	for _, fields := range [][]event.Field{event.TextFields, event.DateFields, event.CountFields} {
		for _, f := range fields {
			columns = append(columns, f.String())
		}
	}
	return columns
}

// InsertScans stores a block of scans. The columns must not be changed before
// it returns: texts are sent from their memory.
//
// clickhouse-go copies whole columns, but with traps that this method goes
// around: numbers of time are taken as seconds (DateTime) and milliseconds
// (DateTime64); a Date column takes only times; a [][]byte is copied value by
// value, so texts go as strings over the column's memory; a column with a
// dictionary asks reflection for each value, which costs an allocation for
// each that is not boxed already.
func (s *Store) InsertScans(ctx context.Context, token string, c *event.ScanColumns) error {
	if c.Len() == 0 {
		return nil
	}
	scratch := s.scratch.Get().(*scratch)
	defer func() {
		scratch.forget()
		s.scratch.Put(scratch)
	}()
	return s.insert(ctx, "scans", token, ScanColumns(), func(batch driver.Batch) error {
		fill := filler{batch: batch, scratch: scratch}
		fill.scans(c)
		return fill.err
	})
}

// filler fills the columns of a block from the first to the last. After an
// error it does nothing.
type filler struct {
	batch   driver.Batch
	scratch *scratch
	next    int
	err     error
}

func (f *filler) column(values any) {
	if f.err != nil {
		return
	}
	if err := f.batch.Column(f.next).Append(values); err != nil {
		f.err = fmt.Errorf("column %d: %w", f.next, err)
	}
	f.next++
}

func (f *filler) scans(c *event.ScanColumns) {
	n := c.Len()
	f.column(f.scratch.dictionary(n, func(i int) string { return c.Class[i] }))
	f.column(c.Slot)
	f.column(f.scratch.dictionary(n, func(int) string { return c.Topic }))
	f.column(repeat(&f.scratch.numbers, c.Partition, n))
	f.column(c.Offset)
	f.column(c.Index)
	f.column(c.Received)
	f.column(c.Scanned)
	f.column(c.ScanShift)
	f.column(f.scratch.dictionary(n, func(i int) string { return c.Object[i] }))
	f.column(c.Flags)
	f.column(f.scratch.texts(&c.PieceKey))
	f.column(f.scratch.texts(&c.Origin))
	f.column(f.scratch.dictionaryOf(&c.Device))
	f.column(f.scratch.texts(&c.Digits))
	for _, field := range event.TextFields {
		if field.Spec().Varied {
			f.column(f.scratch.texts(&c.Text[field]))
		} else {
			f.column(f.scratch.dictionaryOf(&c.Text[field]))
		}
	}
	for _, field := range event.DateFields {
		f.column(f.scratch.dates(c.Days[field]))
	}
	for _, field := range event.CountFields {
		f.column(c.Counts[field])
	}
}
