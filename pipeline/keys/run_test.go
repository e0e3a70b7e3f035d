package keys

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"testing"
	"testing/synctest"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/rs/zerolog"
	"github.com/stretchr/testify/require"
)

// Every slot of the ledger's calendar gets its end: with a key, without one, and with one that was lost.
func TestASweepLeavesNoSlotWithoutItsEnd(t *testing.T) {
	b := newBench(t)
	for n := range 4 {
		b.ledger.calendar = append(b.ledger.calendar, ID{testClass, slotAt(n)})
	}
	for _, n := range []int{0, 1} {
		b.clock.set(slotAt(n))
		_, err := b.key(n, ToSeal)
		require.NoError(t, err)
	}
	require.NoError(t, os.Remove(filepath.Join(b.keysDir(), ID{testClass, slotAt(1)}.fileName())))
	b.start(t)
	b.clock.set(slotAt(9).Add(time.Minute))
	b.ledger.fail = errors.New("a full disk")
	_, err := b.authority.Sweep(context.Background())
	require.ErrorContains(t, err, "a full disk")
	b.ledger.fail = nil
	b.sweep(t)
	require.Equal(t, map[ID]string{
		{testClass, slotAt(0)}: ByAuthority, {testClass, slotAt(1)}: ByLoss, {testClass, slotAt(2)}: ByAuthority, {testClass, slotAt(3)}: ByAuthority,
	}, b.ledger.destroyed)
	require.False(t, b.ledger.records[ID{testClass, slotAt(2)}].created)
	require.Empty(t, b.sweep(t).Destroyed, "once")
	_, err = b.key(2, ToSeal)
	require.ErrorIs(t, err, ErrDestroyed)
}

// A key that the ledger's calendar has as due goes, also where a later schedule gives its slot longer.
func TestTheLedgersCalendarEndsAKeyToo(t *testing.T) {
	b := newBench(t)
	longer := func(class string, start time.Time) (Slot, error) {
		slot, err := testCalendar(class, start)
		slot.DestroyAt = slot.DestroyAt.Add(24 * hour)
		return slot, err
	}
	require.NoError(t, b.authority.Close())
	store, err := OpenFileStore(b.keysDir(), nil)
	require.NoError(t, err)
	b.authority, err = New(Config{Tombstones: b.tombstones()}, Deps{
		Log: zerolog.Nop(), Metrics: prometheus.NewRegistry(), Clock: b.clock.Now, Store: store, Ledger: b.ledger, Calendar: longer,
	})
	require.NoError(t, err)
	_, err = b.authority.Start(context.Background())
	require.NoError(t, err)
	_, err = b.key(0, ToSeal)
	require.NoError(t, err)
	b.ledger.calendar = []ID{{testClass, slotAt(0)}}
	b.clock.set(slotAt(7))
	b.sweep(t)
	require.Equal(t, ByAuthority, b.ledger.destroyed[ID{testClass, slotAt(0)}])
	_, err = b.key(0, ToOpen)
	require.ErrorIs(t, err, ErrDestroyed)
}

// Run waits an hour at most, and yet a key that is made meanwhile goes at its date.
func TestRunWakesForAKeyThatIsMadeWhileItWaits(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		dir, began := t.TempDir(), time.Now().UTC()
		store, err := OpenFileStore(filepath.Join(dir, "keys"), nil)
		require.NoError(t, err)
		ledger := newFakeLedger()
		soon := func(class string, start time.Time) (Slot, error) {
			return Slot{class, start, began.Add(2 * time.Second), began.Add(2 * time.Second)}, nil
		}
		a, err := New(Config{Tombstones: filepath.Join(dir, "tombstones"), Every: time.Hour}, Deps{
			Log: zerolog.Nop(), Metrics: prometheus.NewRegistry(), Clock: time.Now, Store: store, Ledger: ledger, Calendar: soon,
		})
		require.NoError(t, err)
		_, err = a.Start(t.Context())
		require.NoError(t, err)
		ctx, cancel := context.WithCancel(t.Context())
		done := make(chan error, 1)
		go func() { done <- a.Run(ctx) }()
		synctest.Wait() // it has nothing to do for an hour
		grant, err := a.Key(ctx, testClass, began, ToSeal)
		require.NoError(t, err)
		grant.Key.wipe()
		time.Sleep(time.Second)
		_, _, destroyed := ledger.Key(testClass, began)
		require.False(t, destroyed)
		time.Sleep(time.Second)
		synctest.Wait()
		_, _, destroyed = ledger.Key(testClass, began)
		require.True(t, destroyed)
		require.Zero(t, a.overdue())
		cancel()
		require.ErrorIs(t, <-done, context.Canceled)
		require.NoError(t, a.Close())
	})
}
