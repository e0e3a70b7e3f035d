package main

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/rs/zerolog"
	"github.com/stretchr/testify/require"

	"mailtrail/pipeline/ledger"
)

// aLedger makes one slot's life in the ledger of a data folder, and the proof of it.
func aLedger(t *testing.T) (data string, l *ledger.Log, proof string) {
	t.Helper()
	data = t.TempDir()
	start := time.Date(2026, 11, 20, 5, 0, 0, 0, time.UTC)
	now := start
	l, err := ledger.Open(ledger.Config{Dir: filepath.Join(data, "ledger")}, ledger.Deps{Log: zerolog.Nop(), Clock: func() time.Time { return now }})
	require.NoError(t, err)
	t.Cleanup(func() { _ = l.Close() })
	_, err = l.Adopt(fmt.Sprintf("%064x", 1), []ledger.ClassRow{{
		Class: "mailpiece_images", Bound: "ceiling", Limit: 72 * time.Hour, SlotLength: time.Hour, DestroyAfter: 71 * time.Hour, FirstSlot: start, Stores: []string{"keys"},
	}}, "operator")
	require.NoError(t, err)
	require.NoError(t, l.KeyCreated("mailpiece_images", start, start.Add(71*time.Hour), [32]byte{1}))
	now = start.Add(71 * time.Hour)
	require.NoError(t, l.KeyDestroyed("mailpiece_images", start, [32]byte{1}, "authority"))
	r, err := ledger.Read(filepath.Join(data, "ledger"), "")
	require.NoError(t, err)
	defer r.Close()
	content, err := r.Prove("mailpiece_images", start)
	require.NoError(t, err)
	proof = filepath.Join(data, "proof.json")
	require.NoError(t, os.WriteFile(proof, content, 0o600))
	return data, l, proof
}

func TestLedgerFromTheCommandLine(t *testing.T) {
	data, l, proof := aLedger(t)
	ok := func(args ...string) outcome {
		t.Helper()
		got := mailtrail(nil, append([]string{"ledger"}, args...)...)
		require.Equal(t, exitDone, got.status, got.stderr)
		return got
	}
	key := strings.TrimSpace(ok("show", "--data", data, "--key").stdout)
	require.Equal(t, l.PublicKey(), key)
	require.NotContains(t, key, "PRIVATE")

	lines := strings.Split(strings.TrimSpace(ok("show", "--data", data, "--format", "json", "--class", "mailpiece_images", "--slot", "2026-11-20T05:00:00Z").stdout), "\n")
	require.Len(t, lines, 2)
	var row map[string]any
	require.NoError(t, json.Unmarshal([]byte(lines[1]), &row))
	require.Equal(t, "key_destroyed", row["kind"])
	require.Equal(t, "2026-11-20T05:00:00Z", row["slot"])
	got := ok("show", "--dir", filepath.Join(data, "ledger"), "--last", "1")
	require.Contains(t, got.stdout, "key_destroyed")
	require.NotContains(t, got.stdout, "key_created")
	require.Contains(t, got.stderr, "3 older entries are not shown")

	got = ok("verify", proof, "--key", key)
	for _, sentence := range []string{"This proves:", "declared destroyed at 2026-11-23T04:00:00Z, by authority", "It cannot prove:", "It takes an older checkpoint (--since) or a witness (--witness)"} {
		require.Contains(t, got.stdout, sentence)
	}
	require.Contains(t, ok("verify", filepath.Join(data, "ledger"), "--key", key, "--format", "csv").stdout, "what,text\nproves,")

	// A witness sees the ledger, and its word travels with the next proof.
	write := func(name, content string) string {
		path := filepath.Join(data, name)
		require.NoError(t, os.WriteFile(path, []byte(content), 0o600))
		return path
	}
	checkpoint := write("checkpoint", ok("show", "--data", data, "--checkpoint").stdout)
	request := write("request", ok("show", "--data", data, "--request", "0").stdout)
	home := filepath.Join(data, "elsewhere")
	signed := write("cosigned", ok("cosign", request, "--key", key, "--dir", home, "--name", "archive.example.org").stdout)
	witness := strings.TrimSpace(ok("cosign", "--show-key", "--dir", home).stdout)
	ok("cosign", filepath.Join(data, "ledger"), "--key", key, "--dir", home)
	ok("accept", signed, "--data", data, "--witness", witness)
	r, err := ledger.Read(filepath.Join(data, "ledger"), "")
	require.NoError(t, err)
	defer r.Close()
	content, err := r.Prove("mailpiece_images", time.Date(2026, 11, 20, 5, 0, 0, 0, time.UTC))
	require.NoError(t, err)
	got = ok("verify", write("witnessed.json", string(content)), "--key", key, "--witness", witness, "--since", checkpoint)
	require.Contains(t, got.stdout, "The witness archive.example.org had seen")
	require.Contains(t, got.stdout, "continues the older checkpoint of 4 entries")
	ok("verify", filepath.Join(data, "ledger"), "--key", key, "--witness", witness, "--since", checkpoint)
}

