package ledger

import (
	"bytes"
	"context"
	"crypto/ed25519"
	"encoding/base64"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"
)

// proven is a bundle of the second slot of a ledger that goes on for more, with its key.
func proven(t *testing.T, since ...int64) (dir string, l *Log, content []byte) {
	t.Helper()
	dir, _, l = live(t, 5)
	content, err := read(t, dir).Prove("mailpiece_images", slotN(1), since...)
	require.NoError(t, err)
	return dir, l, content
}

func TestABundleHolds(t *testing.T) {
	_, l, content := proven(t)
	v, err := Verify(content, l.PublicKey(), Options{})
	require.NoError(t, err)
	require.True(t, v.Holds(), v.Findings)
	require.Equal(t, slotN(1).Add(3*day), v.Limit)
	require.Equal(t, slotN(1).Add(images().DestroyAfter+time.Second), v.Destroyed)
	text := strings.Join(v.Proves, "\n")
	for _, sentence := range []string{"keeps its records at most 3 days (USPS 820.200", "declared destroyed at 2026-11-04T22:00:01Z, by authority", "dropped in objects", "with 7 rows", "looked into 40 objects"} {
		require.Contains(t, text, sentence)
	}
	text = strings.Join(v.Cannot, "\n")
	for _, sentence := range []string{"It takes an older checkpoint (--since) or a witness (--witness)", "a copied key", "no store", "while the machine was off"} {
		require.Contains(t, text, sentence)
	}
}

func TestNoByteOfABundleCanBeFlipped(t *testing.T) {
	_, l, content := proven(t)
	for at := range content {
		flipped := bytes.Clone(content)
		flipped[at] ^= 1 << (at % 8)
		_, err := Verify(flipped, l.PublicKey(), Options{})
		require.Error(t, err, "byte %d", at)
	}
}

func TestNoMutationOfABundleIsAccepted(t *testing.T) {
	_, l, content := proven(t)
	random := rand.New(rand.NewPCG(1, 2))
	for range 10_000 {
		mutant := mutate(random, content)
		if bytes.Equal(mutant, content) {
			continue
		}
		_, err := Verify(mutant, l.PublicKey(), Options{})
		require.Error(t, err, "%q", mutant)
	}
}

// mutate changes something, from a bit to a stretch, as damage or a forger might.
func mutate(random *rand.Rand, content []byte) []byte {
	mutant := bytes.Clone(content)
	for range 1 + random.IntN(3) {
		at := random.IntN(len(mutant))
		end := min(len(mutant), at+1+random.IntN(40))
		switch random.IntN(7) {
		case 0:
			mutant[at] ^= 1 << random.IntN(8)
		case 1:
			mutant = slices.Delete(mutant, at, end)
		case 2:
			mutant = slices.Insert(mutant, at, byte(random.IntN(256)))
		case 3:
			mutant = slices.Insert(mutant, at, bytes.Clone(mutant[at:end])...)
		case 4:
			other := random.IntN(len(mutant))
			mutant[at], mutant[other] = mutant[other], mutant[at]
		case 5:
			mutant = mutant[:at+1]
		case 6:
			mutant = slices.Insert(mutant, at, []byte(" \n\t\u00a0")[random.IntN(4)])
		}
		if len(mutant) == 0 {
			return []byte("x")
		}
	}
	return mutant
}

