package ledger

import (
	"bufio"
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/rs/zerolog"
	"github.com/stretchr/testify/require"
)

// TestMain lets this test binary be the child that is killed.
func TestMain(m *testing.M) {
	if dir := os.Getenv("LEDGER_CHILD_DIR"); dir != "" {
		if err := child(dir, Point(os.Getenv("LEDGER_KILL_AT"))); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		os.Exit(0)
	}
	os.Exit(m.Run())
}

// child appends key destructions, two at a time, says which are acknowledged, and ends itself as kill -9 does at the third
// passing of a point.
func child(dir string, at Point) error {
	passed := 0
	l, err := Open(Config{Dir: dir}, Deps{Log: zerolog.Nop(), Clock: time.Now, Reached: func(p Point) {
		if p != at {
			return
		}
		if passed++; passed == 3 {
			_ = syscall.Kill(os.Getpid(), syscall.SIGKILL)
			select {}
		}
	}})
	if err != nil {
		return err
	}
	for i := 0; i < 20; i += 2 {
		for _, n := range []int{i, i + 1} {
			if err := l.KeyDestroyed("c", slotN(n), commitment(byte(n)), "authority"); err != nil {
				return err
			}
		}
		fmt.Println(i + 1)
	}
	return l.Close()
}

func TestKilledAtEveryPoint(t *testing.T) {
	for _, point := range Points() {
		t.Run(string(point), func(t *testing.T) {
			dir := t.TempDir()
			run := exec.Command(os.Args[0])
			run.Env = append(os.Environ(), "LEDGER_CHILD_DIR="+dir, "LEDGER_KILL_AT="+string(point))
			var out bytes.Buffer
			run.Stdout = &out
			require.Error(t, run.Run())
			require.Equal(t, syscall.SIGKILL, run.ProcessState.Sys().(syscall.WaitStatus).Signal())
			acknowledged := 0
			for lines := bufio.NewScanner(&out); lines.Scan(); {
				n, err := strconv.Atoi(lines.Text())
				require.NoError(t, err)
				acknowledged = n + 1
			}
			require.GreaterOrEqual(t, acknowledged, 2)

			// A reader beside a dead writer sees what was signed.
			before := read(t, dir)
			require.GreaterOrEqual(t, before.Head().Size, int64(acknowledged))
			l := open(t, dir, &testClock{time.Now()})
			require.NoError(t, before.Refresh(), "the log that was mended continues what was signed")
			switch mended := l.Mended(); point {
			case AfterHalf:
				require.Zero(t, mended.Taken)
				require.NotZero(t, mended.Cut)
			case AfterEntries, AfterSync:
				require.Equal(t, Mended{Taken: 1}, mended)
			default:
				require.Zero(t, mended)
			}
			for i := range 20 {
				require.NoError(t, l.KeyDestroyed("c", slotN(i), commitment(byte(i)), "authority"))
			}
			require.EqualValues(t, 20, l.Head().Size, "each once")
			v, err := VerifyFolder(dir, l.PublicKey(), Options{Since: before.Head().Signed})
			require.NoError(t, err)
			require.True(t, v.Holds())
		})
	}
}

func TestPowerLossLeavesRubbishBehindTheEnd(t *testing.T) {
	for name, rubbish := range map[string]string{"zeros": strings.Repeat("\x00", 4096), "an older line": "", "no line break": `{"kind":`} {
		t.Run(name, func(t *testing.T) {
			dir, clock, l := live(t, 1)
			require.NoError(t, l.Close())
			path := filepath.Join(dir, entriesFile)
			content, err := os.ReadFile(path)
			require.NoError(t, err)
			if rubbish == "" { // whole, canonical and signed before, and yet nothing that can follow
				rubbish = string(content[:bytes.IndexByte(content, '\n')+1])
				clock.now = clock.now.Add(time.Hour)
			}
			require.NoError(t, os.WriteFile(path, append(content, rubbish...), 0o600))
			again := open(t, dir, clock)
			require.Equal(t, Mended{Cut: int64(len(rubbish))}, again.Mended())
			liveSlot(t, again, clock, 1)
			_, err = VerifyFolder(dir, again.PublicKey(), Options{})
			require.NoError(t, err)
		})
	}
}

func TestAFullDiskIsRecoveredFrom(t *testing.T) {
	dir, clock, l := live(t, 1)
	before := l.Head()
	// The checkpoint cannot be replaced: a folder stands where it should go.
	path := filepath.Join(dir, checkpointFile)
	require.NoError(t, os.Rename(path, path+".kept"))
	require.NoError(t, os.MkdirAll(filepath.Join(path, "x"), 0o700))
	require.Error(t, l.KeyDestroyed("c", day0, commitment(1), "authority"))
	require.Error(t, l.KeyDestroyed("c", day0, commitment(1), "authority"), "still")
	require.NoError(t, os.RemoveAll(path))
	require.NoError(t, os.Rename(path+".kept", path))
	require.NoError(t, l.KeyDestroyed("c", day0, commitment(1), "authority"))
	require.EqualValues(t, before.Size+1, l.Head().Size)
	liveSlot(t, l, clock, 1)
	_, err := VerifyFolder(dir, l.PublicKey(), Options{Since: before.Signed})
	require.NoError(t, err)
}
