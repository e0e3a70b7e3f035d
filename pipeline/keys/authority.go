package keys

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"path/filepath"
	"sync"
	"time"

	"github.com/gofrs/flock"
	"github.com/prometheus/client_golang/prometheus"
	"github.com/rs/zerolog"
)

// Config is what an authority is told.
type Config struct {
	// Tombstones is the file that remembers destroyed keys. It must not lie in the
	// folder of the keys.
	Tombstones string
	// Ahead is how far in the future a slot may start whose key is asked for.
	Ahead time.Duration
	// Every is the longest between two sweeps of Run, which wakes by itself at every date of a key.
	Every time.Duration
}

// Ledger is what an authority tells and asks the ledger. Each of the first three, and KeysNeverMade, can be said again.
type Ledger interface {
	KeyCreated(class string, slot, destroyAt time.Time, commitment [32]byte) error
	KeySealed(class string, slot time.Time, commitment [32]byte) error
	KeyDestroyed(class string, slot time.Time, commitment [32]byte, by string) error
	KeyReturned(class string, slot time.Time, commitment [32]byte, detail string) error
	// KeysNeverMade enters the ends of slots that never had a key.
	KeysNeverMade(class string, slots []time.Time, by string) error
	// Key returns what is known of a slot's key.
	Key(class string, slot time.Time) (commitment [32]byte, created, destroyed bool)
	// KeysUnended yields the slots that were due before a time and of whose key no end is entered; KeysLive those whose
	// key was made and has not ended.
	KeysUnended(due time.Time) iter.Seq2[string, time.Time]
	KeysLive() iter.Seq2[string, time.Time]
}

// Deps are what an authority needs from outside.
type Deps struct {
	Log      zerolog.Logger
	Metrics  prometheus.Registerer
	Clock    func() time.Time
	Store    Store
	Ledger   Ledger
	Calendar Calendar
	// NextDue is when the next slot of the calendar is due after a time, whether it has a key or not; nil: Run wakes for keys alone.
	NextDue func(now time.Time) time.Time
	// Reached is called at named points between the steps; nil in production. Tests
	// end the process there.
	Reached func(Point)
}

// Use is what a key is asked for.
type Use string

// The uses.
const (
	ToSeal Use = "seal"
	ToOpen Use = "open"
)

// Grant is a key, and until when.
type Grant struct {
	Slot Slot
	Key  Secret
}

// Source gives keys: an [Authority] in this process, or a [Client] of one.
type Source interface {
	// Key returns the key of a slot; the caller wipes it. The error wraps one of this package's.
	Key(ctx context.Context, class string, start time.Time, use Use) (Grant, error)
}

// live is a key that the authority has.
type live struct {
	record     Record
	commitment [32]byte
	sealAt     time.Time
	// noted and sealed: the ledger knows that it was made, that it is sealed.
	noted, sealed bool
	// strange says why the key is not served; empty where it is.
	strange string
	// foreign: it is another key than the one that the ledger has for the slot.
	foreign bool
}

// Authority has the keys: it makes them, gives them out and destroys them. There is one for a store and its tombstones.
type Authority struct {
	config  Config
	deps    Deps
	metrics *metrics
	lock    *flock.Flock
	// woken tells Run that there is a new date.
	woken chan struct{}

	mu      sync.Mutex
	started bool
	graves  *tombstones
	keys    map[ID]*live
	// latest is the latest time that was seen: time does not run backwards here.
	latest time.Time
}

// New checks and is inert otherwise: nothing is read, made or destroyed before Start.
func New(config Config, deps Deps) (*Authority, error) {
	if deps.Reached == nil {
		deps.Reached = func(Point) {}
	}
	if files, ok := deps.Store.(*FileStore); ok && filepath.Clean(filepath.Dir(config.Tombstones)) == filepath.Clean(files.dir) {
		return nil, fmt.Errorf("the tombstones %s lie in the folder of the keys: whoever puts that folder back from a copy would put both back", config.Tombstones)
	}
	lock := flock.New(config.Tombstones+".lock", flock.SetPermissions(0o600))
	a := &Authority{config: config, deps: deps, lock: lock, woken: make(chan struct{}, 1), keys: map[ID]*live{}}
	var err error
	if a.metrics, err = newMetrics(deps.Metrics, a.overdue); err != nil {
		return nil, fmt.Errorf("metrics of slot keys: %w", err)
	}
	return a, nil
}

// now is the clock, held where it steps back: behind what was seen, or behind what destruction has gone on at.
func (a *Authority) now() time.Time {
	now := a.deps.Clock().UTC()
	for _, bound := range []time.Time{a.latest, a.graves.mark} {
		if bound.After(now) {
			now = bound
		}
	}
	a.latest = now
	return now
}

