package main

import (
	"cmp"
	"fmt"
	"io"
	"maps"
	"slices"
	"time"

	"mailtrail/pipeline/audit"
	"mailtrail/schemas/event"
)

// auditPrinter prints an audit: rows of one shape in JSON and CSV; on a table what is wrong and what was done, then the
// remedies, the notes and one line of totals.
type auditPrinter struct {
	out, notes io.Writer
	table      bool
	rows       *rowWriter
	printed    int
	err        error // the first of printing
}

// The columns of a table, and those that JSON and CSV have besides.
var (
	auditColumns     = []string{"what", "kind", "topic", "partition", "first", "last", "class", "slot", "expected", "found", "text"}
	auditMoreColumns = []string{"outcome", "reason", "remedy"}
)

func newAuditPrinter(out, notes io.Writer, format rowFormat) (*auditPrinter, error) {
	p := &auditPrinter{out: out, notes: notes, table: format == "table"}
	columns := auditColumns
	if !p.table {
		columns = slices.Concat(auditColumns, auditMoreColumns)
	}
	var err error
	p.rows, err = newRowWriter(out, format, columns...)
	return p, err
}

// auditRow is one row of any kind.
type auditRow struct {
	what, kind, topic     string
	partition             int32 // -1 for none
	first, last           int64 // -1 for none
	class                 string
	slot                  int64 // 0 for none
	expected, found       any
	text                  string
	outcome, reason, cure string
}

func (p *auditPrinter) row(r auditRow) {
	values := []any{r.what, orNil(r.kind), orNil(r.topic), r.partition, r.first, r.last, orNil(r.class), nil, r.expected, r.found, orNil(r.text)}
	if r.partition < 0 {
		values[3] = nil
	}
	if r.first < 0 {
		values[4], values[5] = nil, nil
	}
	if r.slot != 0 {
		values[7] = time.Unix(r.slot, 0).UTC()
	}
	if !p.table {
		values = append(values, orNil(r.outcome), orNil(r.reason), orNil(r.cure))
	}
	p.printed++
	if err := p.rows.Row(values...); p.err == nil {
		p.err = err
	}
}

func orNil(text string) any {
	if text == "" {
		return nil
	}
	return text
}

// action prints what a repair did.
func (p *auditPrinter) action(a audit.Action) {
	what := "mended"
	if !a.Mended {
		what = "not mended"
	}
	p.row(auditRow{what: what, kind: string(a.Kind), topic: a.Topic, partition: a.Partition, first: a.First, last: a.Last, class: a.Class, slot: a.Slot, text: a.Text})
}

// report prints what the last audit found.
func (p *auditPrinter) report(found *allAudited) error {
	for _, f := range found.findings() {
		p.row(auditRow{
			what: "finding", kind: string(f.Kind), topic: f.Topic, partition: f.Partition, first: f.First, last: f.Last,
			class: f.Class, slot: f.Slot, expected: f.Expected, found: f.Found, text: f.Text, cure: f.Remedy,
		})
	}
	if !p.table {
		for _, r := range found.topics {
			p.records(r)
		}
		if found.packs != nil {
			p.packs(found.packs)
		}
		return cmp.Or(p.err, p.rows.Close())
	}
	if p.printed > 0 {
		p.err = cmp.Or(p.err, p.rows.Close())
	}
	p.remedies(found.findings())
	for _, r := range found.topics {
		for _, n := range r.Notes {
			fmt.Fprintln(p.notes, noteText(r.Topic, n))
		}
	}
	for _, r := range found.topics {
		_, err := fmt.Fprintln(p.out, totalsLine(r))
		p.err = cmp.Or(p.err, err)
	}
	if found.packs != nil {
		_, err := fmt.Fprintln(p.out, packsLine(found.packs))
		p.err = cmp.Or(p.err, err)
	}
	return p.err
}

// packs prints the totals of packs as rows.
func (p *auditPrinter) packs(packs *audit.Packs) {
	for _, total := range []struct {
		kind string
		n    any
	}{{"packs", packs.Packs}, {"images", packs.Images}, {"orphans", packs.Orphans}, {"orphan_bytes", packs.OrphanBytes}} {
		p.row(auditRow{what: "total", kind: total.kind, partition: -1, first: -1, last: -1, found: total.n})
	}
}

// records prints notes and totals as rows.
func (p *auditPrinter) records(r *audit.Report) {
	for _, n := range r.Notes {
		p.row(auditRow{what: "note", topic: r.Topic, partition: n.Partition, first: n.First, last: n.Last, text: n.Text})
	}
	none := auditRow{what: "total", topic: r.Topic, partition: -1, first: -1, last: -1}
	keys := slices.SortedFunc(maps.Keys(r.Totals.By), func(a, b event.OutcomeCount) int {
		return cmp.Or(cmp.Compare(a.Outcome, b.Outcome), cmp.Compare(a.Class, b.Class), cmp.Compare(a.Reason, b.Reason))
	})
	for _, key := range keys {
		row := none
		row.kind, row.class, row.outcome, row.reason, row.found = "events", key.Class, key.Outcome.String(), key.Reason, r.Totals.By[key]
		p.row(row)
	}
	for _, total := range []struct {
		kind string
		n    uint64
	}{
		{"partitions", r.Totals.Partitions}, {"receipts", r.Totals.Receipts}, {"offsets", r.Totals.Offsets},
		{"control", r.Totals.Control}, {"aborted", r.Totals.Aborted},
	} {
		row := none
		row.kind, row.found = total.kind, total.n
		p.row(row)
	}
}

// remedies prints each remedy once, under the kinds that it is for.
func (p *auditPrinter) remedies(findings []audit.Finding) {
	said := map[string]bool{}
	for _, f := range findings {
		line := string(f.Kind) + ": " + f.Remedy
		if !said[line] {
			said[line] = true
			fmt.Fprintln(p.out, line)
		}
	}
}

func noteText(topic string, n audit.Note) string {
	place := fmt.Sprintf("topic %s partition %d", topic, n.Partition)
	if n.First >= 0 {
		place += fmt.Sprintf(", offsets %d to %d", n.First, n.Last)
	}
	return place + ": " + n.Text
}

func totalsLine(r *audit.Report) string {
	t := &r.Totals
	state := "clean"
	if !r.Clean() {
		state = fmt.Sprintf("%d findings", len(r.Findings))
	}
	return fmt.Sprintf("%s: %s: %d partitions, %d receipts over %d offsets: %d events = %d stored + %d duplicate + %d rejected + %d expired; %d control and %d aborted offsets",
		r.Topic, state, t.Partitions, t.Receipts, t.Offsets, t.Events, t.Outcomes[event.Stored], t.Outcomes[event.Duplicate], t.Outcomes[event.Rejected], t.Outcomes[event.Expired], t.Control, t.Aborted)
}

func packsLine(p *audit.Packs) string {
	state := "clean"
	if len(p.Findings) > 0 {
		state = fmt.Sprintf("%d findings", len(p.Findings))
	}
	return fmt.Sprintf("packs: %s: %d packs of %d images; %d packs of %d bytes that the index does not name", state, p.Packs, p.Images, p.Orphans, p.OrphanBytes)
}
