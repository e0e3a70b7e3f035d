package verify

import (
	"cmp"
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"time"

	"github.com/goccy/go-yaml"
)

// schedule is the retention schedule as the auditor reads it: its text, with its plain numbers.
type schedule struct {
	classes map[string]*class
	// lives are the lives of topics, by name.
	lives map[string]time.Duration
}

// class is one row of the schedule.
type class struct {
	name                 string
	limit                span
	ceiling, unlimited   bool
	slot, margin, behind time.Duration
	// sliced: everything of a slot goes at once.
	sliced, sealed, flows bool
	topic                 string
	// tables are those of the base tables, and of the server's own with system. in front.
	tables, folders []string
	// stored says that its records lie in the bucket of objects.
	stored bool
}

// span is a time of the schedule: whole days of the calendar and a rest.
type span struct {
	years, months int
	rest          time.Duration
}

// rowText is a row of the file. The schedule's own parser has checked it already.
type rowText struct {
	Class        string   `yaml:"class"`
	Limit        string   `yaml:"limit"`
	Bound        string   `yaml:"bound"`
	Clock        string   `yaml:"clock"`
	Slot         string   `yaml:"slot"`
	Margin       string   `yaml:"margin"`
	Behind       string   `yaml:"behind"`
	Planned      bool     `yaml:"planned"`
	Sealed       bool     `yaml:"sealed"`
	Topic        string   `yaml:"topic"`
	Tables       []string `yaml:"tables"`
	SystemTables []string `yaml:"system_tables"`
	Buckets      []string `yaml:"buckets"`
	Folders      []string `yaml:"folders"`
}

// readSchedule reads the schedule's text.
func readSchedule(text []byte) (*schedule, error) {
	var file struct {
		Classes []rowText `yaml:"classes"`
		Own     []rowText `yaml:"own"`
		Topics  []struct {
			Topic string `yaml:"topic"`
			Life  string `yaml:"life"`
		} `yaml:"topics"`
	}
	if err := yaml.Unmarshal(text, &file); err != nil {
		return nil, fmt.Errorf("verify: the retention schedule: %w", err)
	}
	s := &schedule{classes: map[string]*class{}, lives: map[string]time.Duration{}}
	for _, row := range slices.Concat(file.Classes, file.Own) {
		c, err := row.class()
		if err != nil {
			return nil, fmt.Errorf("verify: the retention schedule: class %s: %w", row.Class, err)
		}
		s.classes[c.name] = c
	}
	for _, topic := range file.Topics {
		life, err := readSpan(topic.Life)
		if err != nil {
			return nil, fmt.Errorf("verify: the retention schedule: topic %s: %w", topic.Topic, err)
		}
		s.lives[topic.Topic] = life.rest
	}
	return s, nil
}

func (r *rowText) class() (*class, error) {
	c := &class{
		name: r.Class, ceiling: r.Bound != "term", unlimited: r.Bound == "none", sealed: r.Sealed, topic: r.Topic, folders: r.Folders,
		tables: slices.Clone(r.Tables), stored: len(r.Buckets) > 0,
	}
	for _, table := range r.SystemTables {
		c.tables = append(c.tables, "system."+table)
	}
	var slot, margin, behind span
	for _, field := range []struct {
		text string
		into *span
	}{{r.Limit, &c.limit}, {r.Slot, &slot}, {r.Margin, &margin}, {r.Behind, &behind}} {
		if field.text == "" {
			continue
		}
		var err error
		if *field.into, err = readSpan(field.text); err != nil {
			return nil, err
		}
	}
	c.slot, c.margin, c.behind = slot.rest, margin.rest, behind.rest
	c.sliced = c.slot > 0 && (r.Clock == "capture" || r.Clock == "receipt")
	c.flows = !r.Planned && (r.Topic != "" || len(c.tables) > 0 || len(r.Buckets) > 0 || len(r.Folders) > 0)
	return c, nil
}

var spanText = regexp.MustCompile(`^(\d+)(s|m|h|d|mo|y)$`)

// readSpan reads a whole number with a unit.
func readSpan(text string) (s span, err error) {
	part := spanText.FindStringSubmatch(text)
	if part == nil {
		return s, fmt.Errorf("%q is no time: expected a whole number and s, m, h, d, mo or y", text)
	}
	number, err := strconv.Atoi(part[1])
	if err != nil {
		return s, err
	}
	switch part[2] {
	case "s":
		s.rest = time.Duration(number) * time.Second
	case "m":
		s.rest = time.Duration(number) * time.Minute
	case "h":
		s.rest = time.Duration(number) * time.Hour
	case "d":
		s.rest = time.Duration(number) * day
	case "mo":
		s.months = number
	case "y":
		s.years = number
	}
	return s, nil
}

const day = 24 * time.Hour

// until is when a record with that clock reaches its limit: a year of a ceiling is no longer than a common one, and a month
// of the calendar ends on its last day where it has no such day.
func (c *class) until(clock time.Time) time.Time {
	clock = clock.UTC()
	end := clock.Add(c.limit.rest)
	if months := 12*c.limit.years + c.limit.months; months > 0 {
		first := time.Date(clock.Year(), clock.Month()+time.Month(months), 1, clock.Hour(), clock.Minute(), clock.Second(), clock.Nanosecond(), time.UTC)
		last := first.AddDate(0, 1, -1).Day()
		end = first.AddDate(0, 0, min(clock.Day(), last)-1)
	}
	if most := clock.Add(time.Duration(c.limit.years) * 365 * day); c.ceiling && c.limit.years > 0 && most.Before(end) {
		end = most
	}
	return end
}

// destroyAt is when the slot is to be destroyed.
func (c *class) destroyAt(slot time.Time) time.Time { return c.until(slot).Add(-c.margin) }

// names tells whether the class has a slot that starts then.
func (c *class) names(slot time.Time) bool {
	return slot.Unix()%int64(c.slot/time.Second) == 0
}

// inTable are the classes whose records lie in a table, by name.
func (s *schedule) inTable(table string) (classes []*class) {
	return s.having(func(c *class) bool { return slices.Contains(c.tables, table) })
}

// inTopic are the classes whose records come in by a topic, by name.
func (s *schedule) inTopic(topic string) (classes []*class) {
	return s.having(func(c *class) bool { return c.topic == topic })
}

// inBucket are the classes whose records lie in the bucket of objects, by name.
func (s *schedule) inBucket() (classes []*class) {
	return s.having(func(c *class) bool { return c.stored && c.sliced })
}

func (s *schedule) having(has func(*class) bool) (classes []*class) {
	for _, c := range s.classes {
		if c.flows && has(c) {
			classes = append(classes, c)
		}
	}
	slices.SortFunc(classes, func(a, b *class) int { return cmp.Compare(a.name, b.name) })
	return classes
}

// shortestMargin is the least margin of any class that has one.
func (s *schedule) shortestMargin() time.Duration {
	shortest := time.Duration(0)
	for _, c := range s.classes {
		if c.flows && c.margin > 0 && (shortest == 0 || c.margin < shortest) {
			shortest = c.margin
		}
	}
	return shortest
}
