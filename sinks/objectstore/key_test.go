package objectstore

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

func TestKeys(t *testing.T) {
	slot := time.Date(2026, 11, 25, 14, 0, 0, 0, time.UTC).Unix()
	key := Key("mailpiece_images", slot, "a/b")
	require.Equal(t, "mailpiece_images/20261125T140000Z/a/b", key)
	class, at, name, err := ParseKey(key)
	require.NoError(t, err)
	require.Equal(t, []any{"mailpiece_images", slot, "a/b"}, []any{class, at, name})
	for _, wrong := range []string{
		"", "/", "a", "a/", "a/20261125T140000Z", "a/20261125T140000Z/", "/20261125T140000Z/x", "a/2026-11-25T14:00:00Z/x",
		"a/20261125T140000/x", "a/20261325T140000Z/x", "a/20261125T140000.5Z/x", "a/20261125T140000Z9/x",
	} {
		_, _, _, err := ParseKey(wrong)
		require.ErrorContains(t, err, "expected CLASS/SLOT/NAME", wrong)
	}
	for key, want := range map[string]string{"a/b/c/d": "a/b/", "a/b": "a/b", "a/b/": "a/b/", "a": "a", "": ""} {
		require.Equal(t, want, twoLevels(key), key)
	}
}

func FuzzParseKey(f *testing.F) {
	for _, seed := range []string{"mailpiece_images/20261125T140000Z/a", "a/00010101T000000Z/b", "a//b", "a/20261125T140000,5Z/x"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, key string) {
		class, slot, name, err := ParseKey(key)
		if err == nil && Key(class, slot, name) != key {
			t.Fatalf("%q is read as %q %d %q", key, class, slot, name)
		}
	})
}
