package main

import (
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestTheKeyOfHashesIsMadeOnce(t *testing.T) {
	path := filepath.Join(t.TempDir(), "secrets", "records.key")
	var made [8][]byte
	var all sync.WaitGroup
	for i := range made {
		all.Go(func() {
			var err error
			made[i], err = loadRecordKey(path)
			require.NoError(t, err)
		})
	}
	all.Wait()
	for _, key := range made {
		require.Equal(t, made[0], key, "all processes have the same")
	}
	info, err := os.Stat(path)
	require.NoError(t, err)
	require.Equal(t, os.FileMode(0o600), info.Mode().Perm())
	entries, err := os.ReadDir(filepath.Dir(path))
	require.NoError(t, err)
	require.Len(t, entries, 1, "nothing is left beside it")

	for _, text := range []string{"", "abc", strings.Repeat("g", 64), strings.Repeat("a", 66)} {
		require.NoError(t, os.WriteFile(path, []byte(text), 0o600))
		_, err = loadRecordKey(path)
		require.ErrorContains(t, err, "expected 64 hexadecimal digits")
		if text != "" {
			require.NotContains(t, strings.TrimPrefix(err.Error(), "records.key_file: "+path), text, "a key comes into no error")
		}
	}
}

func TestRetrievalKeysAreHashedUnderTheKey(t *testing.T) {
	hash := recordHash([]byte("one"))
	same := hash("s", "name", []byte("A. Person"))
	require.Equal(t, same, hash("s", "name", []byte("  a.\tPERSON ")), "case and white space do not count")
	for _, other := range [][3]string{{"t", "name", "A. Person"}, {"s", "id", "A. Person"}, {"s", "name", "B. Person"}, {"sn", "ame", "A. Person"}, {"s", "nameA.", " Person"}} {
		require.NotEqual(t, same, hash(other[0], other[1], []byte(other[2])), other)
	}
	require.NotEqual(t, same, recordHash([]byte("two"))("s", "name", []byte("A. Person")))
}
