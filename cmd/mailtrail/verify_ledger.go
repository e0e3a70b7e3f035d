package main

import (
	"fmt"
	"iter"
	"os"
	"path/filepath"
	"time"

	"mailtrail/pipeline/ledger"
	"mailtrail/pipeline/retention/verify"
	"mailtrail/schemas/retention"
)

// verifiedLedger is the ledger as the auditor wants it: read beside its writer, and checked.
type verifiedLedger struct {
	dir    string
	reader *ledger.Reader
}

// open reads and checks what was added since.
func (l *verifiedLedger) open() (verify.Book, error) {
	if l.reader != nil {
		err := l.reader.Refresh()
		if err == nil {
			return l, nil
		}
		l.close()
		return nil, err
	}
	if _, err := os.Stat(filepath.Join(l.dir, "entries")); os.IsNotExist(err) {
		return nil, fmt.Errorf("%w in %s: `mailtrail up` or `mailtrail retention run` begins one", verify.ErrNoLedger, l.dir)
	}
	var err error
	if l.reader, err = ledger.Read(l.dir, ""); err != nil {
		l.reader = nil
		return nil, err
	}
	return l, nil
}

func (l *verifiedLedger) close() {
	if l.reader != nil {
		l.reader.Close()
		l.reader = nil
	}
}

// Gaps are those of the calendar.
func (l *verifiedLedger) Gaps(due time.Time) iter.Seq[verify.Gap] {
	return func(yield func(verify.Gap) bool) {
		for gap := range l.reader.Gaps(due) {
			if !yield(verify.Gap{Class: gap.Class, Slot: gap.Slot, Store: gap.Store, Limit: gap.Limit, Acknowledged: gap.Acknowledged}) {
				return
			}
		}
	}
}

// Ended looks for the end of a slot in a table of ClickHouse.
func (l *verifiedLedger) Ended(class string, slot time.Time, table string) (time.Time, error) {
	_, entries, err := l.reader.Slot(class, slot)
	for _, e := range entries {
		if e.Kind == ledger.PartitionDropped && e.Store == string(retention.ClickHouse) && e.Object == table {
			return e.Time, err
		}
	}
	return time.Time{}, err
}

// verifyRecorder enters results in the ledger that the sweeper writes.
type verifyRecorder struct {
	log  *ledger.Log
	book *verifiedLedger
}

// byAuditor is who enters results, in the words of the ledger.
const byAuditor = "auditor"

// enteredViolations is how many violations of one result are entered by name at most.
const enteredViolations = 100

// Destroyed counts the destructions that were entered when the auditor looked.
func (v verifyRecorder) Destroyed() (n int64) {
	if v.book.reader == nil {
		return 0
	}
	for _, kind := range []ledger.Kind{ledger.KeyDestroyed, ledger.PartitionDropped, ledger.PrefixDeleted} {
		n += v.book.reader.Count(kind)
	}
	return n
}

// Record enters the violations and then the result that counts them.
func (v verifyRecorder) Record(report *verify.Report, fresh []verify.Finding) error {
	var entries []ledger.Entry
	for _, f := range fresh[:min(len(fresh), enteredViolations)] {
		e := ledger.Entry{Kind: ledger.Violation, By: byAuditor, Store: f.Store, Object: f.Object, Class: f.Class, Detail: string(f.Kind) + ": " + f.Text}
		if f.Class != "" && !f.Slot.IsZero() {
			e.Slot = f.Slot.UTC().Truncate(time.Second)
		}
		if !f.Oldest.IsZero() {
			e.Oldest = f.Oldest.UTC().Truncate(time.Millisecond)
		}
		if f.Rows > 0 {
			e.Rows = new(int64(f.Rows))
		}
		entries = append(entries, e)
	}
	alarms := int64(len(report.Alarms()))
	result := ledger.Entry{Kind: ledger.VerifyResult, By: byAuditor, Findings: new(alarms), Inspected: new(int64(report.Inspected)), Waived: new(int64(len(report.Findings)) - alarms)}
	if more := len(fresh) - enteredViolations; more > 0 {
		result.Detail = fmt.Sprintf("%d more violations are not entered by name", more)
	}
	_, err := v.log.Append(append(entries, result)...)
	return err
}
