package clickhouse

import (
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"mailtrail/schemas/event"
	"mailtrail/schemas/retention"
)

// number asks for one number.
func number(t *testing.T, s *Store, query string) uint64 {
	t.Helper()
	var n uint64
	require.NoError(t, s.conn.QueryRow(t.Context(), query).Scan(&n), query)
	return n
}

// exec does a statement.
func exec(t *testing.T, s *Store, statement string) {
	t.Helper()
	require.NoError(t, s.conn.Exec(t.Context(), statement), statement)
}

// today is the start of the day's slot, Unix seconds.
func today() int64 { return time.Now().Unix() / 86400 * 86400 }

// block makes rows with the offsets from first on, one event each; slots
// spreads them over so many days back from today, classes over the classes.
func block(first int64, rows, slots int, classes ...string) *event.ScanColumns {
	c := &event.ScanColumns{Heads: event.Heads{Topic: event.ScansTopic, Partition: 3}}
	if len(classes) == 0 {
		classes = []string{retention.MailTracking}
	}
	for i := range rows {
		appendRow(c, first+int64(i), 0, classes[i%len(classes)], today()-int64(i%slots)*86400, fmt.Sprintf("key%07d", i%1000))
	}
	return c
}

// appendRow adds a row with a value in few columns.
func appendRow(c *event.ScanColumns, offset int64, index uint32, class string, slot int64, key string) {
	row := rowOf(offset, index, class, slot, key)
	c.Append(&row, sample)
}

// rowOf is a row with a value in few columns. Its barcode is not the one that the key is of.
func rowOf(offset int64, index uint32, class string, slot int64, key string) event.ScanRow {
	at := slot*1000 + offset%86_400_000
	return event.ScanRow{
		Head:      event.Head{Class: class, Slot: slot, Offset: offset, Index: index, Received: at, Captured: at},
		ScanShift: -300, Object: "imb",
		PieceKey: []byte(key), Device: "dbcs-1", Code: []byte("0027090012345600001210118112501"),
	}
}

// sample has what all rows of the tests have in common.
var sample = func() *event.Scan {
	scan := &event.Scan{}
	scan.Set(event.ScanLocaleKey, []byte("V19160"))
	scan.Set(event.ScanEventCode, []byte("918"))
	return scan
}()

// receiptOf is the receipt that a block of scans should have.
func receiptOf(c *event.ScanColumns, at int64) event.Receipt {
	n := c.Len()
	r := event.Receipt{Topic: c.Topic, Partition: c.Partition, First: c.Offset[0], Last: c.Offset[n-1], At: at, Epoch: "e1", Events: uint64(n)}
	type place struct {
		class string
		slot  int64
	}
	rows := map[place]uint64{}
	for i := range n {
		rows[place{string(c.Class.Row(i)), c.Slot[i]}]++
	}
	for p, count := range rows {
		r.Slots = append(r.Slots, event.SlotCount{Class: p.class, Slot: p.slot, Rows: count})
	}
	r.Outcomes = []event.OutcomeCount{{Class: string(c.Class.Row(0)), Outcome: event.Stored, Events: uint64(n)}}
	return r
}

// stored is what the table scans holds, counted what the view volumes says.
func stored(t *testing.T, s *Store) uint64 {
	return number(t, s, "SELECT count() FROM mailtrail_data.scans")
}

func counted(t *testing.T, s *Store) uint64 {
	return number(t, s, "SELECT sum(events) FROM mailtrail.volumes")
}
