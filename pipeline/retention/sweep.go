package retention

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"mailtrail/schemas/retention"
)

// Who ended a slot in a place, in the words of the ledger.
const (
	BySweeper  = "sweeper"
	ByBackstop = "backstop" // the store's own expiry
	ByOperator = "operator" // anybody else, before the backstop's time
	ByEngine   = "engine"   // the embedded engine, which starts with empty logs of its own
)

// tried notes that the sweeper could not drop a slot, or does not know that it did.
const tried = "tried"

// Slot is one slot of a class in one place.
type Slot struct {
	Class string
	Place retention.Place
	// Start is in Unix seconds.
	Start int64
}

// Drop is the end of a slot in a place.
type Drop struct {
	Slot
	Rows, Bytes uint64
	By          string
	// Lag is how long after destroy_at it was known to be gone.
	Lag time.Duration
	// Returned says that the slot was destroyed before and was found again.
	Returned bool
}

// Failure is what could not be done.
type Failure struct {
	// What is look, drop, notes or ledger.
	What string
	Err  error
}

// Swept is what one sweep did.
type Swept struct {
	Drops    []Drop
	Failures []Failure
}

// Err is nil where everything that was due is done.
func (s *Swept) Err() error {
	var all []error
	for _, f := range s.Failures {
		all = append(all, f.Err)
	}
	return errors.Join(all...)
}

// Sweep destroys what is due now, and enters it in the ledger. What fails does not stop the rest; it stands in the answer and
// is done by the next sweep. A sweep that is killed at any moment is finished by the next one. Sweeps come one after
// the other.
func (s *Sweeper) Sweep(ctx context.Context) *Swept {
	r := &run{Sweeper: s, now: s.clock.Now(), owed: s.nextDue(), swept: &Swept{}}
	r.recall()
	r.look(ctx)
	r.note()
	for _, slot := range r.due {
		r.destroy(ctx, slot)
	}
	r.enterGone()
	r.enterEmpty()
	r.note()
	s.metrics.owed.Store(r.owed)
	return r.swept
}

// run is one sweep.
type run struct {
	*Sweeper
	now time.Time
	// owed is the earliest destroy_at that is not kept when the sweep ends.
	owed  int64
	swept *Swept
	// looked are the stores that answered, held what they hold, due what of it must go, in order.
	looked map[retention.Store]bool
	held   map[Slot]bool
	due    []Slot
	// strange are the places in which something lies that is no slot: what of it is gone cannot be told.
	strange map[retention.Place]bool
}

func (r *run) failed(what string, since int64, err error) {
	r.swept.Failures = append(r.swept.Failures, Failure{what, err})
	r.metrics.failures.WithLabelValues(what).Inc()
	r.log.Error().Err(err).Msgf("the sweeper's %s failed; it is tried again", what)
	r.owed = min(r.owed, since)
}

// look asks the stores what they hold, and notes it.
func (r *run) look(ctx context.Context) {
	r.looked, r.held, r.strange = map[retention.Store]bool{}, map[Slot]bool{}, map[retention.Place]bool{}
	strange := 0
	for name, store := range r.stores {
		found, err := r.ask(ctx, store)
		if err != nil {
			// What it holds may have been due ever since the last look.
			r.failed("look", r.metrics.owed.Load(), fmt.Errorf("look at what %s holds: %w", name, err))
			continue
		}
		r.looked[name] = true
		for _, h := range found {
			row := r.schedule.Row(h.Class)
			if h.Strange != "" || row == nil || !row.Sliced() {
				strange++
				r.strange[h.Place] = true
				continue
			}
			slot := Slot{h.Class, h.Place, h.From}
			r.held[slot] = true
			due := row.DestroyAt(h.From) <= r.now.Unix()
			if due {
				r.due = append(r.due, slot)
			}
			n := note{Slot: slot, Rows: h.Rows, Bytes: h.Bytes}
			if due {
				n.Ended = BySweeper
			}
			r.notes[slot] = n
		}
	}
	r.metrics.strange.Set(float64(strange))
	slices.SortFunc(r.due, func(a, b Slot) int { return a.compare(r.schedule, b) })
}

func (r *run) ask(ctx context.Context, store SlotStore) ([]Held, error) {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	return store.Held(ctx)
}

// destroy drops a slot and enters it.
func (r *run) destroy(ctx context.Context, slot Slot) {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	r.reached(BeforeDrop)
	if err := r.stores[slot.Place.Store].Drop(ctx, slot); err != nil {
		r.failed("drop", r.destroyAt(slot), err)
		n := r.notes[slot]
		n.Ended = tried
		r.notes[slot] = n
		return
	}
	r.reached(AfterDrop)
	delete(r.held, slot)
	n := r.notes[slot]
	if again, ok := r.enter(n, BySweeper); ok && again {
		r.enterReturned(n)
	}
	r.reached(AfterEntry)
}

