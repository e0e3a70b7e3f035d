package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/rs/zerolog"
	"github.com/stretchr/testify/require"

	"mailtrail/pipeline/ledger"
)

func TestRetentionProof(t *testing.T) {
	data, l, _ := aLedger(t)
	proof := func(class, slot string, more ...string) outcome {
		return mailtrail(nil, append([]string{"retention", "proof", "--data", data, "--class", class, "--slot", slot}, more...)...)
	}
	file := filepath.Join(t.TempDir(), "proof.json")
	got := proof("mailpiece_images", "2026-11-20T05:00:00Z", "--out", file)
	require.Equal(t, exitDone, got.status, got.stderr)
	require.Empty(t, got.stdout)
	require.Contains(t, got.stderr, "It proves that the ledger "+l.Head().Origin+" holds the destruction of slot 2026-11-20T05:00:00Z of class mailpiece_images")
	require.Contains(t, got.stderr, "It cannot prove that no copy lies elsewhere")
	require.Contains(t, got.stderr, l.PublicKey())
	written, err := os.ReadFile(file)
	require.NoError(t, err)
	require.Equal(t, string(written), proof("mailpiece_images", "2026-11-20T05:00:00Z").stdout, "the same to standard output")
	require.Equal(t, exitDone, mailtrail(nil, "ledger", "verify", file, "--key", l.PublicKey()).status)

	// A bundle that continues an older checkpoint; another ledger's is refused.
	older := filepath.Join(t.TempDir(), "checkpoint")
	require.NoError(t, os.WriteFile(older, []byte(mailtrail(nil, "ledger", "show", "--data", data, "--checkpoint").stdout), 0o600))
	_, err = l.Append(ledger.Entry{Kind: ledger.TopicState, Store: "kafka", Object: "mail.scans"})
	require.NoError(t, err)
	require.Equal(t, exitDone, proof("mailpiece_images", "2026-11-20T05:00:00Z", "--out", file).status)
	require.Equal(t, exitFailed, mailtrail(nil, "ledger", "verify", file, "--key", l.PublicKey(), "--since", older).status, "it was not made for that checkpoint")
	require.Equal(t, exitDone, proof("mailpiece_images", "2026-11-20T05:00:00Z", "--since", older, "--out", file).status)
	require.Equal(t, exitDone, mailtrail(nil, "ledger", "verify", file, "--key", l.PublicKey(), "--since", older).status)
	other, _, _ := aLedger(t)
	require.Contains(t, proof("mailpiece_images", "2026-11-20T05:00:00Z", "--since", filepath.Join(other, "ledger", "checkpoint")).stderr, "not signed by this key")

	later := time.Now().UTC().Truncate(time.Hour).Add(24 * time.Hour)
	for name, test := range map[string]struct {
		class, slot string
		status      int
		stderr      string
	}{
		"no class":    {"postcards", "2026-11-20T05:00:00Z", 1, `the ledger has no class "postcards"; it has mailpiece_images`},
		"not aligned": {"mailpiece_images", "2026-11-20T05:40:00Z", 1, "they are 1h long; it lies in the slot of 2026-11-20T05:00:00Z, and the next is that of 2026-11-20T06:00:00Z"},
		"not due":     {"mailpiece_images", later.Format(time.RFC3339), 1, "is not destroyed yet: it will be at " + later.Add(71*time.Hour).Format(time.RFC3339)},
		"a gap":       {"mailpiece_images", "2026-11-20T06:00:00Z", 1, "is a gap: it was due at 2026-11-23T05:00:00Z and no destruction of it is entered for keys"},
		"before it":   {"mailpiece_images", "2026-11-20T04:00:00Z", 1, "the ledger answers for slots from 2026-11-20T05:00:00Z on"},
		"not a time":  {"mailpiece_images", "yesterday", 2, "--slot"},
	} {
		t.Run(name, func(t *testing.T) {
			got := proof(test.class, test.slot)
			require.Equal(t, test.status, got.status, got.stderr)
			require.Contains(t, got.stderr, test.stderr)
			require.Empty(t, got.stdout)
		})
	}
}

// A slot that is destroyed in one store and not in another has a proof, which shows what lacks.
func TestAProofOfHalfADestruction(t *testing.T) {
	data, now := t.TempDir(), time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	l, err := ledger.Open(ledger.Config{Dir: filepath.Join(data, "ledger")}, ledger.Deps{Log: zerolog.Nop(), Clock: func() time.Time { return now }})
	require.NoError(t, err)
	defer l.Close()
	_, err = l.Adopt(strings.Repeat("1", 64), []ledger.ClassRow{{
		Class: "letters", Bound: "ceiling", Limit: 2 * time.Hour, SlotLength: time.Hour, DestroyAfter: time.Hour, FirstSlot: now, Stores: []string{"clickhouse/scans", "keys"},
	}}, "operator")
	require.NoError(t, err)
	rows, slot := int64(3), now
	now = now.Add(time.Hour)
	_, err = l.Append(ledger.Entry{Kind: ledger.PartitionDropped, Class: "letters", Slot: slot, Store: "clickhouse", Object: "scans", By: "sweeper", Rows: &rows, Bytes: &rows})
	require.NoError(t, err)
	got := mailtrail(nil, "retention", "proof", "--data", data, "--class", "letters", "--slot", "2026-01-01")
	require.Equal(t, exitFailed, got.status)
	require.NotEmpty(t, got.stdout, "it is written all the same")
	require.Contains(t, got.stderr, "something is amiss with slot 2026-01-01T00:00:00Z of class letters: No destruction in keys")
}
