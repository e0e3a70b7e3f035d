package retention

import (
	"context"
	"encoding/json"
	"errors"
	"maps"
	"os"
	"path/filepath"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/testutil"
	"github.com/rs/zerolog"
	"github.com/stretchr/testify/require"

	"mailtrail/schemas/retention"
)

// shelf is a store in memory.
type shelf struct {
	mu    sync.Mutex
	slots map[Slot]uint64
	// away makes every look fail, stuck every drop of a table, lost the answer of every drop.
	away, lost bool
	stuck      string
	strange    []Held
}

// with changes it under a sweeper that runs.
func (s *shelf) with(change func()) {
	s.mu.Lock()
	defer s.mu.Unlock()
	change()
}

func (s *shelf) Held(context.Context) (held []Held, err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.away {
		return nil, errors.New("the store is away")
	}
	for slot, rows := range s.slots {
		held = append(held, Held{Class: slot.Class, Place: slot.Place, From: slot.Start, Rows: rows})
	}
	return append(held, s.strange...), nil
}

func (s *shelf) Drop(_ context.Context, slot Slot) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if slot.Place.Name == s.stuck {
		return errors.New("the table is locked")
	}
	delete(s.slots, slot)
	if s.lost {
		return errors.New("the connection broke")
	}
	return nil
}

// book is a ledger in memory, with a calendar of one class.
type book struct {
	entries  map[Slot]Drop
	returned []Drop
	missing  []Slot
	left     []Slot // of classes that the schedule does not have
	last     time.Time
	broken   bool
	held     []string // clocks
}

func (b *book) LastTime() time.Time { return b.last }

func (b *book) Missing(due time.Time) (slots []Slot) {
	slots = append(slots, b.left...)
	for _, slot := range b.missing {
		if _, there := b.entries[slot]; !there && retention.Builtin().Row(slot.Class).DestroyAt(slot.Start) < due.Unix() {
			slots = append(slots, slot)
		}
	}
	return slots
}

func (b *book) Enter(d Drop) (bool, error) {
	if b.broken {
		return false, errors.New("the disk is full")
	}
	if _, again := b.entries[d.Slot]; again {
		return true, nil
	}
	b.entries[d.Slot] = d
	return false, nil
}

func (b *book) EnterAll(drops []Drop) error {
	for _, d := range drops {
		if _, err := b.Enter(d); err != nil {
			return err
		}
	}
	return nil
}

func (b *book) Returned(d Drop) error {
	b.returned = append(b.returned, d)
	return nil
}

func (b *book) ClockHeld(_ time.Duration, why string) error {
	if b.broken {
		return errors.New("the disk is full")
	}
	b.held = append(b.held, why)
	return nil
}

// world is one installation, whose sweeper can be killed and started again.
type world struct {
	t       *testing.T
	store   *shelf
	book    *book
	wall    time.Time
	uptime  time.Duration
	notes   string
	reached func(Point)
	emptied func(retention.Place) bool
	metrics *prometheus.Registry
	folders *Folders // nil: none
	servers []ServerClock
}

// gauge is a metric of the sweeper that was made last.
func gauge(t *testing.T, w *world, name string) prometheus.Gauge {
	families, err := w.metrics.Gather()
	require.NoError(t, err)
	for _, family := range families {
		if family.GetName() == name {
			g := prometheus.NewGauge(prometheus.GaugeOpts{Name: "found"})
			g.Set(family.GetMetric()[0].GetGauge().GetValue())
			return g
		}
	}
	t.Fatalf("no metric %s", name)
	return nil
}

var noon = time.Date(2026, 11, 25, 12, 0, 0, 0, time.UTC)

func newWorld(t *testing.T) *world {
	return &world{
		t: t, store: &shelf{slots: map[Slot]uint64{}}, book: &book{entries: map[Slot]Drop{}}, wall: noon,
		notes: filepath.Join(t.TempDir(), "sweep.json"),
	}
}

func (w *world) sweeper() *Sweeper {
	w.metrics = prometheus.NewRegistry()
	stores := map[retention.Store]SlotStore{retention.ClickHouse: w.store}
	if w.folders != nil {
		stores[retention.Files] = w.folders
	}
	s, err := New(Config{Schedule: retention.Builtin(), Every: time.Minute, Notes: w.notes, Emptied: w.emptied}, Deps{
		Stores: stores, Ledger: w.book, Log: zerolog.Nop(), Metrics: w.metrics,
		Clock: w.clock(), Reached: w.reached,
	})
	require.NoError(w.t, err)
	return s
}

