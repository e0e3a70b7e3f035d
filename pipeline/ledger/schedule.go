package ledger

import (
	"slices"
	"time"
)

// ClassRow is what the log must know of a class to tell which slots it has and when each must be gone.
type ClassRow struct {
	Class string
	// Bound is "ceiling" or "term".
	Bound    string
	Citation string
	// Limit is how old a record may become, SlotLength the length of a slot,
	// DestroyAfter the time from a slot's start to its destruction: whole seconds.
	Limit, SlotLength, DestroyAfter time.Duration
	// FirstSlot is the start of the first slot for which a destruction must be in the log.
	FirstSlot time.Time
	// Stores are where: STORE, or STORE/OBJECT; [KeyStore] for slot keys.
	Stores []string
}

func rowOf(e *Entry) ClassRow {
	return ClassRow{
		Class: e.Class, Bound: e.Bound, Citation: e.Citation, Limit: time.Duration(e.Limit) * time.Second, SlotLength: time.Duration(e.SlotLength) * time.Second,
		DestroyAfter: time.Duration(e.DestroyAfter) * time.Second, FirstSlot: e.FirstSlot, Stores: e.Stores,
	}
}

func (r *ClassRow) entry(schedule string) Entry {
	stores := slices.Clone(r.Stores)
	slices.Sort(stores)
	return Entry{
		Kind: ClassAdopted, Schedule: schedule, Class: r.Class, Bound: r.Bound, Citation: r.Citation, Limit: int64(r.Limit / time.Second),
		SlotLength: int64(r.SlotLength / time.Second), DestroyAfter: int64(r.DestroyAfter / time.Second), FirstSlot: r.FirstSlot.UTC(), Stores: slices.Compact(stores),
	}
}

// same tells whether two rows ask the same of every slot. Where a later row begins is of no account.
func (r *ClassRow) same(other *ClassRow) bool {
	a, b := r.entry(""), other.entry("")
	a.FirstSlot, b.FirstSlot = time.Time{}, time.Time{}
	return a.Bound == b.Bound && a.Citation == b.Citation && a.Limit == b.Limit && a.SlotLength == b.SlotLength &&
		a.DestroyAfter == b.DestroyAfter && slices.Equal(a.Stores, b.Stores)
}

// Adopt enters a schedule, named by the SHA-256 of its text, and each row that asks something else than the newest one of
// its class. A row that follows another one of its class names slots only from the first that has not begun: what has
// begun keeps its calendar, and a later row can only shorten it. A schedule that is the newest already is not entered
// again; rows that a newer program makes of it are. It tells whether anything was.
func (l *Log) Adopt(schedule string, rows []ClassRow, by string) (changed bool, err error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.unsure {
		if err := l.load(); err != nil {
			return false, err
		}
	}
	var entries []Entry
	switch l.index.schedule {
	case schedule:
	case "":
		entries = append(entries, Entry{Kind: ScheduleAdopted, Schedule: schedule, By: by})
	default:
		entries = append(entries, Entry{Kind: ScheduleChanged, Schedule: schedule, By: by})
	}
	now := l.deps.Clock()
	if now.Before(l.index.last) {
		now = l.index.last
	}
	for _, row := range rows {
		known := l.index.rows[row.Class]
		if len(known) > 0 && known[len(known)-1].row.same(&row) {
			continue
		}
		if len(known) > 0 {
			row.FirstSlot = row.after(now, row.FirstSlot)
		}
		entries = append(entries, row.entry(schedule))
	}
	if len(entries) == 0 {
		return false, nil
	}
	_, err = l.append(entries)
	return err == nil, err
}

// after is the wanted first slot, or the first one of the row's calendar that begins after now where that is later.
func (r *ClassRow) after(now, wanted time.Time) time.Time {
	length := int64(max(r.SlotLength/time.Second, 1))
	next := time.Unix((now.Unix()/length+1)*length, 0).UTC()
	if wanted.After(next) {
		return wanted
	}
	return next
}

// term is what the rows of a class ask of one slot.
type term struct {
	// row is the one whose calendar names the slot.
	row ClassRow
	// limit and destroyAfter are the shortest of that row and all later ones: a
	// later schedule can shorten what has begun, never lengthen it.
	limit, destroyAfter time.Duration
}

// termOf finds it; rows are those of one class in the order of the log, at least one.
func termOf(rows []ClassRow, slot time.Time) term {
	governs := 0
	for i := range rows {
		if !rows[i].FirstSlot.After(slot) {
			governs = i
		}
	}
	t := term{rows[governs], rows[governs].Limit, rows[governs].DestroyAfter}
	for _, later := range rows[governs+1:] {
		t.limit, t.destroyAfter = min(t.limit, later.Limit), min(t.destroyAfter, later.DestroyAfter)
	}
	return t
}

// names tells whether the calendar of the row has a slot that starts then.
func (r *ClassRow) names(slot time.Time) bool {
	length := int64(r.SlotLength / time.Second)
	return length > 0 && slot.Unix()%length == 0
}
