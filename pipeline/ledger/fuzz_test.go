package ledger

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"
)

// anEntry draws an entry of any kind, with all that its kind needs and some of what it may have.
func anEntry(t *rapid.T) Entry {
	kinds := []Kind{ScheduleAdopted, ScheduleChanged, ClassAdopted, KeyCreated, KeySealed, KeyDestroyed, PartitionDropped, PrefixDeleted, Returned,
		TopicState, VerifyResult, Violation, ClockHeld, GapAcknowledged, EarlyDestruction}
	e := Entry{Kind: rapid.SampledFrom(kinds).Draw(t, "kind"), Time: aTime(t, time.Millisecond)}
	shape, _ := shapeOf(e.Kind)
	fields := slices.Clone(shape.needs)
	for _, name := range append(slices.Clone(shape.may), "detail", "by") {
		if rapid.Bool().Draw(t, "has "+name) && !slices.Contains(fields, name) {
			fields = append(fields, name)
		}
	}
	text := rapid.StringMatching(`[ -~äß€😀"\\<>&]{1,20}`)
	number := func() int64 { return rapid.Int64Range(1, maxNumber).Draw(t, "n") }
	sum := func() string { return fmt.Sprintf("%x", rapid.SliceOfN(rapid.Byte(), 32, 32).Draw(t, "sum")) }
	set := map[string]func(){
		"bound": func() { e.Bound = "ceiling" }, "by": func() { e.By = text.Draw(t, "by") }, "bytes": func() { e.Bytes = new(number()) },
		"citation": func() { e.Citation = text.Draw(t, "citation") }, "class": func() { e.Class = text.Draw(t, "class") }, "commitment": func() { e.Commitment = sum() },
		"destroy_after_s": func() { e.DestroyAfter = number() }, "destroy_at": func() { e.DestroyAt = aTime(t, time.Second) }, "detail": func() { e.Detail = text.Draw(t, "detail") },
		"findings": func() { e.Findings = new(int64(0)) }, "first_slot": func() { e.FirstSlot = aTime(t, time.Second) }, "inspected": func() { e.Inspected = new(number()) },
		"limit_s": func() { e.Limit = number() }, "object": func() { e.Object = text.Draw(t, "object") }, "oldest": func() { e.Oldest = aTime(t, time.Millisecond) },
		"rows": func() { e.Rows = new(number()) }, "schedule": func() { e.Schedule = sum() },
		"slot":   func() { e.Class, e.Slot, e.Nth = text.Draw(t, "class"), aTime(t, time.Second), number() },
		"slot_s": func() { e.SlotLength = number() }, "step_ms": func() { e.Step = -number() }, "store": func() { e.Store = text.Draw(t, "store") },
		"stores": func() { e.Stores = []string{"a", "b/c"} }, "waived": func() { e.Waived = new(number()) },
	}
	for _, name := range fields {
		set[name]()
	}
	if e.Kind == ClassAdopted {
		e.SlotLength = rapid.Int64Range(1, 1_000_000).Draw(t, "length")
		e.FirstSlot = time.Unix(rapid.Int64Range(1, lastMilli/1000/e.SlotLength).Draw(t, "first")*e.SlotLength, 0).UTC()
	}
	return e
}

// lastMilli lies in the year 8307: RFC 3339 ends with 9999.
const lastMilli = 200_000_000_000_000

func aTime(t *rapid.T, unit time.Duration) time.Time {
	return time.UnixMilli(rapid.Int64Range(1, lastMilli).Draw(t, "ms")).UTC().Truncate(unit)
}

func TestEntriesHaveOneEncoding(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		e := anEntry(t)
		leaf, err := e.Encode()
		require.NoError(t, err)
		again, err := DecodeEntry(leaf)
		require.NoError(t, err)
		require.Equal(t, &e, again)

		// A map is written in the order of its keys, so this is RFC 8785 by another way.
		decoder := json.NewDecoder(bytes.NewReader(leaf))
		decoder.UseNumber()
		var sorted map[string]any
		require.NoError(t, decoder.Decode(&sorted))
		want, err := canonical(sorted)
		require.NoError(t, err)
		require.Equal(t, string(want), string(leaf))
	})
}

