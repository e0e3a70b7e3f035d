package ledger

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"
)

// Standing is how far a slot has come.
type Standing struct {
	// DestroyAt is when it is due, Limit when its oldest possible record reaches its limit.
	DestroyAt, Limit time.Time
	// FirstSlot is the first slot of the class that the ledger answers for.
	FirstSlot time.Time
	// Ended are the stores of the slot's row in which its destruction is entered, Missing those in which it is not.
	Ended, Missing []string
}

// NoClassError is the error for a class that the ledger does not have. It is an [ErrNoSlot].
type NoClassError struct {
	Class string
	Known []string
}

func (e *NoClassError) Error() string {
	return fmt.Sprintf("the ledger has no class %q; it has %s", e.Class, strings.Join(e.Known, ", "))
}

// Unwrap makes it an ErrNoSlot.
func (e *NoClassError) Unwrap() error { return ErrNoSlot }

// UnalignedError is the error for a time at which no slot of the class starts. It is an [ErrNoSlot].
type UnalignedError struct {
	Class string
	Slot  time.Time
	// Length is that of the class's slots; Holds starts before and has the time in it, Next follows.
	Length      time.Duration
	Holds, Next time.Time
}

func (e *UnalignedError) Error() string {
	return fmt.Sprintf("no slot of class %s starts at %s: they are %s long; it lies in the slot of %s, and the next is that of %s",
		e.Class, stamp(e.Slot), words(e.Length), stamp(e.Holds), stamp(e.Next))
}

// Unwrap makes it an ErrNoSlot.
func (e *UnalignedError) Unwrap() error { return ErrNoSlot }

// Standing tells how far a slot has come, as far as the ledger knows. The error is a [NoClassError] or an [UnalignedError].
func (r *Reader) Standing(class string, slot time.Time) (*Standing, error) {
	slot = slot.UTC()
	r.mu.Lock()
	defer r.mu.Unlock()
	rows := classRows(r.index.rows[class])
	if len(rows) == 0 {
		return nil, &NoClassError{class, slices.Sorted(maps.Keys(r.index.rows))}
	}
	t := termOf(rows, slot)
	if err := t.row.aligned(slot); err != nil {
		return nil, err
	}
	s := &Standing{DestroyAt: slot.Add(t.destroyAfter), Limit: slot.Add(t.limit), FirstSlot: rows[0].FirstSlot}
	for _, store := range t.row.Stores {
		if missing, _ := r.index.missing(class, slot, store); missing {
			s.Missing = append(s.Missing, store)
		} else {
			s.Ended = append(s.Ended, store)
		}
	}
	return s, nil
}

// Classes are the newest rows of all classes, by name.
func (r *Reader) Classes() (rows []ClassRow) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, class := range slices.Sorted(maps.Keys(r.index.rows)) {
		all := r.index.rows[class]
		rows = append(rows, all[len(all)-1].row)
	}
	return rows
}

// aligned wants a time at which a slot of the row starts.
func (r *ClassRow) aligned(slot time.Time) error {
	length := int64(max(r.SlotLength/time.Second, 1))
	if slot.Unix()%length == 0 && slot.Nanosecond() == 0 {
		return nil
	}
	holds := slot.Unix() - ((slot.Unix()%length)+length)%length
	return &UnalignedError{r.Class, slot, r.SlotLength, time.Unix(holds, 0).UTC(), time.Unix(holds+length, 0).UTC()}
}

// NotDestroyedError is the error for a slot of which no destruction is entered: not yet, or in a gap.
type NotDestroyedError struct {
	Class     string
	Slot      time.Time
	DestroyAt time.Time
	Missing   []string
	// Due says that it should have been destroyed by now; Before that the ledger answers only for slots from FirstSlot on.
	Due, Before bool
	FirstSlot   time.Time
}

func (e *NotDestroyedError) Error() string {
	what := fmt.Sprintf("slot %s of class %s", stamp(e.Slot), e.Class)
	switch {
	case !e.Due:
		return fmt.Sprintf("%s is not destroyed yet: it will be at %s", what, stamp(e.DestroyAt))
	case e.Before:
		return fmt.Sprintf("%s has no entry: the ledger answers for slots from %s on", what, stamp(e.FirstSlot))
	}
	return fmt.Sprintf("%s is a gap: it was due at %s and no destruction of it is entered for %s; `mailtrail retention sweep` destroys and enters what is overdue",
		what, stamp(e.DestroyAt), strings.Join(e.Missing, ", "))
}

// ProveDestroyed is [Reader.Prove] of a slot that is destroyed in one of its stores at least. For others the error is a
// [NotDestroyedError]; where some stores lack it, the bundle shows that as a finding.
func (r *Reader) ProveDestroyed(class string, slot, now time.Time, since ...int64) ([]byte, error) {
	if err := r.Refresh(); err != nil {
		return nil, err
	}
	s, err := r.Standing(class, slot)
	if err != nil {
		return nil, err
	}
	if len(s.Ended) == 0 {
		return nil, &NotDestroyedError{class, slot.UTC(), s.DestroyAt, s.Missing, s.DestroyAt.Before(now), slot.Before(s.FirstSlot), s.FirstSlot}
	}
	return r.Prove(class, slot, since...)
}

// EndedSlot is a slot of which a destruction is entered.
type EndedSlot struct {
	Class string
	Slot  time.Time
	// Entries are all that the ledger has about it.
	Entries []*Entry
}

// EndedSlots returns the newest slots of a class (of all, where it is empty) that begin before a time and of which a
// destruction is entered, the newest first and those of one start by class: at most limit. With after, those that begin at that
// very time and whose class follows it come first: so a list goes on behind its last slot.
func (r *Reader) EndedSlots(class string, before time.Time, after string, limit int) (slots []EndedSlot, err error) {
	r.mu.Lock()
	names := map[slotName]bool{}
	for ended := range r.index.ended {
		names[ended.slot] = true
	}
	for name, key := range r.index.keys {
		if key.Destroyed {
			names[name] = true
		}
	}
	r.mu.Unlock()
	ordered := slices.SortedFunc(maps.Keys(names), func(a, b slotName) int {
		return cmp.Or(cmp.Compare(b.start, a.start), cmp.Compare(a.class, b.class))
	})
	for _, name := range ordered {
		if len(slots) == limit {
			break
		}
		start := time.Unix(name.start, 0).UTC()
		older := start.Before(before) || after != "" && start.Equal(before) && name.class > after
		if older && (class == "" || class == name.class) {
			_, entries, err := r.Slot(name.class, start)
			if err != nil {
				return nil, err
			}
			slots = append(slots, EndedSlot{name.class, start, entries})
		}
	}
	return slots, nil
}

// Newest returns the newest entries of a kind that is entered seldom (verify results, violations, held clocks, returns), the
// newest first: at most limit.
func (r *Reader) Newest(kind Kind, limit int) (entries []*Entry, err error) {
	r.mu.Lock()
	numbers := slices.Clone(r.index.rare[kind])
	r.mu.Unlock()
	slices.Reverse(numbers)
	for _, at := range numbers[:min(limit, len(numbers))] {
		e, err := r.Entry(at)
		if err != nil {
			return nil, err
		}
		entries = append(entries, e)
	}
	return entries, nil
}
