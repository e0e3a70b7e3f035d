package service_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"mailtrail/schemas/barcode"
	"mailtrail/schemas/reference"
	"mailtrail/schemas/service"
)

func TestBuiltinStandards(t *testing.T) {
	standards := service.BuiltinStandards()
	require.Zero(t, standards.Pairs())
	for _, c := range []struct {
		class               service.Class
		entry               service.Entry
		origin, destination service.ZIP3
		start               string
		least, most         uint8
		ok                  bool
	}{
		{service.FirstClass, service.EntryOrigin, 100, 900, "2026-11-20", 0, 5, true},
		{service.FirstClass, service.EntryOrigin, 100, 967, "2026-11-20", 2, 5, true},
		{service.FirstClass, service.EntryOrigin, 967, 968, "2026-11-20", 0, 5, true},
		{service.FirstClass, service.EntryOrigin, 100, 900, "2025-03-31", 1, 5, true},
		{service.FirstClass, service.EntryOrigin, 100, 900, "2025-05-01", 0, 0, false}, // not known for that quarter
		{service.Periodicals, service.EntryOrigin, 100, 995, "2026-11-20", 3, 27, true},
		{service.Marketing, service.EntryOrigin, 967, 995, "2026-11-20", 4, 28, true},
		{service.PackageServices, service.EntryOrigin, 6, 9, "2026-11-20", 4, 7, true},
		{service.Marketing, service.EntryDDU, service.NoZIP3, 100, "2026-11-20", 2, 2, true},
		{service.Marketing, service.EntryDLPC, service.NoZIP3, 100, "2026-11-20", 3, 4, true},
		{service.FirstClass, service.EntryDDU, 100, 100, "2026-11-20", 0, 0, false},
		{service.FirstClass, service.EntryOrigin, service.NoZIP3, 100, "2026-11-20", 0, 0, false},
		{service.FirstClass, service.EntryOrigin, 100, service.NoZIP3, "2026-11-20", 0, 0, false},
		{service.ClassUnknown, service.EntryOrigin, 100, 100, "2026-11-20", 0, 0, false},
	} {
		got, ok := standards.Find(c.class, c.entry, c.origin, c.destination, day(c.start))
		require.Equal(t, c.ok, ok, "%+v", c)
		require.Equal(t, service.Standard{Least: c.least, Most: c.most}, got, "%+v", c)
	}
	require.Equal(t, service.FirstClass, service.ClassOf(barcode.ClassReply))
	require.Equal(t, service.ClassUnknown, service.ClassOf(barcode.ClassPriority))
}

func TestPairsOfZIP3(t *testing.T) {
	standards, err := service.ParseStandards([]byte(head + `
area alaska 995-999
standard first-class origin contiguous 1-5
pair first-class origin 100-102 900 3 - 2026-07-01
pair first-class origin 100-102 900 4 2026-07-01
pair first-class origin 100 100-104 1
`))
	require.NoError(t, err)
	require.Equal(t, 11, standards.Pairs())
	find := func(origin, destination service.ZIP3, start string) service.Standard {
		standard, ok := standards.Find(service.FirstClass, service.EntryOrigin, origin, destination, day(start))
		require.True(t, ok)
		return standard
	}
	require.Equal(t, service.Standard{Least: 3, Most: 3}, find(102, 900, "2026-06-30"))
	require.Equal(t, service.Standard{Least: 4, Most: 4}, find(102, 900, "2026-07-01"))
	require.True(t, find(100, 104, "1995-01-01").Exact())
	require.Equal(t, service.Standard{Least: 1, Most: 5}, find(103, 900, "2026-07-01"), "a pair without a line has the rule")
	require.False(t, find(103, 900, "2026-07-01").Exact())

	for text, want := range map[string]string{
		head + "pairs x\n":                             `line 3: entry: "pairs": expected one of area standard pair`,
		head + "area x\n":                              `line 3: area: "1 words": expected name places`,
		head + "area x 100-99\n":                       `line 3: places: "99": expected [3] digits`,
		head + "area x 100-090\n":                      `line 3: places: "100-090": expected a range in ascending order`,
		head + "area x 100\narea y 099-101\n":          `line 4: places: "099-101": expected every ZIP3 in one area`,
		head + "standard first-class origin near 3\n":  `line 3: relation: "near": expected one of contiguous intra inter any`,
		head + "standard first-class bmc any 3\n":      `line 3: entry: "bmc": expected one of origin ddu dlpc drpdc`,
		head + "standard first-class origin any 5-3\n": `line 3: days: "3": expected a whole number from 5 to 60`,
		head + "standard first-class origin any 3\nstandard first-class origin any 4 2026-01-01\n":     `line 4: standard: "first-class origin any": expected one standard on each day`,
		head + "pair first-class origin 100 200 61\n":                                                  `line 3: days: "61": expected a whole number from 0 to 60`,
		head + "pair first-class origin 100 200 3\npair first-class origin 100 199-201 4 2026-01-01\n": `pair: expected one standard on each day; first-class origin 100 to 200 has two`,
		head + repeat("pair first-class origin 000-999 000-999 3\n", 9):                                `line 11: pair: "000-999 000-999": expected at most 8000000 pairs in a file`,
		head + "pair first-class origin 100 200 3 2026-02-30\n":                                        `line 3: from: "2026-02-30": expected a day, YYYY-MM-DD, or "-"`,
	} {
		_, err := service.ParseStandards([]byte(text))
		require.EqualError(t, err, want)
		var typed *reference.TableError
		require.ErrorAs(t, err, &typed)
	}
}

func repeat(text string, times int) (all string) {
	for range times {
		all += text
	}
	return all
}

func FuzzParseStandards(f *testing.F) {
	f.Add([]byte(service.BuiltinStandards().Text()))
	f.Add([]byte(head + "area a 995-999\nstandard marketing ddu any 2\npair marketing origin 100 200-204 5 2026-01-01 2026-02-01\n"))
	f.Fuzz(func(t *testing.T, text []byte) {
		standards, err := service.ParseStandards(text)
		if err != nil {
			require.IsType(t, &reference.TableError{}, err)
			return
		}
		again, err := service.ParseStandards([]byte(standards.Text()))
		require.NoError(t, err)
		require.Equal(t, standards.Pairs(), again.Pairs())
		if standard, ok := standards.Find(service.Marketing, service.EntryOrigin, 100, 202, day("2026-01-15")); ok {
			require.LessOrEqual(t, standard.Least, standard.Most)
		}
	})
}
