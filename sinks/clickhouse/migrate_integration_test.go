package clickhouse

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"mailtrail/schemas/facility"
)

func TestMigrateAgainChangesNothing(t *testing.T) {
	owner, _ := fresh(t)
	changes, err := owner.Migrate(t.Context())
	require.NoError(t, err)
	require.NotEmpty(t, changes)
	for _, change := range changes {
		require.Equal(t, Unchanged, change.Action, "%s: %v", change.Object, change.Drift)
	}
	require.Zero(t, number(t, owner, "SELECT count() FROM system.tables WHERE name LIKE 'draft%'"), "drafts are gone")
	require.Zero(t, number(t, owner, "SELECT count() FROM system.columns WHERE database IN ('mailtrail', 'mailtrail_data') AND comment = ''"), "every column has a comment")
	require.Zero(t, number(t, owner, "SELECT count() FROM system.tables WHERE database IN ('mailtrail', 'mailtrail_data') AND comment = ''"))
}

func TestMigrateMendsDrift(t *testing.T) {
	owner, writer := fresh(t)
	require.NoError(t, writer.InsertScans(t.Context(), "t1", block(0, 100, 2)))
	for _, statement := range []string{
		"ALTER TABLE mailtrail_data.scans DROP COLUMN machineName",
		"ALTER TABLE mailtrail_data.scans MODIFY COLUMN idTag LowCardinality(String)",
		"ALTER TABLE mailtrail_data.scans COMMENT COLUMN device 'x'",
		"ALTER TABLE mailtrail_data.scans MODIFY TTL slot + toIntervalDay(400)",
		"ALTER TABLE mailtrail_data.scans MODIFY SETTING non_replicated_deduplication_window = 7",
		"ALTER TABLE mailtrail_data.scans RESET SETTING merge_selector_base", // as a version before made it
		"ALTER TABLE mailtrail_data.batches MODIFY SETTING merge_selector_base = 5",
		"ALTER TABLE mailtrail_data.scans DROP INDEX pieces", // as a version before made it
		"ALTER TABLE mailtrail_data.batches ADD INDEX mine offset TYPE minmax GRANULARITY 1",
		"ALTER TABLE mailtrail_data.scans MODIFY SETTING merge_with_ttl_timeout = 77",
		"ALTER TABLE mailtrail_data.batches MODIFY COMMENT 'x'",
		"CREATE OR REPLACE VIEW mailtrail.volumes AS SELECT 1 AS one",
		"DROP TABLE mailtrail.pieces",
		"CREATE TABLE mailtrail_data.draft_of_tables_scans (a UInt8) ENGINE = MergeTree ORDER BY a", // of a migrate that was killed
	} {
		exec(t, owner, statement)
	}
	changes, err := owner.Migrate(t.Context())
	require.NoError(t, err)
	did := map[string]Change{}
	for _, change := range changes {
		if change.Action != Unchanged {
			did[change.Object] = change
		}
	}
	require.Len(t, did, 4, "%v", did)
	require.Equal(t, Altered, did["mailtrail_data.scans"].Action)
	require.Len(t, did["mailtrail_data.scans"].Drift, 7, "the operator's own setting stays: %v", did["mailtrail_data.scans"].Drift)
	require.Contains(t, did["mailtrail_data.scans"].Drift, `setting merge_selector_base was "", now 7`)
	require.Contains(t, did["mailtrail_data.scans"].Drift, "index pieces was missing")
	require.Equal(t, Altered, did["mailtrail_data.batches"].Action)
	require.EqualValues(t, 1, number(t, owner, "SELECT count() FROM system.data_skipping_indices WHERE name = 'mine'"), "the operator's own index stays")
	require.Contains(t, did["mailtrail_data.batches"].Drift, `setting merge_selector_base was "5", now 7`)
	require.Equal(t, Replaced, did["mailtrail.volumes"].Action)
	require.Equal(t, Created, did["mailtrail.pieces"].Action)

	changes, err = owner.Migrate(t.Context())
	require.NoError(t, err)
	for _, change := range changes {
		require.Equal(t, Unchanged, change.Action, "%s: %v", change.Object, change.Drift)
	}
	require.NoError(t, writer.InsertScans(t.Context(), "t2", block(100, 100, 2)))
	require.EqualValues(t, 200, stored(t, writer))
	require.EqualValues(t, 200, counted(t, writer))
}

