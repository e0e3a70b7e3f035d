package retention

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
)

// Effective returns when a slot is destroyed, in Unix seconds, after the
// class's row was changed at the time changed: a slot that had begun keeps the
// earlier of both times, so a change can shorten its life and never lengthen it.
// One of the rows is nil where the class is new or is no more.
func Effective(old, now *Row, slot, changed int64) int64 {
	switch {
	case old == nil:
		return now.DestroyAt(slot)
	case now == nil:
		return old.DestroyAt(slot)
	case slot >= changed:
		return now.DestroyAt(slot)
	}
	return min(old.DestroyAt(slot), now.DestroyAt(slot))
}

// Change is a difference between two schedules: a key of a row, or a whole row
// where Key is empty.
type Change struct {
	Class, Key string
	// Old and New are the values in the schedule's words, empty where there is none.
	Old, New string
	// Lengthens says that slots of the class would live longer by it.
	Lengthens bool
}

// String says what changed.
func (c Change) String() string {
	text := fmt.Sprintf("class %s: %s %s -> %s", c.Class, c.Key, cmp.Or(c.Old, "nothing"), cmp.Or(c.New, "nothing"))
	switch {
	case c.Key != "":
	case c.Old == "":
		text = fmt.Sprintf("class %s: new, %s", c.Class, c.New)
	default:
		text = fmt.Sprintf("class %s: gone, was %s", c.Class, c.Old)
	}
	if c.Lengthens {
		text += " (for slots that begin from now on; those that have begun keep what they had)"
	}
	return text
}

// Compare lists what changed from one schedule to another, by class and key,
// in the order of the new one; classes that are gone come last. Topics are
// compared under their names.
func Compare(old, now *Schedule) (changes []Change) {
	for _, row := range now.Rows() {
		before := old.Row(row.Class)
		if before == nil {
			changes = append(changes, Change{Class: row.Class, New: row.inShort()})
			continue
		}
		changes = append(changes, before.compare(row)...)
	}
	for _, row := range old.Rows() {
		if now.Row(row.Class) == nil {
			changes = append(changes, Change{Class: row.Class, Old: row.inShort()})
		}
	}
	for _, name := range slices.Sorted(slices.Values(slices.Concat(old.topicNames(), now.topicNames()))) {
		before, after := Duration(old.TopicLife(name)), Duration(now.TopicLife(name))
		change := Change{Class: "topic " + name, Key: "life", Old: orNothing(before), New: orNothing(after), Lengthens: before > 0 && after > before}
		if before != after && !slices.Contains(changes, change) {
			changes = append(changes, change)
		}
	}
	return changes
}

func orNothing(d Duration) string {
	if d == 0 {
		return ""
	}
	return d.String()
}

func (r *Row) inShort() string {
	if r.Bound == NoLimit {
		return "without a limit"
	}
	return r.Limit.String() + " from " + string(r.Clock)
}

// compare lists the keys that differ.
func (r *Row) compare(now *Row) (changes []Change) {
	longer := r.Sliced() && now.Sliced() && now.DestroyAt(0) > r.DestroyAt(0)
	for _, key := range []struct {
		name     string
		old, new string
		life     bool
	}{
		{"rule", r.Rule, now.Rule, false},
		{"system", r.System, now.System, false},
		{"record", r.Record, now.Record, false},
		{"limit", r.limitText(), now.limitText(), true},
		{"bound", string(r.Bound), string(now.Bound), true},
		{"clock", string(r.Clock), string(now.Clock), true},
		{"idle", r.Idle.String(), now.Idle.String(), false},
		{"citation", r.Citation, now.Citation, false},
		{"reason", r.Reason, now.Reason, false},
		{"decision", r.Decision, now.Decision, false},
		{"planned", fmt.Sprint(r.Planned), fmt.Sprint(now.Planned), false},
		{"sealed", fmt.Sprint(r.Sealed), fmt.Sprint(now.Sealed), false},
		{"topic", r.Topic, now.Topic, false},
		{"tables", strings.Join(r.Tables, ", "), strings.Join(now.Tables, ", "), false},
		{"system_tables", strings.Join(r.SystemTables, ", "), strings.Join(now.SystemTables, ", "), false},
		{"buckets", strings.Join(r.Buckets, ", "), strings.Join(now.Buckets, ", "), false},
		{"folders", strings.Join(r.Folders, ", "), strings.Join(now.Folders, ", "), false},
		{"slot", orNothing(r.Slot), orNothing(now.Slot), false},
		{"margin", orNothing(r.Margin), orNothing(now.Margin), true},
		{"behind", orNothing(r.Behind), orNothing(now.Behind), false},
	} {
		if key.old != key.new {
			changes = append(changes, Change{Class: r.Class, Key: key.name, Old: key.old, New: key.new, Lengthens: longer && key.life})
		}
	}
	return changes
}

func (r *Row) limitText() string {
	if r.Bound == NoLimit {
		return ""
	}
	return r.Limit.String()
}
