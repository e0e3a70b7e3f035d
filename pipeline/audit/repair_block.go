package audit

import (
	"context"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"fmt"
	"maps"
	"slices"

	"mailtrail/schemas/event"
)

// position is where an event stands in its partition.
type position struct {
	offset int64
	index  uint32
}

// classSlot is a partition of the table of rows.
type classSlot struct {
	class string
	slot  int64 // start, Unix seconds
}

// block makes the block of a receipt again and inserts the rows that are absent.
func (r *repair) block(ctx context.Context, f *Finding) error {
	if err := r.held(ctx, f.Topic, f.Partition, f.First, f.Last); err != nil {
		return err
	}
	b, err := r.deps.Blocks.Block(ctx, *f.receipt)
	if err != nil {
		return r.unlessStore(ctx, err)
	}
	if why := difference(f.receipt, &b.Receipt); why != "" {
		return cannotf("made again from Kafka, the block does not agree with its receipt: %s", why)
	}
	there, err := r.places(ctx, b)
	if err != nil {
		return err
	}
	if err := r.insertAbsent(ctx, f, b, there); err != nil {
		return err
	}
	return r.insertIDs(ctx, b)
}

// held returns an error where Kafka does not hold the offsets under this label.
func (r *repair) held(ctx context.Context, topic string, partition int32, first, last int64) error {
	label, err := r.deps.Store.TopicLabel(ctx, r.config.Topic)
	if err != nil {
		return err
	}
	spans, err := r.deps.Kafka.Spans(ctx)
	if err != nil {
		return err
	}
	if topic != label || int(partition) >= len(spans) || !spans[partition].holds(first, last) {
		return cannotf("Kafka no longer holds offsets %d to %d", first, last)
	}
	return nil
}

// unlessStore turns an error of making a block into a reason not to mend it, unless the audit is to end.
func (r *repair) unlessStore(ctx context.Context, err error) error {
	if ctx.Err() != nil || errors.Is(err, context.Canceled) {
		return err
	}
	return cannotf("the block cannot be made again: %v", err)
}

// difference says in what two receipts of the same block differ, empty where in nothing.
func difference(was, is *event.Receipt) string {
	switch {
	case was.First != is.First || was.Last != is.Last:
		return fmt.Sprintf("it has offsets %d-%d, now %d-%d", was.First, was.Last, is.First, is.Last)
	case was.Events != is.Events || was.Control != is.Control || was.Aborted != is.Aborted:
		return fmt.Sprintf("it has %d events, %d control records and %d aborted, now %d, %d and %d", was.Events, was.Control, was.Aborted, is.Events, is.Control, is.Aborted)
	case !maps.Equal(outcomes(was), outcomes(is)):
		return "its events have other outcomes now"
	case !maps.Equal(slots(was), slots(is)):
		return "its rows lie in other slots now"
	}
	return ""
}

func outcomes(r *event.Receipt) map[event.OutcomeCount]uint64 {
	counts := map[event.OutcomeCount]uint64{}
	for _, o := range r.Outcomes {
		n := o.Events
		o.Events = 0
		counts[o] += n
	}
	return counts
}

func slots(r *event.Receipt) map[classSlot]uint64 {
	counts := map[classSlot]uint64{}
	for _, s := range r.Slots {
		counts[classSlot{s.Class, s.Slot}] += s.Rows
	}
	return counts
}

// places returns where the rows of a block lie that are there.
func (r *repair) places(ctx context.Context, b *Block) (map[position]Place, error) {
	c := &b.Receipt
	found, err := r.deps.Store.Places(ctx, c.Topic, c.Partition, c.First, c.Last)
	if err != nil {
		return nil, err
	}
	there := make(map[position]Place, len(found))
	for _, p := range found {
		there[position{p.Offset, p.Index}] = p
	}
	return there, nil
}

