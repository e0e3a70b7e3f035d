// Package local holds what the embedded stack shares: the data folder and its lock. The servers themselves are in the
// packages below it.
package local

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"

	"github.com/gofrs/flock"
)

// LeastFree is how many bytes must be free on the disk of the data folder for the stack to start: room for the broker's
// and ClickHouse's first segments and parts. Below that a start would end in an error of theirs that says less.
const LeastFree = 512 << 20

// ErrInUse is wrapped by the error for a data folder that another mailtrail holds.
var ErrInUse = errors.New("the data folder is in use")

// Lock makes the data folder if need be, makes sure that it can be written and has room, and takes it for this process.
// The lock is the kernel's and ends with the process, so one that is left behind is no obstacle. The errors say in a
// sentence what is wrong and name the configuration key data.
func Lock(data string) (unlock func() error, err error) {
	if err := os.MkdirAll(data, 0o700); err != nil {
		return nil, explain(data, err)
	}
	path := filepath.Join(data, "lock")
	lock := flock.New(path, flock.SetFlag(os.O_CREATE|os.O_RDWR), flock.SetPermissions(0o600))
	held, err := lock.TryLock()
	if err != nil {
		return nil, explain(data, err)
	}
	if !held {
		return nil, fmt.Errorf("%w: another mailtrail (process %s) runs on %s: stop it, or set data to another folder", ErrInUse, holder(path), data)
	}
	if err := errors.Join(checkRoom(data), note(path)); err != nil {
		return nil, errors.Join(explain(data, err), lock.Close())
	}
	return lock.Close, nil
}

// note writes our process id into the lock file, for the error of the next one.
func note(path string) error {
	return os.WriteFile(path, []byte(strconv.Itoa(os.Getpid())+"\n"), 0o600)
}

func holder(path string) string {
	raw, err := os.ReadFile(path)
	if pid := strings.TrimSpace(string(raw)); err == nil && pid != "" {
		return pid
	}
	return "unknown"
}

// checkRoom fails with ENOSPC when the disk is as good as full.
func checkRoom(data string) error {
	var disk syscall.Statfs_t
	if err := syscall.Statfs(data, &disk); err != nil {
		return err
	}
	return enoughRoom(disk.Bavail * uint64(disk.Bsize))
}

func enoughRoom(free uint64) error {
	if free < LeastFree {
		return fmt.Errorf("%w: %d MiB are free and %d MiB are needed", syscall.ENOSPC, free>>20, LeastFree>>20)
	}
	return nil
}

// explain says in a sentence what is wrong with the data folder.
func explain(data string, err error) error {
	switch {
	case errors.Is(err, syscall.ENOSPC):
		return fmt.Errorf("the disk of the data folder %s is full (%w): make room, or set data to a folder on another disk", data, err)
	case errors.Is(err, fs.ErrPermission), errors.Is(err, syscall.EROFS):
		return fmt.Errorf("the data folder %s cannot be written by user %d (%w): give that user the folder, or set data to another", data, os.Getuid(), err)
	case errors.Is(err, syscall.ENOTDIR), errors.Is(err, fs.ErrExist):
		return fmt.Errorf("the data folder %s is not a folder (%w): remove what is there, or set data to another", data, err)
	default:
		return fmt.Errorf("the data folder %s cannot be used (%w): set data to another folder", data, err)
	}
}