// clock is the clock of a process that starts now.
func (w *world) clock() *Clock {
	c := NewClock(func() time.Time { return w.wall }, func() time.Duration { return w.uptime }, zerolog.Nop())
	c.CompareWith(w.servers...)
	return c
}

// pass lets time go by.
func (w *world) pass(d time.Duration) {
	w.wall, w.uptime = w.wall.Add(d), w.uptime+d
}

// slotOf is the slot of a class in a table that began so many days before noon's day.
func slotOf(class, table string, days int) Slot {
	return Slot{class, retention.Place{Store: retention.ClickHouse, Name: table}, noon.Truncate(24*time.Hour).AddDate(0, 0, -days).Unix()}
}

func TestSweepDropsWhatIsDueAndNothingElse(t *testing.T) {
	w := newWorld(t)
	due := []Slot{
		slotOf(retention.MailTracking, "scans", 40), slotOf(retention.MailTracking, "scans", 30), slotOf(retention.PackageTracking, "scans", 90),
		slotOf(retention.Receipts, "blocks", 100), slotOf(retention.SystemLogs, "system.query_log", 2),
	}
	kept := []Slot{
		slotOf(retention.MailTracking, "scans", 29), slotOf(retention.MailTracking, "scans", 0), slotOf(retention.PackageTracking, "scans", 40),
		slotOf(retention.Receipts, "blocks", 99), slotOf(retention.SystemLogs, "system.query_log", 1),
	}
	for i, slot := range append(append([]Slot{}, due...), kept...) {
		w.store.slots[slot] = uint64(i + 1)
	}
	w.store.strange = []Held{{Class: retention.SystemLogs, Strange: "202611", Rows: 7}, {Class: "unheard_of", From: 5}}
	s := w.sweeper()
	swept := s.Sweep(t.Context())
	require.NoError(t, swept.Err())
	require.Len(t, swept.Drops, len(due))
	require.Equal(t, due[0], swept.Drops[0].Slot, "the longest overdue goes first")
	for i, slot := range due {
		require.NotContains(t, w.store.slots, slot)
		require.EqualValues(t, i+1, w.book.entries[slot].Rows)
		require.Equal(t, BySweeper, w.book.entries[slot].By)
	}
	require.Len(t, w.book.entries, len(due))
	left := retention.Builtin().Row(retention.MailTracking).LimitAt(kept[0].Start)
	require.EqualValues(t, left, testutil.ToFloat64(s.metrics.limits.WithLabelValues(retention.MailTracking, "scans")), "of the oldest that is left")
	require.Equal(t, 4, testutil.CollectAndCount(s.metrics.limits), "a class in a place each")
	for _, slot := range kept {
		require.Contains(t, w.store.slots, slot)
	}
	require.EqualValues(t, 2, testutil.ToFloat64(s.metrics.strange))
	text, err := os.ReadFile(w.notes)
	require.NoError(t, err)
	var noted []noteLine
	require.NoError(t, json.Unmarshal(text, &noted))
	require.Len(t, noted, len(kept), "what is entered is not noted any more")
	require.Empty(t, s.Sweep(t.Context()).Drops, "run again, it finds nothing")

	row := retention.Builtin().Row(retention.MailTracking)
	w.pass(time.Unix(row.DestroyAt(kept[0].Start), 0).Sub(w.wall) - time.Second)
	s.Sweep(t.Context())
	require.Contains(t, w.store.slots, kept[0], "a second before its time")
	w.pass(time.Second)
	s.Sweep(t.Context())
	require.NotContains(t, w.store.slots, kept[0])
}

