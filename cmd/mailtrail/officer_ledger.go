package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"slices"
	"sync"
	"time"

	"mailtrail/pipeline/ledger"
	"mailtrail/pipeline/report"
)

// officerLedger is the ledger as the page reads it, beside its writer.
type officerLedger struct {
	dir string
	now func() time.Time

	mu     sync.Mutex
	reader *ledger.Reader
}

// shownEvents bounds how many violations and the like the page lists, shownGaps how many gaps are looked for.
const (
	shownEvents = 20
	shownGaps   = 1000
)

// gapGrace is how long after its destroy_at a slot without an entry is no gap yet: it may be on its way.
const gapGrace = 5 * time.Minute

// open checks the whole ledger the first time, and what was added since at each later one.
func (l *officerLedger) open() (*ledger.Reader, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.reader != nil {
		err := l.reader.Refresh()
		if err == nil {
			return l.reader, nil
		}
		_ = l.reader.Close() // it must not be used any more
		l.reader = nil
	}
	if _, err := os.Stat(l.dir); errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("%w: there is no folder %s. It lies in the data folder of the host that runs `mailtrail retention run` (or `up`); run `mailtrail api` there", report.ErrNoLedger, l.dir)
	}
	reader, err := ledger.Read(l.dir, "")
	l.reader = reader
	return reader, err
}

func (l *officerLedger) close() {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.reader != nil {
		_ = l.reader.Close() // it was only read
	}
}

func (l *officerLedger) State(_ context.Context, asked report.Asked) (*report.LedgerState, error) {
	r, err := l.open()
	if err != nil {
		return nil, err
	}
	head := r.Head()
	state := &report.LedgerState{
		Origin: head.Origin, Size: head.Size, Newest: r.LastTime(), Checkpoint: head.Signed, PublicKey: r.PublicKey(), ViolationsTotal: r.Count(ledger.Violation),
	}
	for _, row := range r.Classes() {
		state.Classes = append(state.Classes, row.Class)
	}
	for gap := range r.Gaps(l.now().Add(-gapGrace)) {
		state.Gaps = append(state.Gaps, report.Gap{Class: gap.Class, Store: gap.Store, Slot: gap.Slot, DestroyAt: gap.DestroyAt, Acknowledged: gap.Acknowledged})
		if len(state.Gaps) == shownGaps {
			break
		}
	}
	return state, errors.Join(seldom(r, state), destroyed(r, state, asked))
}

// seldom takes what is entered seldom.
func seldom(r *ledger.Reader, state *report.LedgerState) error {
	results, err := r.Newest(ledger.VerifyResult, 1)
	for _, e := range results {
		state.Verify = &report.VerifyResult{At: e.Time, Inspected: *e.Inspected, Findings: *e.Findings, Waived: *e.Waived}
	}
	violations, err2 := r.Newest(ledger.Violation, shownEvents)
	for _, e := range violations {
		state.Violations = append(state.Violations, report.Violation{At: e.Time, Class: e.Class, Store: e.Store, Object: e.Object, Detail: e.Detail})
	}
	held, err3 := r.Newest(ledger.ClockHeld, shownEvents)
	for _, e := range held {
		state.Held = append(state.Held, report.HeldClock{At: e.Time, Ahead: time.Duration(e.Step) * time.Millisecond, Detail: e.Detail})
	}
	return errors.Join(err, err2, err3)
}

// destroyed takes the slots that were asked for.
func destroyed(r *ledger.Reader, state *report.LedgerState, asked report.Asked) error {
	slots, err := r.EndedSlots(asked.Class, asked.Before, asked.After, asked.Limit)
	if err != nil {
		return err
	}
	for _, slot := range slots {
		standing, err := r.Standing(slot.Class, slot.Slot)
		if err != nil {
			return err
		}
		d := report.DestroyedSlot{Class: slot.Class, Slot: slot.Slot, Places: standing.Ended, Missing: standing.Missing}
		for _, e := range slot.Entries {
			switch e.Kind {
			case ledger.PartitionDropped, ledger.PrefixDeleted, ledger.KeyDestroyed:
				d.At = e.Time
				if !slices.Contains(d.By, e.By) {
					d.By = append(d.By, e.By)
				}
				if e.Rows != nil {
					d.Rows += *e.Rows
				}
			case ledger.Returned:
				d.Returned = true
			}
		}
		state.Destroyed = append(state.Destroyed, d)
	}
	return nil
}

func (l *officerLedger) Proof(_ context.Context, class string, slot time.Time) ([]byte, error) {
	r, err := l.open()
	if err != nil {
		return nil, err
	}
	bundle, err := r.ProveDestroyed(class, slot, l.now())
	var not *ledger.NotDestroyedError
	if errors.Is(err, ledger.ErrNoSlot) || errors.As(err, &not) {
		return nil, fmt.Errorf("%w: %w", report.ErrNoProof, err)
	}
	return bundle, err
}
