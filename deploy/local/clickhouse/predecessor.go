package clickhouse

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/gofrs/flock"
)

// predecessorWithin is how long the engine of a mailtrail that was killed may take to end.
const predecessorWithin = 15 * time.Second

// awaitPredecessor returns when no engine has the folder. ClickHouse keeps a file named status there, locked while it runs
// and left behind when it is killed: the lock tells the one from the other.
func awaitPredecessor(ctx context.Context, store string) error {
	path := filepath.Join(store, "status")
	if _, err := os.Stat(path); errors.Is(err, os.ErrNotExist) {
		return nil
	}
	ctx, cancel := context.WithTimeout(ctx, predecessorWithin)
	defer cancel()
	lock := flock.New(path, flock.SetFlag(os.O_RDWR))
	free, err := lock.TryLockContext(ctx, 50*time.Millisecond)
	if free {
		return lock.Close()
	}
	if errors.Is(err, context.DeadlineExceeded) {
		return fmt.Errorf("another ClickHouse engine (%s) is using %s: end it, or set data to another folder", predecessorPID(path), store)
	}
	return fmt.Errorf("looking whether another ClickHouse engine uses %s: %w", store, err)
}

// predecessorPID reads "PID: n" from the status file.
func predecessorPID(path string) string {
	raw, err := os.ReadFile(path)
	if err != nil {
		return "unknown process"
	}
	first, _, _ := strings.Cut(string(raw), "\n")
	return first
}
