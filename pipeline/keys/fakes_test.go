package keys

import (
	"context"
	"fmt"
	"iter"
	"path/filepath"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/rs/zerolog"
	"github.com/stretchr/testify/require"
)

// The tests' class has slots of an hour that are sealed one hour after their end and destroyed six hours after their start.
const (
	testClass = "mailpiece_images"
	hour      = time.Hour
)

var hour0 = time.Date(2026, 11, 20, 0, 0, 0, 0, time.UTC)

func slotAt(n int) time.Time { return hour0.Add(time.Duration(n) * hour) }

func testCalendar(class string, start time.Time) (Slot, error) {
	if class != testClass || !start.Truncate(hour).Equal(start) {
		return Slot{}, fmt.Errorf("%w: of these tests", ErrNoSlot)
	}
	return Slot{class, start.UTC(), start.UTC().Add(2 * hour), start.UTC().Add(6 * hour)}, nil
}

// fakeClock is set by hand, and then runs what is due.
type fakeClock struct {
	mu     sync.Mutex
	now    time.Time
	timers []*fakeTimer
}

type fakeTimer struct {
	at   time.Time
	work func()
}

func (c *fakeClock) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.now
}

func (c *fakeClock) AfterFunc(d time.Duration, f func()) func() bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	t := &fakeTimer{c.now.Add(d), f}
	c.timers = append(c.timers, t)
	return func() bool {
		c.mu.Lock()
		defer c.mu.Unlock()
		before := len(c.timers)
		c.timers = slices.DeleteFunc(c.timers, func(other *fakeTimer) bool { return other == t })
		return len(c.timers) < before
	}
}

// set moves the clock without running anything, as a stalled machine does.
func (c *fakeClock) set(t time.Time) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.now = t
}

// run moves the clock from timer to timer, and runs each at its time.
func (c *fakeClock) run(until time.Time) {
	for {
		c.mu.Lock()
		slices.SortStableFunc(c.timers, func(a, b *fakeTimer) int { return a.at.Compare(b.at) })
		if len(c.timers) == 0 || c.timers[0].at.After(until) {
			c.now = until
			c.mu.Unlock()
			return
		}
		next := c.timers[0]
		c.timers = c.timers[1:]
		if next.at.After(c.now) {
			c.now = next.at
		}
		c.mu.Unlock()
		next.work()
	}
}

// fakeLedger remembers in memory what it is told.
type fakeLedger struct {
	mu        sync.Mutex
	records   map[ID]fakeRecord
	destroyed map[ID]string
	returned  []ID
	fail      error
	// calendar are the slots that the ledger asks about when they are due.
	calendar []ID
}

type fakeRecord struct {
	commitment                 [32]byte
	created, sealed, destroyed bool
}

func newFakeLedger() *fakeLedger {
	return &fakeLedger{records: map[ID]fakeRecord{}, destroyed: map[ID]string{}}
}

func (l *fakeLedger) change(class string, slot time.Time, change func(*fakeRecord)) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.fail != nil {
		return l.fail
	}
	id := ID{class, slot.UTC()}
	r := l.records[id]
	change(&r)
	l.records[id] = r
	return nil
}

func (l *fakeLedger) KeyCreated(class string, slot, _ time.Time, commitment [32]byte) error {
	return l.change(class, slot, func(r *fakeRecord) {
		if !r.created {
			r.created, r.commitment = true, commitment
		}
	})
}

func (l *fakeLedger) KeySealed(class string, slot time.Time, _ [32]byte) error {
	return l.change(class, slot, func(r *fakeRecord) { r.sealed = true })
}

func (l *fakeLedger) KeyDestroyed(class string, slot time.Time, commitment [32]byte, by string) error {
	return l.change(class, slot, func(r *fakeRecord) {
		if !r.destroyed {
			r.destroyed = true
			l.destroyed[ID{class, slot.UTC()}] = by
			if commitment != r.commitment {
				l.destroyed[ID{class, slot.UTC()}] = "another key"
			}
		}
	})
}

func (l *fakeLedger) KeyReturned(class string, slot time.Time, _ [32]byte, _ string) error {
	return l.change(class, slot, func(*fakeRecord) { l.returned = append(l.returned, ID{class, slot.UTC()}) })
}

func (l *fakeLedger) KeysNeverMade(class string, slots []time.Time, by string) error {
	for _, slot := range slots {
		if err := l.KeyDestroyed(class, slot, [32]byte{}, by); err != nil {
			return err
		}
	}
	return nil
}

// KeysUnended yields what a test says is missing and has no end yet.
func (l *fakeLedger) KeysUnended(due time.Time) iter.Seq2[string, time.Time] {
	return func(yield func(string, time.Time) bool) {
		for _, id := range l.calendar {
			if _, _, destroyed := l.Key(id.Class, id.Start); !destroyed && id.Start.Add(6*hour).Before(due) && !yield(id.Class, id.Start) {
				return
			}
		}
	}
}

func (l *fakeLedger) KeysLive() iter.Seq2[string, time.Time] {
	l.mu.Lock()
	defer l.mu.Unlock()
	var found []ID
	for id, r := range l.records {
		if r.created && !r.destroyed {
			found = append(found, id)
		}
	}
	return func(yield func(string, time.Time) bool) {
		for _, id := range found {
			if !yield(id.Class, id.Start) {
				return
			}
		}
	}
}

func (l *fakeLedger) Key(class string, slot time.Time) ([32]byte, bool, bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	r := l.records[ID{class, slot.UTC()}]
	return r.commitment, r.created, r.destroyed
}

// bench is an authority on a folder, with all that it needs.
type bench struct {
	dir       string
	clock     *fakeClock
	ledger    *fakeLedger
	authority *Authority
	report    Report
}

func (b *bench) keysDir() string    { return filepath.Join(b.dir, "keys") }
func (b *bench) tombstones() string { return filepath.Join(b.dir, "tombstones") }

func newBench(t testing.TB) *bench {
	b := &bench{dir: t.TempDir(), clock: &fakeClock{now: hour0}, ledger: newFakeLedger()}
	b.start(t)
	t.Cleanup(func() { _ = b.authority.Close() })
	return b
}

// start ends the authority, as a stop of the process does, and starts another on the same folder.
func (b *bench) start(t require.TestingT) {
	if b.authority != nil {
		require.NoError(t, b.authority.Close())
	}
	store, err := OpenFileStore(b.keysDir(), nil)
	require.NoError(t, err)
	b.authority, err = New(Config{Tombstones: b.tombstones(), Ahead: 10 * time.Minute}, Deps{
		Log: zerolog.Nop(), Metrics: prometheus.NewRegistry(), Clock: b.clock.Now, Store: store, Ledger: b.ledger, Calendar: testCalendar,
	})
	require.NoError(t, err)
	b.report, err = b.authority.Start(context.Background())
	require.NoError(t, err)
}

// key asks for a key and returns its commitment.
func (b *bench) key(n int, use Use) ([32]byte, error) {
	grant, err := b.authority.Key(context.Background(), testClass, slotAt(n), use)
	if err != nil {
		return [32]byte{}, err
	}
	defer grant.Key.wipe()
	return grant.Key.Commitment(), nil
}

func (b *bench) sweep(t require.TestingT) Report {
	report, err := b.authority.Sweep(context.Background())
	require.NoError(t, err)
	return report
}
