package verify

import (
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"
)

// view holds a view against the rules: ours hide what is due, and nobody else's reads base tables.
func (c ClickHouse) view(look *Look, t *Table, object string) {
	if t.Target != "" {
		database, table, _ := strings.Cut(t.Target, ".")
		if len(look.schedule.inTable(c.place(database, table))) == 0 {
			look.Found(Finding{Kind: ViewTarget, Store: InClickHouse, Object: object, Text: "a materialized view that copies what comes in to " + t.Target + ", which the schedule does not have"})
			return
		}
	}
	read := c.reads(t.Select)
	if len(read) == 0 && t.Target == "" {
		return
	}
	if t.Database != c.Public || !slices.Contains(c.Views, t.Name) {
		look.Found(Finding{Kind: ForeignView, Store: InClickHouse, Object: object, Text: "a view that is not mailtrail's reads base tables"})
		return
	}
	for _, r := range read {
		if wrong := r.wrong(look.schedule); wrong != "" {
			look.Found(Finding{Kind: ViewPredicate, Store: InClickHouse, Object: object, Text: "it reads " + r.table + " " + wrong})
			return
		}
	}
}

// reading of a base table by a view, and what stands behind it.
type baseRead struct{ table, rest string }

// reads finds each place in which a query names a base table. The server writes queries in one form.
func (c ClickHouse) reads(query string) (read []baseRead) {
	query = strings.Join(strings.Fields(query), " ")
	name := regexp.MustCompile("(?:^|[ (])`?" + regexp.QuoteMeta(c.Data) + "`?\\.`?([A-Za-z0-9_]+)`?")
	for _, at := range name.FindAllStringSubmatchIndex(query, -1) {
		read = append(read, baseRead{query[at[2]:at[3]], strings.TrimPrefix(query[at[1]:], "`")})
	}
	return read
}

var (
	// predicate is the condition on slot, as the server writes it, at the head of what follows the table's name.
	predicate = regexp.MustCompile(`^(?: ARRAY JOIN [^()]*)? WHERE (\((?:slot > \(now\(\) - toIntervalSecond\(\d+\)\)|` +
		`\(?\(?retention_class = '\w+'\) AND \(slot > \(now\(\) - toIntervalSecond\(\d+\)\)\)\)?(?: OR \(\(retention_class = '\w+'\) AND \(slot > \(now\(\) - toIntervalSecond\(\d+\)\)\)\))*)\))`)
	ofSlot  = regexp.MustCompile(`^\(slot > \(now\(\) - toIntervalSecond\((\d+)\)\)\)$`)
	ofClass = regexp.MustCompile(`\(retention_class = '(\w+)'\) AND \(slot > \(now\(\) - toIntervalSecond\((\d+)\)\)\)`)
)

// wrong says why the reading may show what is due; empty where it cannot.
func (r *baseRead) wrong(s *schedule) string {
	classes := s.inTable(r.table)
	if len(classes) > 0 && !classes[0].sliced {
		return ""
	}
	found := predicate.FindStringSubmatch(r.rest)
	if found == nil || strings.HasPrefix(r.rest[len(found[0]):], " OR ") {
		return "without the condition on slot that hides what is due"
	}
	if len(classes) == 0 {
		return ", which the schedule does not have"
	}
	for name, seconds := range shown(found[1]) {
		if name != "" && !slices.ContainsFunc(classes, func(c *class) bool { return c.name == name }) {
			return "and shows class " + clean(name) + ", which the schedule does not have in it"
		}
		for _, c := range classes {
			if name != "" && name != c.name {
				continue
			}
			if hidden := c.limit.rest - c.margin; time.Duration(seconds)*time.Second > hidden && c.limit.rest > 0 {
				return fmt.Sprintf("and shows class %s for %s; it is due after %s", c.name, words(time.Duration(seconds)*time.Second), words(hidden))
			}
		}
	}
	return ""
}

// shown is for how many seconds from the start of a slot a predicate shows it, by class; of all classes under an empty name.
func shown(predicate string) map[string]int64 {
	seconds := map[string]int64{}
	if all := ofSlot.FindStringSubmatch(predicate); all != nil {
		seconds[""], _ = strconv.ParseInt(all[1], 10, 64)
	}
	for _, one := range ofClass.FindAllStringSubmatch(predicate, -1) {
		seconds[one[1]], _ = strconv.ParseInt(one[2], 10, 64)
	}
	return seconds
}
