package verify

import (
	"context"
	"time"
)

// Inspector looks into one store. What it cannot reach at all is its error; what it cannot look into within, it tells the look.
// A new store is one more Inspector.
type Inspector interface {
	Inspect(ctx context.Context, look *Look) error
}

// Look is one look at all stores: what the inspectors go by, and what they find.
type Look struct {
	// Now is the time of the look.
	Now      time.Time
	schedule *schedule

	inspected int
	findings  []Finding
	rooms     []Room
	// held are the slots that the tables hold, for the ledger's inspector.
	held []heldSlot
}

// heldSlot is a slot of a class that a table holds.
type heldSlot struct {
	class *class
	slot  time.Time
	// table is as the schedule names it, object as it is found.
	table, object string
	rows          uint64
}

// Inspected counts objects that were looked into.
func (l *Look) Inspected(objects int) { l.inspected += objects }

// Found tells what is wrong. Several findings of one thing are told once.
func (l *Look) Found(f Finding) {
	for i := range l.findings {
		if l.findings[i].same(&f) {
			return
		}
	}
	l.findings = append(l.findings, f)
}

// Holds tells what a place holds.
func (l *Look) Holds(r Room) { l.rooms = append(l.rooms, r) }

// missed tells that something could not be looked into.
func (l *Look) missed(store, object string, err error) {
	l.Found(Finding{Kind: NotInspected, Store: store, Object: object, Text: err.Error()})
}
