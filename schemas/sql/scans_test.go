package sql

import (
	"fmt"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"mailtrail/schemas/event"
)

// column is what a file says of a column; the type is followed by the alias, if it is one.
type column struct{ typ, comment string }

// of is the column without its alias.
func (c column) of() column {
	c.typ, _, _ = strings.Cut(c.typ, " ALIAS ")
	return c
}

var codec = regexp.MustCompile(`' CODEC\([A-Z0-9, ()]+\)(,?)$`)

var columnLine = regexp.MustCompile("^    `([^`]+)` (.+) COMMENT '((?:[^'\\\\]|\\\\.)*)',?$")

// columnsOf reads the columns that a file declares.
func columnsOf(t *testing.T, path string) map[string]column {
	t.Helper()
	text, err := files.ReadFile(path)
	require.NoError(t, err)
	_, body, found := strings.Cut(string(text), "\n(\n")
	require.True(t, found, path)
	body, _, found = strings.Cut(body, "\n)\n")
	require.True(t, found, path)
	columns := map[string]column{}
	for _, line := range strings.Split(body, "\n") {
		if strings.HasPrefix(line, "    INDEX ") || strings.HasPrefix(line, "    PROJECTION ") {
			continue
		}
		part := columnLine.FindStringSubmatch(codec.ReplaceAllString(line, "'$1"))
		require.NotNil(t, part, "%s: %q is not a column with a comment", path, line)
		require.NotContains(t, columns, part[1], path)
		columns[part[1]] = column{part[2], strings.ReplaceAll(part[3], `\'`, `'`)}
	}
	return columns
}

// The table scans has exactly the fields of an event, as the field table describes them, and the view shows them.
func TestScansHaveTheFieldsOfEvents(t *testing.T) {
	table, view := columnsOf(t, "tables/scans.sql"), columnsOf(t, "views/scans.sql")
	fields := 0
	for f := range event.NumFields {
		spec := f.Spec()
		if spec.Derived || f == event.ScanDatetime || f == event.IMb {
			continue
		}
		fields++
		typ, viewType, absent, viewAbsent := "String", "String", "", ""
		switch {
		case spec.Kind == event.Date:
			typ, viewType, absent, viewAbsent = "Date", "Nullable(Date)", "; 1970-01-01 where it is absent", "; NULL where it is absent"
		case spec.Kind == event.Count:
			typ, viewType, absent, viewAbsent = "UInt32", "UInt32", "; 0 where it is absent", "; 0 where it is absent"
		case spec.Group != event.NoGroup && spec.Group != event.More:
			typ, viewType = "LowCardinality(String)", "LowCardinality(String)"
		}
		require.Equal(t, column{typ, spec.Comment + absent}, table[spec.Name].of(), spec.Name)
		require.Equal(t, column{viewType, spec.Comment + viewAbsent}, view[spec.Name], spec.Name)
		require.Contains(t, table[spec.Name].typ, " ALIAS ", spec.Name)
	}
	stored := []string{
		"retention_class", "slot", "piece", "scanDatetime", "received", "offset", "position", "place", "handling", "job", "marks", "tag", "dates", "more",
	}
	for _, name := range stored {
		require.Contains(t, table, name)
		require.NotContains(t, table[name].typ, " ALIAS ", name)
	}
	aliases := []string{"topic", "partition", "index", "scanOffsetMinutes", "object", "flags", "origin", "device", "code", "pieceKey", "imb", "repairedBars", "repairConfidence"}
	for _, name := range aliases {
		require.Contains(t, table[name].typ, " ALIAS ", name)
		if name != "flags" && name != "code" {
			require.Equal(t, table[name].of(), view[name], name)
		}
	}
	require.Len(t, table, len(stored)+len(aliases)+fields, "columns that are no field of an event")
}

// A field's alias takes the field of its own name.
func TestAliasesNameThemselves(t *testing.T) {
	text, err := files.ReadFile("tables/scans.sql")
	require.NoError(t, err)
	taken := 0
	for _, part := range regexp.MustCompile("(?m)^    `([^`]+)` .*{{joined \"([^\"]+)\"}}").FindAllStringSubmatch(string(text), -1) {
		taken++
		if part[1] != "idTag" {
			require.Equal(t, part[1], part[2])
		}
	}
	require.NotZero(t, taken)
	dates := ""
	for i, f := range event.DateFields {
		value := fmt.Sprintf("bitShiftRight(dates, %d)", 16*i)
		if i == 0 {
			value = "dates"
		}
		dates += fmt.Sprintf("    `%s` Date ALIAS toDate(toUInt16(bitAnd(%s, 0xFFFF))) COMMENT '%s; 1970-01-01 where it is absent',\n", f, value, f.Spec().Comment)
	}
	require.Contains(t, string(text), dates, "the dates lie as event.ScanColumns packs them")
}

// The view gives each flag a column, at its bit.
func TestFlagsHaveColumns(t *testing.T) {
	text, err := files.ReadFile("views/scans.sql")
	require.NoError(t, err)
	view := columnsOf(t, "views/scans.sql")
	for flag, name := range map[event.Flags]string{
		event.UnknownStid: "unknownStid", event.UnknownFacility: "unknownFacility", event.KeyNotUnique: "pieceKeyNotUnique",
		event.AmbiguousTime: "ambiguousTime", event.NonexistentTime: "nonexistentTime", event.DeviceZone: "deviceZone",
		event.UnclassifiedKind: "unclassifiedKind", event.UpsideDown: "upsideDown",
	} {
		bit := 0
		for flag>>bit != 1 {
			bit++
		}
		require.Equal(t, "Bool", view[name].typ)
		require.Contains(t, string(text), "bitTest(flags, "+string(rune('0'+bit))+")::Bool AS `"+name+"`")
	}
}
