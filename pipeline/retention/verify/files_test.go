package verify

import (
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// Files and keys are told from the moment on at which they may not be there any more, and not before.
func TestFiles(t *testing.T) {
	for _, c := range []struct {
		name, path, text string
		changed          time.Time
		want             Kind // empty: all is well
	}{
		{"a log at its limit", "logs/a.log", "", noon.Add(-2 * day), ""},
		{"a log past its limit", "logs/a.log", "", noon.Add(-2*day - time.Second), OverLimit},
		{"a log that begins at its limit", "logs/a.log", "2026.11.23 12:00:00.5 started", noon, ""},
		{"a log that begins past its limit", "logs/a.log", "2026.11.23 11:59:59.5 started", noon, OverLimit},
		{"a key that is being written", "keys/slot-rejects-20261125T000000Z.key.new", "", noon, ""},
		{"a key of a class that is not sealed", "keys/slot-mail_tracking-20261125T000000Z.key", "", noon, KeyWithoutSlot},
		{"a key of no slot", "keys/slot-rejects-20261125T010000Z.key", "", noon, KeyWithoutSlot},
		{"a key in a folder", "keys/old/slot-rejects-20261125T000000Z.key", "", noon, StrayFile},
		{"notes of the sweeper", "sweep.json.new", "", noon, ""},
		{"who may come in", "access.yaml", "", noon, ""},
		{"who may come in, not finished", "access.yaml.123.new", "", noon, ""},
		{"who came in once", "access.yaml.old", "", noon, StrayFile},
		{"a ledger of years", "ledger/entries", "", noon.AddDate(-3, 0, 0), ""},
		{"a core dump beside it", "ledger/core.17", "", noon, CoreDump},
		{"a folder of one's own", "exports/today.csv", "", noon, StrayFile},
		{"a name that steers a terminal", "\x1b[31mred", "", noon, StrayFile},
	} {
		t.Run(c.name, func(t *testing.T) {
			w := newWorld(t)
			path := filepath.Join(w.files.Data, c.path)
			require.NoError(t, os.MkdirAll(filepath.Dir(path), 0o700))
			require.NoError(t, os.WriteFile(path, []byte(c.text), 0o600))
			require.NoError(t, os.Chtimes(path, c.changed, c.changed))
			findings := w.check(t).Findings
			if c.want == "" {
				require.Empty(t, findings)
				return
			}
			require.Len(t, findings, 1)
			require.Equal(t, c.want, findings[0].Kind)
			require.NotContains(t, findings[0].Object, "\x1b")
		})
	}
}

// A key is due at destroy_at, and the authority has half a margin to destroy it.
func TestAKeysDate(t *testing.T) {
	w := newWorld(t)
	require.NoError(t, os.Mkdir(w.files.Keys, 0o700))
	require.NoError(t, os.WriteFile(filepath.Join(w.files.Keys, "slot-rejects-20261026T000000Z.key"), nil, 0o600))
	w.now = time.Date(2026, 11, 24, 23, 0, 0, 0, time.UTC) // 30 days, less a margin of 2 hours, and 1 hour
	require.NotContains(t, kinds(w.check(t)), KeyPastDate)
	w.now = w.now.Add(time.Second)
	require.Contains(t, kinds(w.check(t)), KeyPastDate)
}

func kinds(report *Report) (kinds []Kind) {
	for _, f := range report.Findings {
		kinds = append(kinds, f.Kind)
	}
	return kinds
}

// A folder of keys elsewhere is inspected too, and so are the segments of the embedded broker.
func TestFoldersElsewhere(t *testing.T) {
	w := newWorld(t)
	w.files.Keys = t.TempDir()
	w.files.Servers = map[string]ServerKind{"kafka": OfEmbeddedBroker}
	require.NoError(t, os.WriteFile(filepath.Join(w.files.Keys, "slot-rejects-20261001T000000Z.key"), nil, 0o600))
	partition := filepath.Join(w.files.Data, "kafka", "partitions", "mail.scans-0")
	require.NoError(t, os.MkdirAll(partition, 0o700))
	require.NoError(t, os.WriteFile(filepath.Join(w.files.Data, "kafka", "topics.json"), nil, 0o600))
	require.NoError(t, os.WriteFile(filepath.Join(partition, "0.dat"), []byte("torn"), 0o600))
	require.NoError(t, os.WriteFile(filepath.Join(partition, ".new-17"), nil, 0o600))
	findings := w.check(t).Findings
	require.Len(t, findings, 1)
	require.Equal(t, KeyPastDate, findings[0].Kind)
	require.True(t, filepath.IsAbs(findings[0].Object))
}

// On the embedded MinIO's drive lie its own files and one bucket.
func TestAnotherBucketOnTheDrive(t *testing.T) {
	w := newWorld(t)
	w.files.Servers, w.files.Bucket = map[string]ServerKind{"minio/store": OfMinIO}, "mailtrail-images"
	drive := filepath.Join(w.files.Data, "minio", "store")
	for _, folder := range []string{".minio.sys", "mailtrail-images"} {
		require.NoError(t, os.MkdirAll(filepath.Join(drive, folder), 0o700))
	}
	require.Empty(t, w.check(t).Findings)
	require.NoError(t, os.MkdirAll(filepath.Join(drive, "second-bucket"), 0o700))
	require.NoError(t, os.WriteFile(filepath.Join(drive, "file"), nil, 0o600))
	findings := w.check(t).Findings
	require.ElementsMatch(t, []Kind{NotInSchedule, StrayFile}, kinds(&Report{Findings: findings}))
}