// Killed between any two steps, the next sweeper finishes, and the ledger has each destruction once, with its rows.
func TestSweeperKilled(t *testing.T) {
	for _, point := range []Point{BeforeDrop, AfterDrop, AfterEntry} {
		for nth := 1; nth <= 2; nth++ {
			t.Run(string(point), func(t *testing.T) {
				w := newWorld(t)
				first, second := slotOf(retention.MailTracking, "scans", 41), slotOf(retention.MailTracking, "scans", 40)
				w.store.slots = map[Slot]uint64{first: 5, second: 6}
				passed := 0
				w.reached = func(p Point) {
					if p == point {
						if passed++; passed == nth {
							panic("killed")
						}
					}
				}
				require.Panics(t, func() { w.sweeper().Sweep(t.Context()) })
				w.reached = nil
				w.pass(24 * time.Hour) // long after the backstop's time: it was the sweeper all the same
				require.NoError(t, w.sweeper().Sweep(t.Context()).Err())
				require.Empty(t, w.store.slots)
				require.Empty(t, w.book.returned)
				require.Len(t, w.book.entries, 2)
				require.EqualValues(t, 5, w.book.entries[first].Rows)
				require.EqualValues(t, 6, w.book.entries[second].Rows)
				for _, d := range w.book.entries {
					require.Equal(t, BySweeper, d.By)
				}
			})
		}
	}
}

// Who ended a slot that is gone at the next look.
func TestWhoEndedASlot(t *testing.T) {
	row := retention.Builtin().Row(retention.MailTracking)
	slot := slotOf(retention.MailTracking, "scans", 20)
	untilDue := time.Unix(row.DestroyAt(slot.Start), 0).Sub(noon)
	untilBackstop := time.Unix(row.BackstopAt(slot.Start), 0).Sub(noon)
	for _, c := range []struct {
		name  string
		after time.Duration
		who   string
	}{
		{"the store's own expiry", untilBackstop + time.Second, ByBackstop},
		{"somebody before the expiry's time", untilDue + time.Second, ByOperator},
		{"somebody before it was due", time.Hour, ByOperator},
	} {
		t.Run(c.name, func(t *testing.T) {
			w := newWorld(t)
			w.store.slots[slot] = 9
			require.NoError(t, w.sweeper().Sweep(t.Context()).Err())
			delete(w.store.slots, slot)
			w.pass(c.after)
			s := w.sweeper() // the notes outlast the process
			s.Sweep(t.Context())
			if w.wall.Before(noon.Add(untilDue)) {
				require.Empty(t, w.book.entries, "entered when it is due")
				w.pass(untilBackstop)
				w.sweeper().Sweep(t.Context())
			}
			require.Equal(t, c.who, w.book.entries[slot].By)
			require.EqualValues(t, 9, w.book.entries[slot].Rows)
		})
	}
}

// What fails is counted and tried again, and stops nothing else.
func TestFailures(t *testing.T) {
	mail, receipts := slotOf(retention.MailTracking, "scans", 40), slotOf(retention.Receipts, "blocks", 110)
	for _, c := range []struct {
		name, what string
		breaks     func(*world)
		mends      func(*world)
		left       int
	}{
		{"a locked table", "drop", func(w *world) { w.store.stuck = "blocks" }, func(w *world) { w.store.stuck = "" }, 1},
		{"a store away", "look", func(w *world) { w.store.away = true }, func(w *world) { w.store.away = false }, 2},
		{"a lost answer", "drop", func(w *world) { w.store.lost = true }, func(w *world) { w.store.lost = false }, 0},
		{"a ledger that takes nothing", "ledger", func(w *world) { w.book.broken = true }, func(w *world) { w.book.broken = false }, 0},
		{"no room for notes", "notes", func(w *world) { w.notes = filepath.Join(w.notes, "none") }, func(*world) {}, 0},
		{"notes that are none", "notes", func(w *world) { require.NoError(w.t, os.WriteFile(w.notes, []byte("{"), 0o600)) }, func(*world) {}, 0},
	} {
		t.Run(c.name, func(t *testing.T) {
			w := newWorld(t)
			w.store.slots = map[Slot]uint64{mail: 1, receipts: 2}
			c.breaks(w)
			s := w.sweeper()
			swept := s.Sweep(t.Context())
			require.Error(t, swept.Err())
			require.Equal(t, c.what, swept.Failures[0].What)
			require.NotZero(t, testutil.ToFloat64(s.metrics.failures.WithLabelValues(c.what)))
			require.Len(t, w.store.slots, c.left)
			if c.what == "drop" || c.what == "ledger" {
				require.Less(t, s.metrics.owed.Load(), w.wall.Unix(), "it is overdue until it is done")
			}
			c.mends(w)
			w.pass(time.Second)
			s.Sweep(t.Context())
			require.Empty(t, w.store.slots)
			require.Len(t, w.book.entries, 2)
			require.EqualValues(t, 1, w.book.entries[mail].Rows)
			require.EqualValues(t, 2, w.book.entries[receipts].Rows)
			require.Empty(t, w.book.returned)
			if c.what != "notes" {
				require.Greater(t, s.metrics.owed.Load(), w.wall.Unix())
			}
		})
	}
}

