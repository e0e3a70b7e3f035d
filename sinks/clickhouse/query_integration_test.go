package clickhouse

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"mailtrail/schemas/event"
	"mailtrail/schemas/retention"
)

func TestPieceNewestFirst(t *testing.T) {
	_, s := fresh(t)
	require.NoError(t, s.InsertScans(t.Context(), "t", block(0, 3000, 3)))
	rows, err := s.Piece(t.Context(), []string{"key0000001", "no such"})
	require.NoError(t, err)
	defer rows.Close()
	at := -1
	for i, column := range rows.Columns {
		if column.Name == "scanDatetime" {
			at = i
		}
	}
	last := time.Now().Add(48 * time.Hour)
	n := 0
	for values, err := range rows.All() {
		require.NoError(t, err)
		require.True(t, values[at].(time.Time).Before(last))
		last = values[at].(time.Time)
		n++
	}
	require.Equal(t, 3, n)
}

// A history tells what the view scans shows, in its words, and nothing else of what is due.
func TestPieceTellsWhatTheViewShows(t *testing.T) {
	owner, s := fresh(t)
	exec(t, owner, "SYSTEM STOP TTL MERGES mailtrail_data.scans")
	day := int64(24 * 60 * 60)
	c := &event.ScanColumns{Heads: event.Heads{Topic: event.ScansTopic}}
	for i, slot := range []int64{today(), today() - 29*day, today() - 31*day} {
		appendRow(c, int64(i), 0, retention.MailTracking, slot, "key")
	}
	require.NoError(t, s.InsertScans(t.Context(), "t", c))
	require.EqualValues(t, 3, number(t, s, "SELECT count() FROM mailtrail_data.scans"))

	found, err := s.Piece(t.Context(), []string{"key"})
	require.NoError(t, err)
	var names []string
	for _, column := range found.Columns {
		names = append(names, column.Name)
	}
	require.Contains(t, found.Columns, Column{"pieceKeyNotUnique", "Bool"})
	told := allOf(t, found)
	require.Len(t, told, 2)
	shown, err := s.Query(t.Context(), "SELECT `"+strings.Join(names, "`, `")+"` FROM scans WHERE pieceKey = 'key' ORDER BY scanDatetime DESC")
	require.NoError(t, err)
	require.Equal(t, allOf(t, shown), told)
}

func allOf(t *testing.T, rows *Rows) (all [][]any) {
	t.Helper()
	defer rows.Close()
	for values, err := range rows.All() {
		require.NoError(t, err)
		all = append(all, slices.Clone(values))
	}
	return all
}

func TestQuery(t *testing.T) {
	_, s := fresh(t)
	rows, err := s.Query(t.Context(), "SELECT toUInt8(1) AS one, CAST(NULL, 'Nullable(String)') AS nothing, [1, 2]::Array(UInt8) AS some")
	require.NoError(t, err)
	defer rows.Close()
	require.Equal(t, []Column{{"one", "UInt8"}, {"nothing", "Nullable(String)"}, {"some", "Array(UInt8)"}}, rows.Columns)
	for values, err := range rows.All() {
		require.NoError(t, err)
		require.Equal(t, []any{uint8(1), (*string)(nil), []uint8{1, 2}}, values)
	}
	rows, err = s.Query(t.Context(), "SELECT count() FROM pieces")
	require.NoError(t, err, "names without a database are those of the views")
	require.NoError(t, rows.Close())
	_, err = s.Query(t.Context(), "SELECT nonsense")
	require.Error(t, err)
	require.False(t, Transient(err))
}

func TestStatus(t *testing.T) {
	_, s := fresh(t)
	require.NoError(t, s.InsertScans(t.Context(), "t", block(0, 100, 2)))
	status, err := s.Status(t.Context())
	require.NoError(t, err)
	require.NotEmpty(t, status.Disks)
	require.Len(t, status.Classes, 7)
	schedule := retention.Builtin()
	for _, class := range status.Classes {
		row := schedule.Row(class.Class)
		require.Equal(t, row.Longest(), class.Limit)
		oldestLive := row.SlotOf((time.Now().Unix()-row.Life())*1000) + int64(time.Duration(row.Slot)/time.Second)
		require.Equal(t, time.Unix(oldestLive, 0).UTC(), class.CompleteFrom.UTC())
		if class.Class != retention.MailTracking {
			require.Zero(t, class.Rows)
			require.Nil(t, class.OldestSlot)
			require.Nil(t, class.DestroyAt)
			continue
		}
		require.EqualValues(t, 100, class.Rows)
		require.Equal(t, today()-86400, class.OldestSlot.Unix())
		require.Equal(t, today(), class.NewestSlot.Unix())
		require.Equal(t, row.DestroyAt(today()-86400), class.DestroyAt.Unix())
	}
	for _, table := range status.Tables {
		if table.Table == "scans" {
			require.EqualValues(t, 100, table.Rows)
			require.EqualValues(t, 2, table.Parts)
			require.NotZero(t, table.Bytes)
		}
	}
}

// The codes that can heal bear the names that the server gives them.
func TestHealingCodesAreTheServers(t *testing.T) {
	_, s := fresh(t)
	for code, name := range healing {
		var said string
		require.NoError(t, s.conn.QueryRow(t.Context(), fmt.Sprintf("SELECT toString(errorCodeToName(%d))", code)).Scan(&said))
		require.Equal(t, said, name)
	}
}

func TestServersErrorsAreTold(t *testing.T) {
	_, s := fresh(t)
	for query, transient := range map[string]bool{
		"SELECT sleep(3) SETTINGS max_execution_time = 1":                                       true,
		"SELECT groupArray(number) FROM numbers(100000000) SETTINGS max_memory_usage = 1000000": true,
		"SELECT * FROM mailtrail_data.no_such_table":                                            false,
		"SELEC 1": false,
	} {
		err := s.conn.Exec(t.Context(), query)
		require.Error(t, err, query)
		require.Equal(t, transient, Transient(err), "%s: %v", query, err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	require.True(t, Transient(s.conn.Exec(ctx, "SELECT sleep(3)")), "over time")
}

func TestRefusalsNameTheRemedy(t *testing.T) {
	owner, s := fresh(t)
	exec(t, owner, "DROP TABLE mailtrail_data.replays SYNC")
	_, err := s.Replays(t.Context(), []string{"mail.scans/0/0/0"})
	require.ErrorContains(t, err, "run mailtrail migrate")
	require.ErrorContains(t, s.InsertReplays(t.Context(), "t", []event.ReplayRow{{Origin: "o"}}), "run mailtrail migrate")
	exec(t, owner, "DROP DATABASE mailtrail SYNC")
	_, err = s.Query(t.Context(), "SELECT 1")
	require.ErrorContains(t, err, "run mailtrail migrate")
	_, err = s.Piece(t.Context(), []string{"k"})
	require.ErrorContains(t, err, "run mailtrail migrate")
}
