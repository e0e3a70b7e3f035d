package engines

import (
	"archive/tar"
	"compress/gzip"
	"context"
	"crypto/sha512"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path"
	"path/filepath"
	"runtime"
	"sync/atomic"
)

// ClickHouse is an engine to run: exactly one of the fields is set.
type ClickHouse struct {
	// Server is the path of a clickhouse binary, run as "clickhouse server".
	Server string
	// Library is the path of libchdb, the same engine as a shared library.
	Library string
}

// libraryName is the file in the package that matters.
const libraryName = "libchdb.so"

// library is a package of the npm registry that holds the engine, pinned.
type library struct {
	pkg, version string
	integrity    string // sha512 of the package's tarball, base64, as registries give it
	packed       int64  // bytes of the tarball
	unpacked     int64  // bytes of the library
}

// libraryFor tells which package is for a platform. Platforms for which a package exists but whose hash we could not check
// are refused like those without one: nothing unchecked is ever loaded.
func libraryFor(goos, goarch string) (library, error) {
	const remedy = "put a clickhouse binary on PATH (\"clickhouse server\" is then run in its place), or set mode: external"
	switch goos + "/" + goarch {
	case "linux/amd64":
		return library{
			pkg: "@chdb/lib-linux-x64-gnu", version: "26.7.3-stable.1",
			integrity: "XP97mMqnc5tZpKQywR8N7cLTsHNiTmHr30pC5mzo3jWmukjKn2IBa60c2B/gWUNcuFjOMjWoorQICCqBVj5wpw==",
			packed:    177_817_999, unpacked: 566_330_096,
		}, nil
	case "linux/arm64", "darwin/amd64", "darwin/arm64":
		return library{}, fmt.Errorf("the embedded ClickHouse engine for %s/%s has no checked hash yet, so it is not fetched: %s", goos, goarch, remedy)
	default:
		return library{}, fmt.Errorf("there is no embedded ClickHouse engine for %s/%s: %s", goos, goarch, remedy)
	}
}

// ClickHouse finds the ClickHouse engine: a clickhouse binary on PATH, else libchdb from the cache, fetched first if need be
// (178 MB to fetch, 566 MB on disk).
func (f *Fetcher) ClickHouse(ctx context.Context) (ClickHouse, error) {
	if server, err := exec.LookPath("clickhouse"); err == nil {
		return ClickHouse{Server: server}, nil
	}
	lib, err := libraryFor(runtime.GOOS, runtime.GOARCH)
	if err != nil {
		return ClickHouse{}, err
	}
	dir, err := f.obtain(ctx, "chdb-"+lib.version, lib.integrity, func(ctx context.Context, dir string) ([]string, error) {
		return []string{libraryName}, f.fetchLibrary(ctx, lib, dir)
	})
	if err != nil {
		return ClickHouse{}, fmt.Errorf("fetching the ClickHouse engine: %w", err)
	}
	return ClickHouse{Library: filepath.Join(dir, libraryName)}, nil
}

func (f *Fetcher) fetchLibrary(ctx context.Context, lib library, dir string) error {
	npm, err := f.need(ctx, tool{name: "npm", debian: "npm", brew: "node", why: "it fetches the ClickHouse engine"})
	if err != nil {
		return err
	}
	f.say("fetching the ClickHouse engine (%s %s, %d MB) with npm, since no clickhouse binary is on PATH; it is kept in %s", lib.pkg, lib.version, lib.packed/1e6, dir)
	// npm's own cache goes into our folder too: its size is the progress, and it is removed afterwards.
	fetched := filepath.Join(dir, "npm")
	if err := os.MkdirAll(fetched, 0o755); err != nil {
		return err
	}
	defer os.RemoveAll(fetched)
	stop := f.watch("fetching the ClickHouse engine", lib.packed, func() int64 { return folderSize(fetched) })
	err = run(ctx, fetched, os.Environ(), npm, "pack", "--cache", filepath.Join(fetched, "cache"), "--pack-destination", fetched, lib.pkg+"@"+lib.version)
	stop()
	if err != nil {
		return err
	}
	tarballs, err := filepath.Glob(filepath.Join(fetched, "*.tgz"))
	if err != nil || len(tarballs) != 1 {
		return fmt.Errorf("npm pack left %d tarballs, want 1", len(tarballs))
	}
	if err := checkIntegrity(tarballs[0], lib.integrity); err != nil {
		return err
	}
	return f.unpack(tarballs[0], path.Join("package", libraryName), filepath.Join(dir, libraryName), lib.unpacked)
}

func checkIntegrity(tarball, want string) error {
	file, err := os.Open(tarball)
	if err != nil {
		return fmt.Errorf("checking what was fetched: %w", err)
	}
	defer file.Close()
	sum := sha512.New()
	if _, err := io.Copy(sum, file); err != nil {
		return fmt.Errorf("checking what was fetched: %w", err)
	}
	if got := base64.StdEncoding.EncodeToString(sum.Sum(nil)); got != want {
		return fmt.Errorf("%s is not what was pinned: sha512 is %s, want %s; nothing of it was used", filepath.Base(tarball), got, want)
	}
	return nil
}

// unpack writes the one member of the tarball to target, which appears only when it is whole.
func (f *Fetcher) unpack(tarball, member, target string, size int64) error {
	file, err := os.Open(tarball)
	if err != nil {
		return fmt.Errorf("unpacking: %w", err)
	}
	defer file.Close()
	packed, err := gzip.NewReader(file)
	if err != nil {
		return fmt.Errorf("unpacking %s: %w", tarball, err)
	}
	for members := tar.NewReader(packed); ; {
		header, err := members.Next()
		if err != nil {
			return fmt.Errorf("unpacking %s: looking for %s: %w", tarball, member, err)
		}
		if header.Name == member {
			return f.write(members, target, size)
		}
	}
}

func (f *Fetcher) write(from io.Reader, target string, size int64) error {
	file, err := os.OpenFile(target+".part", os.O_CREATE|os.O_TRUNC|os.O_WRONLY, 0o755)
	if err != nil {
		return fmt.Errorf("unpacking: %w", err)
	}
	var written atomic.Int64
	stop := f.watch("unpacking "+filepath.Base(target), size, written.Load)
	_, err = io.Copy(file, io.TeeReader(from, counter{&written}))
	stop()
	if err = errors.Join(err, file.Sync(), file.Close()); err != nil {
		return fmt.Errorf("unpacking %s: %w", target, err)
	}
	return os.Rename(file.Name(), target)
}

type counter struct{ n *atomic.Int64 }

func (c counter) Write(p []byte) (int, error) { c.n.Add(int64(len(p))); return len(p), nil }