func TestASlotThatReturnsIsDestroyedAgainAndSaidSo(t *testing.T) {
	w := newWorld(t)
	slot := slotOf(retention.MailTracking, "scans", 40)
	w.store.slots[slot] = 5
	s := w.sweeper()
	s.Sweep(t.Context())
	w.store.slots[slot] = 3
	swept := s.Sweep(t.Context())
	require.Empty(t, w.store.slots)
	require.Len(t, w.book.returned, 1)
	require.EqualValues(t, 3, w.book.returned[0].Rows)
	require.EqualValues(t, 5, w.book.entries[slot].Rows)
	require.True(t, swept.Drops[0].Returned)
}

// A slot in which nothing lay is entered too, but not while its store does not answer.
func TestEmptySlotsAreEntered(t *testing.T) {
	w := newWorld(t)
	slot := slotOf(retention.MailTracking, "scans", 40)
	w.book.missing = []Slot{slot, slotOf(retention.MailTracking, "scans", 3)}
	w.store.away = true
	s := w.sweeper()
	s.Sweep(t.Context())
	require.Empty(t, w.book.entries)
	w.store.away = false
	swept := s.Sweep(t.Context())
	require.Empty(t, swept.Drops)
	require.Equal(t, []Slot{slot}, keys(w.book.entries))
	require.Zero(t, w.book.entries[slot].Rows)
}

func keys(entries map[Slot]Drop) (slots []Slot) {
	for slot := range maps.Keys(entries) {
		slots = append(slots, slot)
	}
	return slots
}

// A wall clock that is set back, before the start or after it, holds up no destruction.
func TestAClockSetBack(t *testing.T) {
	row := retention.Builtin().Row(retention.MailTracking)
	slot := slotOf(retention.MailTracking, "scans", 29)
	due := time.Unix(row.DestroyAt(slot.Start), 0)
	t.Run("while it runs", func(t *testing.T) {
		w := newWorld(t)
		w.store.slots[slot] = 1
		s := w.sweeper()
		s.Sweep(t.Context())
		require.Len(t, w.store.slots, 1)
		w.pass(due.Sub(noon))
		w.wall = noon.AddDate(-1, 0, 0)
		require.NoError(t, s.Sweep(t.Context()).Err())
		require.Empty(t, w.store.slots)
		require.InDelta(t, due.Sub(w.wall).Seconds(), -s.clock.off().Seconds(), 1)
	})
	t.Run("before it starts", func(t *testing.T) {
		w := newWorld(t)
		w.store.slots[slot] = 1
		w.wall, w.book.last = noon.AddDate(-1, 0, 0), due.Add(-time.Minute)
		s := w.sweeper()
		s.Sweep(t.Context())
		require.Len(t, w.store.slots, 1)
		w.pass(time.Minute)
		s.Sweep(t.Context())
		require.Empty(t, w.store.slots)
	})
}

// A wall clock that jumps ahead while the sweeper runs destroys nothing that is not due, and what is due goes all the same.
func TestAClockThatJumpsAhead(t *testing.T) {
	row := retention.Builtin().Row(retention.MailTracking)
	slot, later := slotOf(retention.MailTracking, "scans", 29), slotOf(retention.MailTracking, "scans", 0)
	due := time.Unix(row.DestroyAt(slot.Start), 0)
	w := newWorld(t)
	w.store.slots = map[Slot]uint64{slot: 1, later: 2}
	s := w.sweeper()
	s.Sweep(t.Context())
	w.wall = w.wall.AddDate(1, 0, 0)
	require.Empty(t, s.Sweep(t.Context()).Drops)
	require.Len(t, w.store.slots, 2)
	require.InDelta(t, (365 * 24 * time.Hour).Seconds(), testutil.ToFloat64(gauge(t, w, "mailtrail_retention_clock_ahead_seconds")), 1)
	w.pass(due.Sub(noon))
	s.Sweep(t.Context())
	require.Equal(t, map[Slot]uint64{later: 2}, w.store.slots, "the time that has passed counts")
	w.wall = noon.Add(w.uptime)
	s.Sweep(t.Context())
	require.Zero(t, testutil.ToFloat64(gauge(t, w, "mailtrail_retention_clock_ahead_seconds")))
	require.Equal(t, map[Slot]uint64{later: 2}, w.store.slots)
	w.pass(time.Minute) // as a clock is slewed, or a sleep that the uptime does not count
	w.wall = w.wall.Add(time.Minute)
	require.Zero(t, s.clock.off())
}

