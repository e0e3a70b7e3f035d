package local

import (
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"syscall"
	"testing"

	"github.com/stretchr/testify/require"
)

// The test program plays one more part: a mailtrail that holds a folder until it is killed.
func TestMain(m *testing.M) {
	if len(os.Args) > 1 && os.Args[1] == "holder" {
		if _, err := Lock(os.Args[2]); err != nil {
			os.Exit(1)
		}
		_, _ = os.Stdout.WriteString("held\n")
		select {}
	}
	os.Exit(m.Run())
}

func TestLockExcludesASecondOne(t *testing.T) {
	data := filepath.Join(t.TempDir(), "made", "data")
	unlock, err := Lock(data)
	require.NoError(t, err)
	_, err = Lock(data)
	require.ErrorIs(t, err, ErrInUse)
	require.ErrorContains(t, err, "process "+strconv.Itoa(os.Getpid())+") runs on "+data)
	require.ErrorContains(t, err, "set data to another folder")
	require.NoError(t, unlock())
	unlock, err = Lock(data)
	require.NoError(t, err)
	require.NoError(t, unlock())
}

func TestLockOfAKilledOneIsNoObstacle(t *testing.T) {
	data := t.TempDir()
	other := exec.Command(os.Args[0], "holder", data)
	out, err := other.StdoutPipe()
	require.NoError(t, err)
	require.NoError(t, other.Start())
	_, err = out.Read(make([]byte, 5))
	require.NoError(t, err)
	_, err = Lock(data)
	require.ErrorContains(t, err, "process "+strconv.Itoa(other.Process.Pid))
	require.NoError(t, other.Process.Kill())
	_ = other.Wait()
	unlock, err := Lock(data)
	require.NoError(t, err)
	require.NoError(t, unlock())
}

func TestLockSaysWhatIsWrong(t *testing.T) {
	file := filepath.Join(t.TempDir(), "file")
	require.NoError(t, os.WriteFile(file, nil, 0o600))
	_, err := Lock(file)
	require.ErrorContains(t, err, "is not a folder")
	require.ErrorContains(t, err, "set data to another")

	require.NoError(t, enoughRoom(LeastFree))
	require.ErrorContains(t, explain("/d", enoughRoom(LeastFree-1)), "the disk of the data folder /d is full")
	require.ErrorContains(t, explain("/d", fs.ErrPermission), "the data folder /d cannot be written by user")
	require.ErrorContains(t, explain("/d", syscall.EROFS), "cannot be written")

	if os.Getuid() != 0 {
		closed := t.TempDir()
		require.NoError(t, os.Chmod(closed, 0o500))
		_, err = Lock(filepath.Join(closed, "data"))
		require.ErrorContains(t, err, "cannot be written by user")
	}
}
