package service

import (
	_ "embed"
	"fmt"
	"sync"
	"time"

	"mailtrail/schemas/facility"
	"mailtrail/schemas/reference"
)

//go:embed calendar.txt
var calendarText []byte

// Calendar says which days count and until when mail that comes in counts from the same day. It does not change once made and may be shared.
type Calendar struct {
	reference.Reference
	closed   map[Day]string // holidays and single days, with their names
	entry    map[entryKey]reference.History[minute]
	lastMile reference.History[minute]
}

// minute is a time on the wall clock, in minutes since midnight.
type minute int

// entryKey names a class and a kind of facility; anyClass and anyKind stand for all.
type entryKey struct {
	class Class
	kind  facility.Type
}

const (
	anyClass Class         = 255
	anyKind  facility.Type = 255
)

// BuiltinCalendar returns the calendar that comes with the package.
func BuiltinCalendar() *Calendar { return builtinCalendar() }

var builtinCalendar = sync.OnceValue(func() *Calendar {
	calendar, err := ParseCalendar(calendarText)
	if err != nil {
		panic(fmt.Sprintf("service: built-in calendar: %v", err))
	}
	return calendar
})

// Counts reports whether mail is delivered on the day: no Sunday, no holiday (39 CFR 3055.100). Only such days are counted.
func (c *Calendar) Counts(d Day) bool { return d.Weekday() != time.Sunday && c.closed[d] == "" }

// Holiday returns the name of the holiday that the day is, empty for none.
func (c *Calendar) Holiday(d Day) string { return c.closed[d] }

// OnOrAfter returns the day itself where it counts, else the next one that does.
func (c *Calendar) OnOrAfter(d Day) Day {
	for !c.Counts(d) {
		d++
	}
	return d
}

// Add returns the day that is so many days later, of those that count. Of a day that does not count, it counts from the next one that does.
func (c *Calendar) Add(d Day, days int) Day {
	d = c.OnOrAfter(d)
	for range days {
		d = c.OnOrAfter(d + 1)
	}
	return d
}

// Late returns by how many days, of those that count, a day is later than the one that was due; 0 where it is not later.
func (c *Calendar) Late(due, actual Day) (days int) {
	for d := due + 1; d <= actual; d++ {
		if c.Counts(d) {
			days++
		}
	}
	return days
}

// StartDay returns the day from which a piece counts that came in at a moment of the local clock: the same day at or before the critical entry
// time, else, and on a day that does not count, the next day that does.
func (c *Calendar) StartDay(class Class, kind facility.Type, local time.Time) Day {
	day := DayOf(local)
	if !c.Counts(day) {
		return c.OnOrAfter(day)
	}
	if minuteOf(local) > c.entryTime(class, kind, day) {
		return c.OnOrAfter(day + 1)
	}
	return day
}

// EntryTime returns the critical entry time of a class at a kind of facility on a day, since midnight of the local clock.
func (c *Calendar) EntryTime(class Class, kind facility.Type, day Day) time.Duration {
	return time.Duration(c.entryTime(class, kind, day)) * time.Minute
}

func (c *Calendar) entryTime(class Class, kind facility.Type, day Day) minute {
	for _, key := range [...]entryKey{{class, kind}, {class, anyKind}, {anyClass, kind}, {anyClass, anyKind}} {
		if at, ok := c.entry[key].On(day.Time()); ok {
			return at
		}
	}
	return 0 // ParseCalendar sees to it that there is a line for all
}

// DeliveryDay estimates on which day a piece is delivered whose final machine run ended at a moment of the local clock.
func (c *Calendar) DeliveryDay(local time.Time) Day {
	day := DayOf(local)
	if at, ok := c.lastMile.On(day.Time()); !ok || minuteOf(local) > at {
		day++
	}
	return c.OnOrAfter(day)
}

// minuteOf is the minute of the day in which a moment lies, counted up: 17:00:00 is the last moment of 17:00.
func minuteOf(local time.Time) minute {
	at := minute(60*local.Hour() + local.Minute())
	if local.Second() > 0 || local.Nanosecond() > 0 {
		at++
	}
	return at
}
