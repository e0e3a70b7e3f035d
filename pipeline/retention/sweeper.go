package retention

import (
	"cmp"
	"context"
	"fmt"
	"time"

	"github.com/cenkalti/backoff/v4"
	"github.com/prometheus/client_golang/prometheus"
	"github.com/rs/zerolog"

	"mailtrail/schemas/retention"
)

// SlotStore is a store whose slots the sweeper destroys.
type SlotStore interface {
	Store
	// Drop destroys a slot, and does nothing where it is gone.
	Drop(ctx context.Context, slot Slot) error
}

// Ledger is where the sweeper enters what is gone. Its calls come one after the other.
type Ledger interface {
	// LastTime is the time of the newest entry, or zero.
	LastTime() time.Time
	// Missing lists the slots of the calendar that were due before a time and have no entry.
	Missing(due time.Time) []Slot
	// Enter adds the end of a slot in a place. again says that it was there already; then nothing is added.
	Enter(Drop) (again bool, err error)
	// EnterAll adds the ends of slots, those that it has already left out.
	EnterAll([]Drop) error
	// Returned adds that a slot whose end is entered was found and destroyed again.
	Returned(Drop) error
}

// Config is what the sweeper keeps.
type Config struct {
	Schedule *retention.Schedule
	// Every is the longest between two sweeps; it wakes by itself at every destroy_at.
	Every time.Duration
	// Emptied tells of a place that the store itself empties when it starts; nil: none.
	Emptied func(retention.Place) bool
	// Notes is the file in which it keeps what it saw last. It is made where it does not exist.
	Notes string
}

// Deps are what the sweeper needs from outside.
type Deps struct {
	Stores  map[retention.Store]SlotStore
	Ledger  Ledger
	Log     zerolog.Logger
	Metrics prometheus.Registerer
	Clock   *Clock
	// Reached is called at named points of a sweep; nil in production. Tests end the process there.
	Reached func(Point)
}

// Point is a place between the steps of a sweep.
type Point string

// The points at which a sweep can be killed with something half done.
const (
	BeforeDrop Point = "before-drop"
	AfterDrop  Point = "after-drop"
	AfterEntry Point = "after-entry"
)

// patience is how long a store may take for one thing.
const patience = time.Minute

// Sweeper destroys slots on time.
type Sweeper struct {
	schedule *retention.Schedule
	every    time.Duration
	emptied  func(retention.Place) bool
	path     string
	stores   map[retention.Store]SlotStore
	ledger   Ledger
	log      zerolog.Logger
	metrics  *metrics
	clock    *Clock
	reached  func(Point)
	// notes are what was held at the last look and is not entered as gone.
	notes map[Slot]note
	// written is the text of the notes' file, as far as it is known.
	written []byte
}

// New makes a sweeper; nothing is done yet.
func New(config Config, deps Deps) (*Sweeper, error) {
	if config.Every <= 0 {
		return nil, fmt.Errorf("the sweeper's longest pause is %s; expected more than 0", config.Every)
	}
	if deps.Reached == nil {
		deps.Reached = func(Point) {}
	}
	if config.Emptied == nil {
		config.Emptied = func(retention.Place) bool { return false }
	}
	s := &Sweeper{
		schedule: config.Schedule, every: config.Every, emptied: config.Emptied, path: config.Notes, stores: deps.Stores, ledger: deps.Ledger, log: deps.Log,
		clock: deps.Clock, reached: deps.Reached,
	}
	s.metrics = newMetrics(deps.Metrics, s.clock)
	return s, nil
}

// Run sweeps at once, at every destroy_at, and at least every [Config.Every], until ctx ends. What failed is tried again
// with growing pauses.
func (s *Sweeper) Run(ctx context.Context) error {
	pauses := backoff.NewExponentialBackOff(backoff.WithInitialInterval(100*time.Millisecond), backoff.WithMaxInterval(min(10*time.Second, s.every)), backoff.WithMaxElapsedTime(0))
	for {
		due := s.nextDue()
		swept := s.Sweep(ctx)
		wait := s.wait(due)
		if len(swept.Failures) > 0 {
			wait = min(wait, pauses.NextBackOff())
		} else {
			pauses.Reset()
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(wait):
		}
	}
}

// wait is how long until something is due, or until it is time to look anyway. due is what was due next before the sweep:
// it may have become so while the sweep went on, and was then not looked at.
func (s *Sweeper) wait(due int64) time.Duration {
	next := time.Unix(due, 0).Sub(s.clock.Now())
	return min(s.every, max(next, 0))
}

// nextDue is the next destroy_at of any slot in the calendar, Unix seconds, whether anything lies in it or not.
func (s *Sweeper) nextDue() int64 {
	now := s.clock.Now().Unix()
	next := now + int64(s.every/time.Second) + 1
	for _, row := range s.schedule.Rows() {
		if row.Sliced() && row.Flows() && len(row.Tables)+len(row.SystemTables)+len(row.Buckets) > 0 {
			next = min(next, row.DestroyAt(row.CompleteFrom(now)))
		}
	}
	return next
}

func (s *Sweeper) destroyAt(slot Slot) int64 { return s.schedule.Row(slot.Class).DestroyAt(slot.Start) }

// compare orders slots by when they are due.
func (a Slot) compare(schedule *retention.Schedule, b Slot) int {
	return cmp.Or(cmp.Compare(schedule.Row(a.Class).DestroyAt(a.Start), schedule.Row(b.Class).DestroyAt(b.Start)),
		cmp.Compare(a.Class, b.Class), cmp.Compare(a.Place.Store, b.Place.Store), cmp.Compare(a.Place.Name, b.Place.Name))
}
