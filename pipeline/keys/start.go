package keys

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"time"
)

// Report is what a start or a sweep did and found.
type Report struct {
	// Destroyed are keys whose slot was over; Sealed those under which nothing more is encrypted.
	Destroyed, Sealed []ID
	// Returned are keys that had been destroyed, were found again and were destroyed
	// again: somebody put the folder back from a copy. Each is a violation.
	Returned []ID
	// Strange are keys that are not served, with the reason; Strangers are other
	// things that lie among the keys and may hold copies of some.
	Strange   map[ID]string
	Strangers []string
}

// ErrBusy is wrapped by the error for keys that another process has.
var ErrBusy = errors.New("another process has the slot keys")

// Start takes the keys for this process. Before it returns, every key that is overdue, or was destroyed before and came
// back, is destroyed; open ports and stores after that. With an error some may be left, and no key is served.
func (a *Authority) Start(ctx context.Context) (Report, error) {
	a.mu.Lock()
	defer a.mu.Unlock()
	report := Report{Strange: map[ID]string{}}
	if err := os.MkdirAll(filepath.Dir(a.config.Tombstones), 0o700); err != nil {
		return report, fmt.Errorf("making the folder of tombstones: %w", err)
	}
	held, err := a.lock.TryLock()
	if err != nil {
		return report, fmt.Errorf("locking the slot keys: %w", err)
	}
	if !held {
		return report, fmt.Errorf("%w (lock %s): wait for its end, or stop it", ErrBusy, a.lock.Path())
	}
	if a.graves, err = readTombstones(a.config.Tombstones); err != nil {
		return report, errors.Join(err, a.lock.Close())
	}
	ids, strangers, err := a.deps.Store.List(ctx)
	if err != nil {
		return report, errors.Join(err, a.lock.Close())
	}
	report.Strangers = strangers
	clear(a.keys)
	for _, id := range ids {
		err = errors.Join(err, a.takeUp(ctx, id, &report))
	}
	err = errors.Join(err, a.finish(ctx, &report), a.endForgotten(ctx), a.sweep(ctx, &report))
	if err != nil {
		return report, errors.Join(fmt.Errorf("destroying overdue slot keys before anything else: %w", err), a.lock.Close())
	}
	a.tell(&report)
	a.started = true
	return report, nil
}

// takeUp looks at one key that the store has: it is destroyed where it was destroyed before, and known otherwise.
func (a *Authority) takeUp(ctx context.Context, id ID, report *Report) error {
	record, key, err := a.deps.Store.Get(ctx, id)
	known := &live{record: Record{ID: id}}
	if err == nil {
		known.record, known.commitment = record, key.Commitment()
		key.wipe()
	} else {
		known.strange = "it cannot be read: " + err.Error()
	}
	noted, created, destroyed := a.deps.Ledger.Key(id.Class, id.Start)
	_, going := a.graves.dying[id]
	if !going && (destroyed || a.graves.covers(id)) {
		return a.again(ctx, known, report)
	}
	slot, err := a.deps.Calendar(id.Class, id.Start)
	switch {
	case err != nil && known.record.DestroyAt.IsZero():
		known.strange = "neither its file nor the schedule says when it is to be destroyed"
		known.record.DestroyAt = farFuture
	case err != nil: // a class or a calendar that the schedule no longer has keeps its old date
		known.sealAt = known.record.DestroyAt
	case known.record.DestroyAt.IsZero():
		known.record.DestroyAt, known.sealAt = slot.DestroyAt, slot.SealAt
	default:
		known.record.DestroyAt, known.sealAt = earlier(known.record.DestroyAt, slot.DestroyAt), slot.SealAt
	}
	if created && known.strange == "" && noted != known.commitment {
		known.strange, known.foreign = "the ledger has another key for this slot", true
	}
	if known.strange != "" && created {
		known.commitment = noted // the one whose end the ledger waits for
	}
	known.noted = created
	a.keys[id] = known
	return nil
}

// farFuture is the date of a key that has none; it is reported as strange, and nothing else can be done without a guess.
var farFuture = time.Date(9999, 12, 31, 0, 0, 0, 0, time.UTC)

// again destroys a key that came back.
func (a *Authority) again(ctx context.Context, known *live, report *Report) error {
	id := known.record.ID
	if err := a.deps.Store.Destroy(ctx, id); err != nil {
		return err
	}
	if err := a.deps.Ledger.KeyReturned(id.Class, id.Start, known.commitment, "a key that had been destroyed was in the store again, as from a copy of it"); err != nil {
		return fmt.Errorf("%s: entering in the ledger that it came back: %w", id, err)
	}
	a.metrics.changes.WithLabelValues("returned").Inc()
	report.Returned = append(report.Returned, id)
	// The tombstones may have come from the same copy.
	if !a.graves.covers(id) {
		a.graves.dead[id] = true
		return a.graves.write()
	}
	return nil
}

// endForgotten ends the slots that had begun where a store forgets its keys with the process: nothing can be sealed or
// opened in them any more.
func (a *Authority) endForgotten(ctx context.Context) (all error) {
	if _, forgets := a.deps.Store.(*MemoryStore); !forgets {
		return nil
	}
	for class, start := range a.deps.Ledger.KeysLive() {
		id := ID{class, start.UTC()}
		if a.keys[id] != nil {
			continue
		}
		commitment, _, _ := a.deps.Ledger.Key(class, start)
		a.deps.Log.Warn().Stringer("key", id).Msg("the key was in memory alone and is gone with the process that had it: the slot is over (key keys.memory)")
		all = errors.Join(all, a.kill(ctx, &live{record: Record{ID: id}, commitment: commitment, noted: true}, ByLoss))
	}
	return all
}

// finish ends destructions that a killed process had begun.
func (a *Authority) finish(ctx context.Context, report *Report) error {
	var all error
	for _, id := range slices.SortedFunc(maps.Keys(a.graves.dying), ID.compare) {
		if err := a.bury(ctx, id); err != nil {
			all = errors.Join(all, err)
			continue
		}
		report.Destroyed = append(report.Destroyed, id)
	}
	return all
}

// tell logs what a person must know. Names of slots are no personal data.
func (a *Authority) tell(report *Report) {
	for _, id := range report.Returned {
		a.deps.Log.Error().Stringer("key", id).Msg("a destroyed slot key was found again, as from a copy of the folder, and is destroyed again")
	}
	for id, known := range a.keys {
		if known.strange != "" {
			report.Strange[id] = known.strange
			a.deps.Log.Error().Stringer("key", id).Str("reason", known.strange).Msg("a slot key is not served")
		}
	}
	a.metrics.strange.Set(float64(len(report.Strange) + len(report.Strangers)))
	for _, name := range report.Strangers {
		a.deps.Log.Error().Str("name", name).Msg("something else lies in the folder of slot keys, and may be a copy of one: remove it")
	}
}
