package service_test

import (
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"mailtrail/schemas/facility"
	"mailtrail/schemas/reference"
	"mailtrail/schemas/service"
)

func day(text string) service.Day {
	at, err := time.Parse(time.DateOnly, text)
	if err != nil {
		panic(err)
	}
	return service.DayOf(at)
}

// The days on which the mail did not or will not run, as calendars print them.
func TestHolidays(t *testing.T) {
	calendar := service.BuiltinCalendar()
	for year, days := range map[string]string{
		// 2021-07-04 and 2022-06-19 fell on Sundays, 2021-12-25 on a Saturday: no delivery on it, and on the Friday there was.
		"2021": "01-01 01-18 02-15 05-31 07-05 09-06 10-11 11-11 11-25 12-25",
		"2022": "01-01 01-17 02-21 05-30 06-20 07-04 09-05 10-10 11-11 11-24 12-26",
		"2026": "01-01 01-19 02-16 05-25 06-19 07-04 09-07 10-12 11-11 11-26 12-25",
		"2027": "01-01 01-18 02-15 05-31 06-19 07-05 09-06 10-11 11-11 11-25 12-25",
		"2028": "01-01 01-17 02-21 05-29 06-19 07-04 09-04 10-09 11-11 11-23 12-25",
	} {
		var got []string
		for d := day(year + "-01-01"); d <= day(year+"-12-31"); d++ {
			if calendar.Holiday(d) != "" {
				got = append(got, strings.TrimPrefix(d.String(), year+"-"))
			}
		}
		require.Equal(t, days, strings.Join(got, " "), year)
	}
	require.Equal(t, "thanksgiving", calendar.Holiday(day("2026-11-26")))
	require.False(t, calendar.Counts(day("2026-11-29")), "a Sunday")
	require.True(t, calendar.Counts(day("2026-11-28")), "a Saturday")
	require.False(t, calendar.Counts(day("2026-11-26")))
}

func TestDaysThatCount(t *testing.T) {
	calendar := service.BuiltinCalendar()
	for _, c := range []struct {
		start string
		days  int
		due   string
	}{
		{"2026-11-23", 0, "2026-11-23"},
		{"2026-11-23", 2, "2026-11-25"},
		{"2026-11-23", 3, "2026-11-27"}, // over Thanksgiving
		{"2026-11-23", 5, "2026-11-30"}, // and a Sunday
		{"2026-11-29", 0, "2026-11-30"},
		{"2026-12-24", 1, "2026-12-26"},
	} {
		due := calendar.Add(day(c.start), c.days)
		require.Equal(t, c.due, due.String(), "%s + %d", c.start, c.days)
	}
	require.Equal(t, 0, calendar.Late(day("2026-11-25"), day("2026-11-24")))
	require.Equal(t, 0, calendar.Late(day("2026-11-25"), day("2026-11-26")), "what comes on a day that does not count is as early as the day before")
	require.Equal(t, 1, calendar.Late(day("2026-11-25"), day("2026-11-27")))
	require.Equal(t, 3, calendar.Late(day("2026-11-25"), day("2026-11-30")))
}

// Counting days forwards and counting how late they are agree, and the result always counts.
func TestAddAndLateAgree(t *testing.T) {
	calendar := service.BuiltinCalendar()
	rapid.Check(t, func(t *rapid.T) {
		start := service.Day(rapid.IntRange(int(day("1990-01-01")), int(day("2060-10-01"))).Draw(t, "start"))
		days := rapid.IntRange(0, 40).Draw(t, "days")
		due := calendar.Add(start, days)
		require.True(t, calendar.Counts(due))
		require.Equal(t, days, calendar.Late(calendar.OnOrAfter(start), due))
		require.Equal(t, calendar.Add(start, days+1), calendar.Add(due, 1))
		for d := start; d < due; d++ {
			require.Equal(t, calendar.Late(d, due), calendar.Late(d, d+1)+calendar.Late(d+1, due))
		}
	})
}

func TestStartDay(t *testing.T) {
	calendar := service.BuiltinCalendar()
	newYork := time.FixedZone("", -5*3600)
	for _, c := range []struct {
		class service.Class
		kind  facility.Type
		at    time.Time
		start string
	}{
		{service.FirstClass, facility.PostOffice, time.Date(2026, 11, 24, 17, 0, 0, 0, newYork), "2026-11-24"},
		{service.FirstClass, facility.PostOffice, time.Date(2026, 11, 24, 17, 0, 0, 1, newYork), "2026-11-25"},
		{service.FirstClass, facility.PostOffice, time.Date(2026, 11, 25, 18, 0, 0, 0, newYork), "2026-11-27"}, // before Thanksgiving
		{service.FirstClass, facility.PostOffice, time.Date(2026, 11, 29, 9, 0, 0, 0, newYork), "2026-11-30"},  // a Sunday
		{service.Periodicals, facility.Plant, time.Date(2026, 11, 24, 9, 0, 0, 0, newYork), "2026-11-25"},
		{service.Periodicals, facility.PostOffice, time.Date(2026, 11, 24, 9, 0, 0, 0, newYork), "2026-11-24"},
		{service.Marketing, facility.Plant, time.Date(2026, 11, 24, 16, 30, 0, 0, newYork), "2026-11-25"},
		// 21:00 on the 23rd is the 24th in UTC, and after the entry time in New York; the clock of the facility decides.
		{service.FirstClass, facility.PostOffice, time.Date(2026, 11, 24, 2, 0, 0, 0, time.UTC).In(newYork), "2026-11-24"},
		{service.FirstClass, facility.PostOffice, time.Date(2026, 11, 24, 2, 0, 0, 0, time.UTC).In(time.FixedZone("", -10*3600)), "2026-11-23"},
	} {
		require.Equal(t, c.start, calendar.StartDay(c.class, c.kind, c.at).String(), c.at)
	}
	require.Equal(t, 16*time.Hour, calendar.EntryTime(service.Marketing, facility.Plant, day("2026-11-24")))
	require.Equal(t, "2026-11-24", calendar.DeliveryDay(time.Date(2026, 11, 24, 10, 0, 0, 0, newYork)).String())
	require.Equal(t, "2026-11-25", calendar.DeliveryDay(time.Date(2026, 11, 24, 10, 1, 0, 0, newYork)).String())
	require.Equal(t, "2026-11-27", calendar.DeliveryDay(time.Date(2026, 11, 25, 23, 0, 0, 0, newYork)).String())
}

