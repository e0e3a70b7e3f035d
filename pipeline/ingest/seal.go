package ingest

import (
	"context"
	"errors"
	"slices"

	"mailtrail/schemas/event"
	"mailtrail/schemas/retention"
)

// wait is something of a partition for which a slot key is needed.
type wait struct {
	partition int32
	what      string
}

// withKeys does something that needs a slot key. While the key is not to be had it waits: nothing is written in clear, and
// nothing is lost. An error that wraps [ErrKeyEnded] or [ErrForeign] is an answer and is returned.
func (w *worker) withKeys(ctx context.Context, what string, do func(context.Context) error) error {
	here := wait{w.partition, what}
	defer w.waiting(here, nil)
	transient := w.deps.Keys.Transient
	if w.impatient { // somebody watches, who can start the authority
		transient = func(error) bool { return false }
	}
	return w.retry(ctx, what, transient, func(ctx context.Context) error {
		err := do(ctx)
		if !errors.Is(err, ErrKeyEnded) && !errors.Is(err, ErrForeign) {
			w.waiting(here, err)
		}
		return err
	})
}

func (g *Ingest) waiting(here wait, err error) {
	g.mu.Lock()
	defer g.mu.Unlock()
	if delete(g.waits, here); err != nil {
		g.waits[here] = err
	}
	g.metrics.waiting.Set(float64(len(g.waits)))
}

// openSealed opens the values of replays, which travel sealed, and remembers which do not open.
func (w *worker) openSealed(ctx context.Context, messages []event.Message) error {
	w.unopened = nil
	for i := range messages {
		m := &messages[i]
		origin := m.Header(event.OriginHeader)
		if origin == nil || !m.Sealed() {
			continue
		}
		seal, err := event.ParseSeal(m.Header(event.SealHeader))
		if err != nil {
			continue // the builder rejects it for its header
		}
		err = w.withKeys(ctx, "open a replay", func(ctx context.Context) error {
			payload, err := w.deps.Keys.Open(ctx, seal, string(origin), m.Value)
			if err == nil {
				m.Value = payload
			}
			return err
		})
		switch {
		case errors.Is(err, ErrKeyEnded), errors.Is(err, ErrForeign):
			if w.unopened == nil {
				w.unopened = map[int64]error{}
			}
			w.unopened[m.Offset] = err
		case err != nil:
			return err
		}
	}
	return nil
}

// maxEnded bounds the slots that an intent lists as ended. Of more, which no sound schedule has, the rejects count as such
// and are not written.
const maxEnded = 50

// askKeys makes sure, before a block is decided about, that its rejects can be sealed, and notes the slots in which nothing
// can be any more: events of those expire. The calendar does not tell all of them, since a key can be destroyed before its
// time.
func (w *worker) askKeys(ctx context.Context, d *decider) error {
	d.known.ended = map[int64]bool{}
	asked := map[int64]bool{}
	for _, r := range d.mayReject() {
		_, clock := d.clocks(r)
		slot := d.sealedBy.SlotOf(clock)
		if asked[slot] || d.ended(clock) {
			continue
		}
		asked[slot] = true
		err := w.withKeys(ctx, "get the key for rejects", func(ctx context.Context) error {
			_, err := w.deps.Keys.Seal(ctx, event.Seal{Class: retention.Rejects, Slot: slot}, "", nil)
			return err
		})
		switch {
		case errors.Is(err, ErrKeyEnded):
			d.known.ended[slot] = len(d.known.ended) < maxEnded
		case err != nil:
			return err
		}
	}
	return nil
}

// seals are the slots under whose keys the rows are sealed when they are inserted.
func (w *worker) seals(rows Rows) []event.Seal {
	if stream, ok := w.deps.Stream.(Sealing); ok {
		return stream.Seals(rows)
	}
	return nil
}

// awaitKeys makes sure that the keys are at hand before rows are sealed under them. A slot that is over is left to the insert, which leaves its rows out.
func (w *worker) awaitKeys(ctx context.Context, needs []event.Seal) error {
	for _, seal := range needs {
		err := w.withKeys(ctx, "get the key for rows", func(ctx context.Context) error {
			_, err := w.deps.Keys.Seal(ctx, seal, "", nil)
			return err
		})
		if err != nil && !errors.Is(err, ErrKeyEnded) {
			return err
		}
	}
	return nil
}

// sealLetter seals the payload of a letter, as its header says. ok is false where the slot ended since the block was
// decided about: its letters are to be destroyed by now, wherever they are.
func (w *worker) sealLetter(ctx context.Context, letter *event.Message) (ok bool, err error) {
	if len(letter.Value) == 0 {
		return true, nil
	}
	seal, err := event.ParseSeal(letter.Header(event.SealHeader))
	if err != nil {
		return false, err
	}
	// The key is at hand as a rule, and a block may have hundreds of thousands of rejects.
	sealed, err := w.deps.Keys.Seal(ctx, seal, string(letter.Key), letter.Value)
	if err != nil && !errors.Is(err, ErrKeyEnded) {
		err = w.withKeys(ctx, "seal a reject", func(ctx context.Context) (err error) {
			sealed, err = w.deps.Keys.Seal(ctx, seal, string(letter.Key), letter.Value)
			return err
		})
	}
	letter.Value = sealed
	if errors.Is(err, ErrKeyEnded) {
		w.metrics.over.Inc()
		w.log.Warn().Str("slot", seal.Text()).Msg("a reject is not written: the slot ended after its block was cut, and what lies in it is destroyed")
		return false, nil
	}
	return err == nil, err
}

// endedList gives the ended slots as an intent keeps them.
func (p *prior) endedList() (slots []int64) {
	for slot, ended := range p.ended {
		if ended {
			slots = append(slots, slot)
		}
	}
	slices.Sort(slots)
	return slots
}
