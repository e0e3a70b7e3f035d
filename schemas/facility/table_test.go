package facility

import (
	"bytes"
	"compress/gzip"
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

func builtin(t testing.TB) *Table {
	t.Helper()
	table, err := Builtin()
	require.NoError(t, err)
	return table
}

func TestBuiltinFacilities(t *testing.T) {
	table := builtin(t)
	require.Equal(t, 40787, table.Len())

	seen, types := 0, map[Type]int{}
	for f := range table.All() {
		seen++
		types[f.Type]++
		found, ok := table.ByLocale([]byte(f.LocaleKey))
		require.True(t, ok, f.LocaleKey)
		require.Equal(t, f, found)
	}
	require.Equal(t, table.Len(), seen)
	require.Equal(t, map[Type]int{Plant: 323, Network: 50, PostOffice: 31026, NonPostal: 9388}, types)

	got, ok := table.ByLocale([]byte("Z20151"))
	require.True(t, ok)
	zone, err := table.ZoneByName("America/Los_Angeles")
	require.NoError(t, err)
	require.Equal(t, Facility{LocaleKey: "Z20151", ZIP5: "95301", Name: "ATWATER", City: "ATWATER", State: "CA", Type: PostOffice, Zone: zone}, got)

	for _, key := range []string{"", "Z2015", "Z201511", "z20151", "ZZZZZZ"} {
		_, ok := table.ByLocale([]byte(key))
		require.False(t, ok, key)
	}
}

// Every office of the table has a zone: its military mail is at APO ZIPs, which
// have no row of their own.
func TestEveryFacilityHasAZone(t *testing.T) {
	table, without := builtin(t), 0
	for f := range table.All() {
		if f.Zone == NoZone {
			without++
			t.Errorf("%s %s %s %s has no zone", f.LocaleKey, f.ZIP5, f.City, f.State)
		}
	}
	t.Logf("%d of %d facilities without a zone", without, table.Len())
}

// The zone of every office is one that its state can have.
func TestZonesFitStates(t *testing.T) {
	const (
		e, c, m, p, az = "America/New_York", "America/Chicago", "America/Denver", "America/Los_Angeles", "America/Phoenix"
		louisville     = "America/Kentucky/Louisville"
		boise          = "America/Boise"
	)
	allowed := map[string][]string{
		"AK": {"America/Anchorage", "America/Juneau", "America/Adak"}, "AL": {c, e}, "AR": {c}, "AS": {"Pacific/Pago_Pago"},
		"AZ": {az, m}, "CA": {p}, "CO": {m}, "FL": {e, c}, "GU": {"Pacific/Guam"}, "HI": {"Pacific/Honolulu"}, "IA": {c},
		"FM": {"Pacific/Pohnpei", "Pacific/Chuuk", "Pacific/Yap", "Pacific/Kosrae"}, "MH": {"Pacific/Majuro", "Pacific/Kwajalein"},
		"ID": {boise, p}, "IL": {c}, "IN": {"America/Indiana/Indianapolis", c}, "KS": {c, m}, "KY": {e, louisville, c}, "LA": {c},
		"MI": {"America/Detroit", "America/Menominee"}, "MN": {c}, "MO": {c}, "MP": {"Pacific/Saipan"}, "MS": {c}, "MT": {m},
		"ND": {c, m}, "NE": {c, m}, "NM": {m}, "NV": {p, m, boise}, "OK": {c}, "OR": {p, boise}, "PR": {"America/Puerto_Rico"},
		"PW": {"Pacific/Palau"}, "SD": {c, m}, "TN": {e, c}, "TX": {c, m}, "UT": {m}, "VI": {"America/St_Thomas"}, "WA": {p}, "WI": {c}, "WY": {m},
	}
	// Mailers' plants whose ZIP is in another state than the address.
	elsewhere := map[string]bool{"N18030": true, "N18430": true}
	table := builtin(t)
	for f := range table.All() {
		zones := allowed[f.State]
		if zones == nil {
			zones = []string{e}
		}
		if !elsewhere[f.LocaleKey] {
			require.Contains(t, zones, table.ZoneName(f.Zone), "%+v", f)
		}
	}
}

func TestZoneOf(t *testing.T) {
	table := builtin(t)
	pacific, err := table.ZoneByName("America/Los_Angeles")
	require.NoError(t, err)
	eastern, err := table.ZoneByName("America/New_York")
	require.NoError(t, err)
	for _, c := range []struct {
		locale, zip string
		zone        ZoneID
		known       bool
	}{
		{"Z20151", "", pacific, true},
		{"Z20151", "10199", pacific, true},
		{"ZZZZZZ", "10199", eastern, false},
		{"ZZZZZZ", "101990001", eastern, false},
		{"", "10199", eastern, true},
		{"", "09012", NoZone, false},
		{"", "1019", NoZone, false},
		{"", "1O199", NoZone, false},
		{"", "10199-001", NoZone, false},
		{"", "", NoZone, false},
	} {
		zone, known := table.ZoneOf([]byte(c.locale), []byte(c.zip))
		require.Equal(t, c.zone, zone, "%+v", c)
		require.Equal(t, c.known, known, "%+v", c)
	}
}

func TestWithZones(t *testing.T) {
	table := builtin(t)
	_, err := table.ZoneByName("Europe/Berlin")
	require.ErrorContains(t, err, "Europe/Berlin")
	wider, err := table.WithZones("Europe/Berlin", "America/Chicago", "US/Eastern", "Europe/Berlin")
	require.NoError(t, err)
	berlin, err := wider.ZoneByName("Europe/Berlin")
	require.NoError(t, err)
	require.Equal(t, "Europe/Berlin", wider.ZoneName(berlin))
	require.Equal(t, "", table.ZoneName(berlin), "the first table is as it was")
	require.NotEqual(t, table.Encode(), wider.Encode())

	again, err := Parse(bytes.NewReader(wider.Encode()))
	require.NoError(t, err)
	_, err = again.ZoneByName("Europe/Berlin")
	require.NoError(t, err)

	_, err = table.WithZones("Mars/Olympus")
	require.ErrorContains(t, err, "Mars/Olympus")
}

func TestEncodeIsCanonical(t *testing.T) {
	table := builtin(t)
	canonical := table.Encode()
	again, err := Parse(bytes.NewReader(canonical))
	require.NoError(t, err)
	require.True(t, bytes.Equal(canonical, again.Encode()))

	var compressed bytes.Buffer
	w := gzip.NewWriter(&compressed)
	_, err = w.Write(canonical)
	require.NoError(t, err)
	require.NoError(t, w.Close())
	again, err = Parse(&compressed)
	require.NoError(t, err)
	require.True(t, bytes.Equal(canonical, again.Encode()))

	one := smallFile("[zips]", "100-109 America/New_York # a comment", "105 America/Chicago", "[facilities]",
		"A00002\t10501\tNY\tO\tB\tB", "A00001\t10001\tNY\tP\tA\tPLANT")
	other := smallFile("[facilities]", "A00001\t10001\tNY\tP\tA\tPLANT", "", "A00002\t10501\tNY\tO\tB\t=",
		"[zips]", "10500-10599 America/Chicago", "106-109 America/New_York", "100-104 America/New_York")
	require.Equal(t, encoded(t, one), encoded(t, other))
	require.Equal(t, encoded(t, one), encoded(t, strings.ReplaceAll(one, "\n", "\r\n")))
	require.NotEqual(t, encoded(t, one), encoded(t, strings.Replace(one, "PLANT", "PLANE", 1)))
}

func encoded(t *testing.T, text string) string {
	t.Helper()
	table, err := Parse(strings.NewReader(text))
	require.NoError(t, err)
	return string(table.Encode())
}

// smallFile makes a file of these lines, with headers after each section line.
func smallFile(lines ...string) string {
	text := magic + "\n"
	for _, line := range lines {
		text += line + "\n"
		if strings.HasPrefix(line, "[") {
			text += "@version\t1\n@effective\t2026-01-01\n@source\ta test\n"
		}
	}
	return text
}

func TestParseErrors(t *testing.T) {
	const row = "A00001\t10001\tNY\tO\tNEW YORK\t="
	for _, c := range []struct{ name, text, want string }{
		{"empty", "", "line 1, column 1: format"},
		{"foreign", "a,b,c\n", "line 1, column 1: format"},
		{"no facilities", smallFile("[zips]", "100 America/New_York"), "[facilities] is missing"},
		{"section", magic + "\n[places]\n", "line 2, column 1: section"},
		{"section twice", smallFile("[facilities]", row, "[facilities]"), "line 7, column 1: section"},
		{"before a section", magic + "\n" + row, "line 2, column 1: section"},
		{"no header", magic + "\n[facilities]\n@version\t1\n", "line 2, column 1: section: lacks"},
		{"unknown header", magic + "\n[facilities]\n@edition\t1\n", "line 3, column 1: header"},
		{"date", magic + "\n[facilities]\n@effective\tnow\n", "line 3, column 12: effective date"},
		{"key", smallFile("[facilities]", "A0001\t10001\tNY\tO\tX\t="), "line 6, column 1: locale key"},
		{"key twice", smallFile("[facilities]", row, row), "line 7, column 1: locale key: A00001 is on line 6"},
		{"zip", smallFile("[facilities]", "A00001\t1000X\tNY\tO\tX\t="), "line 6, column 8: ZIP"},
		{"state", smallFile("[facilities]", "A00001\t10001\tny\tO\tX\t="), "line 6, column 14: state"},
		{"type", smallFile("[facilities]", "A00001\t10001\tNY\tZ\tX\t="), "line 6, column 17: type"},
		{"city", smallFile("[facilities]", "A00001\t10001\tNY\tO\t\t="), "line 6, column 19: city"},
		{"name", smallFile("[facilities]", "A00001\t10001\tNY\tO\tX\t\x01"), "line 6, column 21: name"},
		{"too many columns", smallFile("[facilities]", row+"\tX"), "line 6, column 28: name"},
		{"short", smallFile("[facilities]", "A00001"), "line 6, column 1: locale key"},
		{"prefix", smallFile("[facilities]", row, "[zips]", "10 America/New_York"), "line 11, column 1: ZIP prefix"},
		{"range", smallFile("[facilities]", row, "[zips]", "105-100 America/New_York"), "line 11, column 1: ZIP prefix"},
		{"zone", smallFile("[facilities]", row, "[zips]", "100  America/Nowhere"), "line 11, column 6: zone"},
		{"no zone", smallFile("[facilities]", row, "[zips]", " 100"), "line 11, column 2: entry"},
		{"same range", smallFile("[facilities]", row, "[zips]", "100 America/New_York", "100 America/Chicago"), "overlaps the entry on line 11"},
		{"crossing", smallFile("[facilities]", row, "[zips]", "100-105 America/New_York", "105-107 America/Chicago"), "overlaps the entry on line 11"},
		{"rules alone", smallFile("[facilities]", row, "[rules]"), "[rules] but no [zips]"},
		{"rule offset", smallFile("[facilities]", row, "[zips]", "[rules]", "A/B\tx\t"), "line 15, column 5: offset"},
		{"rule change", smallFile("[facilities]", row, "[zips]", "100 A/B", "[rules]", "A/B\t60\t5:120 7:120"), "line 16, column 14: change of A/B"},
		{"changes too close", smallFile("[facilities]", row, "[zips]", "100 A/B", "[rules]", "A/B\t60\t500:120 30:60"), "too soon"},
		{"rule twice", smallFile("[facilities]", row, "[zips]", "[rules]", "A/B\t60\t", "A/B\t60\t"), "line 16, column 1: zone"},
		{"bad gzip", "\x1f\x8bxx", "decompress"},
	} {
		t.Run(c.name, func(t *testing.T) {
			_, err := Parse(strings.NewReader(c.text))
			require.ErrorContains(t, err, c.want)
		})
	}
}

func TestParseKeepsFactsOfTheFile(t *testing.T) {
	table, err := Parse(strings.NewReader(smallFile("[facilities]", "XÄ", "[zips]")))
	require.Error(t, err)
	require.Nil(t, table)
	table, err = Parse(strings.NewReader(smallFile("[facilities]", "A00001\t10001\tNY\t?\tMONTRÉAL\tA = B # C")))
	require.NoError(t, err)
	f, ok := table.ByLocale([]byte("A00001"))
	require.True(t, ok)
	require.Equal(t, []string{"MONTRÉAL", "A = B # C", "other", "America/New_York"}, []string{f.City, f.Name, f.Type.String(), table.ZoneName(f.Zone)})
	own, zips, rules := table.Provenance()
	require.Equal(t, Provenance{"1", "2026-01-01", "a test"}, own)
	require.NotEmpty(t, zips.Version)
	require.NotEmpty(t, rules.Version)
}

func FuzzParse(f *testing.F) {
	const row = "A00001\t10001\tNY\tO\tNEW YORK\t="
	f.Add([]byte(smallFile("[facilities]", row)))
	f.Add([]byte(smallFile("[facilities]", row, "[zips]", "100-109 A/B # c", "10501 -", "[rules]", "A/B C/D\t60\t500:120 300:60")))
	f.Add([]byte("\x1f\x8b"))
	f.Fuzz(func(t *testing.T, data []byte) {
		table, err := Parse(bytes.NewReader(data))
		if err != nil {
			require.Nil(t, table)
			return
		}
		canonical := table.Encode()
		again, err := Parse(bytes.NewReader(canonical))
		require.NoError(t, err)
		require.Equal(t, string(canonical), string(again.Encode()))
		for facility := range table.All() {
			_, known := table.ZoneOf([]byte(facility.LocaleKey), nil)
			require.True(t, known)
		}
	})
}

func TestHotPathDoesNotAllocate(t *testing.T) {
	table := builtin(t)
	key, zip := []byte("Z20151"), []byte("953019998")
	require.Zero(t, testing.AllocsPerRun(100, func() {
		f, _ := table.ByLocale(key)
		z, _ := table.ZoneOf(key, zip)
		_, _, _ = table.LocalToUTC(max(z, f.Zone, table.ZoneOfZIP(zip)), 1_790_000_000_000)
	}))
}

func BenchmarkBuiltin(b *testing.B) {
	for b.Loop() {
		_ = builtin(b)
	}
}

func BenchmarkZoneOfAndLocalToUTC(b *testing.B) {
	table := builtin(b)
	var keys [][]byte
	for f := range table.All() {
		keys = append(keys, []byte(f.LocaleKey))
	}
	b.ReportAllocs()
	i := 0
	for b.Loop() {
		z, _ := table.ZoneOf(keys[i%len(keys)], nil)
		_, _, _ = table.LocalToUTC(z, LocalTime(1_790_000_000_000+int64(i)*1000))
		i += 7919
	}
}

func ExampleTable_LocalToUTC() {
	table, err := Builtin()
	if err != nil {
		fmt.Println(err)
		return
	}
	zone := table.ZoneOfZIP([]byte("10199"))
	const wall = 1_793_496_600_000 // 2026-11-01 01:30, shown twice in New York
	at, offset, flags := table.LocalToUTC(zone, wall)
	fmt.Println(at, offset, flags == Ambiguous)
	// Output: 1793511000000 -240 true
}
