package clickhouse

import (
	"fmt"
	"strings"
	"testing"

	"github.com/ClickHouse/clickhouse-go/v2/lib/driver"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"mailtrail/schemas/event"
)

// What is inserted in packed columns is what plain rows, inserted value by value
// by clickhouse-go into a table with a stored column for each name, hold.
func TestPackedColumnsHoldWhatPlainRowsDo(t *testing.T) {
	owner, s := fresh(t)
	names := knownColumns(t, owner)
	list := "`" + strings.Join(names, "`, `") + "`"
	exec(t, owner, "CREATE TABLE mailtrail_data.plain ENGINE = Memory AS SELECT "+list+" FROM mailtrail_data.scans WHERE 0")
	drawn := int64(0)
	rapid.Check(t, func(rt *rapid.T) {
		b := drawBlock(rt, drawn)
		drawn += int64(len(b.rows))
		require.NoError(rt, s.InsertScans(t.Context(), fmt.Sprint("block", drawn), &b.packed))
		require.NoError(rt, s.insert(t.Context(), "plain", fmt.Sprint("plain", drawn), names, func(batch driver.Batch) error {
			for _, row := range b.rows {
				var values []any
				for _, name := range names {
					value, known := row[name]
					require.True(rt, known, name)
					values = append(values, value)
				}
				if err := batch.Append(values...); err != nil {
					return err
				}
			}
			return nil
		}))
	})
	// All at once: asking for every column takes the server longer than inserting a block.
	for _, pair := range [][2]string{{"scans", "plain"}, {"plain", "scans"}} {
		only := fmt.Sprintf("SELECT %[1]s FROM mailtrail_data.%[2]s EXCEPT SELECT %[1]s FROM mailtrail_data.%[3]s", list, pair[0], pair[1])
		require.Empty(t, firstRow(t, s, only), "%s alone has it", pair[0])
	}
	require.EqualValues(t, drawn, stored(t, s))
	require.EqualValues(t, drawn, number(t, s, "SELECT count() FROM mailtrail_data.plain"))
	require.EqualValues(t, drawn, counted(t, s))
}

// knownColumns are the columns of scans except for those that hold several packed.
func knownColumns(t *testing.T, owner *Store) (names []string) {
	rows, err := owner.conn.Query(t.Context(), `SELECT name FROM system.columns WHERE database = 'mailtrail_data' AND table = 'scans'
		AND name NOT IN ('piece', 'position', 'place', 'handling', 'job', 'marks', 'tag', 'dates', 'more', 'code')`)
	require.NoError(t, err)
	defer rows.Close()
	for rows.Next() {
		var name string
		require.NoError(t, rows.Scan(&name))
		names = append(names, name)
	}
	require.NoError(t, rows.Err())
	require.Len(t, names, 76)
	return names
}

func firstRow(t *testing.T, s *Store, query string) string {
	rows, err := s.Query(t.Context(), "SELECT * FROM ("+query+") ORDER BY offset LIMIT 1")
	require.NoError(t, err)
	defer rows.Close()
	var text strings.Builder
	for values, err := range rows.All() {
		require.NoError(t, err)
		for i, column := range rows.Columns {
			fmt.Fprintf(&text, "%s %q, ", column.Name, fmt.Sprint(values[i]))
		}
	}
	return text.String()
}

// A piece is found by its key, whatever its form: by the number that Go makes of
// it, and by the text that the server makes of the number.
func TestPiecesAreFoundByTheirKeys(t *testing.T) {
	_, s := fresh(t)
	c := &event.ScanColumns{Heads: event.Heads{Topic: event.ScansTopic}}
	keys := []string{
		"F-900123456-000012", "M-012345-000000012", "Z-999999999-999999", "270-900123456-000012", "000-000000-000000000", "pimb-94270901234560000121",
		"reply-052-123456789012345-12345", "?-900123456-000012", "F-900123456-00001", "f-900123456-000012", "F-90012345-6000012", "impb-9205590123456789012345", "s10-RB123456785GB", "key", "é'\\",
	}
	for i, key := range keys {
		appendRow(c, int64(i), 0, "mail_tracking", today(), key)
	}
	require.NoError(t, s.InsertScans(t.Context(), "t", c))
	// As the column's comment says.
	require.EqualValues(t, 1, number(t, s, "SELECT count() FROM mailtrail.scans WHERE piece = bitShiftLeft(toUInt64(1000 + ascii('F') - ascii('A')), 50) + 900123456000012"))
	require.EqualValues(t, 1, number(t, s, "SELECT count() FROM mailtrail.scans WHERE piece = bitOr(xxHash64('s10-RB123456785GB'), bitShiftLeft(1::UInt64, 63))"))
	for i, key := range keys {
		escaped := strings.NewReplacer(`\`, `\\`, `'`, `\'`).Replace(key)
		require.EqualValues(t, 1, number(t, s, "SELECT count() FROM mailtrail.scans WHERE pieceKey = '"+escaped+"'"), key)
		require.EqualValues(t, i, number(t, s, "SELECT toUInt64(offset) FROM mailtrail.scans WHERE pieceKey = '"+escaped+"'"), key)
		rows, err := s.Piece(t.Context(), []string{key})
		require.NoError(t, err)
		n := 0
		for _, err := range rows.All() {
			require.NoError(t, err)
			n++
		}
		require.NoError(t, rows.Close())
		require.Equal(t, 1, n, key)
	}
}

func TestColumnsAreUsedAgain(t *testing.T) {
	_, s := fresh(t)
	c := block(0, 10, 1)
	require.NoError(t, s.InsertScans(t.Context(), "t1", c))
	c.Reset()
	more := block(100, 5, 1)
	for i := range more.Len() {
		appendRow(c, more.Offset[i], 0, string(more.Class.Row(i)), more.Slot[i], "other")
	}
	require.NoError(t, s.InsertScans(t.Context(), "t2", c))
	require.EqualValues(t, 5, number(t, s, "SELECT count() FROM mailtrail_data.scans WHERE pieceKey = 'other'"))
	require.EqualValues(t, 10, number(t, s, "SELECT count() FROM mailtrail_data.scans WHERE pieceKey LIKE 'key%'"))
}
