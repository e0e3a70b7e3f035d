package service

import (
	"slices"
	"strings"
	"time"

	"mailtrail/schemas/facility"
	"mailtrail/schemas/reference"
)

// holiday is the rule by which a holiday falls on a day of each year.
type holiday struct {
	month time.Month
	day   int // of the month; 0: by weekday
	// weekday and nth: the nth such day of the month, 0 for the last.
	weekday time.Weekday
	nth     int
	shift   shift
}

// shift is where a holiday goes that falls on a weekend.
type shift uint8

const (
	stays shift = iota
	toMonday
	toFridayOrMonday
)

var shiftWords = []string{"-", "monday", "both"}

var weekdayWords = []string{"", "mon", "tue", "wed", "thu", "fri", "sat"} // by time.Weekday; a Sunday needs no holiday

var nthWords = []string{"last", "1", "2", "3", "4"}

func (c *Calendar) addHoliday(line int, words []string) error {
	h, err := parseHoliday(line, words)
	if err != nil {
		return err
	}
	period, err := reference.ParsePeriod(line, words[4:])
	if err != nil {
		return err
	}
	for year := facility.FirstYear; year <= facility.LastYear; year++ {
		if day, ok := h.in(year); ok && period.Contains(day.Time()) {
			c.closed[h.kept(day)] = words[0]
		}
	}
	return nil
}

func parseHoliday(line int, words []string) (h holiday, err error) {
	month, err := reference.Number(line, "month", words[1], 1, 12)
	if err != nil {
		return h, err
	}
	h.month = time.Month(month)
	if h.shift, err = reference.Word[shift](line, "shift", words[3], shiftWords); err != nil {
		return h, err
	}
	weekday, nth, byWeekday := strings.Cut(words[2], "-")
	if !byWeekday {
		// 2024 is a leap year: the 29th of February is a day, though not of each year.
		most := time.Date(2024, h.month+1, 0, 0, 0, 0, 0, time.UTC).Day()
		h.day, err = reference.Number(line, "day", words[2], 1, most)
		return h, err
	}
	at, count := slices.Index(weekdayWords, weekday), slices.Index(nthWords, nth)
	if at < 1 || count < 0 {
		return h, reference.Wrong(line, "day", words[2], "a day of the month, or a weekday as mon-1 to mon-4 or mon-last")
	}
	h.weekday, h.nth = time.Weekday(at), count
	return h, nil
}

// in returns the day of the holiday in a year; ok is false for a 29th of February that is not there.
func (h holiday) in(year int) (day Day, ok bool) {
	if h.day > 0 {
		at := time.Date(year, h.month, h.day, 0, 0, 0, 0, time.UTC)
		return DayOf(at), at.Month() == h.month
	}
	if h.nth == 0 {
		last := DayOf(time.Date(year, h.month+1, 0, 0, 0, 0, 0, time.UTC))
		return last - Day((last.Weekday()-h.weekday+7)%7), true
	}
	first := DayOf(time.Date(year, h.month, 1, 0, 0, 0, 0, time.UTC))
	return first + Day((h.weekday-first.Weekday()+7)%7) + Day(7*(h.nth-1)), true
}

// kept is the day on which a holiday that falls on a day is kept.
func (h holiday) kept(day Day) Day {
	switch weekday := day.Weekday(); {
	case weekday == time.Sunday && h.shift != stays:
		return day + 1
	case weekday == time.Saturday && h.shift == toFridayOrMonday:
		return day - 1
	}
	return day
}
