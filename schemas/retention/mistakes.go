package retention

import (
	"fmt"
	"slices"
	"strings"
)

// Mistake is one thing that is wrong with a schedule.
type Mistake struct {
	// Row is the class, the topic or the rule of the row, Key the key in it.
	Row, Key string
	// Line is the line of the key, or of the row, from 1; 0 where there is none.
	Line int
	// Problem says what is wrong, with the value and what was expected.
	Problem string
}

func (m Mistake) Error() string {
	var place []string
	if m.Line > 0 {
		place = append(place, fmt.Sprintf("line %d", m.Line))
	}
	for _, part := range []string{m.Row, m.Key} {
		if part != "" {
			place = append(place, part)
		}
	}
	return strings.Join(append(place, m.Problem), ": ")
}

// Mistakes are all that is wrong with a schedule, in the order of its lines.
type Mistakes []Mistake

func (m Mistakes) Error() string {
	texts := make([]string, len(m))
	for i, mistake := range m {
		texts[i] = mistake.Error()
	}
	return strings.Join(texts, "\n")
}

// flowing are the classes without which the pipeline cannot run.
var flowing = []string{MailTracking, PackageTracking, SpecialServiceTracking, Confirm, MailpieceImages, Receipts, BatchIDs, ReplayIDs, Rejects, SystemLogs, KnownBarcodes}

// checker gathers mistakes.
type checker struct {
	schedule *Schedule
	found    Mistakes
}

// check lists everything that makes the schedule one that no store can keep.
func (s *Schedule) check(places layout) Mistakes {
	c := &checker{schedule: s}
	c.lists(places)
	for i := range s.Classes {
		c.class(&s.Classes[i], places["classes"][i])
	}
	for i := range s.Own {
		c.own(&s.Own[i], places["own"][i])
	}
	for i, d := range s.Disposal {
		for _, key := range []struct{ name, value string }{{"rule", d.Rule}, {"medium", d.Medium}, {"method", d.Method}, {"citation", d.Citation}} {
			if key.value == "" {
				c.wrong(d.Rule, places["disposal"][i], key.name, "it is needed")
			}
		}
	}
	for i, t := range s.Topics {
		if seconds(t.Life) < 1 {
			c.wrong(t.Name, places["topics"][i], "life", "%s, expected at least 1s", t.Life)
		}
	}
	c.folders(places)
	c.known(places)
	for _, class := range flowing {
		if s.Row(class) == nil {
			c.wrong(class, nil, "", "the row is missing: records of this kind flow, and a record without a row is refused")
		}
	}
	for i := range s.Own {
		if row := &s.Own[i]; row.Class == Rejects && (!row.Sealed || !row.Sliced()) {
			c.wrong(row.Class, places["own"][i], "sealed", "dead letters are written as ciphertext under the key of a slot alone: expected sealed: true, with limit, clock capture, slot and margin")
		}
	}
	slices.SortStableFunc(c.found, func(a, b Mistake) int { return a.Line - b.Line })
	return c.found
}

func (c *checker) wrong(row string, at lines, key, format string, values ...any) {
	line, ok := at[key]
	if !ok {
		line = at[""]
	}
	c.found = append(c.found, Mistake{Row: row, Key: key, Line: line, Problem: fmt.Sprintf(format, values...)})
}

// lists finds what stands twice.
func (c *checker) lists(places layout) {
	seen := map[string]int{}
	once := func(kind, name, row string, at lines, key string) {
		if name == "" {
			return
		}
		if first, twice := seen[kind+name]; twice {
			c.wrong(row, at, key, "%s stands twice, on line %d too", name, first)
			return
		}
		seen[kind+name] = at[key]
	}
	for i, row := range c.schedule.Classes {
		once("class", row.Class, row.Class, places["classes"][i], "class")
		once("rule", row.Rule, row.Class, places["classes"][i], "rule")
	}
	for i, row := range c.schedule.Own {
		once("class", row.Class, row.Class, places["own"][i], "class")
	}
	for i, d := range c.schedule.Disposal {
		once("rule", d.Rule, d.Rule, places["disposal"][i], "rule")
	}
	for i, t := range c.schedule.Topics {
		once("topic", t.Name, t.Name, places["topics"][i], "topic")
	}
}
