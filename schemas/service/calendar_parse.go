package service

import (
	"strings"
	"time"

	"mailtrail/schemas/facility"
	"mailtrail/schemas/reference"
)

// ParseCalendar reads a table in the form of calendar.txt, which explains itself. The error is a *reference.TableError.
func ParseCalendar(text []byte) (*Calendar, error) {
	c := &Calendar{closed: map[Day]string{}, entry: map[entryKey]reference.History[minute]{}}
	ref, err := reference.Parse(text, c.add)
	if err != nil {
		return nil, err
	}
	if all := c.entry[entryKey{anyClass, anyKind}]; len(all) != 1 || all[0].Period != (reference.Period{}) {
		return nil, &reference.TableError{Field: "entry", Expected: `a line "entry * * HH:MM" without days, for what no other line is about`}
	}
	c.Reference = ref
	return c, nil
}

func (c *Calendar) add(line int, words []string) error {
	return reference.Take([]reference.Form{
		{Word: "holiday", Least: 4, Most: 6, Words: "name month day shift [from [until]]", Add: c.addHoliday},
		{Word: "closed", Least: 2, Most: 2, Words: "day name", Add: c.addClosed},
		{Word: "entry", Least: 3, Most: 5, Words: "class kind time [from [until]]", Add: c.addEntry},
		{Word: "last-mile", Least: 1, Most: 3, Words: "time [from [until]]", Add: c.addLastMile},
	}, line, words)
}

func (c *Calendar) addClosed(line int, words []string) error {
	day, err := reference.Day(line, "day", words[0])
	if err != nil {
		return err
	}
	c.closed[DayOf(day)] = words[1]
	return nil
}

func (c *Calendar) addEntry(line int, words []string) error {
	key := entryKey{anyClass, anyKind}
	var err error
	if words[0] != "*" {
		if key.class, err = reference.Word[Class](line, "class", words[0], classWords); err != nil {
			return err
		}
	}
	if words[1] != "*" {
		if key.kind, err = parseKind(line, words[1]); err != nil {
			return err
		}
	}
	history, err := addMinute(line, c.entry[key], words[2:])
	c.entry[key] = history
	return err
}

func (c *Calendar) addLastMile(line int, words []string) (err error) {
	c.lastMile, err = addMinute(line, c.lastMile, words)
	return err
}

// addMinute reads a time of the clock and the days on which it is in force.
func addMinute(line int, history reference.History[minute], words []string) (reference.History[minute], error) {
	at, err := time.Parse("15:04", words[0])
	if err != nil || len(words[0]) != len("15:04") {
		return history, reference.Wrong(line, "time", words[0], "a time of the day, HH:MM")
	}
	period, err := reference.ParsePeriod(line, words[1:])
	if err != nil {
		return history, err
	}
	longer, once := history.With(reference.Dated[minute]{Period: period, Value: minuteOf(at)})
	if !once {
		return history, reference.Wrong(line, "time", words[0], "one time on each day")
	}
	return longer, nil
}

// parseKind reads a kind of facility by the word that analysts see.
func parseKind(line int, word string) (facility.Type, error) {
	kinds := []facility.Type{facility.Plant, facility.Network, facility.PostOffice, facility.NonPostal, facility.Other}
	names := make([]string, len(kinds))
	for i, kind := range kinds {
		if names[i] = kind.String(); names[i] == word {
			return kind, nil
		}
	}
	return 0, reference.Wrong(line, "kind", word, "one of "+strings.Join(names, " "))
}
