package main

import (
	"path/filepath"
	"slices"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/rs/zerolog"
	"github.com/stretchr/testify/require"

	"mailtrail/pipeline/ledger"
	pipeline "mailtrail/pipeline/retention"
	"mailtrail/schemas/retention"
)

// What the sweeper is told to be missing is what the calendar asks for; once it is entered the ledger holds, and a slot of
// it can be proven.
func TestTheSweepersLedgerHasNoGaps(t *testing.T) {
	now := time.Date(2026, 11, 25, 12, 0, 0, 0, time.UTC)
	dir := filepath.Join(t.TempDir(), "ledger")
	log, err := ledger.Open(ledger.Config{Dir: dir}, ledger.Deps{Log: zerolog.Nop(), Clock: func() time.Time { return now }})
	require.NoError(t, err)
	defer log.Close()
	schedule := retention.Builtin()
	rows := classRows(schedule, now)
	classes := map[string]bool{}
	for _, row := range rows {
		classes[row.Class] = true
	}
	for _, row := range schedule.Rows() {
		require.Equal(t, row.Flows() && row.Sliced() && (len(row.Tables)+len(row.SystemTables)+len(row.Buckets)+len(row.Folders) > 0 || row.Sealed), classes[row.Class], row.Class)
	}
	_, err = log.Adopt(schedule.Hash(), rows, pipeline.BySweeper)
	require.NoError(t, err)

	book := sweepLedger{log}
	require.Empty(t, book.Missing(now), "what was due before the ledger began is not asked for")
	// The newest entry comes ten minutes after a destroy_at, as a sweeper's would.
	now = time.Date(2026, 11, 25, 22, 10, 0, 0, time.UTC)
	missing := book.Missing(now)
	places := map[string]int{}
	for _, slot := range missing {
		require.Less(t, schedule.Row(slot.Class).DestroyAt(slot.Start), now.Unix())
		places[slot.Class+" "+slot.Place.Name]++
	}
	want := map[string]int{
		"mail_tracking scans": 1, "package_tracking scans": 1, "special_service_tracking scans": 1, "confirm scans": 1, "receipts blocks": 1, "batch_ids batches": 1,
		"replay_ids replays": 1, "known_barcodes known_barcodes": 1, "system_logs system.query_log": 1, "system_logs system.part_log": 1,
		"log_files logs": 1, "work_files clickhouse/tmp": 1, "work_files clickhouse/user_files": 1, "work_files clickhouse/format_schemas": 1,
		"mailpiece_images images": 20, // ten hours, in the table and in the bucket
	}
	for _, row := range schedule.Rows() {
		if slices.Contains(row.Tables, "records") {
			want[row.Class+" records"] = 1
		}
	}
	require.Greater(t, len(want), 30, "classes of other records are among them")
	require.Equal(t, want, places)
	for i, slot := range missing {
		d := pipeline.Drop{Slot: slot, Rows: uint64(i), By: pipeline.BySweeper}
		again, err := book.Enter(d)
		require.NoError(t, err)
		require.False(t, again)
		again, err = book.Enter(d)
		require.NoError(t, err)
		require.True(t, again)
	}
	require.Empty(t, book.Missing(now))
	// What is left are the keys of the slots in which something is sealed, which the authority ends.
	for class, slot := range log.KeysUnended(now) {
		require.True(t, schedule.Row(class).Sealed, class)
		require.NoError(t, log.KeysNeverMade(class, []time.Time{slot}, pipeline.BySweeper))
	}

	verdict, err := ledger.VerifyFolder(dir, log.PublicKey(), ledger.Options{})
	require.NoError(t, err)
	require.Empty(t, verdict.Findings)
	reader, err := ledger.Read(dir, log.PublicKey())
	require.NoError(t, err)
	defer reader.Close()
	_, err = reader.Prove(missing[0].Class, at(missing[0].Start))
	require.NoError(t, err)

	require.NoError(t, book.Returned(pipeline.Drop{Slot: missing[0], Rows: 3, By: pipeline.BySweeper}))
	verdict, err = ledger.VerifyFolder(dir, log.PublicKey(), ledger.Options{})
	require.NoError(t, err)
	require.NotEmpty(t, verdict.Findings)
}

// A wall clock that jumps does not get into the ledger, whose newest entry every later sweeper takes for time that has been.
func TestAJumpStaysOutOfTheLedger(t *testing.T) {
	wall := time.Date(2026, 11, 25, 12, 0, 0, 0, time.UTC)
	r := roleWith(t, "MAILTRAIL_DATA="+t.TempDir())
	r.now = func() time.Time { return wall }
	k, err := r.openKeeper(t.Context(), prometheus.NewRegistry())
	require.NoError(t, err)
	defer k.close()
	wall = wall.AddDate(1, 0, 0)
	_, err = k.ledger.Append(ledger.Entry{Kind: ledger.TopicState, Store: "kafka", Object: "mail.scans"})
	require.NoError(t, err)
	require.WithinDuration(t, wall.AddDate(-1, 0, 0), k.ledger.LastTime(), time.Minute)
}
