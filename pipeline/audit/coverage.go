package audit

import (
	"context"
	"fmt"
	"maps"
	"slices"

	"mailtrail/schemas/event"
)

// coverage is what the receipts of a partition cover.
type coverage struct {
	any         bool
	first, last int64 // from the first receipt's first offset to the highest that any covers
	firstAt     int64 // clock and tables of the first receipt
	firstEpoch  string
	widest      event.Receipt // the one that reaches last
	gaps        []gap         // between receipts, rising
	findings    []Finding
	// twice holds the receipts that stand more than once, and muddled those
	// that overlap with others, by first offset.
	twice   map[int64]copies
	muddled map[int64]bool
	totals  Totals
}

// copies is how often a receipt stands, and its last offset.
type copies struct {
	last  int64
	times uint64
}

// gap is offsets without a receipt.
type gap struct {
	first, last int64
	// at and epoch are the clock and tables of the receipt behind the gap: no
	// event of the gap was decided about later. 0 and empty where none is.
	at    int64
	epoch string
}

func newTotals() Totals { return Totals{By: map[event.OutcomeCount]uint64{}} }

// cover goes through the receipts of a partition, once and in order.
func (a *Audit) cover(ctx context.Context, p TopicPartition) (*coverage, error) {
	c := &coverage{last: -1, twice: map[int64]copies{}, muddled: map[int64]bool{}, totals: newTotals()}
	c.totals.Partitions = 1
	const step = 1000
	read := 0
	var before event.Receipt
	for r, err := range a.deps.Store.Receipts(ctx, p.Topic, p.Partition) {
		if err != nil {
			return nil, err
		}
		if read++; read%step == 0 {
			a.deps.Progress(step)
		}
		if c.any && r.First == before.First && r.Last == before.Last && r.At == before.At {
			c.twice[r.First] = copies{r.Last, max(c.twice[r.First].times, 1) + 1}
			continue
		}
		a.add(c, &r)
		before = r
	}
	a.deps.Progress(read % step)
	for _, first := range slices.Sorted(maps.Keys(c.twice)) {
		c.findings = append(c.findings, a.receiptTwice(first, c.twice[first]))
	}
	for i := range c.findings {
		c.findings[i].Topic, c.findings[i].Partition = p.Topic, p.Partition
	}
	return c, nil
}

func (a *Audit) add(c *coverage, r *event.Receipt) {
	c.totals.add(r)
	c.findings = append(c.findings, sums(r)...)
	switch {
	case !c.any:
		c.any, c.first, c.firstAt, c.firstEpoch = true, r.First, r.At, r.Epoch
	case r.First <= c.last:
		c.muddled[c.widest.First], c.muddled[r.First] = true, true
		c.findings = append(c.findings, Finding{
			Kind: Overlap, First: r.First, Last: min(c.last, r.Last), Expected: 1, Found: 2,
			Text:   fmt.Sprintf("receipts %d-%d and %d-%d cover the same offsets", c.widest.First, c.widest.Last, r.First, r.Last),
			Remedy: "ingest never writes such receipts: find out who did, remove the wrong one from " + a.table("blocks") + ", and run `mailtrail audit --repair`",
		})
	case r.First > c.last+1:
		c.gaps = append(c.gaps, gap{c.last + 1, r.First - 1, r.At, r.Epoch})
	}
	if r.Last > c.last {
		c.last, c.widest = r.Last, *r
	}
}

func (a *Audit) receiptTwice(first int64, c copies) Finding {
	return Finding{
		Kind: ReceiptTwice, First: first, Last: c.last, Expected: 1, Found: int64(c.times),
		Text:   "the receipt of this block stands more than once",
		Remedy: fmt.Sprintf("run OPTIMIZE TABLE %s FINAL DEDUPLICATE BY slot, topic, partition, first, last, at", a.table("blocks")),
	}
}

// table is a base table's name in a statement.
func (a *Audit) table(name string) string { return a.config.Database + "." + name }

// sums checks a receipt's numbers against each other.
func sums(r *event.Receipt) (findings []Finding) {
	var all, stored, rows uint64
	for _, o := range r.Outcomes {
		all += o.Events
		if o.Outcome == event.Stored {
			stored += o.Events
		}
	}
	for _, s := range r.Slots {
		rows += s.Rows
	}
	length, empty := uint64(r.Last-r.First+1), r.Control+r.Aborted
	wrong := func(expected, found uint64, text string) {
		findings = append(findings, Finding{
			Kind: ReceiptSums, First: r.First, Last: r.Last, Expected: int64(expected), Found: int64(found), Text: text,
			Remedy: "remove the receipt from the table blocks and run `mailtrail audit --repair`, which makes it anew while Kafka holds its offsets",
		})
	}
	switch {
	case all != r.Events:
		wrong(r.Events, all, "the receipt's outcomes do not add up to its events")
	case rows != stored:
		wrong(stored, rows, "the receipt's slots do not add up to the events that it calls stored")
	case empty > length:
		wrong(length, empty, "the receipt has more offsets without an event than offsets")
	case empty == length && r.Events > 0:
		wrong(0, r.Events, "the receipt has events, but no offset that could hold one")
	}
	return findings
}
