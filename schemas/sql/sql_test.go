package sql

import (
	"io/fs"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"mailtrail/schemas/retention"
)

var names = Names{Public: "mailtrail", Definer: "view_definer"}

func builtin(t *testing.T) *SQL {
	t.Helper()
	s, err := New(names, retention.Builtin())
	require.NoError(t, err)
	return s
}

func object(t *testing.T, s *SQL, kind Kind, name string) Object {
	t.Helper()
	for _, o := range s.Objects() {
		if o.Kind == kind && o.Name == name {
			return o
		}
	}
	t.Fatalf("no %s %s", kind, name)
	return Object{}
}

func TestEveryQueryHasItsFile(t *testing.T) {
	s := builtin(t)
	known := []Query{
		Batches, Replays, Epoch, TopicLabel, LastReceipts, Receipts, RowCounts, BlockDifferences, Duplicates, Identities, ReceiptPartitions,
		Piece, SlotStatus, TableStatus, DiskStatus, MostParts, Database, Definition, Columns, Indices, Editions, KnownSettings, HeldSlots, AppliedSchedule,
		Image, ImagesOfPiece, KnownImages, PackEnds,
		InspectTables, InspectParts, InspectMutations, InspectGrants, InspectDisks,
		Now, Known, KnownInEpochs, MoveKnown, KnownToHash,
	}
	entries, err := fs.ReadDir(files, "queries")
	require.NoError(t, err)
	require.Len(t, entries, len(known))
	for _, query := range known {
		require.NotEmpty(t, s.Query(query), query)
	}
}

func TestEveryColumnHasAComment(t *testing.T) {
	for _, folder := range []string{"tables", "views"} {
		entries, err := fs.ReadDir(files, folder)
		require.NoError(t, err)
		for _, entry := range entries {
			for name, column := range columnsOf(t, folder+"/"+entry.Name()) {
				require.NotEmpty(t, column.comment, "%s/%s: %s", folder, entry.Name(), name)
			}
		}
	}
}

func TestTablesRememberTokensAndDropWholeParts(t *testing.T) {
	for _, o := range builtin(t).Objects() {
		if o.Kind != Table {
			continue
		}
		require.Contains(t, o.Create, "non_replicated_deduplication_window = 100000", o.Name)
		columns, rest, _ := strings.Cut(o.Create, "\n)\n")
		require.NotContains(t, columns, " TTL ", "%s: no column has an expiry of its own", o.Name)
		if o.Name == "epochs" || o.Name == "facilities" || o.Name == "topics" {
			continue // no records in them
		}
		require.Contains(t, rest, "TTL slot + toIntervalSecond(", o.Name)
		require.Contains(t, rest, "ttl_only_drop_parts = 1", o.Name)
	}
}

func TestOlderServersGetOnlySettingsThatTheyKnow(t *testing.T) {
	all := map[string]bool{"auto_statistics_types": true, "merge_selector_base": true}
	without := func(name string) map[string]bool {
		return map[string]bool{"auto_statistics_types": name != "auto_statistics_types", "merge_selector_base": name != "merge_selector_base"}
	}
	s := builtin(t)
	for _, o := range s.Objects() {
		require.Equal(t, o.Create, ForServer(o.Create, all), o.Name)
		require.Equal(t, o.Draft, ForServer(o.Draft, all), o.Name)
	}
	scans := object(t, s, Table, "scans").Create
	const older = "SETTINGS non_replicated_deduplication_window = 100000, ttl_only_drop_parts = 1, old_parts_lifetime = 480"
	require.Contains(t, scans, older+", auto_statistics_types = '', merge_selector_base = 7\n")
	require.Contains(t, ForServer(scans, without("merge_selector_base")), older+", auto_statistics_types = ''\n")
	require.Contains(t, ForServer(scans, without("auto_statistics_types")), older+", merge_selector_base = 7\n")
	require.Contains(t, ForServer(scans, nil), older+"\n")
}

func TestMergedPartsStayNoLongerThanAQuarterOfAMargin(t *testing.T) {
	for margin, want := range map[string]string{"2h": "480", "16m": "240", "8s": "2", "3s": "0"} {
		source := strings.Replace(string(retention.Builtin().Source()), "margin: 2h", "margin: "+margin, 1) // of mail_tracking
		schedule, err := retention.Parse([]byte(source))
		require.NoError(t, err)
		s, err := New(names, schedule)
		require.NoError(t, err)
		require.Contains(t, object(t, s, Table, "scans").Create, "old_parts_lifetime = "+want+",")
		require.Contains(t, object(t, s, Table, "blocks").Create, "old_parts_lifetime = 480,")
	}
}

