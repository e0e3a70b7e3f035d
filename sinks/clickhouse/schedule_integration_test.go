package clickhouse

import (
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	local "mailtrail/deploy/local/clickhouse"
	"mailtrail/schemas/event"
	"mailtrail/schemas/retention"
)

// The server gives back the schedule that it was made from, and tells what
// would change under another one, which then is what changes.
func TestAppliedScheduleAndDrift(t *testing.T) {
	owner, _ := fresh(t)
	builtin := retention.Builtin()
	applied, err := owner.AppliedSchedule(t.Context())
	require.NoError(t, err)
	applied.Topics = builtin.Topics
	require.Empty(t, retention.Compare(applied, builtin))
	require.EqualValues(t, len(builtin.Rows()), number(t, owner, "SELECT count() FROM mailtrail.retention_schedule"))
	require.EqualValues(t, 1, number(t, owner, "SELECT count() FROM mailtrail.retention_schedule WHERE class = 'mail_tracking' AND life_seconds = 30 * 86400 - 7200 AND flows AND citation LIKE '%up to 30 days for mail' AND stores = ['kafka mail.scans', 'clickhouse scans']"))
	require.EqualValues(t, 7, number(t, owner, "SELECT count() FROM mailtrail.retention_status"), "only classes that have rows in tables")

	shorter, err := retention.Parse([]byte(strings.Replace(string(builtin.Source()), "limit: 30d", "limit: 29d", 1)))
	require.NoError(t, err)
	other := open(t, local.Owner, shorter)
	changed := func(do func(context.Context) ([]Change, error)) (names []string) {
		changes, err := do(t.Context())
		require.NoError(t, err)
		for _, change := range changes {
			if change.Action != Unchanged {
				names = append(names, change.Object+" "+string(change.Action))
			}
		}
		return names
	}
	drift := changed(other.Drift)
	require.Contains(t, drift, "mailtrail_data.scans altered")
	require.Contains(t, drift, "mailtrail.scans replaced")
	require.Equal(t, drift, changed(other.Drift), "telling it changes nothing")
	require.Equal(t, drift, changed(other.Migrate))
	require.Empty(t, changed(other.Drift))
	require.Empty(t, changed(other.Migrate))

	exec(t, owner, "DROP DATABASE mailtrail SYNC")
	exec(t, owner, "DROP DATABASE mailtrail_data SYNC")
	applied, err = owner.AppliedSchedule(t.Context())
	require.NoError(t, err)
	require.Nil(t, applied)
	all := changed(owner.Drift)
	require.Zero(t, number(t, owner, "SELECT count() FROM system.databases WHERE name LIKE 'mailtrail%'"))
	require.Equal(t, all, changed(owner.Migrate))
}

func TestHeldSlots(t *testing.T) {
	owner, s := fresh(t)
	require.NoError(t, s.InsertScans(t.Context(), "t", block(0, 60, 3, retention.MailTracking, retention.PackageTracking)))
	auditor := open(t, local.Auditor, retention.Builtin())
	held, err := auditor.HeldSlots(t.Context())
	require.NoError(t, err)
	rows := map[HeldSlot]uint64{}
	for _, h := range held {
		if !strings.HasPrefix(h.Table, "system.") {
			rows[HeldSlot{Class: h.Class, Table: h.Table, Slot: h.Slot}] += h.Rows
			require.NotZero(t, h.Bytes)
		}
	}
	for _, class := range []string{retention.MailTracking, retention.PackageTracking} {
		for day := range int64(3) {
			require.EqualValues(t, 10, rows[HeldSlot{Class: class, Table: "scans", Slot: today() - day*86400}])
		}
	}
	exec(t, owner, "SYSTEM FLUSH LOGS")
	held, err = auditor.HeldSlots(t.Context())
	require.NoError(t, err)
	own := map[string]bool{}
	for _, h := range held {
		if h.Class == retention.SystemLogs {
			own[h.Table] = true
			require.Equal(t, today(), h.Slot)
		}
	}
	require.Equal(t, map[string]bool{"system.query_log": true, "system.part_log": true}, own)
}

// The measurement behind retention.Releases: how long from the order to drop a
// partition until no query and no folder has anything of it.
func TestADroppedPartitionIsGone(t *testing.T) {
	owner, s := fresh(t)
	require.NoError(t, s.InsertScans(t.Context(), "t", block(0, 200_000, 1)))
	var path string
	require.NoError(t, owner.conn.QueryRow(t.Context(), "SELECT any(path) FROM system.parts WHERE database = 'mailtrail_data' AND table = 'scans' AND active").Scan(&path))
	if !filepath.IsAbs(path) {
		path = filepath.Join(engine.config.Data, "clickhouse", "store", path)
	}
	require.DirExists(t, path)
	began := time.Now()
	exec(t, owner, "ALTER TABLE mailtrail_data.scans DROP PARTITION ('mail_tracking', '"+time.Unix(today(), 0).UTC().Format(time.DateTime)+"')")
	require.Zero(t, stored(t, s))
	require.Eventually(t, func() bool {
		_, err := os.Stat(path)
		return os.IsNotExist(err)
	}, time.Minute, time.Millisecond)
	t.Logf("a dropped partition of 200,000 rows was in no query and no folder after %s", time.Since(began))
}

// What the server's own expiry took out lies nowhere, though an empty part of it is active for a while.
func TestAnEmptiedSlotIsNotHeld(t *testing.T) {
	owner, s := fresh(t)
	c := &event.ScanColumns{Heads: event.Heads{Topic: event.ScansTopic}}
	appendRow(c, 0, 0, retention.MailTracking, today()-31*86400, "key")
	require.NoError(t, s.InsertScans(t.Context(), "t", c))
	exec(t, owner, "OPTIMIZE TABLE mailtrail_data.scans FINAL")
	require.Zero(t, number(t, s, "SELECT count() FROM mailtrail_data.scans"))
	require.NotZero(t, number(t, s, "SELECT count() FROM system.parts WHERE active AND database = 'mailtrail_data' AND table = 'scans'"), "else this shows nothing")
	held, err := s.HeldSlots(t.Context())
	require.NoError(t, err)
	for _, h := range held {
		require.NotEqual(t, "scans", h.Table)
	}
}

// Logs that the server cuts otherwise than the schedule says have no slots: their numbers mean other times.
func TestLogsThatAreCutOtherwiseAreStrange(t *testing.T) {
	owner, _ := fresh(t)
	before, rest, _ := strings.Cut(string(retention.Builtin().Source()), "class: system_logs")
	schedule, err := retention.Parse([]byte(before + "class: system_logs" + strings.Replace(rest, "slot: 1d", "slot: 12h", 1)))
	require.NoError(t, err)
	exec(t, owner, "SYSTEM FLUSH LOGS")
	held, err := open(t, local.Auditor, schedule).HeldSlots(t.Context())
	require.NoError(t, err)
	logs := 0
	for _, h := range held {
		if h.Class == retention.SystemLogs {
			require.NotEmpty(t, h.Strange)
			logs++
		}
	}
	require.NotZero(t, logs)
}
