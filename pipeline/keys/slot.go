package keys

import (
	"fmt"
	"regexp"
	"strings"
	"time"

	"mailtrail/schemas/retention"
)

// Slot is one slot of a class, with what the schedule says of it.
type Slot struct {
	Class string
	// Start names it. SealAt is when nothing more can come in: its end, and as long as
	// a record may be late. DestroyAt is when its key goes. All in whole seconds, UTC.
	Start, SealAt, DestroyAt time.Time
}

// Calendar says which slots there are. The error wraps [ErrNoSlot] where the class has none that starts then.
type Calendar func(class string, start time.Time) (Slot, error)

// FromSchedule is the calendar of a retention schedule. A row that does not say how late its records may be takes some
// until its slot is destroyed.
func FromSchedule(schedule *retention.Schedule) Calendar {
	return func(class string, start time.Time) (Slot, error) {
		row := schedule.Row(class)
		if row == nil {
			return Slot{}, fmt.Errorf("%w: the schedule has no such class", ErrNoSlot)
		}
		start = start.UTC()
		if row.SlotOf(start.UnixMilli()) != start.Unix() || start.Nanosecond() != 0 {
			return Slot{}, fmt.Errorf("%w: slots of class %s are %s long, counted from 1970-01-01 00:00 UTC", ErrNoSlot, class, time.Duration(row.Slot))
		}
		slot := Slot{Class: class, Start: start, DestroyAt: time.Unix(row.DestroyAt(start.Unix()), 0).UTC()}
		slot.SealAt = slot.DestroyAt
		if row.Behind > 0 {
			slot.SealAt = start.Add(time.Duration(row.Slot + row.Behind))
		}
		return slot, nil
	}
}

// NextDue is when the next slot of a sealed class is due after a time; zero where the schedule has no such class.
func NextDue(schedule *retention.Schedule) func(time.Time) time.Time {
	return func(now time.Time) (next time.Time) {
		for _, row := range schedule.Rows() {
			if !row.Sealed || !row.Sliced() || !row.Flows() {
				continue
			}
			if due := time.Unix(row.DestroyAt(row.CompleteFrom(now.Unix())), 0).UTC(); next.IsZero() || due.Before(next) {
				next = due
			}
		}
		return next
	}
}

// ID names a key. There is one kind today, the key of a slot; its name begins with the kind, so that keys of another kind
// (of a relationship) can stand beside it.
type ID struct {
	Class string
	Start time.Time
}

const (
	slotKind = "slot"
	keyExt   = ".key"
	// fileTime is a slot's start in the name of a file.
	fileTime = "20060102T150405Z"
)

func (s *Slot) id() ID { return ID{s.Class, s.Start.UTC()} }

// String is slot/CLASS/START, with the start in RFC 3339 UTC.
func (id ID) String() string {
	return slotKind + "/" + id.Class + "/" + id.Start.UTC().Format(time.RFC3339)
}

// className is what a class is called: it becomes part of a file's name.
var className = regexp.MustCompile(`^[a-z0-9_]{1,64}$`)

// ParseID reads what String writes, nothing else.
func ParseID(text string) (ID, error) {
	parts := strings.Split(text, "/")
	wrong := fmt.Errorf("name of a key: expected slot/CLASS/START with START in RFC 3339 UTC")
	if len(parts) != 3 || parts[0] != slotKind || !className.MatchString(parts[1]) {
		return ID{}, wrong
	}
	start, err := time.Parse(time.RFC3339, parts[2])
	if id := (ID{parts[1], start.UTC()}); err == nil && id.String() == text {
		return id, nil
	}
	return ID{}, wrong
}

// fileName is the name of the file that holds the key.
func (id ID) fileName() string {
	return slotKind + "-" + id.Class + "-" + id.Start.UTC().Format(fileTime) + keyExt
}

// idOfFile reads fileName back.
func idOfFile(name string) (ID, bool) {
	text, isKey := strings.CutSuffix(name, keyExt)
	parts := strings.Split(text, "-")
	if !isKey || len(parts) != 3 || parts[0] != slotKind || !className.MatchString(parts[1]) {
		return ID{}, false
	}
	start, err := time.Parse(fileTime, parts[2])
	id := ID{parts[1], start.UTC()}
	return id, err == nil && id.fileName() == name
}

// compare orders keys by class, then by start.
func (id ID) compare(other ID) int {
	if c := strings.Compare(id.Class, other.Class); c != 0 {
		return c
	}
	return id.Start.Compare(other.Start)
}
