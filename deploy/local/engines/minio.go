package engines

import (
	"bytes"
	"context"
	"debug/buildinfo"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"sync/atomic"
	"time"
)

// MinIO's source, pinned. Its own releases end with 2025; the last commit is built from source, as its README asks.
const (
	minioModule  = "github.com/minio/minio"
	minioVersion = "v0.0.0-20260212201848-7aac2a2c5b7c"
	// minioSum is Go's hash of the module's files; the modules that it needs are pinned by them and checked by Go.
	minioSum = "h1:/qdoYujxF5MBLDMVLeiYJ/7fBa1HikX39Dvzb9Ji8pA="
	// minioPackages is about how many packages are built.
	minioPackages = 1300
)

// minioOldest is the oldest release that is used where it is on PATH: those from then on differ little from what is pinned.
var minioOldest = time.Date(2025, 4, 1, 0, 0, 0, 0, time.UTC)

// minioProgram is the file in the cache.
const minioProgram = "minio"

// MinIO finds the path of a minio program: one on PATH if its version is good, else the one in the cache, built first if need
// be with Go (two and a half minutes on two idle cores, 112 MB on disk).
func (f *Fetcher) MinIO(ctx context.Context) (string, error) {
	why := "no minio is on PATH"
	if path, err := exec.LookPath("minio"); err == nil {
		version, good := minioOnPath(ctx, path)
		if good {
			return path, nil
		}
		why = fmt.Sprintf("%s is %s, which is not known to work", path, version)
	}
	dir, err := f.obtain(ctx, "minio-"+minioVersion, minioSum, func(ctx context.Context, dir string) ([]string, error) {
		return []string{minioProgram}, f.buildMinIO(ctx, dir, why)
	})
	if err != nil {
		return "", fmt.Errorf("building MinIO: %w", err)
	}
	return filepath.Join(dir, minioProgram), nil
}

var minioRelease = regexp.MustCompile(`minio version (RELEASE\.(\d{4}-\d\d-\d\d)\S*|\S+)`)

// minioOnPath tells the version of a program, and whether it is one that we use.
func minioOnPath(ctx context.Context, path string) (version string, good bool) {
	if info, err := buildinfo.ReadFile(path); err == nil && info.Main.Path == minioModule && info.Main.Version == minioVersion {
		return info.Main.Version, true
	}
	ctx, cancel := context.WithTimeout(ctx, 10*time.Second)
	defer cancel()
	said, err := exec.CommandContext(ctx, path, "--version").Output()
	found := minioRelease.FindSubmatch(said)
	if err != nil || found == nil {
		return "no MinIO that says its version", false
	}
	released, err := time.Parse(time.DateOnly, string(found[2]))
	return string(found[1]), err == nil && !released.Before(minioOldest)
}

func (f *Fetcher) buildMinIO(ctx context.Context, dir, why string) error {
	tool, err := f.need(ctx, tool{name: "go", debian: "golang-go", brew: "go", why: "it builds MinIO, of which there are no releases any more"})
	if err != nil {
		return err
	}
	f.say("building MinIO (%s) with Go, since %s: a few minutes, once; it is kept in %s", minioVersion, why, dir)
	var built packages
	stop := f.watch("building MinIO", minioPackages, built.count.Load)
	// The surroundings of a build of our own must not decide how MinIO is built.
	env := append(os.Environ(), "GOBIN="+dir, "GOFLAGS=", "CGO_ENABLED=0", "GOOS=", "GOARCH=", "GOWORK=off")
	cmd := exec.CommandContext(ctx, tool, "install", "-v", "-trimpath", "-ldflags", "-s -w", minioModule+"@"+minioVersion)
	cmd.Dir, cmd.Env, cmd.Stdout, cmd.Stderr = dir, env, &built, &built
	err = cmd.Run()
	stop()
	if err != nil {
		return fmt.Errorf("go install %s@%s: %w: %s", minioModule, minioVersion, err, lastLines(built.said.String(), 8))
	}
	info, err := buildinfo.ReadFile(filepath.Join(dir, minioProgram))
	if err != nil {
		return fmt.Errorf("checking what was built: %w", err)
	}
	if info.Main.Sum != minioSum {
		return fmt.Errorf("the source is not what was pinned: its hash is %s, want %s; nothing of it is used", info.Main.Sum, minioSum)
	}
	return nil
}

// packages counts the packages among the lines that go install -v writes, and keeps the lines.
type packages struct {
	count atomic.Int64
	said  bytes.Buffer
}

func (p *packages) Write(b []byte) (int, error) {
	p.count.Add(int64(bytes.Count(b, []byte("\n")) - bytes.Count(b, []byte("go: "))))
	return p.said.Write(b)
}
