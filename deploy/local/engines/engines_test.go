package engines

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"context"
	"crypto/sha512"
	"encoding/base64"
	"errors"
	"os"
	"path/filepath"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"
)

func newFetcher(t *testing.T) (*Fetcher, *bytes.Buffer) {
	t.Helper()
	var said bytes.Buffer
	f, err := New(Config{Cache: t.TempDir()}, Deps{Out: &said})
	require.NoError(t, err)
	return f, &said
}

// fakeNpm puts an npm on PATH, alone, that "fetches" a package holding content, and returns its pin.
func fakeNpm(t *testing.T, content string) library {
	t.Helper()
	var packed bytes.Buffer
	zipped := gzip.NewWriter(&packed)
	members := tar.NewWriter(zipped)
	for name, body := range map[string]string{"package/index.js": "x", "package/" + libraryName: content} {
		require.NoError(t, members.WriteHeader(&tar.Header{Name: name, Mode: 0o755, Size: int64(len(body))}))
		_, err := members.Write([]byte(body))
		require.NoError(t, err)
	}
	require.NoError(t, errors.Join(members.Close(), zipped.Close()))
	bin := t.TempDir()
	tarball := filepath.Join(bin, "package.tgz")
	require.NoError(t, os.WriteFile(tarball, packed.Bytes(), 0o644))
	script := "#!/bin/sh\nwhile [ \"$1\" != --pack-destination ]; do shift; done\n/bin/cp " + tarball + " \"$2\"/fetched.tgz\n"
	require.NoError(t, os.WriteFile(filepath.Join(bin, "npm"), []byte(script), 0o755))
	t.Setenv("PATH", bin)
	sum := sha512.Sum512(packed.Bytes())
	return library{pkg: "p", version: "1", integrity: base64.StdEncoding.EncodeToString(sum[:]), packed: int64(packed.Len()), unpacked: int64(len(content))}
}

func TestFetchLibraryUnpacksTheLibraryAlone(t *testing.T) {
	lib := fakeNpm(t, "the engine")
	f, said := newFetcher(t)
	dir := t.TempDir()
	require.NoError(t, f.fetchLibrary(t.Context(), lib, dir))
	content, err := os.ReadFile(filepath.Join(dir, libraryName))
	require.NoError(t, err)
	require.Equal(t, "the engine", string(content))
	entries, err := os.ReadDir(dir)
	require.NoError(t, err)
	require.Len(t, entries, 1)
	require.Contains(t, said.String(), "no clickhouse binary is on PATH")
}

func TestFetchLibraryRefusesAnotherHash(t *testing.T) {
	lib := fakeNpm(t, "the engine")
	lib.integrity = "c29tZXRoaW5nIGVsc2U="
	f, _ := newFetcher(t)
	dir := t.TempDir()
	require.ErrorContains(t, f.fetchLibrary(t.Context(), lib, dir), "is not what was pinned")
	require.NoFileExists(t, filepath.Join(dir, libraryName))
}

func TestObtain(t *testing.T) {
	fetches := 0
	fetch := func(_ context.Context, dir string) ([]string, error) {
		fetches++
		entries, err := os.ReadDir(dir)
		require.NoError(t, err)
		require.Empty(t, entries, "a fetch starts with an empty folder")
		return []string{"f"}, os.WriteFile(filepath.Join(dir, "f"), []byte("content"), 0o644)
	}
	f, said := newFetcher(t)
	obtain := func(hash string) string {
		dir, err := f.obtain(t.Context(), "thing", hash, fetch)
		require.NoError(t, err)
		return dir
	}
	dir := obtain("h1")
	obtain("h1")
	require.Equal(t, 1, fetches, "the second time nothing is fetched")
	require.Empty(t, said.String(), "and nothing said")

	require.NoError(t, os.Remove(filepath.Join(dir, markerName)))
	obtain("h1")
	require.Equal(t, 2, fetches, "half a fetch is done again")

	require.NoError(t, os.Truncate(filepath.Join(dir, "f"), 3))
	obtain("h1")
	require.Equal(t, 3, fetches, "a shortened file is fetched again")

	obtain("h2")
	require.Equal(t, 4, fetches, "another pinned hash is another thing")
}

func TestObtainLeavesNoMarkerWhenTheFetchFails(t *testing.T) {
	f, _ := newFetcher(t)
	_, err := f.obtain(t.Context(), "thing", "h", func(_ context.Context, dir string) ([]string, error) {
		return nil, errors.New("no network")
	})
	require.ErrorContains(t, err, "no network")
	require.False(t, complete(filepath.Join(f.cache, "thing"), "h"))
}

func TestObtainFetchesOnceForAll(t *testing.T) {
	cache := t.TempDir()
	fetches := 0
	var all sync.WaitGroup
	for range 8 {
		all.Go(func() {
			f, err := New(Config{Cache: cache}, Deps{Out: new(bytes.Buffer)})
			require.NoError(t, err)
			_, err = f.obtain(t.Context(), "thing", "h", func(_ context.Context, dir string) ([]string, error) {
				fetches++
				return []string{"f"}, os.WriteFile(filepath.Join(dir, "f"), nil, 0o644)
			})
			require.NoError(t, err)
		})
	}
	all.Wait()
	require.Equal(t, 1, fetches)
}

func TestMissingToolNamesTheCommand(t *testing.T) {
	t.Setenv("PATH", t.TempDir())
	f, _ := newFetcher(t)
	_, err := f.need(t.Context(), tool{name: "npm", debian: "npm", brew: "node", why: "it fetches the engine"})
	require.ErrorContains(t, err, "npm is missing: it fetches the engine; ")
}

func TestLibraryFor(t *testing.T) {
	for platform, want := range map[[2]string]string{
		{"linux", "amd64"}:   "",
		{"linux", "arm64"}:   "no checked hash yet",
		{"darwin", "arm64"}:  "no checked hash yet",
		{"windows", "amd64"}: "there is no embedded ClickHouse engine for windows/amd64",
	} {
		_, err := libraryFor(platform[0], platform[1])
		if want == "" {
			require.NoError(t, err)
			continue
		}
		require.ErrorContains(t, err, want)
		require.ErrorContains(t, err, "put a clickhouse binary on PATH")
	}
}

func TestCacheDir(t *testing.T) {
	t.Setenv("MAILTRAIL_CACHE", "/c")
	t.Setenv("XDG_CACHE_HOME", "/x")
	dir, err := CacheDir()
	require.NoError(t, err)
	require.Equal(t, "/c", dir)
	t.Setenv("MAILTRAIL_CACHE", "")
	dir, err = CacheDir()
	require.NoError(t, err)
	require.Equal(t, "/x/mailtrail", dir)
}