// TestForgedByTheKeyHolder: whoever holds the key can seal any bundle, and yet not make an entry that is not in the log,
// nor leave one out.
func TestForgedByTheKeyHolder(t *testing.T) {
	dir, l, content := proven(t)
	log, err := logVerifier(l.PublicKey())
	require.NoError(t, err)
	secret, err := os.ReadFile(filepath.Join(dir, keyFile))
	require.NoError(t, err)
	signer, err := note.NewSigner(strings.TrimSpace(string(secret)))
	require.NoError(t, err)
	for name, test := range map[string]struct {
		change func(b *bundle)
		says   string
	}{
		"drop the first entry": {func(b *bundle) { b.Entries = b.Entries[1:] }, "number 1 is left out"},
		"drop one in between":  {func(b *bundle) { b.Entries = slices.Delete(b.Entries, 1, 2) }, "number 2 is left out"},
		"drop all":             {func(b *bundle) { b.Entries = nil }, "there are none"},
		"drop the schedule":    {func(b *bundle) { b.Schedule = nil }, "no row of class"},
		"reorder":              {func(b *bundle) { b.Entries[1], b.Entries[2] = b.Entries[2], b.Entries[1] }, "not in the order of the log"},
		"repeat":               {func(b *bundle) { b.Entries = slices.Insert(b.Entries, 1, b.Entries[0]) }, "not in the order of the log"},
		"back-date":            {func(b *bundle) { b.Entries[2].Entry.Time = b.Entries[2].Entry.Time.Add(-time.Hour) }, "does not stand in the log"},
		"another index":        {func(b *bundle) { b.Entries[3].Index++ }, "does not stand in the log"},
		"renumber":             {func(b *bundle) { b.Entries = b.Entries[1:]; b.Entries[0].Entry.Nth = 1 }, "does not stand in the log"},
		"another slot":         {func(b *bundle) { b.Slot = slotN(2) }, "does not belong there"},
		"another class":        {func(b *bundle) { b.Class = "mail_tracking" }, "does not belong there"},
		"a longer limit":       {func(b *bundle) { b.Schedule[0].Entry.Limit *= 2 }, "does not stand in the log"},
		"a proof too long":     {func(b *bundle) { b.Entries[0].Proof = append(b.Entries[0].Proof, tlog.Hash{}) }, "does not stand in the log"},
		"another checkpoint": {func(b *bundle) {
			other, err := signCheckpoint(signer, 3, tlog.Hash{1})
			require.NoError(t, err)
			b.Checkpoint = other.Signed
		}, "does not stand in the log"},
		"another version": {func(b *bundle) { b.Version = 2 }, "version 2"},
		"another kind":    {func(b *bundle) { b.Results = append(b.Results, b.Entries[3]) }, "does not belong there"},
	} {
		t.Run(name, func(t *testing.T) {
			body, err := openBundle(content, log)
			require.NoError(t, err)
			test.change(body)
			forged, err := sealBundle(body, signer)
			require.NoError(t, err)
			_, err = Verify(forged, l.PublicKey(), Options{})
			require.ErrorContains(t, err, test.says)
		})
	}
}

func TestSignaturesHaveOneForm(t *testing.T) {
	_, l, _ := proven(t)
	log, err := logVerifier(l.PublicKey())
	require.NoError(t, err)
	signed := l.Head().Signed
	_, err = ParseCheckpoint(signed, log)
	require.NoError(t, err)
	// The last character in front of the padding has two bits that nothing uses.
	at := strings.LastIndexByte(signed, '=') - 1
	for _, c := range "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/" {
		other := signed[:at] + string(c) + signed[at+1:]
		if other == signed {
			continue
		}
		_, err := ParseCheckpoint(other, log)
		require.Error(t, err)
	}
	line := signed[strings.LastIndex(signed, "—"):]
	_, err = ParseCheckpoint(signed+line, log)
	require.ErrorIs(t, err, ErrNotCanonical, "the same signature twice")

	// S + L verifies as S does where a verifier is careless (RFC 8032, section 5.1.7).
	raw, err := base64.StdEncoding.DecodeString(strings.TrimSpace(line[strings.LastIndexByte(line, ' '):]))
	require.NoError(t, err)
	addOrder(raw[4+ed25519.SignatureSize/2:])
	_, err = ParseCheckpoint(strings.TrimSuffix(signed, line)+line[:strings.LastIndexByte(line, ' ')+1]+base64.StdEncoding.EncodeToString(raw)+"\n", log)
	require.ErrorIs(t, err, ErrSignature)
}

// addOrder adds the group order of Ed25519 to a little-endian scalar.
func addOrder(s []byte) {
	order := []byte{0xed, 0xd3, 0xf5, 0x5c, 0x1a, 0x63, 0x12, 0x58, 0xd6, 0x9c, 0xf7, 0xa2, 0xde, 0xf9, 0xde, 0x14, 31: 0x10}
	carry := 0
	for i := range s {
		sum := int(s[i]) + int(order[i]) + carry
		s[i], carry = byte(sum), sum>>8
	}
}

