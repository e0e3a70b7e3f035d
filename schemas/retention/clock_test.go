package retention

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"
)

// sliced are all rows of the built-in schedule whose records lie in slots, and some of seconds.
func sliced() (rows []*Row) {
	for _, row := range Builtin().Rows() {
		if row.Sliced() {
			rows = append(rows, row)
		}
	}
	quick := Row{Class: "quick", Limit: LimitOf(60 * time.Second), Bound: Ceiling, Clock: Capture, Slot: Duration(10 * time.Second), Margin: Duration(4 * time.Second)}
	return append(rows, &quick)
}

func drawRow(t *rapid.T) *Row {
	rows := sliced()
	return rows[rapid.IntRange(0, len(rows)-1).Draw(t, "row")]
}

// moments lie between 1938 and 2100, Unix milliseconds.
func drawMoment(t *rapid.T, name string) int64 { return rapid.Int64Range(-1e12, 4.1e12).Draw(t, name) }

func TestNothingOutlivesItsLimit(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		row := drawRow(t)
		captured, received := drawMoment(t, "captured"), drawMoment(t, "received")
		clock := row.ClockOf(captured, received)
		if clock > received {
			t.Fatalf("the clock %d is after receipt %d: a future time would live longer", clock, received)
		}
		slot := row.SlotOf(clock)
		if slot*1000 > clock || clock >= slot*1000+time.Duration(row.Slot).Milliseconds() {
			t.Fatalf("clock %d is not in slot %d", clock, slot)
		}
		limit := time.Unix(0, 0).Add(time.Duration(clock) * time.Millisecond).UTC() // of this very record
		age := row.DestroyAt(slot)*1000 - clock
		if most := row.Longest().Milliseconds() - time.Duration(row.Margin).Milliseconds(); age > most {
			t.Fatalf("class %s: a record of %s is %d ms old when its slot goes, more than limit less margin, %d", row.Class, limit, age, most)
		}
		if least := row.Earliest().Milliseconds(); age <= least {
			t.Fatalf("class %s: a record of %s is %d ms old when its slot goes, which is too early: more than %d", row.Class, limit, age, least)
		}
		if destroy, backstop, last := row.DestroyAt(slot), row.BackstopAt(slot), row.LimitAt(slot); destroy >= backstop || backstop >= last {
			t.Fatalf("sweeper %d, backstop %d and limit %d are not in order", destroy, backstop, last)
		}
	})
}

// A later record is never destroyed before an earlier one of its class, and
// the time of asking changes nothing.
func TestDestroyAtIsInOrderAndNeverIncreases(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		row := drawRow(t)
		a, b := drawMoment(t, "a"), drawMoment(t, "b")
		if a > b {
			a, b = b, a
		}
		if row.DestroyAt(row.SlotOf(a)) > row.DestroyAt(row.SlotOf(b)) {
			t.Fatalf("class %s: the slot of %d goes after that of %d", row.Class, a, b)
		}
		// Skew: a receipt that is later, or a capture that is, never makes it later than the other alone.
		skew := rapid.Int64Range(0, 1e9).Draw(t, "skew")
		if row.DestroyAt(row.SlotOf(row.ClockOf(a+skew, a))) > row.DestroyAt(row.SlotOf(row.ClockOf(a, a))) {
			t.Fatalf("class %s: a capture %d ms ahead of receipt lives longer", row.Class, skew)
		}
	})
}

func TestCompleteFrom(t *testing.T) {
	mail := Builtin().Row(MailTracking) // 30 days, slots of a day, 2 hours of margin
	slot := time.Date(2026, 10, 24, 0, 0, 0, 0, time.UTC).Unix()
	require.Equal(t, slot, mail.CompleteFrom(mail.DestroyAt(slot)-1), "it is kept until the last second")
	require.Equal(t, slot+86400, mail.CompleteFrom(mail.DestroyAt(slot)))
	rapid.Check(t, func(t *rapid.T) {
		row := drawRow(t)
		now := drawMoment(t, "now") / 1000
		from := row.CompleteFrom(now)
		if row.DestroyAt(from) <= now {
			t.Fatalf("class %s: slot %d is due at %d", row.Class, from, now)
		}
		if before := from - seconds(row.Slot); row.DestroyAt(before) > now {
			t.Fatalf("class %s: slot %d before it is not due either", row.Class, before)
		}
		if from != row.SlotOf(from*1000) {
			t.Fatalf("%d is not the start of a slot", from)
		}
	})
}

