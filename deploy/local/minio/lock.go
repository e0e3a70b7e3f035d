package minio

import (
	"context"
	"errors"
	"fmt"
	"os"
	"strconv"
	"strings"
	"syscall"
	"time"
)

// predecessorWithin is how long the MinIO of a mailtrail that was killed may take to end.
const predecessorWithin = 15 * time.Second

// lock takes the lock on MinIO's folder. MinIO has none of its own, and two on one drive ruin it. The child inherits the open file
// and so holds the lock until it is gone, even where we go first.
func (s *Server) lock(ctx context.Context) (*os.File, error) {
	file, err := os.OpenFile(s.paths.lock, os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		return nil, fmt.Errorf("locking MinIO's folder (key data): %w", err)
	}
	deadline := time.Now().Add(predecessorWithin)
	for {
		err := syscall.Flock(int(file.Fd()), syscall.LOCK_EX|syscall.LOCK_NB)
		switch {
		case err == nil:
			return file, nil
		case !errors.Is(err, syscall.EWOULDBLOCK):
			return nil, errors.Join(fmt.Errorf("locking MinIO's folder (key data): %w", err), file.Close())
		case time.Now().After(deadline):
			return nil, errors.Join(fmt.Errorf("another MinIO (process %s) is using %s: end it, or set data to another folder", s.holder(), s.paths.store), file.Close())
		}
		select {
		case <-ctx.Done():
			return nil, errors.Join(ctx.Err(), file.Close())
		case <-time.After(50 * time.Millisecond):
		}
	}
}

// holder is the process id in the lock file.
func (s *Server) holder() string {
	raw, err := os.ReadFile(s.paths.lock)
	if pid := strings.TrimSpace(string(raw)); err == nil && pid != "" {
		return pid
	}
	return "unknown"
}

// note writes the process id of the child into the lock file, for the error of the next one.
func note(file *os.File, pid int) error {
	text := strconv.Itoa(pid) + "\n"
	_, err := file.WriteAt([]byte(text), 0)
	return errors.Join(err, file.Truncate(int64(len(text))))
}
