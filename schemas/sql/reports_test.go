package sql

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestReports(t *testing.T) {
	reports, err := Reports()
	require.NoError(t, err)
	require.GreaterOrEqual(t, len(reports), 10)
	for _, r := range reports {
		text, ok := builtin(t).Report(r.Name)
		require.True(t, ok, r.Name)
		require.Contains(t, text, "FROM mailtrail.scans", "%s reads public views only", r.Name)
		require.NotContains(t, text, "mailtrail_data", r.Name)
		require.Contains(t, text, "LIMIT {limit:UInt64}", r.Name)
		require.Contains(t, text, "ORDER BY", r.Name)
		names := map[string]Parameter{}
		for _, p := range r.Parameters {
			require.NotEmpty(t, p.Default, "%s %s", r.Name, p.Name)
			names[p.Name] = p
		}
		for _, name := range []string{"from", "to", "limit"} {
			require.Contains(t, names, name, r.Name)
		}
	}
	_, ok := builtin(t).Report("scans")
	require.False(t, ok)
}

func TestHeadsOfReports(t *testing.T) {
	const good = "-- A title\n--\n-- definition: what\n--   and more\n-- unit: pieces\n-- source: scans\n-- complete: always\n" +
		"-- parameter from DateTime('UTC') = 1970-01-01 00:00:00: from here\n-- parameter day Date = @today: the day\nSELECT {from:DateTime('UTC')}, {day:Date} -- unit\n"
	r, err := parseReport("x", good)
	require.NoError(t, err)
	require.Equal(t, Report{
		Name: "x", Title: "A title", Definition: "what and more", Unit: "pieces", Source: "scans", Complete: "always",
		Parameters: []Parameter{{"from", "DateTime('UTC')", "1970-01-01 00:00:00", "from here"}, {"day", "Date", "@today", "the day"}},
	}, r)
	for _, c := range [][3]string{
		{"-- A title\n", "", "expected a title"},
		{"-- unit: pieces\n", "", "the head says nothing of unit"},
		{"-- unit: pieces\n", "-- units: pieces\n", "line 5: expected definition"},
		{"{day:Date}", "1", `parameter day is a Date in the head and in the query ""`},
		{"{day:Date}", "{day:Date} {day:String}", "parameter day is a Date and a String"},
		{"{day:Date}", "{day:Date} {more:String}", "parameter more of the query is not in the head"},
		{"@today", "@noon", "default @noon: expected one of"},
	} {
		_, err := parseReport("x", strings.Replace(good, c[0], c[1], 1))
		require.ErrorContains(t, err, c[2])
	}
}
