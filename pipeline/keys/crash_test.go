package keys

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"syscall"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/rs/zerolog"
	"github.com/stretchr/testify/require"

	"mailtrail/pipeline/ledger"
)

// TestMain lets this test binary be the child that is killed.
func TestMain(m *testing.M) {
	if dir := os.Getenv("KEYS_CHILD_DIR"); dir != "" {
		if err := child(dir, Point(os.Getenv("KEYS_KILL_AT"))); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		os.Exit(0)
	}
	os.Exit(m.Run())
}

// real is an authority with files and a real ledger.
type real struct {
	authority *Authority
	log       *ledger.Log
}

func openReal(dir string, clock *fakeClock, reached func(Point)) (*real, Report, error) {
	log, err := ledger.Open(ledger.Config{Dir: filepath.Join(dir, "ledger")}, ledger.Deps{Log: zerolog.Nop(), Clock: clock.Now})
	if err != nil {
		return nil, Report{}, err
	}
	store, err := OpenFileStore(filepath.Join(dir, "keys"), reached)
	if err != nil {
		return nil, Report{}, err
	}
	a, err := New(Config{Tombstones: filepath.Join(dir, "tombstones")}, Deps{
		Log: zerolog.Nop(), Metrics: prometheus.NewRegistry(), Clock: clock.Now, Store: store, Ledger: log, Calendar: testCalendar, Reached: reached,
	})
	if err != nil {
		return nil, Report{}, err
	}
	report, err := a.Start(context.Background())
	return &real{a, log}, report, err
}

func (r *real) close() error {
	if err := r.authority.Close(); err != nil {
		return err
	}
	return r.log.Close()
}

// child makes the keys of four slots and lets an hour pass after each, until all are destroyed; it ends itself as kill -9
// does at the third passing of a point.
func child(dir string, at Point) error {
	passed := 0
	clock := &fakeClock{now: hour0}
	r, _, err := openReal(dir, clock, func(p Point) {
		if p != at {
			return
		}
		if passed++; passed == 3 {
			_ = syscall.Kill(os.Getpid(), syscall.SIGKILL)
			select {}
		}
	})
	if err != nil {
		return err
	}
	for i := range 11 {
		clock.set(slotAt(i))
		if i < 4 {
			grant, err := r.authority.Key(context.Background(), testClass, slotAt(i), ToSeal)
			if err != nil {
				return err
			}
			fmt.Printf("%d %x\n", i, grant.Key.Commitment())
		}
		if _, err := r.authority.Sweep(context.Background()); err != nil {
			return err
		}
	}
	return r.close()
}

func TestKilledAtEveryPoint(t *testing.T) {
	for _, point := range Points() {
		t.Run(string(point), func(t *testing.T) {
			dir := t.TempDir()
			run := exec.Command(os.Args[0])
			run.Env = append(os.Environ(), "KEYS_CHILD_DIR="+dir, "KEYS_KILL_AT="+string(point))
			out, err := run.Output()
			require.Error(t, err)
			require.Equal(t, syscall.SIGKILL, run.ProcessState.Sys().(syscall.WaitStatus).Signal())

			// Two keys were destroyed, the third was being made or destroyed: the clock of the next process says which.
			making := slices.Index(Points(), point) < slices.Index(Points(), AfterTombstone)
			clock := &fakeClock{now: slotAt(2)}
			if !making {
				clock.set(slotAt(8))
			}
			r, report, err := openReal(dir, clock, nil)
			require.NoError(t, err)
			require.Empty(t, report.Returned)
			require.Empty(t, report.Strange)
			require.Empty(t, report.Strangers, "nothing half written is left")
			for _, record := range r.authority.Live() {
				_, created, _ := r.log.Key(testClass, record.ID.Start)
				require.True(t, created, "what is there is in the ledger, before anybody asks for it")
			}
			_, _, destroyed := r.log.Key(testClass, slotAt(2))
			require.Equal(t, !making, destroyed, "a destruction that had begun is over")
			for i := range 4 {
				grant, err := r.authority.Key(context.Background(), testClass, slotAt(i), ToOpen)
				switch {
				case making && i < 2:
					require.NoError(t, err)
					require.Contains(t, string(out), fmt.Sprintf("%d %x\n", i, grant.Key.Commitment()), "what was given is what is there")
				case making:
					if err != nil {
						require.ErrorIs(t, err, ErrUnknown, "no half key")
					}
				case i < 3:
					require.ErrorIs(t, err, ErrDestroyed)
				default:
					require.NoError(t, err)
				}
			}
			clock.set(slotAt(20))
			_, err = r.authority.Sweep(context.Background())
			require.NoError(t, err)
			files, err := os.ReadDir(filepath.Join(dir, "keys"))
			require.NoError(t, err)
			require.Empty(t, files)
			require.NoError(t, r.close())
			requireLedger(t, filepath.Join(dir, "ledger"))
		})
	}
}

// requireLedger wants each key's end once, after its making, under one commitment.
func requireLedger(t *testing.T, dir string) {
	t.Helper()
	r, err := ledger.Read(dir, "")
	require.NoError(t, err)
	defer r.Close()
	ends := 0
	for i := range 4 {
		_, entries, err := r.Slot(testClass, slotAt(i))
		require.NoError(t, err)
		if len(entries) == 0 {
			continue // its key was never made
		}
		ends++
		require.Equal(t, ledger.KeyCreated, entries[0].Kind)
		last := entries[len(entries)-1]
		require.Equal(t, ledger.KeyDestroyed, last.Kind)
		require.Equal(t, ByAuthority, last.By)
		for _, e := range entries {
			require.Equal(t, entries[0].Commitment, e.Commitment)
		}
		require.LessOrEqual(t, len(entries), 3)
	}
	require.EqualValues(t, ends, r.Count(ledger.KeyDestroyed))
	require.Zero(t, r.Count(ledger.Returned))
}

func TestMemoryOnlyKeysEndWithTheProcess(t *testing.T) {
	b := newBench(t)
	start := func() *Authority {
		a, err := New(Config{Tombstones: filepath.Join(t.TempDir(), "tombstones")}, Deps{
			Log: zerolog.Nop(), Metrics: prometheus.NewRegistry(), Clock: b.clock.Now, Store: NewMemoryStore(), Ledger: b.ledger, Calendar: testCalendar,
		})
		require.NoError(t, err)
		_, err = a.Start(context.Background())
		require.NoError(t, err)
		return a
	}
	_, err := start().Key(context.Background(), testClass, slotAt(0), ToSeal)
	require.NoError(t, err)
	for _, use := range []Use{ToSeal, ToOpen} {
		_, err = start().Key(context.Background(), testClass, slotAt(0), use)
		require.ErrorIs(t, err, ErrDestroyed, "the price")
	}
	require.Equal(t, ByLoss, b.ledger.destroyed[ID{testClass, slotAt(0)}], "the slot is over, and the ledger says why")
	b.clock.set(slotAt(1).Add(time.Minute))
	_, err = start().Key(context.Background(), testClass, slotAt(1), ToSeal)
	require.NoError(t, err, "the next slot begins anew")
}