const (
	head     = "effective 2026-01-01\nsource a test\n"
	forAll   = "entry * * 17:00\n"
	wholeDay = "entry * * 17:00 2026-01-01\n"
)

func TestReplacementCalendar(t *testing.T) {
	calendar, err := service.ParseCalendar([]byte(head + forAll + "holiday x 6 19 both\nholiday leap 2 29 -\nclosed 2026-03-03 storm\nentry marketing * 12:00 2026-05-01 2026-06-01\n"))
	require.NoError(t, err)
	require.Equal(t, "x", calendar.Holiday(day("2027-06-18")), "a Saturday's holiday on the Friday")
	require.Equal(t, "x", calendar.Holiday(day("2022-06-20")))
	require.Equal(t, "leap", calendar.Holiday(day("2028-02-29")))
	require.Empty(t, calendar.Holiday(day("2027-03-01")), "no 29th of February, no holiday")
	require.Equal(t, "storm", calendar.Holiday(day("2026-03-03")))
	require.Equal(t, 12*time.Hour, calendar.EntryTime(service.Marketing, facility.Plant, day("2026-05-31")))
	require.Equal(t, 17*time.Hour, calendar.EntryTime(service.Marketing, facility.Plant, day("2026-06-01")))

	for text, want := range map[string]string{
		head:                                                              `entry: expected a line "entry * * HH:MM" without days, for what no other line is about`,
		head + wholeDay:                                                   `entry: expected a line "entry * * HH:MM" without days, for what no other line is about`,
		head + forAll + "feast x 1 1 -\n":                                 `line 4: entry: "feast": expected one of holiday closed entry last-mile`,
		head + forAll + "holiday x 1 1\n":                                 `line 4: holiday: "3 words": expected name month day shift [from [until]]`,
		head + forAll + "holiday x 13 1 -\n":                              `line 4: month: "13": expected a whole number from 1 to 12`,
		head + forAll + "holiday x 4 31 -\n":                              `line 4: day: "31": expected a whole number from 1 to 30`,
		head + forAll + "holiday x 4 sun-1 -\n":                           `line 4: day: "sun-1": expected a day of the month, or a weekday as mon-1 to mon-4 or mon-last`,
		head + forAll + "holiday x 4 mon-5 -\n":                           `line 4: day: "mon-5": expected a day of the month, or a weekday as mon-1 to mon-4 or mon-last`,
		head + forAll + "holiday x 4 1 friday\n":                          `line 4: shift: "friday": expected one of - monday both`,
		head + forAll + "closed 2026-02-30 x\n":                           `line 4: day: "2026-02-30": expected a day, YYYY-MM-DD`,
		head + forAll + "entry priority * 12:00\n":                        `line 4: class: "priority": expected one of first-class periodicals marketing package-services`,
		head + forAll + "entry * depot 12:00\n":                           `line 4: kind: "depot": expected one of plant network post_office non_postal other`,
		head + forAll + "entry * plant 24:00\n":                           `line 4: time: "24:00": expected a time of the day, HH:MM`,
		head + forAll + "entry * plant 9:00\n":                            `line 4: time: "9:00": expected a time of the day, HH:MM`,
		head + forAll + "last-mile 10:00\nlast-mile 11:00 2026-01-01 -\n": `line 5: time: "11:00": expected one time on each day`,
		head + forAll + "last-mile 10:00 2026-01-01 2026-01-01\n":         `line 4: until: "2026-01-01": expected a day after from`,
		"source x\n" + forAll:                                             `effective: expected a line "effective YYYY-MM-DD"`,
	} {
		_, err := service.ParseCalendar([]byte(text))
		require.EqualError(t, err, want)
		var typed *reference.TableError
		require.ErrorAs(t, err, &typed)
	}
}

func FuzzParseCalendar(f *testing.F) {
	f.Add([]byte(service.BuiltinCalendar().Text()))
	f.Add([]byte(head + forAll + "holiday x 2 29 both 2026-01-01 -\nclosed 2026-03-03 y\nlast-mile 09:30\n"))
	f.Fuzz(func(t *testing.T, text []byte) {
		calendar, err := service.ParseCalendar(text)
		if err != nil {
			require.IsType(t, &reference.TableError{}, err)
			return
		}
		again, err := service.ParseCalendar([]byte(calendar.Text()))
		require.NoError(t, err)
		require.Equal(t, calendar, again)
		require.True(t, calendar.Counts(calendar.Add(day("2026-11-25"), 3)))
	})
}