// In a place with something that is no slot nothing is said to be gone: it may lie there under another name.
func TestNothingIsGoneWhereSomethingIsStrange(t *testing.T) {
	w := newWorld(t)
	slot := slotOf(retention.SystemLogs, "system.query_log", 0)
	w.store.slots[slot] = 3
	w.sweeper().Sweep(t.Context())
	delete(w.store.slots, slot)
	w.store.strange = []Held{{Class: retention.SystemLogs, Place: slot.Place, Strange: "202611", Rows: 3}}
	w.book.missing = []Slot{slot}
	w.pass(10 * 24 * time.Hour)
	require.NoError(t, w.sweeper().Sweep(t.Context()).Err())
	require.Empty(t, w.book.entries)
}

// The logs that the embedded engine throws away when it starts were dropped by nobody.
func TestTheEngineEmptiesItsOwnLogs(t *testing.T) {
	w := newWorld(t)
	slot := slotOf(retention.SystemLogs, "system.query_log", 0)
	w.store.slots[slot] = 3
	w.emptied = func(p retention.Place) bool { return p == slot.Place }
	w.sweeper().Sweep(t.Context())
	delete(w.store.slots, slot)
	w.sweeper().Sweep(t.Context())
	w.pass(3 * 24 * time.Hour)
	w.sweeper().Sweep(t.Context())
	require.Equal(t, ByEngine, w.book.entries[slot].By)
}

// A class that left the schedule is in the ledger's calendar all the same.
func TestAClassThatLeftTheSchedule(t *testing.T) {
	w := newWorld(t)
	w.book.left = []Slot{{Class: "gone", Place: retention.Place{Store: retention.ClickHouse, Name: "gone"}, Start: 0}}
	require.NoError(t, w.sweeper().Sweep(t.Context()).Err())
	require.Empty(t, w.book.entries)
}

// What falls due while a sweep goes on does not wait for the longest pause.
func TestRunLooksAgainForWhatFellDueDuringASweep(t *testing.T) {
	w := newWorld(t)
	s := w.sweeper()
	due := s.nextDue()
	w.pass(time.Unix(due, 0).Sub(w.wall) + time.Second)
	require.Zero(t, s.wait(due))
}

// Run wakes at the moment a slot is due, whether it was there at the last look or not, and ends with its context.
func TestRunWakesWhenASlotIsDue(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		began := time.Now()
		row := retention.Builtin().Row(retention.MailTracking)
		slot := Slot{retention.MailTracking, retention.Place{Store: retention.ClickHouse, Name: "scans"}, row.CompleteFrom(began.Unix())}
		s, err := New(Config{Schedule: retention.Builtin(), Every: 1000 * time.Hour, Notes: w.notes}, Deps{
			Stores: map[retention.Store]SlotStore{retention.ClickHouse: w.store}, Ledger: w.book, Log: zerolog.Nop(), Metrics: prometheus.NewRegistry(),
			Clock: NewClock(time.Now, func() time.Duration { return time.Since(began) }, zerolog.Nop()),
		})
		require.NoError(t, err)
		ctx, stop := context.WithCancel(t.Context())
		ended := make(chan error, 1)
		go func() { ended <- s.Run(ctx) }()
		synctest.Wait()
		w.store.with(func() { w.store.slots[slot] = 4 })
		time.Sleep(time.Unix(row.DestroyAt(slot.Start), 0).Sub(began) - time.Second)
		synctest.Wait()
		w.store.with(func() { w.store.away = true }) // not sooner: some slot is due every hour, and pauses between tries grow
		time.Sleep(time.Second)
		synctest.Wait()
		require.Len(t, w.store.slots, 1, "the first try failed")
		w.store.with(func() { w.store.away = false })
		time.Sleep(time.Second)
		synctest.Wait()
		require.Empty(t, w.store.slots)
		require.Less(t, w.book.entries[slot].Lag, 2*time.Second)
		stop()
		require.ErrorIs(t, <-ended, context.Canceled)
	})
}

func TestNewRefusesNoPause(t *testing.T) {
	_, err := New(Config{}, Deps{})
	require.ErrorContains(t, err, "longest pause")
}
