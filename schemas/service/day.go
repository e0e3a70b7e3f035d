package service

import "time"

// Day is a day of the calendar, counted from 1970-01-01. 0 stands for no day.
type Day int32

const secondsADay = 24 * 60 * 60

// DayOf is the day that the clock of t shows.
func DayOf(t time.Time) Day {
	year, month, day := t.Date()
	return Day(time.Date(year, month, day, 0, 0, 0, 0, time.UTC).Unix() / secondsADay)
}

// Time is the day as midnight UTC.
func (d Day) Time() time.Time { return time.Unix(int64(d)*secondsADay, 0).UTC() }

// Weekday is the day of the week.
func (d Day) Weekday() time.Weekday { return d.Time().Weekday() }

// String is YYYY-MM-DD, empty for no day.
func (d Day) String() string {
	if d == 0 {
		return ""
	}
	return d.Time().Format(time.DateOnly)
}
