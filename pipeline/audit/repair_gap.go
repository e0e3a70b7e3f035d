package audit

import (
	"cmp"
	"context"
	"errors"
	"maps"
	"slices"

	"mailtrail/schemas/event"
)

// gap takes in offsets without a receipt as far as they are absent, and writes the receipts.
func (r *repair) gap(ctx context.Context, f *Finding) error {
	if err := r.held(ctx, f.Topic, f.Partition, f.First, f.Last); err != nil {
		return err
	}
	return r.fill(ctx, f, *f.gap)
}

// fill makes blocks of a gap. Nobody knows whether it was skipped or its
// receipt was removed, so the rows that are there hold: they count as stored,
// in the slots in which they lie. The clock is that of the receipt behind the
// gap: no event of the gap was decided about later, and the new receipt is
// destroyed no later than its neighbour. What is absent and due by now is expired.
func (r *repair) fill(ctx context.Context, f *Finding, g gap) error {
	if g.at == 0 {
		g.at = r.deps.Clock()
	}
	for g.first <= g.last {
		b, err := r.deps.Blocks.Gap(ctx, f.Topic, f.Partition, g.first, g.last, g.at, g.epoch)
		if err != nil {
			return r.unlessStore(ctx, err)
		}
		there, err := r.places(ctx, b)
		if err != nil {
			return err
		}
		if err := r.agree(b, there); err != nil {
			return err
		}
		if err := r.store(ctx, f, b, there); err != nil {
			return err
		}
		g.first = b.Receipt.Last + 1
	}
	return nil
}

// store brings a block of a gap into the stores, the receipt last.
func (r *repair) store(ctx context.Context, f *Finding, b *Block, there map[position]Place) error {
	if len(b.Rejected) > 0 {
		if err := r.deps.Blocks.Reject(ctx, b); err != nil {
			return err
		}
	}
	if err := r.insertAbsent(ctx, f, b, there); err != nil {
		return err
	}
	if err := r.insertIDs(ctx, b); err != nil {
		return err
	}
	receipt := b.Receipt
	err := until(ctx, b.Token+":repair", func(token string) error {
		return r.deps.Store.InsertReceipt(ctx, token, receipt)
	}, func() (bool, error) { return r.hasReceipt(ctx, &receipt) })
	if err != nil {
		return err
	}
	done := *f
	done.First, done.Last = receipt.First, receipt.Last
	r.report(&done, 0, true, "wrote the receipt of %d events", receipt.Events)
	return nil
}

func (r *repair) hasReceipt(ctx context.Context, receipt *event.Receipt) (bool, error) {
	for have, err := range r.deps.Store.Receipts(ctx, receipt.Topic, receipt.Partition) {
		if err != nil {
			return false, err
		}
		if have.First == receipt.First && have.Last == receipt.Last && have.At == receipt.At {
			return true, nil
		}
	}
	return false, nil
}

