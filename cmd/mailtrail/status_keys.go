package main

import (
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"slices"
	"time"

	"mailtrail/pipeline/ledger"
)

// keyStatus is what the ledger in the data folder tells of slot keys: what lives and goes next, and what went last.
func (r *role) keyStatus(rules *ruleBook) section {
	s := section{name: "keys", title: "Slot keys, by the ledger", columns: []statusColumn{
		{"class", "class"}, {"keys", "keys"}, {"next_destroy_at", "next destroyed at"}, {"due_in_seconds", "in"}, {"last_destroyed_slot", "last destroyed slot"},
	}}
	if _, err := os.Stat(r.config.LedgerDir()); errors.Is(err, fs.ErrNotExist) {
		s.title = "Slot keys: there is no ledger in this data folder; `mailtrail up` or `mailtrail retention run` keeps it"
		return s
	}
	reader, err := ledger.Read(r.config.LedgerDir(), "")
	if err != nil {
		s.problem = err.Error()
		return s
	}
	defer reader.Close()
	live, next := map[string]int{}, map[string]time.Time{}
	for class, slot := range reader.KeysLive() {
		live[class]++
		row := rules.schedule.Row(class)
		if row == nil {
			continue // its key has the date that it was made with
		}
		if due := at(row.DestroyAt(slot.Unix())); next[class].IsZero() || due.Before(next[class]) {
			next[class] = due
		}
	}
	last := reader.LastKeyDestroyed()
	classes := slices.AppendSeq(slices.Collect(maps.Keys(live)), maps.Keys(last))
	slices.Sort(classes)
	for _, class := range slices.Compact(classes) {
		var nextAt, dueIn, lastSlot any
		if due := next[class]; !due.IsZero() {
			nextAt, dueIn = due, due.Sub(r.now())
			if late := r.now().Sub(due); late > r.config.Retention.SweepEvery {
				s.problem = fmt.Sprintf("a key of class %s is %s past its destroy_at: it is given to nobody, but it is there; does `mailtrail up` or `mailtrail retention run` run?", class, late.Round(time.Second))
			}
		}
		if slot, ok := last[class]; ok {
			lastSlot = slot
		}
		s.rows = append(s.rows, []any{class, live[class], nextAt, dueIn, lastSlot})
	}
	return s
}
