package audit

import (
	"cmp"
	"context"
	"fmt"
	"iter"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"mailtrail/schemas/event"
	"mailtrail/schemas/retention"
)

const testNow = int64(1_795_000_000_000) // 2026-11-18 11:06:40 UTC

// today is the start of the slot of testNow, Unix seconds.
const today = testNow / 1000 / 86400 * 86400

// world is Kafka, ClickHouse and ingest of one partition. Every offset holds
// one event, of mail and of today's slot, except where classes says otherwise.
type world struct {
	label    string
	span     Span
	commit   Commit
	members  bool
	rows     []Place
	receipts []event.Receipt
	tokens   map[string]bool
	rejects  int
	now      int64
	ended    bool // rows are left out when they are inserted, as where the key of their slot has ended

	// beforeReceipts is what happens between the reading of the commit and that of the receipts.
	beforeReceipts func()
	// another is the receipt that Block comes out with, where it is not the block's own.
	another *event.Receipt
}

func newWorld() *world {
	return &world{label: event.ScansTopic, commit: Commit{Offset: -1}, tokens: map[string]bool{}, now: testNow}
}

// stored puts a block into the stores as ingest does.
func (w *world) stored(first, last int64) {
	w.span.End = max(w.span.End, last+1)
	w.land(first, last)
	w.receipts = append(w.receipts, w.receipt(first, last, testNow-3_600_000+first))
	w.commit = Commit{Offset: last + 1}
}

// land stores the rows of offsets, and nothing that says so.
func (w *world) land(first, last int64) {
	for offset := first; offset <= last; offset++ {
		w.rows = append(w.rows, placeOf(offset))
	}
}

func placeOf(offset int64) Place {
	return Place{Offset: offset, Class: retention.MailTracking, Slot: today}
}

func (w *world) receipt(first, last, at int64) event.Receipt {
	n := uint64(last - first + 1)
	return event.Receipt{
		Topic: w.label, First: first, Last: last, At: at, Epoch: "e", Events: n,
		Outcomes: []event.OutcomeCount{{Class: retention.MailTracking, Outcome: event.Stored, Events: n}},
		Slots:    []event.SlotCount{{Class: retention.MailTracking, Slot: today, Rows: n}},
	}
}

// delete removes the rows of an offset.
func (w *world) delete(offset int64) {
	w.rows = slices.DeleteFunc(w.rows, func(p Place) bool { return p.Offset == offset })
}

// forget removes the receipt that begins at first.
func (w *world) forget(first int64) {
	w.receipts = slices.DeleteFunc(w.receipts, func(r event.Receipt) bool { return r.First == first })
}

func (w *world) audit(t *testing.T) *Audit {
	topic, _, _ := strings.Cut(w.label, "#")
	a, err := New(Config{Topic: topic, Rows: "scans", Same: []string{"offset", "position"}, Group: "g", Database: "data", Schedule: retention.Builtin(), Settle: time.Nanosecond},
		Deps{Clock: func() int64 { return w.now }, Kafka: w, Store: w, Blocks: fakeBlocks{w}})
	require.NoError(t, err)
	return a
}

// Kafka.

func (w *world) Spans(context.Context) ([]Span, error)         { return []Span{w.span}, nil }
func (w *world) Commit(context.Context, int32) (Commit, error) { return w.commit, nil }

func (w *world) SetCommit(_ context.Context, _ int32, offset int64) error {
	if w.members {
		return ErrMembers
	}
	w.commit = Commit{Offset: offset}
	return nil
}

// ClickHouse.

func (w *world) TopicLabel(context.Context, string) (string, error) { return w.label, nil }

func (w *world) ReceiptPartitions(context.Context) (found []TopicPartition, _ error) {
	for _, r := range w.receipts {
		if p := (TopicPartition{r.Topic, r.Partition}); !slices.Contains(found, p) {
			found = append(found, p)
		}
	}
	return found, nil
}

func (w *world) sorted(topic string) []event.Receipt {
	var receipts []event.Receipt
	for _, r := range w.receipts {
		if r.Topic == topic {
			receipts = append(receipts, r)
		}
	}
	slices.SortFunc(receipts, func(a, b event.Receipt) int {
		return cmp.Or(cmp.Compare(a.First, b.First), cmp.Compare(a.Last, b.Last))
	})
	return receipts
}

func (w *world) Receipts(_ context.Context, topic string, _ int32) iter.Seq2[event.Receipt, error] {
	if w.beforeReceipts != nil {
		w.beforeReceipts()
	}
	return func(yield func(event.Receipt, error) bool) {
		for _, r := range w.sorted(topic) {
			if !yield(r, nil) {
				return
			}
		}
	}
}

