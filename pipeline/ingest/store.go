package ingest

import (
	"context"
	"fmt"
	"iter"
	"time"

	"mailtrail/schemas/event"
	"mailtrail/schemas/retention"
)

// storeNew cuts the block in flight: its clock is read once, its intent is
// written, and it is stored. Where it was cut short, its next offset tells.
func (w *worker) storeNew(ctx context.Context) error {
	b := w.flight.block
	w.flight.cutAfter = max(w.flight.cutAfter, b.asOf, w.deps.Clock())
	open := Intent{At: w.flight.cutAfter, Epoch: w.epoch.Name}
	if b.topic != w.topic {
		open.Topic = b.topic
	}
	if err := w.keepKnown(ctx, open.At); err != nil {
		return err
	}
	return w.store(ctx, b, w.epoch, open, false)
}

// store decides about the block's events under the intent's clock and brings
// them into the stores, step by step (design: intent, rejects, rows, batch ids,
// receipt, commit). again tells that the intent is written already. Everything
// is sent whether or not it arrived before: what is there is left out by its token.
func (w *worker) store(ended context.Context, b *block, epoch Epoch, open Intent, again bool) error {
	ctx, cancel := graceful(ended, Grace)
	defer cancel()
	defer w.release(b)
	began := time.Now()
	var fixed *Intent
	if again {
		fixed = &open
	}
	known, err := w.lookUp(ctx, b, open.At, fixed)
	if err != nil {
		return err
	}
	d := w.decider(b, open.At, epoch, known)
	if !again {
		if err := w.askKeys(ended, d); err != nil {
			return err
		}
		open.Last, open.Elsewhere, open.Ended = b.next-1, known.elsewhereList(b.first), known.endedList()
	}
	block := d.decide()
	token := Token(b.topic, b.partition, b.first, open)

	if !again {
		w.deps.Reached(BeforeIntent)
		if err := w.commit(ctx, b.first, open.String()); err != nil {
			return err
		}
	}
	w.deps.Reached(AfterIntent)
	if err := w.insert(ctx, block, token); err != nil {
		return err
	}
	w.deps.Reached(AfterReceipt)
	if err := w.commit(ctx, open.Last+1, ""); err != nil {
		return err
	}
	w.deps.Reached(AfterCommit)
	w.metrics.stored(block, w.deps.Clock(), time.Since(began))
	return nil
}

func (w *worker) commit(ctx context.Context, offset int64, metadata string) error {
	return w.retry(ctx, "commit the offset", w.deps.Broker.Transient, func(ctx context.Context) error {
		return w.generation.Commit(ctx, w.partition, offset, metadata)
	})
}

// insert sends the block to the stores.
func (w *worker) insert(ctx context.Context, block *decided, token string) error {
	store := w.deps.Store
	if err := w.sendRejects(ctx, block.letters()); err != nil {
		return err
	}
	w.deps.Reached(AfterRejects)
	steps := []struct {
		what  string
		rows  int
		needs []event.Seal
		send  func(context.Context) error
		after Point
	}{
		{"insert rows", block.head.Len(), w.seals(block.rows), func(ctx context.Context) error { return w.deps.Stream.Insert(ctx, token, block.rows) }, AfterRows},
		{"insert replays", len(block.replays), nil, func(ctx context.Context) error { return store.InsertReplays(ctx, token, block.replays) }, ""},
		{"insert batch ids", len(block.batches), nil, func(ctx context.Context) error { return store.InsertBatches(ctx, token, block.batches) }, AfterBatches},
		{"insert the receipt", 1, nil, func(ctx context.Context) error { return store.InsertReceipt(ctx, token, block.receipt) }, ""},
	}
	for _, step := range steps {
		if step.rows > 0 {
			if err := w.send(ctx, step.what, step.needs, step.send); err != nil {
				return err
			}
		}
		if step.after != "" {
			w.deps.Reached(step.after)
		}
	}
	return nil
}

// send brings a part of the block into a store, however long that takes. It holds a place among the inserts of the process for
// one attempt alone, and none while it waits for a key: what ails one topic must not keep the others from theirs.
func (w *worker) send(ctx context.Context, what string, needs []event.Seal, send func(context.Context) error) error {
	return w.retry(ctx, what, w.healing, func(context.Context) error {
		if err := w.awaitKeys(ctx, needs); err != nil {
			return err
		}
		if err := w.deps.Room.inserting.Acquire(ctx, 1); err != nil {
			return err
		}
		defer w.deps.Room.inserting.Release(1)
		return w.attempt(ctx, send) // its time begins now, not when it began to wait
	})
}

// healing tells that an error of storing can heal by itself: of the store, or of the keys under which rows are sealed.
func (w *worker) healing(err error) bool {
	return w.deps.Store.Transient(err) || w.deps.Keys.Transient(err)
}

// decider decides about a block for this worker.
func (w *worker) decider(b *block, at int64, epoch Epoch, known *prior) *decider {
	_, identified := w.deps.Stream.(Identified)
	return &decider{
		b: b, at: at, epoch: epoch, known: known, life: w.topicLife.Milliseconds(), identified: identified, sealedBy: w.epoch.Rules.Schedule.Row(retention.Rejects),
	}
}

// sendRejects seals the rejects, which are in clear in memory alone, and writes them in groups that a broker takes in one request.
func (w *worker) sendRejects(ctx context.Context, letters iter.Seq[event.Message]) error {
	const most = 1 << 20
	var group []event.Message
	bytes := 0
	send := func() error {
		return w.retry(ctx, "write rejects", w.deps.Broker.Transient, func(ctx context.Context) error {
			return w.deps.Broker.Reject(ctx, w.partition, group)
		})
	}
	for letter := range letters {
		ok, err := w.sealLetter(ctx, &letter)
		if err != nil {
			return err
		}
		if !ok {
			continue
		}
		if len(group) > 0 && bytes+len(letter.Value) > most {
			if err := send(); err != nil {
				return err
			}
			group, bytes = nil, 0
		}
		group = append(group, letter)
		bytes += len(letter.Value) + 512
	}
	if len(group) == 0 {
		return nil
	}
	return send()
}

// graceful returns a context that outlives ended by the grace.
func graceful(ended context.Context, grace time.Duration) (context.Context, context.CancelFunc) {
	ctx, cancel := context.WithCancelCause(context.WithoutCancel(ended))
	stop := context.AfterFunc(ended, func() {
		timer := time.AfterFunc(grace, func() {
			cancel(fmt.Errorf("the block in flight did not finish within %s of the stop; the next owner finishes it", grace))
		})
		context.AfterFunc(ctx, func() { timer.Stop() })
	})
	return ctx, func() {
		stop()
		cancel(context.Canceled)
	}
}
