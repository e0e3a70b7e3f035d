package service_test

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"mailtrail/schemas/facility"
	"mailtrail/schemas/operation"
	"mailtrail/schemas/service"
)

const eastern = -5 * 60

// at is a scan at a local time of New York, as in "11-23 16:00".
func at(when, place, code string) service.Scan {
	local, err := time.ParseInLocation("2006-01-02 15:04", "2026-"+when, time.FixedZone("", eastern*60))
	if err != nil {
		panic(err)
	}
	return service.Scan{
		ID: when + place + code, UnixMilli: local.UnixMilli(), OffsetMinutes: eastern, Place: place, ZIP: map[string]string{"NYC": "10199", "LA": "90052"}[place],
		Kind: facility.Plant, Code: code, EventType: "A", Routing: "90012345678",
	}
}

func with(s service.Scan, change func(*service.Scan)) service.Scan {
	change(&s)
	return s
}

func as(eventType string) func(*service.Scan) {
	return func(s *service.Scan) { s.EventType = eventType }
}

// journey is a letter from New York to Los Angeles: cancelled on Monday the 23rd, delivery sequence on Friday the 27th, after Thanksgiving.
func journey() []service.Scan {
	return []service.Scan{
		at("11-23 16:00", "NYC", "015"), at("11-23 18:00", "NYC", "891"), at("11-25 03:00", "LA", "893"), at("11-27 02:00", "LA", "918"), at("11-27 03:00", "LA", "919"),
	}
}

func derive(scans ...service.Scan) service.Piece {
	return service.BuiltinRules().Piece(scans, service.Facts{Class: service.FirstClass})
}

func TestPieceOnTime(t *testing.T) {
	p := derive(journey()...)
	require.Equal(t, "2026-11-23 2026-11-30", p.Start.Day.String()+" "+p.Due.String())
	require.Equal(t, service.Tick{Day: day("2026-11-27"), Basis: service.BasisEstimated, UnixMilli: p.Last.UnixMilli}, p.Stop)
	require.Equal(t, service.Measured, p.Excluded)
	require.Equal(t, []service.ZIP3{100 + 1, 900}, []service.ZIP3{p.Origin, p.Destination})
	require.True(t, p.OnTime(0))
	require.Equal(t, operation.PhaseDestination, p.Phase)
	require.Equal(t, "015 919", p.First.Code+" "+p.Last.Code)
	require.Equal(t, 5, p.Actual)
	require.Zero(t, p.Unknown+p.Assumed+p.Logical+p.Repeats+p.Loops+p.Undelivered)
	require.False(t, p.Standard.Exact(), "the built-in table has ranges only")
}

func TestPieceLate(t *testing.T) {
	scans := journey()[:3]
	for last, late := range map[string]int{"11-30 09:00": 0, "11-30 11:00": 1, "12-01 11:00": 2, "12-03 09:00": 3, "12-04 11:00": 5} {
		p := derive(append(slices.Clone(scans), at(last, "LA", "919"))...)
		require.Equal(t, late, p.Late, last)
		require.Equal(t, []bool{late <= 0, late <= 1, late <= 2, late <= 3}, []bool{p.OnTime(0), p.OnTime(1), p.OnTime(2), p.OnTime(3)})
	}
}

func TestStartOfTheClock(t *testing.T) {
	late := derive(append(journey()[1:], at("11-23 17:30", "NYC", "015"))...)
	require.Equal(t, "2026-11-24", late.Start.Day.String(), "after the critical entry time")
	feed := derive(append(journey(), with(at("11-23 19:00", "NYC", "892"), func(s *service.Scan) { s.StartTheClock = day("2026-11-20") }))...)
	require.Equal(t, service.Tick{Day: day("2026-11-20"), Basis: service.BasisFeed}, feed.Start)
	container := derive(append(journey()[1:], with(at("11-22 23:00", "NYC", "873"), as("S")))...)
	require.Equal(t, "2026-11-23", container.Start.Day.String(), "a container arrived on a Sunday")
	require.Equal(t, 1, container.Assumed)
	require.Equal(t, "891", container.First.Code, "an assumed event is no scan of the piece")
}

