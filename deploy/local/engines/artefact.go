package engines

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"github.com/gofrs/flock"
)

// markerName is the file that is written last into a fetched folder. A folder without it is half a fetch.
const markerName = "complete.json"

// marker is what a finished fetch leaves behind: the pinned hash that was checked, and the size of each file that must be
// there, so that a folder somebody emptied is fetched again.
type marker struct {
	Hash  string           `json:"hash"`
	Files map[string]int64 `json:"files"`
}

// obtain returns the folder cache/name holding what fetch made, calling fetch only if a complete one with this hash is not
// there. fetch gets an empty folder, fills it and returns the names of the files that matter.
func (f *Fetcher) obtain(ctx context.Context, name, hash string, fetch func(ctx context.Context, dir string) ([]string, error)) (string, error) {
	dir := filepath.Join(f.cache, name)
	if complete(dir, hash) {
		return dir, nil
	}
	if err := os.MkdirAll(f.cache, 0o755); err != nil {
		return "", fmt.Errorf("making the cache folder for engines (MAILTRAIL_CACHE names another): %w", err)
	}
	unlock, err := f.lock(ctx, name)
	if err != nil {
		return "", err
	}
	defer unlock()
	if complete(dir, hash) { // somebody else fetched it while we waited
		return dir, nil
	}
	if err := os.RemoveAll(dir); err != nil {
		return "", fmt.Errorf("removing half a fetch: %w", err)
	}
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return "", fmt.Errorf("making a folder in the cache: %w", err)
	}
	files, err := fetch(ctx, dir)
	if err != nil {
		return "", err
	}
	return dir, writeMarker(dir, hash, files)
}

// lock excludes other processes that fetch the same thing, and says so when it has to wait.
func (f *Fetcher) lock(ctx context.Context, name string) (func(), error) {
	lock := flock.New(filepath.Join(f.cache, name+".lock"))
	held, err := lock.TryLock()
	if err == nil && !held {
		f.say("waiting for another mailtrail that is fetching %s", name)
		held, err = lock.TryLockContext(ctx, 200*time.Millisecond)
	}
	if err != nil {
		return nil, fmt.Errorf("locking %s: %w", lock.Path(), err)
	}
	if !held {
		return nil, fmt.Errorf("locking %s: not obtained", lock.Path())
	}
	return func() { _ = lock.Close() }, nil
}

func complete(dir, hash string) bool {
	raw, err := os.ReadFile(filepath.Join(dir, markerName))
	if err != nil {
		return false
	}
	var m marker
	if json.Unmarshal(raw, &m) != nil || m.Hash != hash || len(m.Files) == 0 {
		return false
	}
	for name, size := range m.Files {
		if info, err := os.Stat(filepath.Join(dir, name)); err != nil || info.Size() != size {
			return false
		}
	}
	return true
}

func writeMarker(dir, hash string, files []string) error {
	m := marker{Hash: hash, Files: make(map[string]int64, len(files))}
	for _, name := range files {
		file, err := os.Open(filepath.Join(dir, name))
		if err != nil {
			return fmt.Errorf("completing a fetch: %w", err)
		}
		info, err := file.Stat()
		if err = errors.Join(err, file.Sync(), file.Close()); err != nil {
			return fmt.Errorf("completing a fetch: %w", err)
		}
		m.Files[name] = info.Size()
	}
	raw, err := json.Marshal(m)
	if err != nil {
		return fmt.Errorf("completing a fetch: %w", err)
	}
	return writeSynced(filepath.Join(dir, markerName), raw)
}

// writeSynced writes a file so that after a crash it is either absent or whole.
func writeSynced(path string, content []byte) error {
	file, err := os.CreateTemp(filepath.Dir(path), ".new-*")
	if err != nil {
		return fmt.Errorf("writing %s: %w", path, err)
	}
	defer os.Remove(file.Name())
	_, err = file.Write(content)
	if err = errors.Join(err, file.Sync(), file.Close()); err != nil {
		return fmt.Errorf("writing %s: %w", path, err)
	}
	if err := os.Rename(file.Name(), path); err != nil {
		return fmt.Errorf("writing %s: %w", path, err)
	}
	dir, err := os.Open(filepath.Dir(path))
	if err != nil {
		return fmt.Errorf("writing %s: %w", path, err)
	}
	return errors.Join(dir.Sync(), dir.Close())
}
