package keys

import (
	"bytes"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"log/slog"
	"strings"
	"testing"
	"time"

	"github.com/rs/zerolog"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"
)

func TestASealedPayloadOpensInItsPlaceAlone(t *testing.T) {
	key, other := newSecret(), newSecret()
	o := Object{testClass, slotAt(0), "mail.scans/0/12/3", 1}
	sealed, err := rootOf(key).seal(nil, &o, []byte("4901 MAIN ST"))
	require.NoError(t, err)
	require.Len(t, sealed, len("4901 MAIN ST")+Overhead)
	payload, err := rootOf(key).open(nil, &o, sealed)
	require.NoError(t, err)
	require.Equal(t, "4901 MAIN ST", string(payload))
	again, err := rootOf(key).seal(nil, &o, payload)
	require.NoError(t, err)
	require.NotEqual(t, sealed, again, "a nonce of its own")

	for name, moved := range map[string]Object{
		"class":   {"mail_tracking", o.Slot, o.ID, o.Version},
		"slot":    {o.Class, slotAt(1), o.ID, o.Version},
		"id":      {o.Class, o.Slot, "mail.scans/0/12/4", o.Version},
		"version": {o.Class, o.Slot, o.ID, 2},
		// The same bytes in a row, cut elsewhere.
		"shifted": {o.Class + "x", o.Slot, o.ID[1:], o.Version},
	} {
		_, err := rootOf(key).open(nil, &moved, sealed)
		require.ErrorIs(t, err, ErrNotYours, name)
	}
	_, err = rootOf(other).open(nil, &o, sealed)
	require.ErrorIs(t, err, ErrNotYours)
	for at := range sealed {
		damaged := bytes.Clone(sealed)
		damaged[at] ^= 1
		_, err := rootOf(key).open(nil, &o, damaged)
		require.ErrorIs(t, err, ErrNotYours, "byte %d", at)
		_, err = rootOf(key).open(nil, &o, sealed[:at])
		require.ErrorIs(t, err, ErrNotYours, "%d bytes", at)
	}
	_, err = rootOf(key).seal(nil, &Object{ID: strings.Repeat("x", 1<<16)}, nil)
	require.ErrorContains(t, err, "65535")
}

func TestBindingsDiffer(t *testing.T) {
	object := rapid.Custom(func(t *rapid.T) Object {
		return Object{rapid.StringMatching(`[a-c]{0,3}`).Draw(t, "class"), slotAt(rapid.IntRange(0, 2).Draw(t, "slot")),
			rapid.StringMatching(`[a-c]{0,3}`).Draw(t, "id"), rapid.Uint32Max(2).Draw(t, "version")}
	})
	rapid.Check(t, func(t *rapid.T) {
		a, b := object.Draw(t, "a"), object.Draw(t, "b")
		one, err := a.binding()
		require.NoError(t, err)
		two, err := b.binding()
		require.NoError(t, err)
		require.Equal(t, a == b, bytes.Equal(one, two))
	})
}

// goldenPayload was sealed under the key 00 01 02 ... 1f.
const goldenPayload = "TVRTMQMO58QiFiA0XcYgFPwpOcANVEIOhvnEEGwwFO10ux6qEB2Cwg=="

// TestThePayloadFormatStands opens what an earlier version sealed.
func TestThePayloadFormatStands(t *testing.T) {
	raw := make([]byte, secretSize)
	for i := range raw {
		raw[i] = byte(i)
	}
	sealed, err := base64.StdEncoding.DecodeString(goldenPayload)
	require.NoError(t, err)
	payload, err := rootOf(secretOf(raw)).open(nil, &Object{"mail_tracking", time.Date(2026, 11, 20, 0, 0, 0, 0, time.UTC), "mail.scans/3/77/0", 1}, sealed)
	require.NoError(t, err)
	require.Equal(t, "a reject", string(payload))
}

func TestAKeyIsNeverPrinted(t *testing.T) {
	key := newSecret()
	holder := struct {
		Name string
		Key  Secret
		key  Secret
		all  []Secret
		at   *Secret
	}{"x", key, key, []Secret{key}, &key}
	grant := Grant{Slot{Class: testClass}, key}
	var out bytes.Buffer
	for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x", "%X", "%d", "%p"} {
		fmt.Fprintf(&out, verb+"\n", key)
		fmt.Fprintf(&out, verb+"\n", &key)
		fmt.Fprintf(&out, verb+"\n", holder)
		fmt.Fprintf(&out, verb+"\n", grant)
		fmt.Fprintf(&out, verb+"\n", fmt.Errorf("an error with %v", key))
	}
	require.NoError(t, json.NewEncoder(&out).Encode(holder))
	slog.New(slog.NewTextHandler(&out, nil)).Info("x", "key", key, "grant", grant, "holder", holder)
	slog.New(slog.NewJSONHandler(&out, nil)).Info("x", "key", key, "grant", grant, "holder", holder)
	logger := zerolog.New(&out)
	logger.Info().Interface("key", key).Interface("grant", grant).Any("holder", holder).Stringer("string", key).Msg("x")
	requireNoKey(t, key, out.String())
	require.Contains(t, out.String(), redacted)
}

// requireNoKey wants no trace of the key in any form in which bytes are printed.
func requireNoKey(t testing.TB, key Secret, text string) {
	t.Helper()
	b := key.raw()
	part := b[8:16] // a part would be too much already
	for _, form := range []string{string(b), string(part), hex.EncodeToString(part), strings.ToUpper(hex.EncodeToString(part)),
		base64.StdEncoding.EncodeToString(b)[:16], strings.Trim(fmt.Sprint(part), "[]"), strings.Trim(fmt.Sprintf("%#v", part), "[]byte{}")} {
		require.NotContains(t, text, form)
	}
}

// rootOf is what a holder keeps of a key.
func rootOf(key Secret) root {
	derived, err := key.root()
	if err != nil {
		panic(err) // SHA-256 is always there
	}
	return derived
}

func BenchmarkSeal(b *testing.B) {
	for _, size := range []int{512, 30 << 10, 1 << 20, 8 << 20} {
		b.Run(fmt.Sprintf("%dKiB", size>>10), func(b *testing.B) {
			key, payload := newSecret(), make([]byte, size)
			o := Object{testClass, slotAt(0), "images/2026-11-20T00/1", 1}
			sealed := make([]byte, 0, size+Overhead)
			b.SetBytes(int64(size))
			b.ReportAllocs()
			held := rootOf(key)
			for b.Loop() {
				if _, err := held.seal(sealed, &o, payload); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

func BenchmarkOpen(b *testing.B) {
	key, payload := newSecret(), make([]byte, 1<<20)
	o := Object{testClass, slotAt(0), "images/2026-11-20T00/1", 1}
	sealed, err := rootOf(key).seal(nil, &o, payload)
	require.NoError(b, err)
	b.SetBytes(int64(len(payload)))
	held := rootOf(key)
	for b.Loop() {
		if _, err := held.open(payload[:0], &o, sealed); err != nil {
			b.Fatal(err)
		}
	}
}
