package retention

import (
	"os"
	"time"

	"golang.org/x/sys/unix"
)

// withoutWaiting keeps the opening of a pipe from waiting for its other end, and from following a link.
const withoutWaiting = unix.O_NONBLOCK | unix.O_NOFOLLOW

// birth is when a file was made, zero where the file system does not know.
func birth(folder *os.Root, name string) time.Time {
	dir, err := folder.Open(".")
	if err != nil {
		return time.Time{}
	}
	defer dir.Close()
	var stat unix.Statx_t
	if unix.Statx(int(dir.Fd()), name, unix.AT_SYMLINK_NOFOLLOW, unix.STATX_BTIME, &stat) != nil || stat.Mask&unix.STATX_BTIME == 0 {
		return time.Time{}
	}
	return time.Unix(stat.Btime.Sec, int64(stat.Btime.Nsec))
}

// nameless tells whether an open file has no name left.
func nameless(open *os.File) bool {
	var stat unix.Stat_t
	return unix.Fstat(int(open.Fd()), &stat) == nil && stat.Nlink == 0
}