func TestLimitsComeFromTheSchedule(t *testing.T) {
	source := strings.ReplaceAll(string(retention.Builtin().Source()), "limit: 30d", "limit: 31d")
	schedule, err := retention.Parse([]byte(source))
	require.NoError(t, err)
	s, err := New(names, schedule)
	require.NoError(t, err)
	row := schedule.Row(retention.MailTracking)
	require.EqualValues(t, 31*86400-7200, row.Life())
	scans := object(t, s, Table, "scans")
	require.Contains(t, scans.Create, "TTL slot + toIntervalSecond(multiIf(retention_class = 'mail_tracking', 2674800, retention_class = 'package_tracking', 7772400, retention_class = 'special_service_tracking', 7772400, retention_class = 'confirm', 2674800, 2674800))")
	view := object(t, s, View, "scans")
	require.Contains(t, view.Create, "WHERE ((retention_class = 'mail_tracking' AND slot > now() - toIntervalSecond(2671200)) OR (retention_class = 'package_tracking' AND slot > now() - toIntervalSecond(7768800)) OR")
	require.Contains(t, object(t, s, View, "blocks").Create, "WHERE (slot > now() - toIntervalSecond(8632800))")
	require.Contains(t, object(t, s, View, "retention_status").Create, "('mail_tracking', toUInt64(2678400), toInt64(2671200), toInt64(86400))")
	require.Contains(t, s.Query(Batches), "toIntervalSecond(86400)")
}

func TestEveryPublicViewHidesWhatIsDue(t *testing.T) {
	for _, o := range builtin(t).Objects() {
		if o.Kind != View || o.Name == "facilities" || o.Name == "retention_schedule" {
			continue
		}
		require.Contains(t, o.Create, "slot > now() - toIntervalSecond(", o.Name)
		require.Equal(t, strings.Count(o.Create, "FROM mailtrail_data."), strings.Count(o.Create, "WHERE (slot")+strings.Count(o.Create, "WHERE ((retention_class"), "%s: every read of a table has its predicate", o.Name)
		require.Contains(t, o.Create, "DEFINER = view_definer SQL SECURITY DEFINER", o.Name)
	}
}

func TestATableWithoutALimitIsRefused(t *testing.T) {
	source := strings.ReplaceAll(string(retention.Builtin().Source()), "tables: [scans]", "tables: [others]")
	schedule, err := retention.Parse([]byte(source))
	require.NoError(t, err)
	_, err = New(names, schedule)
	require.ErrorContains(t, err, "no class with table scans")
}

func TestDraftsReadDraftsOnly(t *testing.T) {
	s := builtin(t)
	for _, o := range s.Objects() {
		require.Equal(t, o.Create, s.Settle(o.Draft), o.Name)
		for _, real := range []string{"mailtrail_data.scans", "mailtrail_data.blocks", "mailtrail."} {
			require.NotContains(t, o.Draft, real, o.Name)
		}
	}
}

// What is made must not be removed again.
func TestRetiredObjectsAreNotMade(t *testing.T) {
	s := builtin(t)
	require.Equal(t, "DROP VIEW IF EXISTS mailtrail_data.volumes_of_scans SYNC", s.Retired()[0].Drop, "the view before the table that it writes to")
	made := map[string]bool{}
	for _, o := range s.Objects() {
		made[o.Database+"."+o.Name], made["mailtrail_data."+o.DraftName] = true, true
	}
	for _, r := range s.Retired() {
		require.False(t, made[r.Database+"."+r.Name], r.Name)
		require.Contains(t, r.Drop, r.Database+"."+r.Name+" SYNC")
	}
}

func TestReplacedViewsAreStatements(t *testing.T) {
	for _, o := range builtin(t).Objects() {
		if o.Kind == View {
			require.Regexp(t, "^CREATE OR REPLACE VIEW "+o.Database+"."+o.Name+"\n", o.Replace())
		}
	}
}

func TestNamesAreChecked(t *testing.T) {
	for _, wrong := range []Names{{"", "d"}, {"a-b", "d"}, {"a", "d; DROP"}, {"1a", "d"}, {"a", ""}} {
		_, err := New(wrong, retention.Builtin())
		require.Error(t, err, "%v", wrong)
	}
}

func TestLiteral(t *testing.T) {
	require.Equal(t, `'a\'b\\c'`, literal(`a'b\c`))
}
