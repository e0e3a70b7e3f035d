package reference

import "time"

// Period is a time in whole days during which an entry of a reference table is in force. Days are midnights UTC; zero is an open end.
type Period struct {
	From  time.Time // the first day
	Until time.Time // the first day after it
}

// Contains reports whether the day of at, in the time zone of at, lies in the period.
func (p Period) Contains(at time.Time) bool {
	day := DayOf(at)
	return !day.Before(p.From) && (p.Until.IsZero() || day.Before(p.Until))
}

// DayOf is the calendar day of at, as midnight UTC.
func DayOf(at time.Time) time.Time {
	year, month, day := at.Date()
	return time.Date(year, month, day, 0, 0, 0, 0, time.UTC)
}

// ParsePeriod reads at most two words: the first day and the first day after it, "-" for an open end.
func ParsePeriod(line int, words []string) (p Period, err error) {
	for i, end := range []struct {
		field string
		day   *time.Time
	}{{"from", &p.From}, {"until", &p.Until}} {
		if i >= len(words) || words[i] == "-" {
			continue
		}
		if *end.day, err = time.Parse(time.DateOnly, words[i]); err != nil {
			return Period{}, &TableError{line, end.field, words[i], `a day, YYYY-MM-DD, or "-"`}
		}
	}
	if !p.Until.IsZero() && !p.Until.After(p.From) {
		return Period{}, &TableError{line, "until", words[1], "a day after from"}
	}
	return p, nil
}

// Standing is how a code of a reference table stands on a day.
type Standing uint8

// The standings.
const (
	StandingUnknown Standing = iota // the table does not know the code
	StandingFuture                  // not in force yet
	StandingInForce
	StandingRetired // not in force any more
)

// String returns "unknown", "future", "in force" or "retired".
func (s Standing) String() string {
	return WordOf(s, []string{"", "future", "in force", "retired"})
}