// insertAbsent inserts the rows of a block that are not there, one slot after
// the other: what one insert brings is in one part, so all of it is there or
// nothing. Rows of slots that are due stay away.
func (r *repair) insertAbsent(ctx context.Context, f *Finding, b *Block, there map[position]Place) error {
	absent := map[classSlot][]int{}
	head := b.Rows.Head()
	for i := range head.Len() {
		key := classSlot{string(head.Class.Row(i)), head.Slot[i]}
		if _, ok := there[position{head.Offset[i], head.Index[i]}]; !ok && !r.due(key.class, key.slot) {
			absent[key] = append(absent[key], i)
		}
	}
	for _, key := range slices.SortedFunc(maps.Keys(absent), compareSlots) {
		rows := b.Rows.Pick(absent[key])
		head := rows.Head()
		token := b.Token + ":repair:" + digest(head)
		err := until(ctx, token, func(token string) error { return r.deps.Store.InsertRows(ctx, token, rows) }, func() (bool, error) {
			there, err := r.places(ctx, b)
			return err == nil && hasAll(there, head), err
		})
		if err != nil {
			return err
		}
		done := *f
		done.First, done.Last, done.Class, done.Slot = b.Receipt.First, b.Receipt.Last, key.class, key.slot
		r.report(&done, head.Len(), true, "inserted %d rows that were absent", head.Len())
	}
	return nil
}

func hasAll(there map[position]Place, rows *event.Heads) bool {
	for i := range rows.Len() {
		if _, ok := there[position{rows.Offset[i], rows.Index[i]}]; !ok {
			return false
		}
	}
	return true
}

// digest names a set of positions.
func digest(rows *event.Heads) string {
	hash := sha256.New()
	var bytes [12]byte
	for i := range rows.Len() {
		binary.BigEndian.PutUint64(bytes[:], uint64(rows.Offset[i]))
		binary.BigEndian.PutUint32(bytes[8:], rows.Index[i])
		hash.Write(bytes[:])
	}
	fmt.Fprint(hash, string(rows.Class.Row(0)), rows.Slot[0])
	return hex.EncodeToString(hash.Sum(nil)[:12])
}

// insertIDs inserts the ids of requests and replays that are not there.
func (r *repair) insertIDs(ctx context.Context, b *Block) error {
	c := &b.Receipt
	here := func(topic string, partition int32) bool { return topic == c.Topic && partition == c.Partition }
	batches := b.Batches
	if len(batches) > 0 {
		var ids []string
		for _, row := range batches {
			ids = append(ids, row.ID)
		}
		slices.Sort(ids)
		found, err := r.deps.Store.Batches(ctx, c.Topic, slices.Compact(ids), 0)
		if err != nil {
			return err
		}
		offsets := map[int64]bool{}
		for _, row := range found {
			offsets[row.Offset] = offsets[row.Offset] || here(row.Topic, row.Partition)
		}
		batches = slices.DeleteFunc(slices.Clone(batches), func(row event.BatchRow) bool { return offsets[row.Offset] })
	}
	replays := b.Replays
	if len(replays) > 0 {
		var origins []string
		for _, row := range replays {
			origins = append(origins, row.Origin)
		}
		found, err := r.deps.Store.Replays(ctx, origins)
		if err != nil {
			return err
		}
		offsets := map[int64]bool{}
		for _, row := range found {
			offsets[row.Offset] = offsets[row.Offset] || here(row.Topic, row.Partition)
		}
		replays = slices.DeleteFunc(slices.Clone(replays), func(row event.ReplayRow) bool { return offsets[row.Offset] })
	}
	if len(batches) > 0 {
		token := fmt.Sprintf("%s:repair:%d-%d", b.Token, batches[0].Offset, len(batches))
		if err := r.deps.Store.InsertBatches(ctx, token, batches); err != nil {
			return err
		}
	}
	if len(replays) > 0 {
		token := fmt.Sprintf("%s:repair:%d-%d", b.Token, replays[0].Offset, len(replays))
		return r.deps.Store.InsertReplays(ctx, token, replays)
	}
	return nil
}
