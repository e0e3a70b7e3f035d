package clickhouse

import (
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"

	"mailtrail/schemas/retention"
)

func TestSameTokenIsStoredOnce(t *testing.T) {
	_, s := fresh(t)
	scans := block(0, 5000, 3, retention.MailTracking, retention.PackageTracking)
	for range 3 {
		require.NoError(t, s.InsertScans(t.Context(), "mail.scans:3:0-4999:1", scans))
	}
	require.EqualValues(t, 5000, stored(t, s))

	require.NoError(t, s.InsertScans(t.Context(), "mail.scans:3:0-4999:2", scans))
	require.EqualValues(t, 10000, stored(t, s), "another token is another block")
}

// hangView hangs a materialized view on scans, as whoever runs the server may:
// it counts into the table sums.
func hangView(t *testing.T, owner *Store) {
	exec(t, owner, "CREATE TABLE mailtrail_data.sums (retention_class LowCardinality(String), slot DateTime('UTC'), events UInt64) "+
		"ENGINE = SummingMergeTree(events) PARTITION BY (retention_class, slot) ORDER BY (retention_class, slot) SETTINGS non_replicated_deduplication_window = 1000")
	exec(t, owner, "CREATE MATERIALIZED VIEW mailtrail_data.sums_of_scans TO mailtrail_data.sums DEFINER = view_definer SQL SECURITY DEFINER "+
		"AS SELECT retention_class, slot, count() AS events FROM mailtrail_data.scans GROUP BY retention_class, slot")
}

func summed(t *testing.T, s *Store) uint64 {
	return number(t, s, "SELECT sum(events) FROM mailtrail_data.sums")
}

// What a crash on the server leaves: parts of a block without the others, the
// table without a view's share, the view's share without the table's.
func TestSameTokenAddsOnlyWhatIsMissing(t *testing.T) {
	owner, s := fresh(t)
	hangView(t, owner)
	scans := block(0, 6000, 3, retention.MailTracking, retention.PackageTracking)
	again := func() {
		require.NoError(t, s.InsertScans(t.Context(), "token", scans))
		require.EqualValues(t, 6000, stored(t, s))
		require.EqualValues(t, 6000, summed(t, s))
	}
	again()
	slot := func(days int64) string {
		return fmt.Sprintf("('%s', toDateTime(%d, 'UTC'))", retention.MailTracking, today()-days*86400)
	}
	exec(t, owner, "ALTER TABLE mailtrail_data.scans DROP PARTITION "+slot(1))
	require.EqualValues(t, 5000, stored(t, s))
	again()
	exec(t, owner, "ALTER TABLE mailtrail_data.sums DROP PARTITION "+slot(2))
	require.EqualValues(t, 5000, summed(t, s))
	again()
	exec(t, owner, "ALTER TABLE mailtrail_data.scans DROP PARTITION "+slot(0))
	exec(t, owner, "ALTER TABLE mailtrail_data.sums DROP PARTITION "+slot(0))
	again()
}

func TestBlockOfManyPartitions(t *testing.T) {
	_, s := fresh(t)
	scans := block(0, 854, 61, retention.PackageTracking, retention.SpecialServiceTracking) // 122 pairs of class and slot
	for range 2 {
		require.NoError(t, s.InsertScans(t.Context(), "many", scans))
	}
	require.EqualValues(t, 854, stored(t, s))
	require.EqualValues(t, 122, number(t, s, "SELECT uniqExact(partition) FROM system.parts WHERE database = 'mailtrail_data' AND table = 'scans' AND active"))
}

// A block beyond every default limit of rows and bytes is still one block, and
// so one part a partition: the token names all of it.
func TestGreatInsertIsOneBlock(t *testing.T) {
	owner, s := fresh(t)
	hangView(t, owner)
	exec(t, owner, "SYSTEM STOP MERGES mailtrail_data.scans")
	require.NoError(t, s.InsertScans(t.Context(), "great", block(0, 1_100_000, 1)))
	require.EqualValues(t, 1_100_000, stored(t, s))
	require.EqualValues(t, 1_100_000, summed(t, s))
	require.EqualValues(t, 1, number(t, s, "SELECT count() FROM system.parts WHERE database = 'mailtrail_data' AND table = 'scans'"))
}

func TestInsertNeedsAToken(t *testing.T) {
	_, s := fresh(t)
	require.ErrorContains(t, s.InsertScans(t.Context(), "", block(0, 1, 1)), "token")
	require.NoError(t, s.InsertScans(t.Context(), "empty", block(0, 0, 1)))
	require.Zero(t, stored(t, s))
}