func TestLedgerExitStatus(t *testing.T) {
	data, l, proof := aLedger(t)
	key := l.PublicKey()
	content, err := os.ReadFile(proof)
	require.NoError(t, err)
	content[100] ^= 1
	forged := filepath.Join(data, "forged.json")
	require.NoError(t, os.WriteFile(forged, content, 0o600))
	other, _, _ := aLedger(t)
	for name, test := range map[string]struct {
		args   []string
		status int
		stderr string
	}{
		"no key":               {[]string{"verify", proof}, 2, `required flag(s) "key"`},
		"key that is none":     {[]string{"verify", proof, "--key", "x"}, 2, "not a verifier key of a ledger"},
		"witness that is none": {[]string{"verify", proof, "--key", key, "--witness", "x"}, 2, "not a verifier key of a witness"},
		"forged":               {[]string{"verify", forged, "--key", key}, 1, "proof bundle: "},
		"absent":               {[]string{"verify", "absent.json", "--key", key}, 1, "absent.json"},
		"another ledger's":     {[]string{"verify", filepath.Join(other, "proof.json"), "--key", key}, 1, "not signed by this key"},
		"another checkpoint":   {[]string{"verify", proof, "--key", key, "--since", filepath.Join(other, "ledger", "checkpoint")}, 1, "not signed by this key"},
		"no ledger":            {[]string{"show", "--dir", data}, 1, "there is no ledger in"},
		"bad slot":             {[]string{"show", "--slot", "x", "--data", data}, 2, "--slot"},
		"two at once":          {[]string{"show", "--key", "--checkpoint"}, 2, "none of the others can be"},
		"nameless witness":     {[]string{"cosign", proof, "--key", key, "--data", filepath.Join(data, "x")}, 2, "expected --name as well"},
		"no request":           {[]string{"cosign", "--key", key, "--dir", filepath.Join(data, "w"), "--name", "w"}, 2, "expected a REQUEST"},
		"not a request":        {[]string{"cosign", proof, "--key", key, "--dir", filepath.Join(data, "w"), "--name", "w"}, 1, "request: not in canonical form"},
		"not cosigned":         {[]string{"accept", proof, "--data", data, "--witness", key}, 2, "not a verifier key of a witness"},
	} {
		t.Run(name, func(t *testing.T) {
			got := mailtrail(nil, append([]string{"ledger"}, test.args...)...)
			require.Equal(t, test.status, got.status, got.stderr)
			require.Contains(t, got.stderr, test.stderr)
		})
	}

	// What was found over its limit is a finding, though every byte is genuine.
	_, err = l.Append(ledger.Entry{Kind: ledger.Violation, Store: "clickhouse", Object: "mailtrail_data.scans", Detail: "a detached part is over its limit"})
	require.NoError(t, err)
	got := mailtrail(nil, "ledger", "verify", filepath.Join(data, "ledger"), "--key", key)
	require.Equal(t, exitFailed, got.status)
	require.Contains(t, got.stdout, "Amiss:")
	require.Contains(t, got.stderr, "1 findings; the first: The ledger holds 1 entries of kind violation")
}
