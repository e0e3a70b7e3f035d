package event

import (
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"
)

func TestSealText(t *testing.T) {
	require.Equal(t, "aes-256-gcm slot/rejects/2026-11-25T00:00:00Z", Seal{"rejects", 1795564800}.Text())
	rapid.Check(t, func(t *rapid.T) {
		s := Seal{rapid.StringMatching(`[a-z0-9_]{1,64}`).Draw(t, "class"), rapid.Int64Range(0, 1<<37).Draw(t, "slot")}
		again, err := ParseSeal([]byte(s.Text()))
		require.NoError(t, err)
		require.Equal(t, s, again)
	})
	for _, wrong := range []string{
		"", NoSeal, "aes-256-gcm", "aes-256-gcm slot/rejects", "aes-128-gcm slot/rejects/2026-11-25T00:00:00Z", "aes-256-gcm slot//2026-11-25T00:00:00Z",
		"aes-256-gcm slot/Rejects/2026-11-25T00:00:00Z", "aes-256-gcm slot/re-jects/2026-11-25T00:00:00Z", "aes-256-gcm slot/rejects/2026-11-25T01:00:00+01:00",
		"aes-256-gcm slot/rejects/2026-11-25T00:00:00.5Z", "aes-256-gcm slot/rejects/2026-11-25T00:00:00Z ", "aes-256-gcm slot/../2026-11-25T00:00:00Z",
	} {
		_, err := ParseSeal([]byte(wrong))
		require.ErrorContains(t, err, "expected aes-256-gcm slot/CLASS/START", wrong)
	}
	require.True(t, (&Message{Headers: []Header{{SealHeader, []byte("x")}}}).Sealed())
	require.False(t, (&Message{Headers: []Header{{SealHeader, []byte(NoSeal)}}}).Sealed())
	require.False(t, (&Message{}).Sealed())
}

// FuzzParseSeal holds ParseSeal against what comes from outside: whatever it takes, it writes again byte for byte.
func FuzzParseSeal(f *testing.F) {
	f.Add([]byte("aes-256-gcm slot/rejects/2026-11-25T00:00:00Z"))
	f.Add([]byte("none"))
	f.Fuzz(func(t *testing.T, text []byte) {
		if s, err := ParseSeal(text); err == nil {
			require.Equal(t, string(text), s.Text())
		}
	})
}