func FuzzDecodeEntry(f *testing.F) {
	for _, seed := range []string{
		`{"class":"c","commitment":"` + hash64(1) + `","kind":"key_sealed","nth":1,"slot":"2026-11-01T00:00:00Z","time":"2026-11-02T00:00:00.5Z"}`,
		`{"kind":"clock_held","step_ms":-5,"time":"2026-11-02T00:00:00Z"}`,
		`{"kind":"clock_held","step_ms":-0,"time":"2026-11-02T00:00:00Z"}`,
		`{"kind":"clock_held","step_ms":5,"time":"2026-11-02T00:00:00+00:00"}`,
		`{"Kind":"clock_held","step_ms":5,"time":"2026-11-02T00:00:00Z"}`,
		`{"detail":"\u0041","kind":"clock_held","step_ms":5,"time":"2026-11-02T00:00:00Z"}`,
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, leaf []byte) {
		e, err := DecodeEntry(leaf)
		if err != nil {
			return
		}
		again, err := e.Encode()
		require.NoError(t, err)
		require.Equal(t, leaf, again, "what is taken is the one encoding")
	})
}

func FuzzVerify(f *testing.F) {
	golden, vkey := golden(f)
	f.Add(golden)
	f.Add(golden[:len(golden)/2])
	f.Fuzz(func(t *testing.T, content []byte) {
		if _, err := Verify(content, vkey, Options{}); err == nil {
			require.Equal(t, golden, content)
		}
	})
}

func FuzzParseCheckpoint(f *testing.F) {
	_, vkey := golden(f)
	log, err := logVerifier(vkey)
	require.NoError(f, err)
	f.Add("mailtrail/ledger/0123456789abcdef\n3\n" + "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=\n\n— mailtrail/ledger/0123456789abcdef AAAA\n")
	f.Fuzz(func(t *testing.T, signed string) {
		c, err := ParseCheckpoint(signed, log)
		if err == nil {
			require.Equal(t, signed, c.Signed)
		}
	})
}

func FuzzParseRequest(f *testing.F) {
	f.Add("old 0\n\nx\n3\nroot\n")
	f.Add("old 7\nAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=\n\nx\n")
	f.Fuzz(func(t *testing.T, text string) {
		if q, err := ParseRequest(text); err == nil {
			require.Equal(t, text, q.String())
		}
	})
}

func FuzzWitnessKeys(f *testing.F) {
	secret, public, err := newWitnessKey("outside.example.org")
	require.NoError(f, err)
	f.Add(public)
	f.Add(secret)
	f.Fuzz(func(t *testing.T, text string) {
		if w, err := parseWitness(text); err == nil {
			require.Equal(t, witnessHash(w.name, w.key), w.hash)
		}
		if _, vkey, err := parseWitnessSigner(text); err == nil {
			_, err = parseWitness(vkey)
			require.NoError(t, err)
		}
	})
}

// golden is a bundle that an earlier version made, with its key: what was proven once must stay proven.
func golden(t testing.TB) (content []byte, vkey string) {
	t.Helper()
	content, err := os.ReadFile(filepath.Join("testdata", "bundle.json"))
	require.NoError(t, err)
	key, err := os.ReadFile(filepath.Join("testdata", "bundle.vkey"))
	require.NoError(t, err)
	return content, string(bytes.TrimSpace(key))
}

func TestTheGoldenBundleStillHolds(t *testing.T) {
	content, vkey := golden(t)
	v, err := Verify(content, vkey, Options{})
	require.NoError(t, err)
	require.True(t, v.Holds(), v.Findings)
}
