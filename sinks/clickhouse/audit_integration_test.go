package clickhouse

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"mailtrail/schemas/event"
	"mailtrail/schemas/retention"
)

func TestAuditFindsTheBlockThatDiffers(t *testing.T) {
	owner, s := fresh(t)
	insert := func(token string, first int64, receipt bool) {
		c := block(first, 100, 2, retention.MailTracking, retention.MailTracking, retention.PackageTracking)
		require.NoError(t, s.InsertScans(t.Context(), token, c))
		if receipt {
			require.NoError(t, s.InsertReceipt(t.Context(), token, receiptOf(c, time.Now().UnixMilli())))
		}
	}
	before := int64(1 << 40)
	differences := func() []BlockDifference {
		found, err := s.BlockDifferences(t.Context(), event.ScansTopic, 3, before)
		require.NoError(t, err)
		return found
	}
	insert("a", 0, true)
	insert("b", 100, true)
	insert("c", 300, true)
	require.Empty(t, differences())
	counts, err := s.RowCounts(t.Context())
	require.NoError(t, err)
	var rows uint64
	for _, c := range counts {
		require.Equal(t, c.Rows, c.Identities)
		require.EqualValues(t, 3, c.Partition)
		rows += c.Rows
	}
	require.Len(t, counts, 4)
	require.EqualValues(t, 300, rows)

	// A row deleted by hand, a part attached twice, rows behind a receipt's end, a receipt removed.
	exec(t, owner, "DELETE FROM mailtrail_data.scans WHERE offset = 102")
	found := differences()
	require.Len(t, found, 1)
	require.Equal(t, BlockDifference{First: 100, Covered: true, Class: retention.PackageTracking, Slot: today(), Expected: found[0].Expected, Rows: found[0].Expected - 1, Identities: found[0].Expected - 1}, found[0])

	require.NoError(t, s.InsertScans(t.Context(), "once more", block(0, 2, 1)))
	require.Contains(t, differences(), BlockDifference{First: 0, Covered: true, Class: retention.MailTracking, Slot: today(), Expected: 33, Rows: 35, Identities: 34})
	twice, err := s.Duplicates(t.Context(), event.ScansTopic, 3, 0, 99, 10)
	require.NoError(t, err)
	require.Equal(t, []Duplicate{{0, 0, 2}, {1, 0, 2}}, twice)

	insert("d", 500, false)
	require.Contains(t, differences(), BlockDifference{First: 400, Class: retention.PackageTracking, Slot: today(), Rows: 17, Identities: 17}, "rows that no receipt covers")

	exec(t, owner, "DELETE FROM mailtrail_data.blocks WHERE first = 300")
	require.Contains(t, differences(), BlockDifference{First: 200, Class: retention.PackageTracking, Slot: today(), Rows: 34, Identities: 34}, "a receipt removed makes the gap wider")

	before = 100
	found = differences()
	require.Len(t, found, 1, "only what lies below the bound")
	require.Zero(t, found[0].First)
}

func TestPlacesNamesEachPositionOnce(t *testing.T) {
	owner, s := fresh(t)
	require.NoError(t, s.InsertScans(t.Context(), "a", block(0, 100, 1)))
	require.NoError(t, s.InsertScans(t.Context(), "b", block(11, 1, 1)))
	exec(t, owner, "DELETE FROM mailtrail_data.scans WHERE offset < 10")
	places, err := s.Places(t.Context(), event.ScansTopic, 3, 5, 11)
	require.NoError(t, err)
	require.Equal(t, []Place{{10, 0, retention.MailTracking, today()}, {11, 0, retention.MailTracking, today()}}, places)
}