// fork is the ledger as it was after its first slot, and went on otherwise.
func fork(t *testing.T) (honest, forked *Log, forkedDir string, older Checkpoint) {
	t.Helper()
	dir, clock, l := live(t, 1)
	require.NoError(t, l.Close())
	forkedDir = copyFolder(t, dir)
	other := &testClock{clock.now}
	honest, forked = open(t, dir, clock), open(t, forkedDir, other)
	_, err := honest.Append(Entry{Kind: Violation, Store: "objects", Object: "images/x", Class: "mailpiece_images", Slot: slotN(1), Detail: "found over its limit"})
	require.NoError(t, err)
	liveSlot(t, honest, clock, 1)
	for i := 1; i < 4; i++ {
		liveSlot(t, forked, other, i)
	}
	return honest, forked, forkedDir, honest.Head()
}

func TestAForkIsSeenByAnOlderCheckpoint(t *testing.T) {
	_, forked, dir, older := fork(t)
	r := read(t, dir)
	content, err := r.Prove("mailpiece_images", slotN(1), older.Size)
	require.NoError(t, err)
	v, err := Verify(content, forked.PublicKey(), Options{})
	require.NoError(t, err)
	require.True(t, v.Holds(), "alone it looks good")
	_, err = Verify(content, forked.PublicKey(), Options{Since: older.Signed})
	require.ErrorIs(t, err, ErrFork)

	content, err = r.Prove("mailpiece_images", slotN(1))
	require.NoError(t, err)
	_, err = Verify(content, forked.PublicKey(), Options{Since: older.Signed})
	require.ErrorIs(t, err, ErrNoContinuation, "no answer is no good answer")
	_, err = VerifyFolder(dir, forked.PublicKey(), Options{Since: older.Signed})
	require.ErrorIs(t, err, ErrFork)
}

func TestAnHonestBundleContinuesAnOlderCheckpoint(t *testing.T) {
	dir, clock, l := live(t, 2)
	older := l.Head()
	liveSlot(t, l, clock, 2)
	content, err := read(t, dir).Prove("mailpiece_images", slotN(2), older.Size)
	require.NoError(t, err)
	v, err := Verify(content, l.PublicKey(), Options{Since: older.Signed})
	require.NoError(t, err)
	require.Contains(t, strings.Join(v.Proves, "\n"), "continues the older checkpoint of 12 entries")
	liveSlot(t, l, clock, 3)
	_, err = Verify(content, l.PublicKey(), Options{Since: l.Head().Signed})
	require.ErrorIs(t, err, ErrNoContinuation)
	require.ErrorContains(t, err, "is newer than the bundle")
}

