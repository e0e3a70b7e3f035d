package keys

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"time"
)

// ByAuthority is who destroys a key when its slot is over; ByLoss stands where the key could not be found then.
const (
	ByAuthority = "authority"
	ByLoss      = "loss"
)

// Sweep seals and destroys what is due now. What fails is tried again by the next one; keys that are due are refused in
// any case.
func (a *Authority) Sweep(ctx context.Context) (Report, error) {
	a.mu.Lock()
	defer a.mu.Unlock()
	report := Report{}
	if !a.started {
		return report, fmt.Errorf("%w: it has not started", ErrUnavailable)
	}
	err := errors.Join(a.finish(ctx, &report), a.sweep(ctx, &report), a.endEmpty(ctx, &report))
	if err != nil {
		a.metrics.failures.Inc()
	}
	return report, err
}

// endEmpty ends the slots that the ledger's calendar has as due and that have no end in it: those that never had a key, all
// at once, and those whose key was lost.
func (a *Authority) endEmpty(ctx context.Context, report *Report) (all error) {
	never, had := map[string][]time.Time{}, []ID{}
	for class, start := range a.deps.Ledger.KeysUnended(a.now()) {
		id := ID{class, start.UTC()}
		if _, created, _ := a.deps.Ledger.Key(class, start); created || a.keys[id] != nil {
			had = append(had, id)
		} else {
			never[class] = append(never[class], id.Start)
		}
	}
	for _, class := range slices.Sorted(maps.Keys(never)) {
		if err := a.deps.Ledger.KeysNeverMade(class, never[class], ByAuthority); err != nil {
			all = errors.Join(all, fmt.Errorf("class %s: entering in the ledger that %d slots ended without a key: %w", class, len(never[class]), err))
			continue
		}
		a.metrics.changes.WithLabelValues("never_made").Add(float64(len(never[class])))
	}
	for _, id := range had {
		known, by := a.keys[id], ByAuthority
		if known == nil || known.foreign {
			by = ByLoss
		}
		if known == nil {
			commitment, _, _ := a.deps.Ledger.Key(id.Class, id.Start)
			known = &live{record: Record{ID: id}, commitment: commitment, noted: true}
		}
		if err := a.kill(ctx, known, by); err != nil {
			all = errors.Join(all, err)
			continue
		}
		report.Destroyed = append(report.Destroyed, id)
	}
	a.metrics.held.Set(float64(len(a.keys)))
	return all
}

// Next is when the next key is due to be sealed or destroyed; zero where there is none.
func (a *Authority) Next() (next time.Time) {
	a.mu.Lock()
	defer a.mu.Unlock()
	for _, known := range a.keys {
		due := known.record.DestroyAt
		if !known.sealed && known.strange == "" {
			due = earlier(due, known.sealAt)
		}
		if next.IsZero() || due.Before(next) {
			next = due
		}
	}
	return next
}

// Live are the keys that are there, with their dates, in order.
func (a *Authority) Live() (all []Record) {
	a.mu.Lock()
	defer a.mu.Unlock()
	for _, id := range slices.SortedFunc(maps.Keys(a.keys), ID.compare) {
		all = append(all, a.keys[id].record)
	}
	return all
}

// sweep does it under the mutex. Dates are asked anew, since a changed schedule may have brought them forward.
func (a *Authority) sweep(ctx context.Context, report *Report) (all error) {
	now := a.now()
	for _, id := range slices.SortedFunc(maps.Keys(a.keys), ID.compare) {
		known := a.keys[id]
		if slot, err := a.deps.Calendar(id.Class, id.Start); err == nil {
			known.record.DestroyAt = earlier(known.record.DestroyAt, slot.DestroyAt)
			known.sealAt = earlier(slot.SealAt, known.record.DestroyAt)
		}
		if !now.Before(known.record.DestroyAt) {
			by := ByAuthority
			if known.foreign {
				by = ByLoss
			}
			if err := a.kill(ctx, known, by); err != nil {
				all = errors.Join(all, err)
				continue
			}
			report.Destroyed = append(report.Destroyed, id)
			continue
		}
		if err := a.seal(known, now, report); err != nil {
			all = errors.Join(all, err)
		}
	}
	a.metrics.held.Set(float64(len(a.keys)))
	return errors.Join(all, a.remember(now, report))
}

