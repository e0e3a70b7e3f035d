package main

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	embedded "mailtrail/deploy/local/clickhouse"
	"mailtrail/deploy/local/ports"
	"mailtrail/pipeline/ledger"
	"mailtrail/schemas/retention"
)

// What fell due while nothing ran goes before the doors open, later slots on time; the ledger has each; one sweeps at a time,
// and under another schedule nobody does.
func TestRetentionSweep(t *testing.T) {
	plain := newSite(t)
	// Slots are due after 26 days, and left to the server's own expiry for 28.
	source := strings.Replace(string(retention.Builtin().Source()), "    margin: 2h\n    behind: 20d", "    margin: 4d\n    behind: 10d", 1)
	schedule := filepath.Join(t.TempDir(), "schedule.yaml")
	require.NoError(t, os.WriteFile(schedule, []byte(source), 0o600))
	s := plain.with("--set", "retention.schedule="+schedule)
	today := time.Now().UTC().Truncate(24 * time.Hour)
	due, kept := today.AddDate(0, 0, -27), today.AddDate(0, 0, -20)
	insert := func(rows int, slot time.Time) {
		require.NoError(t, s.sql(embedded.Writer).Exec(t.Context(), fmt.Sprintf(
			"INSERT INTO mailtrail_data.scans (retention_class, slot) SELECT '%s', '%s' FROM numbers(%d)",
			retention.MailTracking, slot.Format(time.DateTime), rows)))
	}
	held := func(slot time.Time) uint64 {
		return s.count("SELECT count() FROM mailtrail_data.scans WHERE slot = '" + slot.Format(time.DateTime) + "'")
	}
	entries := func() []*ledger.Entry { return s.entriesOf(retention.MailTracking, due) }

	// The first one looks only when something is due.
	p := s.with("--set", "retention.sweep_every=1h").up()
	insert(5, due)
	insert(7, kept)
	p.stop()
	p = s.with("--set", "retention.sweep_every=1s").up()
	said := p.stderr.String()
	require.Contains(t, said[:strings.Index(said, "gateway is open for equipment")], "a slot is destroyed")
	require.Zero(t, held(due))
	require.EqualValues(t, 7, held(kept))
	found := entries()
	require.Len(t, found, 1)
	require.Equal(t, ledger.PartitionDropped, found[0].Kind)
	require.Equal(t, "sweeper", found[0].By)
	require.True(t, due.Equal(found[0].Slot))
	require.EqualValues(t, 5, *found[0].Rows)

	// What comes back goes again, and the ledger says so.
	insert(3, due)
	eventually(t, 20*time.Second, func() error { return expect(2, len(entries())) })
	require.Zero(t, held(due))
	require.Equal(t, ledger.Returned, entries()[1].Kind)

	busy := s.run("retention", "sweep")
	require.Equal(t, exitFailed, busy.status)
	require.Contains(t, busy.stderr, "sweeps by itself")
	free, err := ports.Free(1)
	require.NoError(t, err)
	second := s.with("--set", "metrics.listen="+free[0]).start("retention", "run")
	second.says("waits for its end", 20*time.Second)
	second.stop()

	// A sweeper of another folder, beside the running one and under the wrong schedule, destroys nothing.
	elsewhere := func(s *site) *site {
		return s.with("--data", filepath.Join(t.TempDir(), "elsewhere"), "--set", "mode=external", "--set", "clickhouse.user="+embedded.Writer,
			"--set", "clickhouse.password_file="+embedded.PasswordFile(s.data, embedded.Writer), "--set", "clickhouse.addr="+s.native)
	}
	wrong := elsewhere(plain).run("retention", "sweep")
	require.Equal(t, exitFailed, wrong.status)
	require.Contains(t, wrong.stderr, "nothing is destroyed")
	require.Contains(t, elsewhere(s).run("retention", "sweep").stderr, "nothing is due")
	require.EqualValues(t, 7, held(kept))
	p.stop()
}

// entriesOf are what the ledger has of a slot.
func (s *site) entriesOf(class string, slot time.Time) []*ledger.Entry {
	s.t.Helper()
	key, err := ledger.PublicKey(filepath.Join(s.data, "ledger"))
	require.NoError(s.t, err)
	reader, err := ledger.Read(filepath.Join(s.data, "ledger"), key)
	require.NoError(s.t, err)
	defer reader.Close()
	_, found, err := reader.Slot(class, slot)
	require.NoError(s.t, err)
	return found
}