func TestAForkIsSeenByAWitness(t *testing.T) {
	honest, forked, dir, _ := fork(t)
	now := &testClock{slotN(9)}
	w, err := OpenWitness(t.TempDir(), "outside.example.org", now.read)
	require.NoError(t, err)
	cosign := func(l *Log, r *Reader) (string, error) {
		seen, err := w.Seen(l.PublicKey())
		require.NoError(t, err)
		request, err := r.Request(seen.Size)
		require.NoError(t, err)
		parsed, err := ParseRequest(request.String())
		require.NoError(t, err)
		require.Equal(t, request.String(), parsed.String())
		return w.Cosign(context.Background(), l.PublicKey(), parsed)
	}
	good := read(t, honest.config.Dir)
	signed, err := cosign(honest, good)
	require.NoError(t, err)
	_, err = cosign(forked, read(t, dir))
	require.ErrorIs(t, err, ErrFork, "a witness signs one history only")

	options := Options{Witnesses: []string{w.PublicKey()}}
	bundleOf := func(r *Reader, slot int) []byte {
		content, err := r.Prove("mailpiece_images", slotN(slot))
		require.NoError(t, err)
		return content
	}
	_, err = Verify(bundleOf(good, 1), honest.PublicKey(), options)
	require.ErrorIs(t, err, ErrWitness, "not accepted yet")
	require.NoError(t, good.Accept(signed, w.PublicKey()))
	v, err := Verify(bundleOf(good, 1), honest.PublicKey(), options)
	require.NoError(t, err)
	require.Equal(t, slotN(9), v.Witnessed[0].At)
	require.Len(t, v.Findings, 1, "the violation is told")
	folder, err := VerifyFolder(honest.config.Dir, honest.PublicKey(), options)
	require.NoError(t, err)
	require.Contains(t, strings.Join(folder.Proves, "\n"), "outside.example.org")

	// What came after the witness's word is not under it.
	clock := &testClock{slotN(9)}
	honest.deps.Clock = clock.read
	liveSlot(t, honest, clock, 2)
	_, err = Verify(bundleOf(good, 2), honest.PublicKey(), options)
	require.ErrorIs(t, err, ErrWitness)
	require.ErrorContains(t, err, "cosign a newer checkpoint")

	// The forked ledger cannot show the honest one's cosignature.
	require.ErrorIs(t, read(t, dir).Accept(signed, w.PublicKey()), ErrFork)
	require.NoError(t, os.CopyFS(filepath.Join(dir, cosignedFolder), os.DirFS(filepath.Join(honest.config.Dir, cosignedFolder))))
	_, err = Verify(bundleOf(read(t, dir), 1), forked.PublicKey(), options)
	require.ErrorIs(t, err, ErrFork)

	again, err := OpenWitness(w.dir, "ignored", now.read)
	require.NoError(t, err)
	require.Equal(t, w.PublicKey(), again.PublicKey())
	_, err = again.Cosign(context.Background(), honest.PublicKey(), Request{Old: 1, Checkpoint: honest.Head().Signed})
	require.ErrorIs(t, err, ErrStale)
	_, err = good.Prove("mailpiece_images", slotN(77))
	require.ErrorIs(t, err, ErrNoSlot)
	_, err = good.Prove("mailpiece_images", slotN(1).Add(time.Hour))
	require.ErrorIs(t, err, ErrNoSlot)
}

func TestWhatAGenuineBundleShowsAmiss(t *testing.T) {
	row := images()
	slot := slotN(1)
	key := func(l *Log) error { return l.KeyCreated(row.Class, slot, slot.Add(row.DestroyAfter), commitment(1)) }
	for name, test := range map[string]struct {
		life func(l *Log, clock *testClock) error
		says string
	}{
		"not yet": {func(l *Log, _ *testClock) error { return key(l) }, "No destruction in keys"},
		"late": {func(l *Log, clock *testClock) error {
			clock.now = slot.Add(row.Limit + time.Minute)
			return l.KeyDestroyed(row.Class, slot, [32]byte{}, "authority")
		}, "1m0s after its limit"},
		"early": {func(l *Log, clock *testClock) error {
			clock.now = slot.Add(day)
			return l.KeyDestroyed(row.Class, slot, [32]byte{}, "authority")
		}, "nobody had entered why"},
		"another key": {func(l *Log, clock *testClock) error {
			if err := key(l); err != nil {
				return err
			}
			return l.KeyDestroyed(row.Class, slot, commitment(2), "authority")
		}, "is not the one that was made"},
		"lost": {func(l *Log, clock *testClock) error {
			if err := key(l); err != nil {
				return err
			}
			return l.KeyDestroyed(row.Class, slot, commitment(1), "loss")
		}, "The key was lost"},
		"backstop": {func(l *Log, clock *testClock) error {
			clock.now = slot.Add(row.DestroyAfter)
			_, err := l.Append(Entry{Kind: PrefixDeleted, Store: "objects", Object: "x", Class: row.Class, Slot: slot, By: "backstop"})
			return err
		}, "the sweeper did not come"},
		"returned": {func(l *Log, _ *testClock) error {
			return l.KeyReturned(row.Class, slot, commitment(1), "put back from a copy")
		}, "found again in keys"},
	} {
		t.Run(name, func(t *testing.T) {
			dir, clock, l := live(t, 0)
			clock.now = slot
			require.NoError(t, test.life(l, clock))
			content, err := read(t, dir).Prove(row.Class, slot)
			require.NoError(t, err)
			v, err := Verify(content, l.PublicKey(), Options{})
			require.NoError(t, err)
			require.False(t, v.Holds())
			require.Contains(t, strings.Join(v.Findings, "\n"), test.says)
			require.Zero(t, v.Destroyed)
		})
	}
}