func TestUndelivery(t *testing.T) {
	delivered := append(journey(), with(at("11-27 11:00", "LA", "LD"), as("L")))
	p := derive(delivered...)
	require.Equal(t, service.BasisLogical, p.Stop.Basis)
	require.NotZero(t, p.Delivered)
	require.Equal(t, []any{operation.PhaseDelivered, operation.Logical}, []any{p.Phase, p.PhaseBy})

	p = derive(append(delivered, with(at("11-28 04:00", "LA", "891"), func(s *service.Scan) { s.Rebarcoded, s.Routing = true, "33101" }))...)
	require.Equal(t, 1, p.Undelivered)
	require.Zero(t, p.Delivered)
	require.Equal(t, service.BasisNone, p.Stop.Basis)
	require.Equal(t, service.Redirected, p.Excluded)
	require.Equal(t, service.ZIP3(900), p.Destination, "the routing code of a redirected piece is another's")

	p = derive(append(delivered, at("11-28 04:00", "LA", "918"), at("11-28 05:00", "LA", "919"))...)
	require.Equal(t, 1, p.Undelivered, "what runs through a machine was not delivered")
	require.Equal(t, "2026-11-28 estimated measured", p.Stop.Day.String()+" "+p.Stop.Basis.String()+" "+p.Excluded.String())

	p = derive(append(delivered, with(at("11-28 04:00", "LA", "918"), as("S")))...)
	require.Zero(t, p.Undelivered, "what is only assumed takes nothing back")
}

// Every reason can be given, and each by what its name says.
func TestExclusions(t *testing.T) {
	route := func(routing string) []service.Scan {
		scans := journey()
		for i := range scans {
			scans[i].Routing = routing
		}
		return scans
	}
	for reason, c := range map[service.Exclusion]struct {
		scans []service.Scan
		facts service.Facts
	}{
		service.Measured:         {journey(), service.Facts{Class: service.FirstClass}},
		service.NoPieceScan:      {[]service.Scan{with(at("11-23 16:00", "NYC", "873"), as("S"))}, service.Facts{Class: service.FirstClass}},
		service.NotUnique:        {journey(), service.Facts{Class: service.FirstClass, Shared: true}},
		service.ClassNotMeasured: {journey(), service.Facts{}},
		service.Redirected:       {append(journey(), at("11-28 16:00", "LA", "06")), service.Facts{Class: service.FirstClass}},
		service.Returned:         {append(journey(), at("11-28 16:00", "LA", "09"), at("12-01 16:00", "NYC", "01")), service.Facts{Class: service.FirstClass}},
		service.Undeliverable:    {append(journey(), at("11-28 16:00", "LA", "26")), service.Facts{Class: service.FirstClass}},
		service.NoStart:          {journey()[1:], service.Facts{Class: service.FirstClass}},
		service.NoStop:           {journey()[:4], service.Facts{Class: service.FirstClass}},
		service.StopBeforeStart:  {append(journey(), with(at("11-23 19:00", "NYC", "892"), func(s *service.Scan) { s.StartTheClock = day("2026-12-20") })), service.Facts{Class: service.FirstClass}},
		service.NoDestination:    {route(""), service.Facts{Class: service.FirstClass}},
		service.NoOrigin:         {append(journey()[2:], with(at("11-23 16:00", "", "015"), func(s *service.Scan) {})), service.Facts{Class: service.FirstClass}},
		service.NoStandard:       {route("09012"), service.Facts{Class: service.FirstClass}},
	} {
		p := service.BuiltinRules().Piece(c.scans, c.facts)
		require.Equal(t, reason.String(), p.Excluded.String())
		require.Equal(t, reason == service.Measured, p.OnTime(100))
	}
	require.Len(t, service.Exclusions(), 12)
}

