package reference

import (
	"slices"
	"time"
)

// Dated is what an entry of a table says during a time.
type Dated[T any] struct {
	Period
	Value T
}

// History is all that a table says of one code, oldest first.
type History[T any] []Dated[T]

// With returns the history with one more entry. ok is false where two would be in force on one day.
func (h History[T]) With(entry Dated[T]) (longer History[T], ok bool) {
	place, _ := slices.BinarySearchFunc(h, entry.From, func(e Dated[T], from time.Time) int { return e.From.Compare(from) })
	longer = slices.Insert(slices.Clone(h), place, entry)
	for i := 1; i < len(longer); i++ {
		if before := longer[i-1].Until; before.IsZero() || before.After(longer[i].From) {
			return h, false
		}
	}
	return longer, true
}

// At returns what was in force on the day of at, in the time zone of at, and how the code stood that day. Of a code that was not in force it
// returns what it stood for last before, else first after: mail is worked under it all the same.
func (h History[T]) At(at time.Time) (value T, standing Standing) {
	if len(h) == 0 {
		return value, StandingUnknown
	}
	day := DayOf(at)
	began := 0
	for began < len(h) && !h[began].From.After(day) {
		began++
	}
	if began == 0 {
		return h[0].Value, StandingFuture
	}
	latest := h[began-1]
	if latest.Contains(at) {
		return latest.Value, StandingInForce
	}
	return latest.Value, StandingRetired
}

// On returns what is in force on a day, and nothing else.
func (h History[T]) On(day time.Time) (value T, ok bool) {
	value, standing := h.At(day)
	if standing != StandingInForce {
		var none T
		return none, false
	}
	return value, true
}
