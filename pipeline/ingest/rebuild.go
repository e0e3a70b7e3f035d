package ingest

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"mailtrail/schemas/event"
)

// Rebuilder makes blocks again that lie behind the group's offset, for an audit
// that puts back what is missing. It only reads, except that it saves the
// tables of its own epoch before it uses them, and writes rejects when told to.
type Rebuilder struct{ ingest *Ingest }

// NewRebuilder makes a Rebuilder that works as ingest of the same configuration does.
func NewRebuilder(config Config, deps Deps) (*Rebuilder, error) {
	g, err := New(config, deps)
	if err != nil {
		return nil, err
	}
	return &Rebuilder{g}, nil
}

// Rebuilt is a block as the stores must hold it.
type Rebuilt struct {
	// Token is that of the block's inserts.
	Token string
	Rows  Rows
	// Rejected are the rejects in clear; Reject seals them.
	Rejected []event.Message
	Batches  []event.BatchRow
	Replays  []event.ReplayRow
	Receipt  event.Receipt
}

// Block makes the block of a receipt again, under its clock and tables. What
// other partitions had stored when the block was cut is not in the receipt: it
// is taken to be what they stored under an earlier clock. Nor is which slots of
// dead letters had been destroyed before their time: the keys are asked where
// the outcomes differ without. Where what was seen then still differs, the
// receipt made again differs too.
func (r *Rebuilder) Block(ctx context.Context, receipt event.Receipt) (*Rebuilt, error) {
	block, err := r.block(ctx, receipt, false)
	if err == nil && len(block.Rejected) > 0 && !slices.Equal(block.Receipt.Outcomes, receipt.Outcomes) {
		return r.block(ctx, receipt, true)
	}
	return block, err
}

func (r *Rebuilder) block(ctx context.Context, receipt event.Receipt, askKeys bool) (*Rebuilt, error) {
	w := r.worker(receipt.Topic, receipt.Partition, receipt.First)
	defer w.reader.Close()
	epoch, err := w.rulesOf(ctx, receipt.Epoch)
	if err != nil {
		return nil, err
	}
	if err := w.refill(ctx, newBuilder(epoch.Rules, receipt.At), receipt.Last, false); err != nil {
		return nil, err
	}
	known := newPrior()
	batches, replays, err := w.askFor(ctx, w.block, receipt.At)
	if err != nil {
		return nil, err
	}
	own := func(topic string, partition int32) bool {
		return topic == receipt.Topic && partition == receipt.Partition
	}
	batches = slices.DeleteFunc(batches, func(row event.BatchRow) bool { return !own(row.Topic, row.Partition) && row.At >= receipt.At })
	replays = slices.DeleteFunc(replays, func(row event.ReplayRow) bool { return !own(row.Topic, row.Partition) && row.At >= receipt.At })
	foreign, err := known.sort(w.block, batches, replays)
	if err != nil {
		return nil, err
	}
	foreign.mark(w.block, known)
	d := w.decider(w.block, receipt.At, epoch, known)
	if askKeys {
		if err := w.askKeys(ctx, d); err != nil {
			return nil, err
		}
	}
	return w.rebuilt(d), nil
}

// Gap makes a block of offsets of which no receipt tells, from first on. It
// ends at last, or before where a block is full. at is the clock that decides,
// and epoch the tables: empty, or of another version of this program, they are
// the ones in force.
//
// Nobody knows whether the gap was taken in before, and copies of its requests
// may have been stored since from offsets behind it: those hold their places.
func (r *Rebuilder) Gap(ctx context.Context, topic string, partition int32, first, last, at int64, epoch string) (*Rebuilt, error) {
	w := r.worker(topic, partition, first)
	defer w.reader.Close()
	rules, err := w.rulesOfGap(ctx, epoch)
	if err != nil {
		return nil, err
	}
	if err := w.refill(ctx, newBuilder(rules.Rules, at), last, true); err != nil {
		return nil, err
	}
	batches, replays, err := w.askFor(ctx, w.block, at)
	if err != nil {
		return nil, err
	}
	known := newPrior()
	b := w.block
	within := func(topic string, partition int32, offset int64) bool {
		return topic == b.topic && partition == b.partition && b.first <= offset && offset < b.next
	}
	for _, row := range batches {
		if within(row.Topic, row.Partition, row.Offset) || onlyRepeats(&row) {
			continue
		}
		places, err := event.ParseRanges(row.Places)
		if err != nil {
			return nil, err
		}
		known.places[row.ID] = append(known.places[row.ID], earlier{row.Offset, places})
	}
	for _, row := range replays {
		if !within(row.Topic, row.Partition, row.Offset) {
			known.origins[row.Origin] = true
		}
	}
	d := w.decider(w.block, at, rules, known)
	if err := w.askKeys(ctx, d); err != nil {
		return nil, err
	}
	return w.rebuilt(d), nil
}

// Reject writes a rebuilt block's rejects to mail.rejects, sealed.
func (r *Rebuilder) Reject(ctx context.Context, b *Rebuilt) error {
	w := r.worker(b.Receipt.Topic, b.Receipt.Partition, b.Receipt.First)
	defer w.reader.Close()
	return w.sendRejects(ctx, slices.Values(b.Rejected))
}

// onlyRepeats tells that every event of the message had been stored before.
func onlyRepeats(row *event.BatchRow) bool {
	return row.Outcomes[event.Stored]+row.Outcomes[event.Rejected]+row.Outcomes[event.Expired] == 0
}

// worker makes one that reads from first on and is no member of the group.
func (r *Rebuilder) worker(topic string, partition int32, first int64) *worker {
	w := r.ingest.newWorker(nil, partition)
	w.impatient = true
	w.position = first
	w.block = newBlock(topic, partition, first, r.ingest.deps.Stream.NewRows())
	return w
}

// rulesOfGap returns the epoch where this program can use it, else its own.
func (w *worker) rulesOfGap(ctx context.Context, name string) (Epoch, error) {
	if name != "" {
		epoch, err := w.rulesOf(ctx, name)
		var stop *stopError
		if !errors.As(err, &stop) {
			return epoch, err
		}
	}
	return w.epoch, w.saveEpoch(ctx)
}

// refill reads the offsets up to last into the block; cut tells that the block may end before, when it is full.
func (w *worker) refill(ctx context.Context, build *builder, last int64, cut bool) error {
	var start, end int64
	err := w.retry(ctx, "read the offsets of the topic", w.deps.Broker.Transient, func(ctx context.Context) (err error) {
		start, end, err = w.deps.Broker.Span(ctx, w.partition)
		return err
	})
	if err != nil {
		return err
	}
	if w.block.first < start || last >= end {
		return fmt.Errorf("offsets %d to %d: %w: it has %d to %d", w.block.first, last, ErrGone, start, end-1)
	}
	for full := false; w.block.next <= last && !full; {
		if err := w.fetch(ctx); err != nil {
			return err
		}
		w.take(build, last+1, func() bool {
			full = cut && w.full()
			return full
		})
	}
	return nil
}

func (w *worker) rebuilt(d *decider) *Rebuilt {
	block := d.decide()
	open := Intent{Last: block.receipt.Last, At: d.at, Epoch: d.epoch.Name}
	return &Rebuilt{
		Token: Token(w.block.topic, w.partition, w.block.first, open), Rows: block.rows, Rejected: slices.Collect(block.letters()),
		Batches: block.batches, Replays: block.replays, Receipt: block.receipt,
	}
}
