package facility

// LocalTime is the wall clock of a place: year to millisecond read as if they
// were UTC, in milliseconds since 1970-01-01. It is what a fast parser makes of
// a time text that has no offset.
type LocalTime int64

// Ambiguity says how sure the conversion of a wall clock time is.
type Ambiguity uint8

const (
	// Exact: the wall time stands for one instant.
	Exact Ambiguity = 0
	// Ambiguous: the clock showed this time twice (the autumn hour). The
	// earlier instant was taken, which is daylight time: for a ceiling on the
	// age of a record it is the strict reading.
	Ambiguous Ambiguity = 1
	// Nonexistent: the clock never showed this time (the spring gap). It was
	// read with the offset from before the change, so that 02:30 becomes what
	// the clocks show as 03:30.
	Nonexistent Ambiguity = 2
	// Unresolved: the zone is NoZone or not of this table, or the year is
	// outside 1990 to 2060. The result is the wall time itself, offset 0, and
	// must not be used as an instant.
	Unresolved Ambiguity = 4
)

// The years for which wall times are converted.
const (
	FirstYear = 1990
	LastYear  = 2060
)

const minuteMilli = 60_000

// firstWall and endWall bound the wall times of these years.
const (
	firstWall LocalTime = 631_152_000_000
	endWall   LocalTime = 2_871_763_200_000
)

// zone is one time zone, ready for look-ups by wall time.
type zone struct {
	name  string
	base  int16 // minutes east of UTC before the first change
	edges []edge
}

// edge is one change of a zone's offset. From from until until (wall clock,
// milliseconds) the reading is in doubt: shown twice when the clock was put
// back (before > after), never shown when it was put forward. Later wall times
// have the offset after.
type edge struct {
	from, until   LocalTime
	before, after int16
}

// newEdge makes the edge of a change at an instant (Unix milliseconds).
func newEdge(at int64, before, after int16) edge {
	return edge{
		from:   LocalTime(at + int64(min(before, after))*minuteMilli),
		until:  LocalTime(at + int64(max(before, after))*minuteMilli),
		before: before, after: after,
	}
}

// at is the instant of the change, Unix milliseconds.
func (e edge) at() int64 {
	return int64(e.from) - int64(min(e.before, e.after))*minuteMilli
}

// LocalToUTC returns the instant (Unix milliseconds) at which the clocks of
// zone z showed wall, the offset in force then (minutes east of UTC), and how
// sure that is. It is a pure function of the table and does not allocate.
func (t *Table) LocalToUTC(z ZoneID, wall LocalTime) (unixMilli int64, offsetMinutes int16, flags Ambiguity) {
	if z == NoZone || int(z) >= len(t.zones) || wall < firstWall || wall >= endWall {
		return int64(wall), 0, Unresolved
	}
	edges := t.zones[z].edges
	passed, above := 0, len(edges) // the edges that begin at or before wall
	for passed < above {
		middle := int(uint(passed+above) >> 1)
		if edges[middle].from <= wall {
			passed = middle + 1
		} else {
			above = middle
		}
	}
	if passed == 0 {
		base := t.zones[z].base
		return instant(wall, base), base, Exact
	}
	e := &edges[passed-1]
	switch {
	case wall >= e.until:
		return instant(wall, e.after), e.after, Exact
	case e.before > e.after:
		return instant(wall, e.before), e.before, Ambiguous
	}
	return instant(wall, e.before), e.after, Nonexistent
}

func instant(wall LocalTime, offset int16) int64 {
	return int64(wall) - int64(offset)*minuteMilli
}
