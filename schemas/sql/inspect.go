package sql

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
)

// Expiries evaluates a table's own TTL expression, as the server wrote it, for slots of classes: one row each, Unix seconds,
// in their order.
func (s *SQL) Expiries(expiry string, classes []string, slots []int64) string {
	tuples := make([]string, len(classes))
	for i, class := range classes {
		tuples[i] = fmt.Sprintf("(%d, %s, %d)", i, literal(class), slots[i])
	}
	return "SELECT toInt64(toUnixTimestamp(toDateTime(" + expiry + "))) FROM (SELECT t.1 AS at, t.2 AS retention_class, toDateTime(t.3, 'UTC') AS slot, " +
		"toDateTime(t.3, 'UTC') AS event_time, toDate(t.3) AS event_date FROM (SELECT arrayJoin([" + strings.Join(tuples, ", ") + "]) AS t)) ORDER BY at"
}

// captures are the columns of which the earliest is the clock of a record; others are the clocks of what mailtrail and the server
// keep for themselves.
var (
	captures = []string{"scanDatetime", "capturedDatetime", "captured", "received"}
	others   = []string{"at", "event_time"}
)

// partName is how a server names a part.
var partName = regexp.MustCompile(`^[0-9A-Za-z_-]+$`)

// Clocks reads the clocks of a table's rows by part: its name, the oldest and the newest clock in Unix milliseconds. columns are
// those that the table stores, known are parts to leave out. Empty: no column tells a clock.
func (s *SQL) Clocks(database, table string, columns, known []string) string {
	var clocks []string
	for _, name := range captures {
		if slices.Contains(columns, name) {
			clocks = append(clocks, inMilliseconds(name))
		}
	}
	for _, name := range others {
		if len(clocks) == 0 && slices.Contains(columns, name) {
			clocks = append(clocks, inMilliseconds(name))
		}
	}
	if len(clocks) == 0 {
		return ""
	}
	clock := clocks[0]
	if len(clocks) > 1 {
		clock = "least(" + strings.Join(clocks, ", ") + ")"
	}
	where := ""
	if known = slices.DeleteFunc(slices.Clone(known), func(name string) bool { return !partName.MatchString(name) }); len(known) > 0 {
		where = " WHERE _part NOT IN ('" + strings.Join(known, "', '") + "')"
	}
	return "SELECT _part, min(" + clock + ") AS oldest, max(" + clock + ") AS newest FROM " + quote(database) + "." + quote(table) + where + " GROUP BY _part"
}

func inMilliseconds(column string) string {
	return "toUnixTimestamp64Milli(toDateTime64(" + quote(column) + ", 3, 'UTC'))"
}
