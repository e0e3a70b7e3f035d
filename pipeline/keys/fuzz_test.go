package keys

import (
	"bytes"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"
)

func FuzzDecodeKeyFile(f *testing.F) {
	good := encodeKeyFile(Record{ID{testClass, slotAt(0)}, slotAt(0), slotAt(6)}, newSecret())
	f.Add(good)
	f.Add(bytes.ToUpper(good))
	f.Add(make([]byte, len(good)))
	f.Fuzz(func(t *testing.T, content []byte) {
		record, key, err := decodeKeyFile(content)
		if err == nil {
			require.Equal(t, content, encodeKeyFile(record, key))
		}
	})
}

func FuzzDecodeTombstones(f *testing.F) {
	graves := newTombstones("")
	graves.mark = slotAt(3)
	graves.before[testClass] = slotAt(-3)
	graves.dying[ID{testClass, slotAt(0)}] = dying{[32]byte{1}, ByAuthority}
	graves.dead[ID{testClass, slotAt(1)}] = true
	f.Add(graves.encode())
	f.Add(newTombstones("").encode())
	f.Add([]byte("mailtrail tombstones 1\nmark x\n"))
	f.Fuzz(func(t *testing.T, content []byte) {
		if graves, err := decodeTombstones(content); err == nil {
			require.Equal(t, content, graves.encode())
		}
	})
}

func FuzzDecodeGrant(f *testing.F) {
	f.Add(encodeGrant(&Grant{Slot{testClass, slotAt(0), slotAt(2), slotAt(6)}, newSecret()}))
	f.Add([]byte("short"))
	f.Fuzz(func(t *testing.T, body []byte) {
		sent := bytes.Clone(body)
		grant, err := decodeGrant(ID{testClass, slotAt(0)}, body)
		if err == nil {
			require.Equal(t, sent, encodeGrant(&grant))
		}
		require.Equal(t, make([]byte, len(body)), append([]byte{}, body...), "the body is wiped")
	})
}

func FuzzDecodeRefusal(f *testing.F) {
	f.Add(410, []byte(`{"error":{"code":"destroyed","message":"x"}}`))
	f.Add(200, []byte(`{"error":{"code":"destroyed"}}`))
	f.Fuzz(func(t *testing.T, status int, body []byte) {
		err := decodeRefusal(status, body)
		require.Equal(t, answerTo(err).status, Status(err))
		require.NotEqual(t, 500, Status(err))
	})
}

func FuzzOpen(f *testing.F) {
	key, o := newSecret(), Object{testClass, slotAt(0), "1", 1}
	sealed, err := rootOf(key).seal(nil, &o, []byte("a picture"))
	require.NoError(f, err)
	f.Add(sealed)
	f.Add([]byte(payloadMagic))
	f.Fuzz(func(t *testing.T, content []byte) {
		if _, err := rootOf(key).open(nil, &o, content); err == nil {
			require.Equal(t, sealed, content)
		}
	})
}

func FuzzParseID(f *testing.F) {
	f.Add("slot/mail_tracking/2026-11-20T00:00:00Z", "slot-mail_tracking-20261120T000000Z.key")
	f.Add("slot/../2026-11-20T00:00:00+00:00", "slot-x-20261320T000000Z.key")
	f.Fuzz(func(t *testing.T, text, name string) {
		if id, err := ParseID(text); err == nil {
			require.Equal(t, text, id.String())
		}
		if id, ok := idOfFile(name); ok {
			require.Equal(t, name, id.fileName())
		}
	})
}

func TestNamesOfKeysComeBack(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		id := ID{rapid.StringMatching(`[a-z0-9_]{1,64}`).Draw(t, "class"), slotAt(rapid.IntRange(-400_000, 400_000).Draw(t, "slot"))}
		again, err := ParseID(id.String())
		require.NoError(t, err)
		require.Equal(t, id, again)
		again, ok := idOfFile(id.fileName())
		require.True(t, ok)
		require.Equal(t, id, again)
	})
}
