package facility

import (
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"
)

func wallOf(at time.Time) LocalTime {
	_, offset := at.Zone()
	return LocalTime(at.UnixMilli() + int64(offset)*1000)
}

func TestConvertedYears(t *testing.T) {
	require.Equal(t, time.Date(FirstYear, 1, 1, 0, 0, 0, 0, time.UTC).UnixMilli(), int64(firstWall))
	require.Equal(t, time.Date(LastYear+1, 1, 1, 0, 0, 0, 0, time.UTC).UnixMilli(), int64(endWall))
	table := builtin(t)
	zone := table.ZoneOfZIP([]byte("10199"))
	for _, c := range []struct {
		zone ZoneID
		wall LocalTime
		want Ambiguity
	}{
		{zone, firstWall, Exact}, {zone, firstWall - 1, Unresolved}, {zone, endWall - 1, Exact}, {zone, endWall, Unresolved},
		{NoZone, firstWall, Unresolved}, {255, firstWall, Unresolved},
	} {
		at, offset, flags := table.LocalToUTC(c.zone, c.wall)
		require.Equal(t, c.want, flags, "%+v", c)
		if flags == Unresolved {
			require.Equal(t, int64(c.wall), at)
			require.Zero(t, offset)
		}
	}
}

func TestChangesOfTheClock(t *testing.T) {
	table, err := builtin(t).WithZones("Pacific/Apia", "Australia/Lord_Howe")
	require.NoError(t, err)
	for _, c := range []struct {
		zone, wall, instant string
		offset              int16
		flags               Ambiguity
	}{
		{"America/New_York", "2026-03-08T01:59:59.999", "2026-03-08T06:59:59.999Z", -300, Exact},
		{"America/New_York", "2026-03-08T02:00:00.000", "2026-03-08T07:00:00.000Z", -240, Nonexistent},
		{"America/New_York", "2026-03-08T02:59:59.999", "2026-03-08T07:59:59.999Z", -240, Nonexistent},
		{"America/New_York", "2026-03-08T03:00:00.000", "2026-03-08T07:00:00.000Z", -240, Exact},
		{"America/New_York", "2026-11-01T00:59:59.999", "2026-11-01T04:59:59.999Z", -240, Exact},
		{"America/New_York", "2026-11-01T01:00:00.000", "2026-11-01T05:00:00.000Z", -240, Ambiguous},
		{"America/New_York", "2026-11-01T01:59:59.999", "2026-11-01T05:59:59.999Z", -240, Ambiguous},
		{"America/New_York", "2026-11-01T02:00:00.000", "2026-11-01T07:00:00.000Z", -300, Exact},
		{"America/Phoenix", "2026-07-01T12:00:00.000", "2026-07-01T19:00:00.000Z", -420, Exact},
		{"Pacific/Honolulu", "2026-07-01T12:00:00.000", "2026-07-01T22:00:00.000Z", -600, Exact},
		{"Pacific/Guam", "2026-07-01T12:00:00.000", "2026-07-01T02:00:00.000Z", 600, Exact},
		{"Pacific/Apia", "2011-12-30T12:00:00.000", "2011-12-30T22:00:00.000Z", 840, Nonexistent}, // a day left out
		{"Australia/Lord_Howe", "2026-04-05T01:45:00.000", "2026-04-04T14:45:00.000Z", 660, Ambiguous},
	} {
		zone, err := table.ZoneByName(c.zone)
		require.NoError(t, err)
		wall, err := time.Parse("2006-01-02T15:04:05.000", c.wall)
		require.NoError(t, err)
		at, offset, flags := table.LocalToUTC(zone, LocalTime(wall.UnixMilli()))
		require.Equal(t, c.instant, time.UnixMilli(at).UTC().Format("2006-01-02T15:04:05.000Z"), "%+v", c)
		require.Equal(t, c.offset, offset, "%+v", c)
		require.Equal(t, c.flags, flags, "%+v", c)
	}
}

// For all zones: the conversion agrees with package time and the zones of the
// toolchain, near the changes of the clock as well as far from them.
func TestAgreesWithPackageTime(t *testing.T) {
	version, locations := toolchainZones(t)
	table := builtin(t)
	if _, _, rules := table.Provenance(); rules.Version != version {
		t.Skipf("the Go toolchain has tzdata %s, the embedded rules are %s", version, rules.Version)
	}
	rules, err := builtinRules()
	require.NoError(t, err)
	require.Len(t, rules.byName, len(locations))
	for name := range locations {
		require.Contains(t, rules.byName, name)
	}
	for _, rule := range rules.rules {
		name, _, _ := strings.Cut(rule.names, " ") // the others have the same changes
		location := locations[name]
		own, err := rule.zone(name)
		require.NoError(t, err)
		single := &Table{zones: []zone{{}, own}}
		rapid.Check(t, func(t *rapid.T) {
			instant := rapid.Int64Range(int64(firstWall)+86_400_000, int64(endWall)-86_400_000).Draw(t, "instant")
			if n := len(own.edges); n > 0 && rapid.Bool().Draw(t, "near a change") {
				near := own.edges[rapid.IntRange(0, n-1).Draw(t, "change")].at()
				instant = near + rapid.Int64Range(-7_500_000, 7_500_000).Draw(t, "away")
			}
			checkInstant(t, single, location, instant)
		})
	}
}

// checkInstant treats a number of milliseconds first as an instant, whose wall
// time must lead back to it, and then as a wall time.
func checkInstant(t *rapid.T, table *Table, location *time.Location, milli int64) {
	at := time.UnixMilli(milli).In(location)
	if wall := wallOf(at); wall >= firstWall && wall < endWall {
		got, offset, flags := table.LocalToUTC(1, wall)
		shown := time.UnixMilli(got).In(location)
		_, seconds := shown.Zone()
		require.Equal(t, int(offset)*60, seconds, "%s", at)
		require.Equal(t, wall, wallOf(shown), "%s", at)
		switch flags {
		case Exact:
			require.Equal(t, milli, got, "%s", at)
		case Ambiguous:
			require.LessOrEqual(t, got, milli, "%s", at)
			require.Len(t, readings(location, wall), 2, "%s", at)
		default:
			require.Fail(t, "a time that the clock showed is not flagged otherwise", "%s: %d", at, flags)
		}
	}
	if wall := LocalTime(milli); wall >= firstWall && wall < endWall {
		found := readings(location, wall)
		got, _, flags := table.LocalToUTC(1, wall)
		switch flags {
		case Exact:
			require.Equal(t, []int64{got}, found)
		case Ambiguous:
			require.Len(t, found, 2)
			require.Equal(t, min(found[0], found[1]), got)
		case Nonexistent:
			require.Empty(t, found)
			require.Greater(t, wallOf(time.UnixMilli(got).In(location)), wall, "moved forward")
		default:
			require.Fail(t, "unresolved")
		}
	}
}

// readings finds, by package time alone, the instants at which the clocks of a
// place showed a wall time: it tries the offsets of the days around.
func readings(location *time.Location, wall LocalTime) []int64 {
	tried := map[int64]bool{}
	var found []int64
	for hours := -30; hours <= 30; hours++ {
		_, offset := time.UnixMilli(int64(wall) + int64(hours)*3_600_000).In(location).Zone()
		at := int64(wall) - int64(offset)*1000
		if !tried[at] && wallOf(time.UnixMilli(at).In(location)) == wall {
			found = append(found, at)
		}
		tried[at] = true
	}
	return found
}