// Key returns the key of a slot, and makes one where the slot is open and has none.
func (a *Authority) Key(ctx context.Context, class string, start time.Time, use Use) (grant Grant, err error) {
	a.mu.Lock()
	defer a.mu.Unlock()
	defer func() { a.metrics.answered(use, err) }()
	if !a.started {
		return Grant{}, fmt.Errorf("%w: it has not started", ErrUnavailable)
	}
	id, now := ID{class, start.UTC()}, a.now()
	known := a.keys[id]
	slot, err := a.deps.Calendar(class, start)
	if err != nil && (known == nil || use == ToSeal) {
		return Grant{}, err
	}
	if err != nil { // what a class had before the schedule lost it can still be opened
		slot = Slot{class, id.Start, known.sealAt, known.record.DestroyAt}
	}
	if known != nil {
		slot.DestroyAt = earlier(slot.DestroyAt, known.record.DestroyAt)
	}
	slot.SealAt = earlier(slot.SealAt, slot.DestroyAt)
	switch {
	case a.gone(id, slot.DestroyAt, now):
		return Grant{}, fmt.Errorf("%s: %w", id, ErrDestroyed)
	case use == ToSeal && !now.Before(slot.SealAt):
		return Grant{}, fmt.Errorf("%s: %w", id, ErrSealed)
	case known == nil:
		if known, err = a.create(ctx, slot, use, now); err != nil {
			return Grant{}, err
		}
	}
	return a.give(ctx, slot, known)
}

// gone tells whether a slot's key is destroyed or must be: by the calendar, by a tombstone, or by the ledger, which knows
// it where the tombstones came from an older copy.
func (a *Authority) gone(id ID, destroyAt, now time.Time) bool {
	_, _, destroyed := a.deps.Ledger.Key(id.Class, id.Start)
	return !now.Before(destroyAt) || a.graves.covers(id) || destroyed
}

// create makes the key of a slot that never had one.
func (a *Authority) create(ctx context.Context, slot Slot, use Use, now time.Time) (*live, error) {
	id := slot.id()
	switch _, created, _ := a.deps.Ledger.Key(slot.Class, slot.Start); {
	case created:
		return nil, fmt.Errorf("%s: %w: the ledger has it and the store does not; put the folder of keys back (key keys.dir)", id, ErrLost)
	case use == ToOpen:
		return nil, fmt.Errorf("%s: %w", id, ErrUnknown)
	case slot.Start.After(now.Add(a.config.Ahead)):
		return nil, fmt.Errorf("%s: %w", id, ErrNotBegun)
	case !className.MatchString(slot.Class):
		return nil, fmt.Errorf("class %q: %w: expected 1 to 64 of a-z, 0-9 and _", slot.Class, ErrNoSlot)
	}
	key := newSecret()
	defer key.wipe()
	made := &live{record: Record{id, now.Truncate(time.Second), slot.DestroyAt}, commitment: key.Commitment(), sealAt: slot.SealAt}
	if err := a.deps.Store.Put(ctx, made.record, key); err != nil {
		return nil, fmt.Errorf("%w: %w", ErrUnavailable, err)
	}
	a.keys[id] = made
	a.metrics.held.Set(float64(len(a.keys)))
	a.metrics.changes.WithLabelValues("created").Inc()
	select {
	case a.woken <- struct{}{}:
	default:
	}
	return made, nil
}

// give hands a key out, once the ledger knows it.
func (a *Authority) give(ctx context.Context, slot Slot, known *live) (Grant, error) {
	id := known.record.ID
	if known.strange != "" {
		return Grant{}, fmt.Errorf("%s: %w: %s", id, ErrUnavailable, known.strange)
	}
	if err := a.note(known); err != nil {
		return Grant{}, err
	}
	_, key, err := a.deps.Store.Get(ctx, id)
	if errors.Is(err, ErrUnknown) {
		return Grant{}, fmt.Errorf("%s: %w: it was there at the start", id, ErrLost)
	}
	if err != nil {
		return Grant{}, fmt.Errorf("%w: %w", ErrUnavailable, err)
	}
	if key.Commitment() != known.commitment {
		key.wipe()
		return Grant{}, fmt.Errorf("%s: %w: the store has another key than at the start", id, ErrUnavailable)
	}
	return Grant{slot, key}, nil
}

// note enters that a key was made. A key that is in no ledger seals nothing.
func (a *Authority) note(known *live) error {
	if known.noted {
		return nil
	}
	r := known.record
	if err := a.deps.Ledger.KeyCreated(r.ID.Class, r.ID.Start, r.DestroyAt, known.commitment); err != nil {
		return fmt.Errorf("%s: %w: entering it in the ledger: %w", r.ID, ErrUnavailable, err)
	}
	known.noted = true
	a.deps.Reached(AfterKeyNoted)
	return nil
}

// Close gives the store free for another authority. It destroys nothing.
func (a *Authority) Close() error {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.started = false
	return a.lock.Close()
}

func earlier(a, b time.Time) time.Time {
	if b.Before(a) {
		return b
	}
	return a
}