// The version before kept sums in a table that a materialized view filled.
func TestMigrateDropsWhatOnlyTheVersionBeforeNeeded(t *testing.T) {
	owner, writer := fresh(t)
	const columns = "(retention_class LowCardinality(String), slot DateTime('UTC'), hour DateTime('UTC'), scanLocaleKey LowCardinality(String), " +
		"scanEventCode LowCardinality(String), object LowCardinality(String), events UInt64)"
	for _, of := range []struct{ view, table, scans string }{
		{"volumes_of_scans", "volumes", "scans"},
		{"draft_of_materialized_volumes_of_scans", "draft_of_tables_volumes", "draft_of_tables_scans"}, // of a migrate that was killed
	} {
		if of.scans != "scans" {
			exec(t, owner, "CREATE TABLE mailtrail_data."+of.scans+" AS mailtrail_data.scans")
		}
		exec(t, owner, "CREATE TABLE mailtrail_data."+of.table+" "+columns+" ENGINE = SummingMergeTree(events) PARTITION BY (retention_class, slot) "+
			"ORDER BY (retention_class, slot, hour, scanLocaleKey, scanEventCode, object) SETTINGS non_replicated_deduplication_window = 100000")
		exec(t, owner, "CREATE MATERIALIZED VIEW mailtrail_data."+of.view+" TO mailtrail_data."+of.table+" DEFINER = view_definer SQL SECURITY DEFINER AS "+
			"SELECT retention_class, slot, toStartOfHour(scanDatetime) AS hour, scanLocaleKey, scanEventCode, object, count() AS events "+
			"FROM mailtrail_data."+of.scans+" GROUP BY retention_class, slot, hour, scanLocaleKey, scanEventCode, object")
	}
	exec(t, owner, "CREATE OR REPLACE VIEW mailtrail.volumes DEFINER = view_definer SQL SECURITY DEFINER AS SELECT slot, sum(events) AS events FROM mailtrail_data.volumes GROUP BY slot")
	scans := block(0, 100, 2)
	require.NoError(t, writer.InsertScans(t.Context(), "t1", scans))
	require.NoError(t, writer.InsertReceipt(t.Context(), "t1", receiptOf(scans, time.Now().UnixMilli())))
	require.EqualValues(t, 100, counted(t, writer), "sums are kept")

	changes, err := owner.Migrate(t.Context())
	require.NoError(t, err)
	var did []Change
	for _, change := range changes {
		if change.Action != Unchanged {
			did = append(did, change)
		}
	}
	const why = "this version does not need it"
	require.Equal(t, []Change{
		{"mailtrail.volumes", Replaced, []string{"definition was another"}},
		{"mailtrail_data.volumes_of_scans", Dropped, []string{why}},
		{"mailtrail_data.volumes", Dropped, []string{why}},
		{"mailtrail_data.draft_of_materialized_volumes_of_scans", Dropped, []string{why}},
		{"mailtrail_data.draft_of_tables_volumes", Dropped, []string{why}},
	}, did)
	require.Zero(t, number(t, owner, "SELECT count() FROM system.tables WHERE database = 'mailtrail_data' AND (name LIKE '%volumes%' OR name LIKE 'draft%')"))
	require.NoError(t, writer.InsertScans(t.Context(), "t1", scans), "nothing hangs on scans")
	require.EqualValues(t, 100, stored(t, writer), "rows and the tokens of their blocks stay")
	require.EqualValues(t, 100, counted(t, writer))
	require.EqualValues(t, 1, number(t, owner, "SELECT count() FROM mailtrail_data.blocks"))

	changes, err = owner.Migrate(t.Context())
	require.NoError(t, err)
	for _, change := range changes {
		require.Equal(t, Unchanged, change.Action, "%s: %v", change.Object, change.Drift)
	}
}

func TestMigrateRefusesWhatCannotBeAltered(t *testing.T) {
	owner, _ := fresh(t)
	exec(t, owner, "DROP TABLE mailtrail_data.replays SYNC")
	exec(t, owner, "CREATE TABLE mailtrail_data.replays (origin String) ENGINE = MergeTree ORDER BY tuple()")
	_, err := owner.Migrate(t.Context())
	require.ErrorContains(t, err, "mailtrail_data.replays")
	require.ErrorContains(t, err, "RENAME TABLE")
	exec(t, owner, "RENAME TABLE mailtrail_data.replays TO mailtrail_data.replays_before")
	_, err = owner.Migrate(t.Context())
	require.NoError(t, err, "the remedy helps")

	exec(t, owner, "ALTER TABLE mailtrail_data.scans DROP COLUMN idTag")
	exec(t, owner, "ALTER TABLE mailtrail_data.scans ADD COLUMN idTag String")
	_, err = owner.Migrate(t.Context())
	require.ErrorContains(t, err, "mailtrail_data.scans: column idTag: it is stored: true, expected false")
	require.ErrorContains(t, err, "RENAME TABLE")
	require.Zero(t, number(t, owner, "SELECT count() FROM system.tables WHERE name LIKE 'draft%'"), "drafts are gone")
}

func TestMigrateFillsFacilities(t *testing.T) {
	owner, _ := fresh(t)
	table, err := facility.Builtin()
	require.NoError(t, err)
	owner.deps.Facilities = table
	last := func() Change {
		changes, err := owner.Migrate(t.Context())
		require.NoError(t, err)
		return changes[len(changes)-1]
	}
	require.Equal(t, Filled, last().Action)
	require.EqualValues(t, table.Len(), number(t, owner, "SELECT count() FROM mailtrail.facilities"))
	require.Equal(t, Unchanged, last().Action)

	exec(t, owner, "ALTER TABLE mailtrail_data.facilities UPDATE city = 'x' WHERE 1 SETTINGS mutations_sync = 1")
	exec(t, owner, "INSERT INTO mailtrail_data.facilities SELECT 'older', now64(3, 'UTC') - 1000, 'A', '', '', '', '', '', ''")
	require.EqualValues(t, table.Len(), number(t, owner, "SELECT count() FROM mailtrail.facilities"), "only the newest edition is visible")
	exec(t, owner, "INSERT INTO mailtrail_data.facilities SELECT 'newer', now64(3, 'UTC') + 1000, 'A', '', '', '', '', '', ''")
	require.EqualValues(t, 1, number(t, owner, "SELECT count() FROM mailtrail.facilities"))
}
