package audit

import (
	"mailtrail/schemas/event"
)

// Kind is what kind of thing is wrong.
type Kind string

// The kinds.
const (
	// Gap: offsets that were passed over, or whose receipt was removed.
	Gap Kind = "gap"
	// Lost: offsets without a receipt that Kafka no longer holds.
	Lost Kind = "lost"
	// Overlap: two receipts that cover the same offsets.
	Overlap Kind = "overlap"
	// ReceiptTwice: a receipt that stands more than once.
	ReceiptTwice Kind = "receipt_twice"
	// ReceiptSums: a receipt whose own numbers contradict each other.
	ReceiptSums Kind = "receipt_sums"
	// RowsMissing: fewer rows than the receipt says.
	RowsMissing Kind = "rows_missing"
	// RowsTwice: positions at which more than one row stands.
	RowsTwice Kind = "rows_twice"
	// RowsUncounted: rows in a block at positions that its receipt does not count.
	RowsUncounted Kind = "rows_uncounted"
	// RowsWithoutReceipt: rows at offsets that no receipt covers.
	RowsWithoutReceipt Kind = "rows_without_receipt"
	// CommitMissing: receipts, and the group has no offset.
	CommitMissing Kind = "commit_missing"
	// CommitBelow: the group's offset lies below the receipts or the start of the topic.
	CommitBelow Kind = "commit_below"
	// TopicAnew: the group's offset lies behind the end of the topic.
	TopicAnew Kind = "topic_anew"
	// PackMissing: a pack that the index of images names and the object store does not have.
	PackMissing Kind = "pack_missing"
	// PackShort: a pack that ends before its images do.
	PackShort Kind = "pack_short"
)

// Finding is one thing that is wrong.
type Finding struct {
	Kind Kind
	// Topic is the label of the topic.
	Topic       string
	Partition   int32
	First, Last int64 // offsets, both within
	// Class and Slot are the slot, empty and 0 where none applies.
	Class string
	Slot  int64 // start, Unix seconds
	// Expected and Found are numbers of the same kind: rows, events, receipts, offsets, or places of the group.
	Expected, Found int64
	// Text says what is wrong, Remedy what to do.
	Text, Remedy string

	receipt *event.Receipt // of the block that it is about
	gap     *gap
}

type findingKey struct {
	kind      Kind
	topic     string
	partition int32
	first     int64
	class     string
	slot      int64
}

func (f *Finding) key() findingKey {
	return findingKey{f.Kind, f.Topic, f.Partition, f.First, f.Class, f.Slot}
}

// Note is something to know that is not wrong.
type Note struct {
	Partition   int32
	First, Last int64 // offsets, both within; -1 for the whole partition
	Text        string
}

// Totals sum up all receipts.
type Totals struct {
	Partitions, Receipts, Offsets uint64
	Events, Control, Aborted      uint64
	Outcomes                      [event.NumOutcomes]uint64
	// By is events by class, outcome and reason; the field Events is 0 in its keys.
	By map[event.OutcomeCount]uint64
}

func (t *Totals) add(r *event.Receipt) {
	t.Receipts++
	t.Offsets += uint64(r.Last - r.First + 1)
	t.Events, t.Control, t.Aborted = t.Events+r.Events, t.Control+r.Control, t.Aborted+r.Aborted
	for _, o := range r.Outcomes {
		t.Outcomes[o.Outcome] += o.Events
		n := o.Events
		o.Events = 0
		t.By[o] += n
	}
}

func (t *Totals) addAll(other *Totals) {
	t.Partitions, t.Receipts, t.Offsets = t.Partitions+other.Partitions, t.Receipts+other.Receipts, t.Offsets+other.Offsets
	t.Events, t.Control, t.Aborted = t.Events+other.Events, t.Control+other.Control, t.Aborted+other.Aborted
	for o, n := range other.Outcomes {
		t.Outcomes[o] += n
	}
	for key, n := range other.By {
		t.By[key] += n
	}
}

// Report is what an audit found.
type Report struct {
	// Topic is the topic that was audited.
	Topic    string
	Findings []Finding
	Notes    []Note
	Totals   Totals
}

// Clean reports whether nothing is wrong.
func (r *Report) Clean() bool { return len(r.Findings) == 0 }