func TestRepeatsAndLoops(t *testing.T) {
	p := derive(at("11-23 16:00", "NYC", "891"), at("11-23 17:00", "NYC", "891"), at("11-23 18:00", "NYC", "892"), at("11-23 19:00", "NYC", "891"),
		at("11-24 03:00", "LA", "893"), at("11-25 03:00", "NYC", "891"), at("11-26 03:00", "LA", "893"))
	require.Equal(t, []int{1, 2}, []int{p.Repeats, p.Loops})
	require.Equal(t, 1, derive(at("11-23 16:00", "NYC", "ZZ")).Unknown, "an unknown code is kept and counted")
}

// A piece's state is the same whatever the order of its scans, and however often each came.
func TestOrderAndRepeatsDoNotMatter(t *testing.T) {
	rules := service.BuiltinRules()
	codes := append(rules.Operations.Codes(func(o operation.Operation) bool { return o.Clock == operation.ClockStart }), "891", "893", "918", "919", "01", "02", "06", "09", "26", "OF", "ZZ", "")
	rapid.Check(t, func(t *rapid.T) {
		facts := service.Facts{
			Class: service.Class(rapid.IntRange(0, 4).Draw(t, "class")), Entry: service.Entry(rapid.IntRange(0, 3).Draw(t, "entry")),
			Shared: rapid.IntRange(0, 9).Draw(t, "shared") == 0,
		}
		scans := rapid.SliceOfN(rapid.Custom(func(t *rapid.T) service.Scan {
			return service.Scan{
				// Few hours and few names, so that many scans are of one time, and some equal.
				ID: fmt.Sprint(rapid.IntRange(0, 3).Draw(t, "id")), UnixMilli: day("2026-11-20").Time().UnixMilli() + int64(rapid.IntRange(0, 60).Draw(t, "hours"))*3_600_000,
				OffsetMinutes: int16(rapid.SampledFrom([]int{-300, -480}).Draw(t, "offset")), Place: rapid.SampledFrom([]string{"", "A", "B", "C"}).Draw(t, "place"),
				ZIP: rapid.SampledFrom([]string{"", "10199", "967011234"}).Draw(t, "zip"), Kind: facility.Type(rapid.IntRange(0, 4).Draw(t, "kind")),
				Code: rapid.SampledFrom(codes).Draw(t, "code"), EventType: rapid.SampledFrom([]string{"A", "A", "", "S", "L", "X"}).Draw(t, "type"),
				Routing: rapid.SampledFrom([]string{"", "90012", "90012345678"}).Draw(t, "routing"), Rebarcoded: rapid.IntRange(0, 9).Draw(t, "93") == 0,
				StartTheClock: rapid.SampledFrom([]service.Day{0, 0, day("2026-11-19"), day("2026-11-20")}).Draw(t, "start"),
			}
		}), 0, 12).Draw(t, "scans")
		want := rules.Piece(scans, facts)

		again := append(slices.Clone(scans), rapid.SliceOf(rapid.SampledFrom(append(scans, service.Scan{}))).Draw(t, "repeats")...)
		again = slices.DeleteFunc(again, func(s service.Scan) bool { return s == (service.Scan{}) })
		shuffled := rapid.Permutation(again).Draw(t, "order")
		kept := slices.Clone(shuffled)
		require.Equal(t, want, rules.Piece(shuffled, facts))
		require.Equal(t, kept, shuffled, "the scans are left as they were")

		require.LessOrEqual(t, want.Undelivered, want.Actual)
		if want.Excluded == service.Measured {
			require.NotZero(t, want.Due)
			require.GreaterOrEqual(t, want.Stop.Day, want.Start.Day)
			require.Equal(t, want.Late == 0, want.OnTime(0))
		} else {
			require.Zero(t, want.Late)
		}
	})
}
