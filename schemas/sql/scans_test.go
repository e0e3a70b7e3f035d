package sql

import (
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"mailtrail/schemas/event"
)

type column struct{ typ, comment string }

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
		part := columnLine.FindStringSubmatch(strings.Replace(line, "' CODEC(ZSTD)", "'", 1))
		require.NotNil(t, part, "%s: %q is not a column with a comment", path, line)
		require.NotContains(t, columns, part[1], path)
		columns[part[1]] = column{part[2], strings.ReplaceAll(part[3], `\'`, `'`)}
	}
	return columns
}

// The table scans has exactly the stored fields of an event, as the field table describes them.
func TestScansHaveTheFieldsOfEvents(t *testing.T) {
	table, view := columnsOf(t, "tables/scans.sql"), columnsOf(t, "views/scans.sql")
	stored := map[string]bool{}
	expect := func(fields []event.Field, typ func(*event.Spec) string, viewType string, absent, viewAbsent string) {
		for _, f := range fields {
			spec := f.Spec()
			stored[spec.Name] = true
			want := typ(spec)
			require.Equal(t, column{want, spec.Comment + absent}, table[spec.Name], spec.Name)
			if viewType != "" {
				want = viewType
			}
			require.Equal(t, column{want, spec.Comment + viewAbsent}, view[spec.Name], spec.Name)
		}
	}
	expect(event.TextFields, func(s *event.Spec) string {
		if s.Varied {
			return "String"
		}
		return "LowCardinality(String)"
	}, "", "", "")
	expect(event.DateFields, func(*event.Spec) string { return "Date" }, "Nullable(Date)", "; 1970-01-01 where it is absent", "; NULL where it is absent")
	expect(event.CountFields, func(*event.Spec) string { return "UInt32" }, "", "; 0 where it is absent", "; 0 where it is absent")

	own := []string{
		"retention_class", "slot", "topic", "partition", "offset", "index", "received", "scanDatetime", "scanOffsetMinutes",
		"object", "pieceKey", "origin", "device", "flags", "imb",
	}
	require.Len(t, table, len(own)+len(stored), "columns that are no field of an event")
	for _, name := range own {
		require.Contains(t, table, name)
		if name != "flags" {
			require.Equal(t, table[name], view[name], name)
		}
	}
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
		require.Contains(t, string(text), "bitTest(flags, "+string(rune('0'+bit))+") AS `"+name+"`")
	}
}
