package audit

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"mailtrail/schemas/event"
)

// judgeRows compares the rows of every block with its receipt, by class and slot.
func (a *Audit) judgeRows(ctx context.Context, j *judgement) error {
	differences, err := a.deps.Store.BlockDifferences(ctx, j.Topic, j.Partition, j.rowsBelow)
	if err != nil {
		return err
	}
	receipts, err := a.receiptsOf(ctx, j, differences)
	if err != nil {
		return err
	}
	gaps := map[int64]*uncovered{}
	for i := range differences {
		d := &differences[i]
		if a.due(d.Class, d.Slot) || d.Covered && j.coverage.muddled[d.First] {
			continue
		}
		if !d.Covered {
			if a.receiptsGone(d.Slot) {
				continue // rows of some classes outlive their receipts
			}
			if gaps[d.First] == nil {
				gaps[d.First] = &uncovered{}
			}
			gaps[d.First].rows += d.Rows
			gaps[d.First].slots++
			continue
		}
		receipt, ok := receipts[d.First]
		if !ok {
			continue // it was destroyed while this ran
		}
		d.Expected /= max(j.coverage.twice[d.First].times, 1)
		if err := a.rowsOfBlock(ctx, j, d, receipt); err != nil {
			return err
		}
	}
	a.rowsWithoutReceipt(j, gaps)
	return nil
}

// receiptsOf returns the receipts of the blocks that differ, by first offset.
func (a *Audit) receiptsOf(ctx context.Context, j *judgement, differences []BlockDifference) (map[int64]*event.Receipt, error) {
	wanted := map[int64]*event.Receipt{}
	for _, d := range differences {
		if d.Covered {
			wanted[d.First] = nil
		}
	}
	if len(wanted) == 0 {
		return nil, nil
	}
	found := map[int64]*event.Receipt{}
	for r, err := range a.deps.Store.Receipts(ctx, j.Topic, j.Partition) {
		if err != nil {
			return nil, err
		}
		if _, ok := wanted[r.First]; ok {
			found[r.First] = &r
		}
	}
	return found, nil
}

// rowsOfBlock names what is wrong with the rows of one block in one slot.
func (a *Audit) rowsOfBlock(ctx context.Context, j *judgement, d *BlockDifference, receipt *event.Receipt) error {
	f := Finding{First: receipt.First, Last: receipt.Last, Class: d.Class, Slot: d.Slot, Expected: int64(d.Expected), receipt: receipt}
	if d.Identities < d.Expected {
		f.Kind, f.Found = RowsMissing, int64(d.Identities)
		f.Text = fmt.Sprintf("%d rows are missing", d.Expected-d.Identities)
		if j.live && j.span.holds(receipt.First, receipt.Last) {
			f.Remedy = "run `mailtrail audit --repair`, which inserts them"
		} else {
			f.Remedy = "Kafka no longer holds these offsets: put the rows back from a copy of the table " + a.config.Rows
		}
		j.find(f)
	}
	if d.Identities > d.Expected {
		f.Kind, f.Found = RowsUncounted, int64(d.Identities)
		f.Text = fmt.Sprintf("%d rows stand at positions that the receipt does not count", d.Identities-d.Expected)
		f.Remedy = fmt.Sprintf("find out who wrote them: SELECT offset, index FROM %s WHERE %s", a.table(a.config.Rows), where(j, d, receipt))
		j.find(f)
	}
	if d.Rows > d.Identities {
		positions, err := a.deps.Store.Duplicates(ctx, j.Topic, j.Partition, receipt.First, receipt.Last, namedPositions)
		if err != nil {
			return err
		}
		f.Kind, f.Expected, f.Found = RowsTwice, int64(d.Identities), int64(d.Rows)
		f.Text = fmt.Sprintf("%d rows too many: %s", d.Rows-d.Identities, listed(positions))
		f.Remedy = fmt.Sprintf("stop all ingest, keep a copy, and run OPTIMIZE TABLE %s PARTITION %s FINAL DEDUPLICATE BY %s",
			a.table(a.config.Rows), partitionOf(d.Class, d.Slot), strings.Join(a.config.Same, ", "))
		j.find(f)
	}
	return nil
}

// namedPositions is how many positions a finding lists.
const namedPositions = 5

// listed writes positions as offset/index.
func listed(positions []Duplicate) string {
	var texts []string
	for _, p := range positions {
		texts = append(texts, fmt.Sprintf("offset %d index %d stands %d times", p.Offset, p.Index, p.Copies))
	}
	if len(positions) == namedPositions {
		texts = append(texts, "and maybe more")
	}
	return strings.Join(texts, ", ")
}

// where names the rows of a block in one slot.
func where(j *judgement, d *BlockDifference, receipt *event.Receipt) string {
	return fmt.Sprintf("retention_class = '%s' AND slot = '%s' AND topic = '%s' AND partition = %d AND offset BETWEEN %d AND %d",
		d.Class, time.Unix(d.Slot, 0).UTC().Format(time.DateTime), j.Topic, j.Partition, receipt.First, receipt.Last)
}

// partitionOf names a partition of the table of rows in a statement.
func partitionOf(class string, slot int64) string {
	return fmt.Sprintf("('%s', toDateTime('%s', 'UTC'))", class, time.Unix(slot, 0).UTC().Format(time.DateTime))
}

// rowsWithoutReceipt names the rows of a gap, once for all slots in which they lie.
func (a *Audit) rowsWithoutReceipt(j *judgement, gaps map[int64]*uncovered) {
	for _, first := range slices.Sorted(maps.Keys(gaps)) {
		u := gaps[first]
		j.find(Finding{
			Kind: RowsWithoutReceipt, First: first, Last: j.endOfGap(first), Found: int64(u.rows),
			Text:   fmt.Sprintf("no receipt covers these rows, which lie in %d slots", u.slots),
			Remedy: "run `mailtrail audit --repair`, which writes the receipt while Kafka holds the offsets; later, put the receipt back from a copy of the table " + a.table("blocks"),
		})
	}
}

// uncovered is the rows of a gap and the slots in which they lie.
type uncovered struct{ rows, slots uint64 }

// endOfGap returns the last offset of the gap that begins at first.
func (j *judgement) endOfGap(first int64) int64 {
	c := j.coverage
	switch {
	case c.any && first < c.first:
		return c.first - 1
	case !c.any || first > c.last:
		return max(first, j.span.End-1)
	}
	for _, g := range c.gaps {
		if g.first == first {
			return g.last
		}
	}
	return first
}
