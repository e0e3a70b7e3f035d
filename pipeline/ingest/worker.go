package ingest

import (
	"context"
	"errors"
	"math"
	"time"

	"github.com/rs/zerolog"
	"mailtrail/schemas/event"
)

// worker owns one partition for the time of one generation.
type worker struct {
	*Ingest
	generation Generation
	partition  int32
	log        zerolog.Logger
	// impatient: an error that does not heal by itself is returned; else it is tried again until a person has mended it.
	impatient bool

	// repeatsFor and replaysFor are how long requests and replays are remembered.
	repeatsFor, replaysFor time.Duration

	topicLife time.Duration // of the topic

	reader   Reader
	position int64 // the next offset to be fetched
	fetched  Fetched
	end      int64           // the offset after the partition's last, as of the last fetch
	unopened map[int64]error // of what was fetched: replays that do not open, by offset

	block  *block // being filled
	flight flight // the block before it
	stored int64  // the next offset to be stored, as of the last settled block
}

// repeatWindow is how long a device may repeat a request (interface.md: 24 h).
const repeatWindow = 24 * time.Hour

func (g *Ingest) newWorker(generation Generation, partition int32) *worker {
	life := g.config.Rules.Schedule.TopicLife(g.topic)
	return &worker{
		Ingest: g, generation: generation, partition: partition,
		log:       g.deps.Log.With().Str("topic", g.topic).Int32("partition", partition).Logger(),
		topicLife: life, repeatsFor: repeatWindow + life,
		replaysFor: g.config.Rules.Schedule.TopicLife(event.RejectsTopic) + 2*life,
		reader:     g.deps.Broker.Reader(partition),
		block:      newBlock(g.topic, partition, 0, g.deps.Stream.NewRows()),
		flight:     flight{block: newBlock(g.topic, partition, 0, g.deps.Stream.NewRows())},
	}
}

// grow makes room for the worker's share of all that blocks may take, in advance: pages that no row reaches cost
// nothing, and columns that grow row by row cost an eighth of the time of taking events in.
func (w *worker) grow(workers int) {
	share := w.deps.Room.size / int64(2*workers) // each has two blocks
	rows := min(w.config.BlockRows, int(min(share, int64(w.config.BlockBytes))/event.FixedBytes))
	w.block.grow(rows)
	w.flight.block.grow(rows)
}

// run works until ctx ends; it never returns before, since the first worker
// that returns ends the generation for all.
func (w *worker) run(ctx context.Context) {
	defer w.reader.Close()
	w.halt(w.partition, false)
	reason := "" // of the stop, said once
	for ctx.Err() == nil {
		err := w.work(ctx)
		var stop *stopError
		switch {
		case ctx.Err() != nil:
		case errors.As(err, &stop):
			if err.Error() != reason {
				reason = err.Error()
				w.log.Error().Err(err).Msg("partition stopped: nothing more of it is taken in until this is mended")
			}
			w.halt(w.partition, true)
			pause(ctx, lookAgain)
		case errors.Is(err, ErrNotOwner):
			w.log.Info().Msg("partition has gone to another member; its open block is left to the new owner")
			<-ctx.Done()
		default:
			w.log.Error().Err(err).Msg("partition begins again at its last commit")
			pause(ctx, time.Second)
		}
	}
	w.halt(w.partition, false)
	w.metrics.lag.DeleteLabelValues(label(w.partition))
}

// lookAgain is how often a stopped partition looks whether it was mended.
const lookAgain = 10 * time.Second

// stopError is an error that only a person can mend.
type stopError struct{ err error }

func (e *stopError) Error() string { return e.err.Error() }
func (e *stopError) Unwrap() error { return e.err }

// work finishes an open block and then takes in block after block: while one
// is on its way into the stores, the next is read.
func (w *worker) work(ctx context.Context) error {
	defer func() {
		_ = w.settle() // its error, if any, is not why the work ends
		w.release(w.block)
		w.fetched = Fetched{}
	}()
	open, err := w.resume(ctx)
	if err != nil {
		return err
	}
	w.halt(w.partition, false)
	if open != nil {
		if err := w.again(ctx, open); err != nil {
			return err
		}
	}
	if err := w.saveEpoch(ctx); err != nil {
		return err
	}
	w.stored = w.block.next
	for next := w.stored; ; {
		w.block.begin(next)
		if err := w.fill(ctx); err != nil {
			return err
		}
		if err := w.settle(); err != nil {
			return err
		}
		if w.late() {
			w.release(w.block)
			w.fetched, w.position, next = Fetched{}, w.stored, w.stored
			continue
		}
		next = w.block.next
		w.launch(ctx)
	}
}