// seal enters that a key is sealed, once its time has come, and before that that it was made: both may be due after a crash.
func (a *Authority) seal(known *live, now time.Time, report *Report) error {
	if known.strange != "" {
		return nil
	}
	if err := a.note(known); err != nil {
		return err
	}
	if known.sealed || now.Before(known.sealAt) {
		return nil
	}
	id := known.record.ID
	if err := a.deps.Ledger.KeySealed(id.Class, id.Start, known.commitment); err != nil {
		return fmt.Errorf("%s: entering in the ledger that it is sealed: %w", id, err)
	}
	known.sealed = true
	a.metrics.changes.WithLabelValues("sealed").Inc()
	report.Sealed = append(report.Sealed, id)
	return nil
}

// remember moves the clock's lower bound up. A sweep that did nothing writes nothing.
func (a *Authority) remember(now time.Time, report *Report) error {
	if len(report.Destroyed)+len(report.Sealed)+len(report.Returned) == 0 {
		return nil
	}
	a.graves.mark = now.Truncate(time.Second)
	a.compact(now)
	return a.graves.write()
}

// compact lets tombstones go whose slot is over by the calendar, where no key of an earlier slot is left.
func (a *Authority) compact(now time.Time) {
	a.graves.compact(func(id ID) bool {
		slot, err := a.deps.Calendar(id.Class, id.Start)
		return err == nil && !now.Before(slot.DestroyAt)
	}, func(class string, upTo time.Time) bool {
		for id := range a.keys {
			if id.Class == class && !id.Start.After(upTo) {
				return true
			}
		}
		return false
	})
}

// kill begins the destruction of a key that is there, and ends it. From the tombstone on nobody gets the key, whatever
// happens in between.
func (a *Authority) kill(ctx context.Context, known *live, by string) error {
	id := known.record.ID
	if known.commitment != ([32]byte{}) && !known.noted && known.strange == "" {
		if err := a.note(known); err != nil { // an end without a beginning would look like a forgery
			return err
		}
	}
	a.graves.dying[id] = dying{known.commitment, by}
	if err := a.graves.write(); err != nil {
		return err
	}
	a.deps.Reached(AfterTombstone)
	return a.bury(ctx, id)
}

// bury destroys a key that has its tombstone, and enters it in the ledger. It can be repeated.
func (a *Authority) bury(ctx context.Context, id ID) error {
	if err := a.deps.Store.Destroy(ctx, id); err != nil {
		return err
	}
	end := a.graves.dying[id]
	if err := a.deps.Ledger.KeyDestroyed(id.Class, id.Start, end.commitment, end.by); err != nil {
		return fmt.Errorf("%s: it is destroyed; entering that in the ledger: %w", id, err)
	}
	a.deps.Reached(AfterDestroyedNoted)
	delete(a.graves.dying, id)
	a.graves.dead[id] = true
	delete(a.keys, id)
	a.compact(a.now())
	a.metrics.changes.WithLabelValues("destroyed").Inc()
	return a.graves.write()
}

// Destroy ends a slot for ever, in its time or before, whether it ever had a key or not, and enters that in the ledger.
// by is who wants it, for a destruction before its time; the reason is the caller's entry. It can be repeated.
func (a *Authority) Destroy(ctx context.Context, class string, start time.Time, by string) error {
	a.mu.Lock()
	defer a.mu.Unlock()
	if !a.started {
		return fmt.Errorf("%w: it has not started", ErrUnavailable)
	}
	slot, err := a.deps.Calendar(class, start)
	if err != nil {
		return err
	}
	if !className.MatchString(by) {
		return fmt.Errorf("by %q: expected a word of a-z, 0-9 and _, as operator", by)
	}
	id := slot.id()
	commitment, created, destroyed := a.deps.Ledger.Key(slot.Class, slot.Start)
	known := a.keys[id]
	switch {
	case known != nil:
		err = a.kill(ctx, known, by)
	case destroyed && a.graves.covers(id): // done
	default:
		if created {
			by = ByLoss
		}
		err = a.kill(ctx, &live{record: Record{ID: id}, commitment: commitment, noted: created}, by)
	}
	a.metrics.held.Set(float64(len(a.keys)))
	return err
}
