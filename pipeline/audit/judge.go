package audit

import (
	"cmp"
	"context"
	"fmt"
	"math"
	"slices"
	"time"
)

// judgement is what one look at a partition saw.
type judgement struct {
	target
	commit   Commit
	span     Span
	coverage *coverage
	// below bounds what is judged: rows and gaps at offsets from there on are
	// ingest's, which has not yet said that it is done with them.
	below int64
	// rowsBelow is the bound for rows.
	rowsBelow int64

	findings []Finding
	notes    []Note
	totals   Totals
}

// judge looks at a partition. The group's offset is read first, then what the
// topic holds, then receipts and rows: whatever ingest does in the meantime
// lies behind that offset.
func (a *Audit) judge(ctx context.Context, target target) (*judgement, error) {
	j := &judgement{target: target, commit: Commit{Offset: -1}}
	if target.live {
		if err := a.place(ctx, j); err != nil {
			return nil, err
		}
	}
	var err error
	if j.coverage, err = a.cover(ctx, target.TopicPartition); err != nil {
		return nil, err
	}
	j.findings, j.totals = j.coverage.findings, j.coverage.totals
	if err := a.judgeCommit(ctx, j); err != nil {
		return nil, err
	}
	a.judgeGaps(j)
	if err := a.judgeRows(ctx, j); err != nil {
		return nil, err
	}
	slices.SortStableFunc(j.findings, func(a, b Finding) int { return cmp.Compare(a.First, b.First) })
	return j, nil
}

// place reads where the group and the topic stand.
func (a *Audit) place(ctx context.Context, j *judgement) (err error) {
	if j.commit, err = a.deps.Kafka.Commit(ctx, j.Partition); err != nil {
		return err
	}
	spans, err := a.deps.Kafka.Spans(ctx)
	if err != nil {
		return err
	}
	if int(j.Partition) >= len(spans) {
		return fmt.Errorf("topic %s has no partition %d any more", a.config.Topic, j.Partition)
	}
	j.span = spans[j.Partition]
	return nil
}

func (j *judgement) find(f Finding) {
	f.Topic, f.Partition = j.Topic, j.Partition
	j.findings = append(j.findings, f)
}

func (j *judgement) note(first, last int64, format string, args ...any) {
	j.notes = append(j.notes, Note{j.Partition, first, last, fmt.Sprintf(format, args...)})
}

// judgeCommit compares the group's offset with receipts and topic, and sets
// the bounds of what else is judged.
func (a *Audit) judgeCommit(ctx context.Context, j *judgement) error {
	c := j.coverage
	if !j.live {
		j.below, j.rowsBelow = c.last+1, math.MaxInt64
		return nil
	}
	if j.Topic != a.config.Topic && !c.any && (j.commit.Open == nil || j.commit.Open.Topic != j.Topic) {
		// The topic was made anew and nothing of the new one is taken in: what the group has stored is of the old one.
		j.below, j.rowsBelow = j.span.Start, j.span.Start
		return nil
	}
	j.below, j.rowsBelow = max(j.commit.Offset, 0), j.commit.Offset
	if c.any && !j.commit.covers(c.last) {
		// Ingest may have gone on since; its commit of now must cover the receipts that were read before it.
		now, err := a.deps.Kafka.Commit(ctx, j.Partition)
		if err != nil {
			return err
		}
		if !now.covers(c.last) {
			a.commitBelow(j, now)
			return nil
		}
	}
	switch offset := j.commit.Offset; {
	case offset < 0:
		j.rowsBelow = math.MaxInt64
		j.note(-1, -1, "group %s has not begun; the topic holds offsets %d to %d", a.config.Group, j.span.Start, j.span.End-1)
	case offset > j.span.End:
		j.find(Finding{
			Kind: TopicAnew, First: j.span.End, Last: offset - 1, Expected: j.span.End, Found: offset,
			Text:   "the group's offset lies behind the end of the topic: the topic was made anew or lost its data",
			Remedy: fmt.Sprintf("bring the old topic back, or run `mailtrail migrate --new-topic %s`, which counts the offsets of the new one apart", a.config.Topic),
		})
	case offset < j.span.Start:
		a.lostBeforeTaken(j)
	default:
		j.noteLag()
	}
	return nil
}

