package sql

import (
	"cmp"
	"fmt"
	"strings"
	"text/template"
	"time"

	"mailtrail/schemas/retention"
)

// holes returns the functions that fill the holes of a file.
func holes(w world, schedule *retention.Schedule) template.FuncMap {
	h := limits{schedule}
	return template.FuncMap{
		"table":  w.table,
		"kept":   func(table string) bool { return kept(schedule, table) },
		"view":   w.view,
		"text":   literal,
		"joined": joined, "pieceKey": pieceKey, "packedKey": packedKey, "imb": imb,
		"window":      func() int { return window },
		"settings":    h.settings,
		"ttl":         h.ttl,
		"visible":     h.visible,
		"own":         h.own,
		"slotSeconds": h.slotSeconds,
		"classes":     h.classes, "scheduleRows": h.scheduleRows, "scheduleHash": schedule.Hash,
	}
}

// optional are tables of records that a schedule may leave out: they are not made then.
func optional(table string) bool { return table == "records" }

// kept tells whether the schedule has rows for a table.
func kept(schedule *retention.Schedule, table string) bool { return len(schedule.Table(table)) > 0 }

// limits writes the retention schedule as SQL.
type limits struct{ schedule *retention.Schedule }

// rows returns the schedule's lines for a table, and whether the table tells
// its rows' class: tables of what mailtrail itself keeps hold one class.
func (l limits) rows(table string) (rows []retention.Row, byClass bool, err error) {
	rows = l.schedule.Table(table)
	if len(rows) == 0 {
		return nil, false, fmt.Errorf("the retention schedule has no class with table %s: a record without a limit is not kept", table)
	}
	own := 0
	for _, row := range rows {
		if row.Bound == retention.NoLimit || row.EventBound() {
			return nil, false, fmt.Errorf("retention schedule: class %s of table %s has no limit from a slot on", row.Class, table)
		}
		if l.schedule.IsOwn(row.Class) {
			own++
		}
	}
	if own > 0 && len(rows) > 1 {
		return nil, false, fmt.Errorf("retention schedule: table %s holds %d classes, expected one class of own, or classes of records only", table, len(rows))
	}
	return rows, own == 0, nil
}

// ttl is when a row goes by the store's own expiry. A class that the schedule
// does not know has the shortest life.
func (l limits) ttl(table string) (string, error) {
	rows, byClass, err := l.rows(table)
	if err != nil {
		return "", err
	}
	shortest := rows[0].TTL()
	for _, row := range rows {
		shortest = min(shortest, row.TTL())
	}
	if !byClass {
		return fmt.Sprintf("slot + toIntervalSecond(%d)", shortest), nil
	}
	var b strings.Builder
	b.WriteString("slot + toIntervalSecond(multiIf(")
	for _, row := range rows {
		fmt.Fprintf(&b, "retention_class = %s, %d, ", literal(row.Class), row.TTL())
	}
	fmt.Fprintf(&b, "%d))", shortest)
	return b.String(), nil
}

// visible is true of the rows whose slot is not due. Each comparison is of a
// column of the partition key with a constant, so that partitions are pruned.
func (l limits) visible(table string) (string, error) {
	rows, byClass, err := l.rows(table)
	if err != nil {
		return "", err
	}
	var terms []string
	for _, row := range rows {
		term := fmt.Sprintf("slot > now() - toIntervalSecond(%d)", row.Life())
		if byClass {
			term = fmt.Sprintf("(retention_class = %s AND %s)", literal(row.Class), term)
		}
		terms = append(terms, term)
	}
	return "(" + strings.Join(terms, " OR ") + ")", nil
}

// own is the class of a table of what mailtrail itself keeps.
func (l limits) own(table string) (string, error) {
	row, err := l.ownRow(table)
	if err != nil {
		return "", err
	}
	return literal(row.Class), nil
}

func (l limits) slotSeconds(table string) (int64, error) {
	row, err := l.ownRow(table)
	return int64(time.Duration(row.Slot) / time.Second), err
}

func (l limits) ownRow(table string) (retention.Row, error) {
	rows, byClass, err := l.rows(table)
	if err != nil {
		return retention.Row{}, err
	}
	if byClass {
		return retention.Row{}, fmt.Errorf("retention schedule: table %s belongs to a class of own", table)
	}
	return rows[0], nil
}

// classes is every class that has rows in slots of base tables, with its limit, its life
// and its slot in seconds.
func (l limits) classes() string {
	var tuples []string
	for _, row := range l.schedule.Rows() {
		if !row.Flows() || !row.Sliced() || len(row.Tables) == 0 {
			continue
		}
		tuples = append(tuples, fmt.Sprintf("(%s, toUInt64(%d), toInt64(%d), toInt64(%d))", literal(row.Class),
			int64(row.Longest()/time.Second), row.Life(), int64(time.Duration(row.Slot)/time.Second)))
	}
	return "[" + strings.Join(tuples, ", ") + "]"
}

// scheduleRows is the whole schedule as an array of tuples, one a row, for the view retention_schedule.
func (l limits) scheduleRows() string {
	var tuples []string
	for _, row := range l.schedule.Rows() {
		kind, bound := "record", row.Bound
		if l.schedule.IsOwn(row.Class) {
			kind, bound = "own", cmp.Or(bound, retention.Ceiling)
		}
		limit, longest := literal(row.Limit.String()), fmt.Sprint(int64(row.Longest()/time.Second))
		if bound == retention.NoLimit {
			limit, longest = "''", "NULL"
		}
		slot, margin, life := "NULL", "NULL", "NULL"
		if row.Sliced() {
			slot, margin, life = fmt.Sprint(int64(time.Duration(row.Slot)/time.Second)), fmt.Sprint(int64(time.Duration(row.Margin)/time.Second)), fmt.Sprint(row.Life())
		}
		behind := "NULL"
		if row.Behind > 0 {
			behind = fmt.Sprint(int64(time.Duration(row.Behind) / time.Second))
		}
		var places []string
		for _, place := range row.Places() {
			places = append(places, literal(string(place.Store)+" "+place.Name))
		}
		tuples = append(tuples, fmt.Sprintf("(%s, %s, %s, %s, %s, %s, toNullable(toUInt64(%s)), %s, %s, %s, toNullable(toUInt64(%s)), toNullable(toUInt64(%s)), toNullable(toInt64(%s)), toNullable(toUInt64(%s)), CAST([%s], 'Array(String)'), %t, %t, %s, %s, %s)",
			literal(row.Class), literal(kind), literal(row.Rule), literal(row.System), literal(row.Record), limit, longest, literal(string(bound)), literal(string(row.Clock)),
			literal(idle(row)), slot, margin, life, behind, strings.Join(places, ", "), row.Sealed, row.Flows(), literal(row.Citation), literal(row.Reason), literal(row.Decision)))
	}
	return "[" + strings.Join(tuples, ",\n        ") + "]"
}

// idle is the row's idle limit, empty where it has none.
func idle(row *retention.Row) string {
	if row.Idle == (retention.Limit{}) {
		return ""
	}
	return row.Idle.String()
}

// literal writes a text as a string literal.
func literal(text string) string {
	return "'" + strings.NewReplacer(`\`, `\\`, `'`, `\'`).Replace(text) + "'"
}