// agree makes the receipt of a gap's block agree with the rows that are there.
func (r *repair) agree(b *Block, there map[position]Place) error {
	counts, rows := outcomes(&b.Receipt), map[classSlot]uint64{}
	known := 0
	expired := map[int64]uint64{}
	head := b.Rows.Head()
	for i := range head.Len() {
		class, slot := string(head.Class.Row(i)), head.Slot[i]
		place, ok := there[position{head.Offset[i], head.Index[i]}]
		switch {
		case ok:
			known++
			move(counts, class, event.OutcomeCount{Class: place.Class, Outcome: event.Stored})
			rows[classSlot{place.Class, place.Slot}]++
		case r.due(class, slot):
			expired[head.Offset[i]]++
			move(counts, class, event.OutcomeCount{Class: class, Outcome: event.Expired})
		default:
			rows[classSlot{class, slot}]++
		}
	}
	if known != len(there) {
		return cannotf("offsets %d to %d: %d rows stand there that the block, made again from Kafka, does not store", b.Receipt.First, b.Receipt.Last, len(there)-known)
	}
	for i := range b.Batches {
		n := expired[b.Batches[i].Offset]
		b.Batches[i].Outcomes[event.Stored] -= n
		b.Batches[i].Outcomes[event.Expired] += n
	}
	b.Receipt.Outcomes, b.Receipt.Slots = nil, nil
	for key, n := range counts {
		if key.Events = n; n > 0 {
			b.Receipt.Outcomes = append(b.Receipt.Outcomes, key)
		}
	}
	slices.SortFunc(b.Receipt.Outcomes, func(a, b event.OutcomeCount) int {
		return cmp.Or(cmp.Compare(a.Outcome, b.Outcome), cmp.Compare(a.Class, b.Class), cmp.Compare(a.Reason, b.Reason))
	})
	for _, key := range slices.SortedFunc(maps.Keys(rows), compareSlots) {
		b.Receipt.Slots = append(b.Receipt.Slots, event.SlotCount{Class: key.class, Slot: key.slot, Rows: rows[key]})
	}
	return nil
}

// move counts an event that the block calls stored under another outcome.
func move(counts map[event.OutcomeCount]uint64, class string, to event.OutcomeCount) {
	counts[event.OutcomeCount{Class: class, Outcome: event.Stored}]--
	counts[to]++
}

func compareSlots(a, b classSlot) int {
	return cmp.Or(cmp.Compare(a.class, b.class), cmp.Compare(a.slot, b.slot))
}

// commit sets the group behind the receipts, or to where the topic begins.
func (r *repair) commit(ctx context.Context, f *Finding) error {
	label, err := r.deps.Store.TopicLabel(ctx, r.config.Topic)
	if err != nil || label != f.Topic {
		return err
	}
	j := &judgement{target: target{TopicPartition{f.Topic, f.Partition}, true}}
	if err := r.place(ctx, j); err != nil {
		return err
	}
	if j.coverage, err = r.cover(ctx, j.TopicPartition); err != nil {
		return err
	}
	last, any := j.coverage.last, j.coverage.any
	inOrder := j.commit.Offset >= j.span.Start && (!any || j.commit.covers(last))
	if inOrder || j.commit.Offset < 0 && !any || j.commit.Offset > j.span.End {
		return nil
	}
	to := max(j.span.Start, last+1)
	j.below = to
	for _, g := range j.gaps() {
		if g.last >= j.span.Start && (g.at == 0 || !r.over(g.at)) {
			return cannotf("offsets %d to %d below the receipts' end have no receipt yet", g.first, g.last)
		}
	}
	if to, err = r.finishOpen(ctx, f, j, to); err != nil {
		return err
	}
	err = r.deps.Kafka.SetCommit(ctx, f.Partition, to)
	if errors.Is(err, ErrMembers) {
		return cannotf("group %s has members: stop all ingest and run `mailtrail audit --repair` again", r.config.Group)
	}
	if err != nil {
		return err
	}
	r.report(f, 0, true, "set the offset of group %s to %d (it was %d)", r.config.Group, to, j.commit.Offset)
	return nil
}

// finishOpen finishes what was stored at or behind the offset to which the
// group is to be set: a block that was open when its commit was lost would
// otherwise be taken in a second time. It returns the offset behind it.
func (r *repair) finishOpen(ctx context.Context, f *Finding, j *judgement, to int64) (int64, error) {
	beyond, err := r.deps.Store.Places(ctx, f.Topic, f.Partition, to, j.span.End-1)
	if err != nil || len(beyond) == 0 {
		return to, err
	}
	g := gap{first: to}
	for _, p := range beyond {
		g.last = max(g.last, p.Offset)
	}
	if open := j.commit.Open; open != nil && g.last <= open.Last && open.Last < j.span.End {
		g.last, g.at, g.epoch = open.Last, open.At, open.Epoch
	}
	return g.last + 1, r.fill(ctx, f, g)
}