func TestCeilingOfAYearIsNeverLongerThan365Days(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		at := drawMoment(t, "at") / 1000
		years := rapid.Int64Range(1, 6).Draw(t, "years")
		limit := Limit{years, "y"}
		ceiling, term := limit.after(at, Ceiling)-at, limit.after(at, Term)-at
		if ceiling != years*365*86400 {
			t.Fatalf("%d years are %d s", years, ceiling)
		}
		if term < ceiling || term > int64(limit.Longest(Term)/time.Second) || limit.shortest() > time.Duration(ceiling)*time.Second {
			t.Fatalf("a term of %d years is %d s", years, term)
		}
		months := Limit{rapid.Int64Range(1, 60).Draw(t, "months"), "mo"}
		if span := time.Duration(months.after(at, Term)-at) * time.Second; span < months.shortest() || span > months.Longest(Term) {
			t.Fatalf("a term of %s is %s", months, span)
		}
		if months.after(at, Ceiling) > months.after(at, Term) {
			t.Fatalf("the ceiling of %s is longer than the term", months)
		}
	})
}

func TestCalendar(t *testing.T) {
	at := func(text string) int64 {
		moment, err := time.Parse(time.DateTime, text)
		require.NoError(t, err)
		return moment.Unix()
	}
	for name, c := range map[string]struct {
		limit, from string
		bound       Bound
		to          string
	}{
		"a leap day, a term of a year":         {"1y", "2028-02-29 10:00:00", Term, "2029-02-28 10:00:00"},
		"a leap day, a ceiling of a year":      {"1y", "2028-02-29 10:00:00", Ceiling, "2029-02-28 10:00:00"},
		"a year with a leap day, a term":       {"1y", "2027-06-01 00:00:00", Term, "2028-06-01 00:00:00"},
		"a year with a leap day, a ceiling":    {"1y", "2027-06-01 00:00:00", Ceiling, "2028-05-31 00:00:00"},
		"a leap day, 24 months":                {"24mo", "2028-02-29 23:59:59", Term, "2030-02-28 23:59:59"},
		"a leap day, 4 years, to a leap day":   {"4y", "2028-02-29 00:00:00", Term, "2032-02-29 00:00:00"},
		"4 years across 2100, no leap year":    {"4y", "2096-02-29 00:00:00", Term, "2100-02-28 00:00:00"},
		"the 31st and half a year":             {"6mo", "2026-08-31 00:00:00", Term, "2027-02-28 00:00:00"},
		"the 31st and a month, a ceiling":      {"1mo", "2026-01-31 00:00:00", Ceiling, "2026-02-28 00:00:00"},
		"days across summer time are 24 hours": {"30d", "2026-03-01 07:00:00", Ceiling, "2026-03-31 07:00:00"},
		"the end of the year":                  {"1mo", "2026-12-31 00:00:00", Term, "2027-01-31 00:00:00"},
		"before 1970":                          {"1y", "1968-02-29 00:00:00", Term, "1969-02-28 00:00:00"},
	} {
		t.Run(name, func(t *testing.T) {
			var limit Limit
			require.NoError(t, limit.UnmarshalText([]byte(c.limit)))
			require.Equal(t, c.to, time.Unix(limit.after(at(c.from), c.bound), 0).UTC().Format(time.DateTime))
		})
	}
}

// The process's own time zone changes nothing.
func TestTimesAreUTC(t *testing.T) {
	before := time.Local
	defer func() { time.Local = before }()
	row := Builtin().Row("special_services")
	slot := row.SlotOf(1_800_000_000_000)
	want := row.DestroyAt(slot)
	for _, zone := range []string{"America/New_York", "Pacific/Kiritimati", "Pacific/Pago_Pago"} {
		location, err := time.LoadLocation(zone)
		require.NoError(t, err)
		time.Local = location
		require.Equal(t, want, row.DestroyAt(slot), zone)
	}
}

func TestLimitTextRoundTrips(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		limit := rapid.SampledFrom([]Limit{
			{rapid.Int64Range(1, 100).Draw(t, "years"), "y"}, {rapid.Int64Range(1, 1200).Draw(t, "months"), "mo"},
			{rapid.Int64Range(0, 9e6).Draw(t, "seconds"), "s"},
		}).Draw(t, "limit")
		var back Limit
		require.NoError(t, back.UnmarshalText([]byte(limit.String())))
		require.Equal(t, limit, back)
	})
	for _, wrong := range []string{"", "d", "mo", "y", "0y", "-1y", "1 y", "1.5y", "101y", "1201mo", "99999999d", "1w"} {
		var limit Limit
		require.Error(t, limit.UnmarshalText([]byte(wrong)), wrong)
	}
}