// enterGone enters what was held at an earlier look and is gone.
func (r *run) enterGone() {
	for _, slot := range r.noted() {
		n := r.notes[slot]
		if !r.gone(slot) {
			continue
		}
		row, early := r.schedule.Row(slot.Class), r.now.Unix() < r.schedule.Row(slot.Class).BackstopIn(slot.Place.Store, slot.Start)
		switch {
		case n.Ended == "" && early && r.emptied(slot.Place):
			n.Ended = ByEngine
		case n.Ended == "" && early:
			n.Ended = ByOperator
			r.log.Warn().Str("class", slot.Class).Str("place", slot.Place.Name).Time("slot", time.Unix(slot.Start, 0).UTC()).
				Msg("a slot is gone that neither the sweeper nor the store's own expiry removed")
		case n.Ended == tried && early:
			n.Ended = BySweeper // it was done, and only the answer was lost
		case n.Ended == "" || n.Ended == tried:
			n.Ended = ByBackstop
		}
		r.notes[slot] = n
		// One that went too early is entered when it is due.
		if row.DestroyAt(slot.Start) <= r.now.Unix() {
			r.enter(n, n.Ended)
		}
	}
}

// gone reports whether nothing of the slot lies in a place that was looked at.
func (r *run) gone(slot Slot) bool {
	return r.looked[slot.Place.Store] && !r.held[slot] && !r.strange[slot.Place]
}

// enterEmpty enters the slots of the calendar in which nothing lies, all at once: a schedule of seconds has thousands of
// them after a night. A class that has left the schedule has none.
func (r *run) enterEmpty() {
	var empty []Drop
	for _, slot := range r.ledger.Missing(r.now) {
		if _, noted := r.notes[slot]; noted || !r.gone(slot) || r.schedule.Row(slot.Class) == nil {
			continue
		}
		empty = append(empty, Drop{Slot: slot, By: BySweeper, Lag: r.now.Sub(time.Unix(r.destroyAt(slot), 0))})
	}
	if len(empty) == 0 {
		return
	}
	if err := r.ledger.EnterAll(empty); err != nil {
		r.failed("ledger", r.destroyAt(empty[0].Slot), fmt.Errorf("enter %d slots in which nothing lay: %w", len(empty), err))
		return
	}
	for _, d := range empty {
		r.tell(d)
	}
}

// enter tells the ledger that a slot is gone, and forgets it. again says that the ledger had it already.
func (r *run) enter(n note, by string) (again, ok bool) {
	drop := Drop{Slot: n.Slot, Rows: n.Rows, Bytes: n.Bytes, By: by, Lag: r.clock.Now().Sub(time.Unix(r.destroyAt(n.Slot), 0))}
	again, err := r.ledger.Enter(drop)
	if err != nil {
		r.failed("ledger", r.destroyAt(n.Slot), fmt.Errorf("enter the end of slot %s of class %s in %s: %w", start(n.Slot), n.Class, n.Place.Name, err))
		return false, false
	}
	delete(r.notes, n.Slot)
	if !again {
		r.tell(drop)
	}
	return again, true
}

// enterReturned tells the ledger that a slot that it has as gone was found and destroyed again.
func (r *run) enterReturned(n note) {
	drop := Drop{Slot: n.Slot, Rows: n.Rows, Bytes: n.Bytes, By: BySweeper, Lag: r.clock.Now().Sub(time.Unix(r.destroyAt(n.Slot), 0)), Returned: true}
	if err := r.ledger.Returned(drop); err != nil {
		r.failed("ledger", r.destroyAt(n.Slot), fmt.Errorf("enter the return of slot %s of class %s in %s: %w", start(n.Slot), n.Class, n.Place.Name, err))
	}
	r.tell(drop)
}

// tell says in the answer, the metrics and the log what is gone. A slot in which nothing lay is only counted.
func (r *run) tell(d Drop) {
	r.metrics.drops.WithLabelValues(d.Place.Name, d.By).Inc()
	if d.Rows == 0 {
		return
	}
	r.swept.Drops = append(r.swept.Drops, d)
	r.metrics.lag.Observe(d.Lag.Seconds())
	r.log.Info().Str("class", d.Class).Str("place", d.Place.Name).Time("slot", time.Unix(d.Start, 0).UTC()).Uint64("rows", d.Rows).
		Str("by", d.By).Bool("returned", d.Returned).Dur("lag", d.Lag).Msg("a slot is destroyed")
}

func start(s Slot) string { return time.Unix(s.Start, 0).UTC().Format(time.RFC3339) }
