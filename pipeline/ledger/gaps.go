package ledger

import (
	"iter"
	"maps"
	"slices"
	"strings"
	"time"
)

// Gap is a slot whose destruction should be in the log and is not.
type Gap struct {
	Class string
	Slot  time.Time
	// Store is the one of [ClassRow.Stores] that lacks it.
	Store string
	// DestroyAt is when it was due, Limit when the oldest possible record reaches its limit.
	DestroyAt, Limit time.Time
	// Acknowledged: somebody entered why.
	Acknowledged bool
}

// Gaps yields every slot that was due before a time and lacks a destruction in one of its stores. Slots are named by the
// calendar, so one that was left out shows, whether anything was ever entered about it or not.
func (r *Reader) Gaps(due time.Time) iter.Seq[Gap] { return r.index.gaps(&r.mu, due) }

// Gaps is [Reader.Gaps] of the writer.
func (l *Log) Gaps(due time.Time) iter.Seq[Gap] {
	return func(yield func(Gap) bool) {
		l.mu.Lock()
		x := l.index
		l.mu.Unlock()
		x.gaps(&l.mu, due)(yield)
	}
}

// locker is what guards the index while a slot is looked up.
type locker interface {
	Lock()
	Unlock()
}

func (x *index) gaps(lock locker, due time.Time) iter.Seq[Gap] {
	return func(yield func(Gap) bool) {
		lock.Lock()
		classes := slices.Sorted(maps.Keys(x.rows))
		lock.Unlock()
		for _, class := range classes {
			lock.Lock()
			rows := classRows(x.rows[class])
			lock.Unlock()
			for slot, t := range calendar(rows, due) {
				for _, store := range t.row.Stores {
					lock.Lock()
					missing, acknowledged := x.missing(class, slot, store)
					lock.Unlock()
					if missing && !yield(Gap{class, slot, store, slot.Add(t.destroyAfter), slot.Add(t.limit), acknowledged}) {
						return
					}
				}
			}
		}
	}
}

func classRows(all []adopted) (rows []ClassRow) {
	for _, a := range all {
		rows = append(rows, a.row)
	}
	return rows
}

// calendar yields the slots of a class that are due before a time, with what is asked of them.
func calendar(rows []ClassRow, due time.Time) iter.Seq2[time.Time, term] {
	return func(yield func(time.Time, term) bool) {
		for i, row := range rows {
			end := due // no slot that begins later can be due
			for _, later := range rows[i+1:] {
				if later.FirstSlot.Before(end) {
					end = later.FirstSlot
				}
			}
			if row.SlotLength <= 0 {
				continue
			}
			for slot := row.FirstSlot; slot.Before(end); slot = slot.Add(row.SlotLength) {
				t := termOf(rows, slot)
				if slot.Add(t.destroyAfter).Before(due) && !yield(slot, t) {
					return
				}
			}
		}
	}
}

// missing tells whether the log lacks the slot's destruction in a store.
func (x *index) missing(class string, slot time.Time, store string) (missing, acknowledged bool) {
	name, object, _ := strings.Cut(store, "/")
	for _, e := range destructions(class, slot, name, object) {
		if _, found := x.find(&e); found {
			return false, false
		}
	}
	if object == "" && x.anyObject(class, slot, name) {
		return false, false
	}
	for _, s := range []string{store, ""} {
		if _, found := x.find(&Entry{Kind: GapAcknowledged, Class: class, Slot: slot, Store: s}); found {
			return true, true
		}
	}
	return true, false
}

// destructions are the entries that each would be the end of the slot in a store.
func destructions(class string, slot time.Time, store, object string) []Entry {
	if store == KeyStore {
		return []Entry{{Kind: KeyDestroyed, Class: class, Slot: slot}}
	}
	return []Entry{
		{Kind: PartitionDropped, Class: class, Slot: slot, Store: store, Object: object},
		{Kind: PrefixDeleted, Class: class, Slot: slot, Store: store, Object: object},
	}
}

// anyObject tells whether anything of the slot was destroyed in a store, whatever object it was.
func (x *index) anyObject(class string, slot time.Time, store string) bool {
	return x.ended[storeOfSlot{slotName{class, slot.Unix()}, store}]
}

// endsIn tells whether an entry is the end of its slot in the store, or in the object of it, that a row names.
func endsIn(e *Entry, store string) bool {
	name, object, named := strings.Cut(store, "/")
	switch e.Kind {
	case KeyDestroyed:
		return name == KeyStore
	case PartitionDropped, PrefixDeleted:
		return e.Store == name && (!named || e.Object == object)
	}
	return false
}