func (j *judgement) noteLag() {
	if open := j.commit.Open; open != nil {
		j.note(j.commit.Offset, open.Last, "a block is open since %s: ingest finishes it when it runs", time.UnixMilli(open.At).UTC().Format(time.RFC3339))
	}
	if lag := j.span.End - j.commit.Offset; lag > 0 {
		j.note(j.commit.Offset, j.span.End-1, "%d offsets wait to be taken in", lag)
	}
}

// commitBelow: the receipts reach beyond the group's offset, or it has none.
func (a *Audit) commitBelow(j *judgement, now Commit) {
	last := j.coverage.last
	j.below, j.rowsBelow = last+1, math.MaxInt64
	if now.Offset < 0 {
		j.find(Finding{
			Kind: CommitMissing, First: last + 1, Last: last + 1, Expected: last + 1, Found: -1,
			Text:   fmt.Sprintf("group %s has no offset, but receipts reach offset %d: was the group renamed, or did its offsets expire?", a.config.Group, last),
			Remedy: "set ingest.group to the name used before; or stop all ingest and run `mailtrail audit --repair`, which sets the group behind its receipts",
		})
		return
	}
	j.find(Finding{
		Kind: CommitBelow, First: now.Offset, Last: last, Expected: last + 1, Found: now.Offset,
		Text:   fmt.Sprintf("the offset of group %s lies below the receipts: was it set back?", a.config.Group),
		Remedy: "stop all ingest and run `mailtrail audit --repair`, which sets the group behind its receipts",
	})
}

// lostBeforeTaken: Kafka has deleted from the group's offset on.
func (a *Audit) lostBeforeTaken(j *judgement) {
	const remedy = "stop all ingest and run `mailtrail audit --repair`, which sets the group to where the topic begins"
	first := max(j.commit.Offset, j.coverage.last+1)
	if first < j.span.Start {
		j.find(Finding{
			Kind: Lost, First: first, Last: j.span.Start - 1, Expected: j.span.Start - first,
			Text: "Kafka deleted these offsets before they were taken in, or the topic was made anew", Remedy: remedy,
		})
		return
	}
	j.find(Finding{
		Kind: CommitBelow, First: j.commit.Offset, Last: j.span.Start - 1, Expected: first, Found: j.commit.Offset,
		Text: "the group's offset lies below the start of the topic; receipts cover what Kafka deleted", Remedy: remedy,
	})
}

// judgeGaps names the offsets without a receipt.
func (a *Audit) judgeGaps(j *judgement) {
	for _, g := range j.gaps() {
		if g.at > 0 && a.over(g.at) {
			continue // nothing of it could be left; its receipt may have been destroyed in its time
		}
		// What Kafka holds can be mended, what it deleted cannot.
		held := g.first
		if !j.live || g.first < j.span.Start {
			held = g.last + 1
			if j.live {
				held = min(held, j.span.Start)
			}
			j.find(Finding{
				Kind: Lost, First: g.first, Last: held - 1, Expected: held - g.first,
				Text:   "no receipt covers these offsets, and Kafka no longer holds them",
				Remedy: "nothing brings them back, unless the rows are there (rows_without_receipt) or the receipts are in a copy of the table blocks; this is named until their slots are due",
			})
		}
		if held <= g.last {
			rest := g
			rest.first = held
			j.find(Finding{
				Kind: Gap, First: held, Last: g.last, Expected: g.last - held + 1,
				Text:   "no receipt covers these offsets: they were skipped, or their receipt was removed",
				Remedy: "run `mailtrail audit --repair`, which takes in what is absent and writes the receipt", gap: &rest,
			})
		}
	}
}

// gaps are those between the receipts, and those before the first and behind
// the last, as far as they can be told.
func (j *judgement) gaps() (gaps []gap) {
	c := j.coverage
	add := func(g gap) {
		if g.last = min(g.last, j.below-1); g.first <= g.last {
			gaps = append(gaps, g)
		}
	}
	switch {
	case j.commit.Offset > j.span.End && j.live:
		return nil // the offsets are those of another topic
	case !c.any:
		add(gap{first: j.span.Start, last: j.below - 1})
		return gaps
	case j.live && j.span.Start < c.first:
		// Receipts outlive the topic, so what it holds must have them.
		add(gap{first: j.span.Start, last: c.first - 1, at: c.firstAt, epoch: c.firstEpoch})
	}
	for _, g := range c.gaps {
		add(g)
	}
	add(gap{first: c.last + 1, last: j.below - 1})
	return gaps
}