func (w *world) BlockDifferences(_ context.Context, topic string, _ int32, before int64) (found []BlockDifference, _ error) {
	type key struct {
		first   int64
		covered bool
		classSlot
	}
	blocks := map[key]*BlockDifference{}
	at := func(k key) *BlockDifference {
		if blocks[k] == nil {
			blocks[k] = &BlockDifference{First: k.first, Covered: k.covered, Class: k.class, Slot: k.slot}
		}
		return blocks[k]
	}
	for _, r := range w.sorted(topic) {
		for _, s := range r.Slots {
			if r.First < before {
				at(key{r.First, true, classSlot{s.Class, s.Slot}}).Expected += s.Rows
			}
		}
	}
	seen := map[position]bool{}
	for _, p := range w.rows {
		if p.Offset >= before {
			continue
		}
		k := key{0, false, classSlot{p.Class, p.Slot}}
		for _, r := range w.sorted(topic) {
			if r.First <= p.Offset {
				k.first, k.covered = r.First, p.Offset <= r.Last
				if !k.covered {
					k.first = r.Last + 1
				}
			}
		}
		d := at(k)
		d.Rows++
		if pos := (position{p.Offset, p.Index}); !seen[pos] {
			seen[pos] = true
			d.Identities++
		}
	}
	for _, d := range blocks {
		if d.Expected != d.Rows || d.Rows != d.Identities {
			found = append(found, *d)
		}
	}
	slices.SortFunc(found, func(a, b BlockDifference) int { return cmp.Compare(a.First, b.First) })
	return found, nil
}

func (w *world) Duplicates(_ context.Context, _ string, _ int32, first, last int64, limit int) (found []Duplicate, _ error) {
	for offset := first; offset <= last && len(found) < limit; offset++ {
		copies := uint64(0)
		for _, p := range w.rows {
			if p.Offset == offset {
				copies++
			}
		}
		if copies > 1 {
			found = append(found, Duplicate{Offset: offset, Copies: copies})
		}
	}
	return found, nil
}

func (w *world) Places(_ context.Context, _ string, _ int32, first, last int64) (found []Place, _ error) {
	for _, p := range w.rows {
		if first <= p.Offset && p.Offset <= last && !slices.Contains(found, p) {
			found = append(found, p)
		}
	}
	return found, nil
}

// once runs add unless the token was used before.
func (w *world) once(token string, add func()) error {
	if !w.tokens[token] {
		w.tokens[token] = true
		add()
	}
	return nil
}

func (w *world) Batches(context.Context, string, []string, int64) ([]event.BatchRow, error) {
	return nil, nil
}
func (w *world) Replays(context.Context, []string) ([]event.ReplayRow, error)   { return nil, nil }
func (w *world) InsertBatches(context.Context, string, []event.BatchRow) error  { return nil }
func (w *world) InsertReplays(context.Context, string, []event.ReplayRow) error { return nil }
func (w *world) InsertReceipt(_ context.Context, token string, r event.Receipt) error {
	return w.once("blocks"+token, func() { w.receipts = append(w.receipts, r) })
}

func (w *world) InsertRows(_ context.Context, token string, all event.Rows) error {
	if w.ended {
		return nil
	}
	rows := all.Head()
	return w.once("scans"+token, func() {
		for i := range rows.Len() {
			w.rows = append(w.rows, Place{rows.Offset[i], rows.Index[i], string(rows.Class.Row(i)), rows.Slot[i]})
		}
	})
}

// fakeBlocks makes blocks again as the world's ingest would.
type fakeBlocks struct{ w *world }

func (b fakeBlocks) Block(_ context.Context, r event.Receipt) (*Block, error) {
	made := b.make(r.First, r.Last, r.At)
	if b.w.another != nil {
		made.Receipt = *b.w.another
	}
	return made, nil
}

// Gap cuts blocks after ten offsets.
func (b fakeBlocks) Gap(_ context.Context, _ string, _ int32, first, last, at int64, _ string) (*Block, error) {
	made := b.make(first, min(last, first+9), at)
	made.Rejected = []event.Message{{}}
	return made, nil
}

func (b fakeBlocks) Reject(context.Context, *Block) error {
	b.w.rejects++
	return nil
}

func (b fakeBlocks) make(first, last, at int64) *Block {
	rows := &event.ScanColumns{Heads: event.Heads{Topic: b.w.label}}
	for offset := first; offset <= last; offset++ {
		rows.Append(&event.ScanRow{
			Head:   event.Head{Class: retention.MailTracking, Slot: today, Offset: offset, Received: testNow, Captured: testNow},
			Object: "imb", PieceKey: []byte("x"),
		}, &event.Scan{})
	}
	return &Block{Token: fmt.Sprintf("%d-%d:%d", first, last, at), Rows: rows, Receipt: b.w.receipt(first, last, at)}
}
