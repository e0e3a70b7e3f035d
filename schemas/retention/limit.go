package retention

import (
	"fmt"
	"strconv"
	"strings"
	"time"
)

const day = 24 * time.Hour

// Limit is how old a record may become: so many days, hours, minutes or
// seconds, or so many months or years of the calendar: 30d, 24mo, 1y.
type Limit struct {
	count int64
	unit  string
}

// longestLimit bounds every limit; slots lie in 32 bits of seconds.
const longestLimit = 100 // years

// UnmarshalText reads a whole number and a unit.
func (l *Limit) UnmarshalText(text []byte) error {
	for _, unit := range []string{"mo", "y"} {
		digits, found := strings.CutSuffix(string(text), unit)
		count, err := strconv.ParseInt(digits, 10, 32)
		if found && err == nil && count >= 1 && (unit == "y" && count <= longestLimit || unit == "mo" && count <= 12*longestLimit) {
			*l = Limit{count, unit}
			return nil
		}
	}
	var exact Duration
	if err := exact.UnmarshalText(text); err != nil {
		return fmt.Errorf("%q is not a limit: expected a whole number and one of d, h, m, s, mo, y, such as 30d or 24mo", text)
	}
	if exact > Duration(longestLimit*365*day) {
		return fmt.Errorf("%q is not a limit: expected at most %d years", text, longestLimit)
	}
	*l = LimitOf(time.Duration(exact))
	return nil
}

// LimitOf is a limit of so many whole seconds.
func LimitOf(exact time.Duration) Limit { return Limit{int64(exact / time.Second), "s"} }

// String writes the limit as the schedule does.
func (l Limit) String() string {
	if l.months() > 0 {
		return strconv.FormatInt(l.count, 10) + l.unit
	}
	return Duration(l.exact()).String()
}

// months is the number of months of a limit of the calendar, else 0.
func (l Limit) months() int {
	switch l.unit {
	case "y":
		return int(12 * l.count)
	case "mo":
		return int(l.count)
	}
	return 0
}

func (l Limit) exact() time.Duration { return time.Duration(l.count) * time.Second }

// after is the moment, Unix seconds, at which the limit is over for what begins
// at the moment. Months and years end on the same day of the month, or on
// its last day where it has none such: a year from 29 February ends on 28
// February. Of a ceiling each year has at most 365 days, and each month
// beyond the years at most 31.
func (l Limit) after(moment int64, bound Bound) int64 {
	months := l.months()
	if months == 0 {
		return moment + int64(l.exact()/time.Second)
	}
	at := time.Unix(moment, 0).UTC()
	first := time.Date(at.Year(), at.Month()+time.Month(months), 1, at.Hour(), at.Minute(), at.Second(), 0, time.UTC)
	last := first.AddDate(0, 1, -1).Day()
	end := first.AddDate(0, 0, min(at.Day(), last)-1).Unix()
	if bound == Term {
		return end
	}
	return min(end, moment+int64(l.ceiling()/time.Second))
}

// ceiling is the longest that a limit of the calendar can be as a ceiling.
func (l Limit) ceiling() time.Duration {
	months := l.months()
	return time.Duration(months/12)*365*day + time.Duration(months%12)*31*day
}

// constant returns the length of the limit where it is the same from every
// moment on; ok is false for months, and for terms of years.
func (l Limit) constant(bound Bound) (length time.Duration, ok bool) {
	months := l.months()
	switch {
	case months == 0:
		return l.exact(), true
	case months%12 == 0 && bound != Term:
		return l.ceiling(), true // a calendar year is never shorter
	}
	return 0, false
}

// Longest returns the most that the limit can be from any moment on.
func (l Limit) Longest(bound Bound) time.Duration {
	months := l.months()
	switch {
	case months == 0:
		return l.exact()
	case bound != Term:
		return l.ceiling()
	}
	years := time.Duration(months / 12)
	return l.ceiling() + (years+3)/4*day // its leap days at most
}

// shortest returns the least that the limit can be from any moment on: every
// calendar year has 365 days, every calendar month 28.
func (l Limit) shortest() time.Duration {
	months := l.months()
	if months == 0 {
		return l.exact()
	}
	return time.Duration(months/12)*365*day + time.Duration(months%12)*28*day
}
