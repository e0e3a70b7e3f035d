package clickhouse

import (
	"fmt"
	"math"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"mailtrail/schemas/event"
	"mailtrail/schemas/retention"
)

// every row has a value of its own in each column, and one row has none.
func everyColumn() *event.ScanColumns {
	c := &event.ScanColumns{Topic: event.ScansTopic, Partition: math.MaxInt32}
	classes := []string{retention.MailTracking, retention.PackageTracking}
	for i := range 5 {
		c.Class, c.Slot = append(c.Class, classes[i%2]), append(c.Slot, today()-int64(i)*86400)
		c.Offset, c.Index = append(c.Offset, math.MaxInt64-int64(i)), append(c.Index, math.MaxUint32-uint32(i))
		c.Received, c.Scanned = append(c.Received, today()*1000+int64(i)), append(c.Scanned, today()*1000+1+int64(i))
		c.ScanShift, c.Flags = append(c.ScanShift, int16(-300+60*i)), append(c.Flags, uint32(1)<<i|1<<7)
		c.Object = append(c.Object, fmt.Sprint("object", i))
		for _, column := range []*event.TextColumn{&c.PieceKey, &c.Origin, &c.Device, &c.Digits} {
			column.AppendString(text(column == &c.PieceKey, i))
		}
		for _, f := range event.TextFields {
			c.Text[f].AppendString(text(i > 0, i*100+int(f)))
		}
		for _, f := range event.DateFields {
			c.Days[f] = append(c.Days[f], uint16(i*20_000+min(i, 1)*int(f)/2)%math.MaxUint16)
		}
		for _, f := range event.CountFields {
			c.Counts[f] = append(c.Counts[f], uint32(i)*uint32(f)<<20)
		}
	}
	return c
}

func text(filled bool, i int) string {
	if !filled {
		return ""
	}
	return fmt.Sprintf("é '\\\t%d", i)
}

func TestEveryColumnComesBack(t *testing.T) {
	_, s := fresh(t)
	c := everyColumn()
	require.NoError(t, s.InsertScans(t.Context(), "t", c))
	rows, err := s.Query(t.Context(), "SELECT * FROM mailtrail_data.scans ORDER BY offset DESC")
	require.NoError(t, err)
	defer rows.Close()
	require.Len(t, rows.Columns, len(ScanColumns()), "every column is inserted")
	i := 0
	for values, err := range rows.All() {
		require.NoError(t, err)
		got := map[string]any{}
		for k, column := range rows.Columns {
			got[column.Name] = values[k]
		}
		want := map[string]any{
			"retention_class": c.Class[i], "slot": time.Unix(c.Slot[i], 0).UTC(), "topic": c.Topic, "partition": c.Partition,
			"offset": c.Offset[i], "index": c.Index[i], "received": time.UnixMilli(c.Received[i]).UTC(), "scanDatetime": time.UnixMilli(c.Scanned[i]).UTC(),
			"scanOffsetMinutes": c.ScanShift[i], "object": c.Object[i], "flags": c.Flags[i], "pieceKey": string(c.PieceKey.Row(i)),
			"origin": string(c.Origin.Row(i)), "device": string(c.Device.Row(i)), "imb": string(c.Digits.Row(i)),
		}
		for _, f := range event.TextFields {
			want[f.String()] = string(c.Text[f].Row(i))
		}
		for _, f := range event.DateFields {
			want[f.String()] = time.Unix(int64(c.Days[f][i])*86400, 0).UTC()
		}
		for _, f := range event.CountFields {
			want[f.String()] = c.Counts[f][i]
		}
		for name, value := range want {
			if at, ok := value.(time.Time); ok {
				require.WithinDuration(t, at, got[name].(time.Time), 0, "row %d column %s", i, name)
				continue
			}
			require.Equal(t, value, got[name], "row %d column %s", i, name)
		}
		i++
	}
	require.Equal(t, c.Len(), i)
}

func TestColumnsAreUsedAgain(t *testing.T) {
	_, s := fresh(t)
	c := block(0, 10, 1)
	require.NoError(t, s.InsertScans(t.Context(), "t1", c))
	c.Reset()
	more := block(100, 5, 1)
	for i := range more.Len() {
		appendRow(c, more.Offset[i], 0, more.Class[i], more.Slot[i], "other")
	}
	require.NoError(t, s.InsertScans(t.Context(), "t2", c))
	require.EqualValues(t, 5, number(t, s, "SELECT count() FROM mailtrail_data.scans WHERE pieceKey = 'other'"))
	require.EqualValues(t, 10, number(t, s, "SELECT count() FROM mailtrail_data.scans WHERE pieceKey LIKE 'key%'"))
}
