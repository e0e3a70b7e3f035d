package main

import (
	"cmp"
	"context"
	"strings"
	"time"

	"mailtrail/pipeline/ledger"
	pipeline "mailtrail/pipeline/retention"
	"mailtrail/schemas/retention"
	"mailtrail/sinks/clickhouse"
)

// sweptTables is ClickHouse as the sweeper wants it.
type sweptTables struct{ store *clickhouse.Store }

func (s sweptTables) Held(ctx context.Context) (held []pipeline.Held, err error) {
	slots, err := s.store.HeldSlots(ctx)
	for _, slot := range slots {
		held = append(held, heldSlot(&slot))
	}
	return held, err
}

func (s sweptTables) Drop(ctx context.Context, slot pipeline.Slot) error {
	return s.store.DropSlot(ctx, slot.Class, slot.Place.Name, slot.Start)
}

// sweepLedger is the ledger as the sweeper wants it.
type sweepLedger struct{ *ledger.Log }

func (l sweepLedger) Enter(d pipeline.Drop) (again bool, err error) {
	appended, err := l.Append(endEntry(d))
	return err == nil && appended[0].Repeated, err
}

func (l sweepLedger) EnterAll(drops []pipeline.Drop) error {
	entries := make([]ledger.Entry, len(drops))
	for i, d := range drops {
		entries[i] = endEntry(d)
	}
	_, err := l.Append(entries...)
	return err
}

func (l sweepLedger) Returned(d pipeline.Drop) error {
	entry := dropEntry(d)
	entry.Kind, entry.By = ledger.Returned, d.By
	_, err := l.Append(entry)
	return err
}

// endEntry is the end of a slot in a table or a bucket.
func endEntry(d pipeline.Drop) ledger.Entry {
	entry := dropEntry(d)
	entry.Kind, entry.By = ledger.PartitionDropped, d.By
	if d.Place.Store == retention.Objects {
		entry.Kind = ledger.PrefixDeleted
	}
	return entry
}

func dropEntry(d pipeline.Drop) ledger.Entry {
	return ledger.Entry{
		Class: d.Class, Slot: at(d.Start), Store: string(d.Place.Store), Object: d.Place.Name, Rows: new(int64(d.Rows)), Bytes: new(int64(d.Bytes)),
	}
}

// Missing leaves out what is somebody's reason why not, and the stores that the sweeper does not have.
func (l sweepLedger) Missing(due time.Time) (slots []pipeline.Slot) {
	for gap := range l.Gaps(due) {
		name, object, _ := strings.Cut(gap.Store, "/")
		if store := retention.Store(name); swept(store) && !gap.Acknowledged {
			slots = append(slots, pipeline.Slot{Class: gap.Class, Place: retention.Place{Store: store, Name: object}, Start: gap.Slot.Unix()})
		}
	}
	return slots
}

// swept tells whether the sweeper destroys the slots of the store.
func swept(store retention.Store) bool {
	return store == retention.ClickHouse || store == retention.Objects
}

// classRows are the classes whose slots the sweeper destroys, or whose keys the authority does, as the ledger must know
// them: from the oldest slot on that is not due yet.
func classRows(schedule *retention.Schedule, now time.Time) (rows []ledger.ClassRow) {
	for _, row := range schedule.Rows() {
		if !row.Flows() || !row.Sliced() {
			continue
		}
		var stores []string
		for _, place := range row.Places() {
			if swept(place.Store) {
				stores = append(stores, string(place.Store)+"/"+place.Name)
			}
		}
		if row.Sealed {
			stores = append(stores, ledger.KeyStore)
		}
		if len(stores) == 0 {
			continue
		}
		rows = append(rows, ledger.ClassRow{
			Class: row.Class, Bound: string(cmp.Or(row.Bound, retention.Ceiling)), Citation: row.Citation, Limit: row.Longest(), SlotLength: time.Duration(row.Slot),
			DestroyAfter: time.Duration(row.Life()) * time.Second, FirstSlot: at(row.CompleteFrom(now.Unix())), Stores: stores,
		})
	}
	return rows
}