// again does an open block once more: the same offsets under the same clock
// and tables give the same inserts.
func (w *worker) again(ctx context.Context, open *Intent) error {
	epoch, err := w.rulesOf(ctx, open.Epoch)
	if err != nil {
		return err
	}
	w.log.Info().Int64("first", w.position).Int64("last", open.Last).Str("epoch", open.Epoch).Msg("finishing the open block")
	w.metrics.again.Inc()
	w.block.begin(w.position)
	build := newBuilder(epoch.Rules, open.At)
	for w.block.next <= open.Last {
		if err := w.fetch(ctx); err != nil {
			return err
		}
		w.take(build, open.Last+1, func() bool { return false })
		w.hold()
	}
	return w.store(ctx, w.block, epoch, *open, true)
}

// fill reads messages into the block until it is to be cut, or begins too late.
func (w *worker) fill(ctx context.Context) error {
	w.block.asOf = w.deps.Clock()
	build := newBuilder(w.epoch.Rules, w.block.asOf)
	opened := time.Now()
	for {
		if ctx.Err() != nil {
			return ctx.Err()
		}
		if err := w.look(); err != nil || w.late() {
			return err
		}
		if err := w.fetch(ctx); err != nil {
			return err
		}
		full := false
		w.take(build, math.MaxInt64, func() bool {
			full = w.full()
			return full
		})
		room, err := w.makeRoom()
		if err != nil {
			return err
		}
		if (full || !room) && !w.block.empty() {
			return ctx.Err()
		}
		caughtUp := len(w.fetched.Messages) == 0 && w.position >= w.end
		if caughtUp && !w.block.empty() && time.Since(opened) >= w.pace.age(w.config.BlockAge) {
			return ctx.Err()
		}
		if w.block.empty() {
			w.block.asOf = w.deps.Clock()
			opened, build.asOf = time.Now(), w.block.asOf
		}
	}
}

// makeRoom holds room for the block as it has become. Where there is none, the
// block before, which holds some, is waited for first. It returns false where
// the block is to be cut, so that it gives its room back.
func (w *worker) makeRoom() (bool, error) {
	if w.hold() {
		return true, nil
	}
	if !w.flight.under() {
		return false, nil
	}
	err := w.settle()
	return w.hold(), err
}

// weighEvery is how many events lie between two looks at the size of the
// columns: a look goes over all of them.
const weighEvery = 256

// full reports whether the block has reached one of its bounds.
func (w *worker) full() bool {
	b := w.block
	if b.events() >= w.config.BlockRows || len(b.slots) >= maxSlots || b.bytes >= w.config.BlockBytes {
		return true
	}
	if b.events()-b.weighed < weighEvery {
		return false
	}
	b.weighed = b.events()
	return b.size() >= w.config.BlockBytes
}

// fetch makes sure that something is at hand, unless the partition has caught up.
func (w *worker) fetch(ctx context.Context) error {
	if len(w.fetched.Messages)+len(w.fetched.Control)+len(w.fetched.Aborted) > 0 {
		return nil
	}
	var got Fetched
	err := w.retry(ctx, "fetch", w.deps.Broker.Transient, func(context.Context) (err error) {
		got, err = w.reader.Next(ctx, w.position)
		return err
	})
	if errors.Is(err, ErrGone) {
		return &stopError{w.goneError(ctx)}
	}
	if err != nil {
		return err
	}
	if err := w.openSealed(ctx, got.Messages); err != nil {
		return err
	}
	w.fetched, w.position, w.end = got, got.Next, got.End
	w.metrics.lag.WithLabelValues(label(w.partition)).Set(float64(max(0, got.End-w.block.first)))
	return nil
}

// take moves what is at hand into the block, up to the offset limit or until
// cut says that the block is full.
func (w *worker) take(build *builder, limit int64, cut func() bool) {
	f, b := &w.fetched, w.block
	limit = min(limit, f.Next)
	build.unopened = w.unopened
	for i := range f.Messages {
		m := &f.Messages[i]
		if m.Offset >= limit {
			f.Messages = f.Messages[i:]
			b.skip(f, limit)
			return
		}
		b.skip(f, m.Offset)
		build.add(b, m)
		if cut() {
			f.Messages = f.Messages[i+1:]
			return
		}
	}
	f.Messages = nil
	b.skip(f, limit)
}

// hold asks for room for the block as it has become, and returns false where
// there is none. One that was cut before and is done again needs no leave; its
// size was bounded then.
func (w *worker) hold() bool {
	const step = 4 << 20
	for b := w.block; int64(b.size()) > b.held; b.held += step {
		if !w.deps.Room.memory.TryAcquire(step) {
			return false
		}
	}
	return true
}

// release gives a block's room back.
func (w *worker) release(b *block) {
	w.deps.Room.memory.Release(b.held)
	b.held = 0
}
