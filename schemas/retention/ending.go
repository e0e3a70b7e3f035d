package retention

import "time"

// End is an entry in the history of a relationship, an access or a session:
// that it ended, or that an end was taken back. Times are Unix seconds.
type End struct {
	// Recorded is when the entry was made.
	Recorded int64
	// At is when it ended, or will end.
	At int64
	// TakenBack says instead that the ends recorded before do not hold: it
	// goes on.
	TakenBack bool
}

// EndOf returns when the records of an event-bound class are destroyed, Unix
// seconds: the limit after the end, less the margin. ok is false while there is no end.
//
// active is when something was recorded of it last; where the class has an
// idle limit, so long after it the relationship has ended by itself. history
// is in order of recording. Of several ends the first holds, so that a second
// entry never gives more time. An end that is taken back counts no more,
// unless its destruction was due before: what is destroyed stays destroyed.
func (r *Row) EndOf(active int64, history []End) (destroyAt int64, ok bool) {
	for _, entry := range history {
		if ok && entry.Recorded >= destroyAt {
			return destroyAt, true
		}
		if entry.TakenBack {
			ok = false
			active = max(active, entry.Recorded)
			continue
		}
		if at := r.afterEnd(entry.At); !ok || at < destroyAt {
			destroyAt, ok = at, true
		}
	}
	if r.Idle.Longest(Ceiling) == 0 {
		return destroyAt, ok
	}
	if at := r.afterEnd(r.Idle.after(active, Ceiling)); !ok || at < destroyAt {
		destroyAt, ok = at, true
	}
	return destroyAt, ok
}

// afterEnd is the limit after an end, less the margin, and never before the
// end itself: records that live until an end are needed until then.
func (r *Row) afterEnd(end int64) int64 {
	return max(end, r.Limit.after(end, r.Bound)-int64(time.Duration(r.Margin)/time.Second))
}
