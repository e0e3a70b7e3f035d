package service

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"mailtrail/schemas/reference"
)

// maxPairs bounds how many pairs of ZIP3 a file may hold, ranges spread out: four classes of all pairs, and as many again of other days. They take 16
// bytes each.
const maxPairs = 8_000_000

// mostDays is the longest standard that a file may name, in delivery days.
const mostDays = 60

// ParseStandards reads a table in the form of standards.txt, which explains itself. The error is a *reference.TableError.
func ParseStandards(text []byte) (*Standards, error) {
	s := &Standards{areas: map[ZIP3]string{}, rules: map[ruleKey]reference.History[Standard]{}}
	ref, err := reference.Parse(text, s.add)
	if err != nil {
		return nil, err
	}
	s.Reference = ref
	slices.SortFunc(s.pairs, func(a, b pair) int { return cmp.Or(cmp.Compare(a.key, b.key), cmp.Compare(a.from, b.from)) })
	for i := 1; i < len(s.pairs); i++ {
		if before, p := s.pairs[i-1], s.pairs[i]; before.key == p.key && (before.until == 0 || before.until > p.from) {
			return nil, &reference.TableError{Field: "pair", Expected: fmt.Sprintf("one standard on each day; %s", p)}
		}
	}
	return s, nil
}

// String says which pair it is.
func (p pair) String() string {
	places, level := p.key%1_000_000, p.key/1_000_000
	return fmt.Sprintf("%s %s %03d to %03d has two", Class(level/8), Entry(level%8), places/1000, places%1000)
}

func (s *Standards) add(line int, words []string) error {
	return reference.Take([]reference.Form{
		{Word: "area", Least: 2, Most: 2, Words: "name places", Add: s.addArea},
		{Word: "standard", Least: 4, Most: 6, Words: "class entry relation days [from [until]]", Add: s.addRule},
		{Word: "pair", Least: 5, Most: 7, Words: "class entry origin destination days [from [until]]", Add: s.addPair},
	}, line, words)
}

func (s *Standards) addArea(line int, words []string) error {
	for place := range strings.SplitSeq(words[1], ",") {
		first, last, err := parseZIP3s(line, "places", place)
		if err != nil {
			return err
		}
		for z := first; z <= last; z++ {
			if s.areas[z] != "" {
				return reference.Wrong(line, "places", place, "every ZIP3 in one area")
			}
			s.areas[z] = words[0]
		}
	}
	return nil
}

func (s *Standards) addRule(line int, words []string) error {
	class, entry, err := parseLevel(line, words)
	if err != nil {
		return err
	}
	key := ruleKey{class: class, entry: entry}
	if key.relation, err = reference.Word[relation](line, "relation", words[2], relationWords); err != nil {
		return err
	}
	var rule reference.Dated[Standard]
	if rule.Value, err = parseDays(line, words[3]); err != nil {
		return err
	}
	if rule.Period, err = reference.ParsePeriod(line, words[4:]); err != nil {
		return err
	}
	history, once := s.rules[key].With(rule)
	if !once {
		return reference.Wrong(line, "standard", strings.Join(words[:3], " "), "one standard on each day")
	}
	s.rules[key] = history
	return nil
}

func (s *Standards) addPair(line int, words []string) error {
	class, entry, err := parseLevel(line, words)
	if err != nil {
		return err
	}
	firstOrigin, lastOrigin, err := parseZIP3s(line, "origin", words[2])
	if err != nil {
		return err
	}
	first, last, err := parseZIP3s(line, "destination", words[3])
	if err != nil {
		return err
	}
	days, err := reference.Number(line, "days", words[4], 0, mostDays)
	if err != nil {
		return err
	}
	period, err := reference.ParsePeriod(line, words[5:])
	if err != nil {
		return err
	}
	if len(s.pairs)+int(lastOrigin-firstOrigin+1)*int(last-first+1) > maxPairs {
		return reference.Wrong(line, "pair", strings.Join(words[2:4], " "), fmt.Sprintf("at most %d pairs in a file", maxPairs))
	}
	p := pair{days: uint8(days)}
	if !period.From.IsZero() {
		p.from = DayOf(period.From)
	}
	if !period.Until.IsZero() {
		p.until = DayOf(period.Until)
	}
	for origin := firstOrigin; origin <= lastOrigin; origin++ {
		for destination := first; destination <= last; destination++ {
			p.key = pairKey(class, entry, origin, destination)
			s.pairs = append(s.pairs, p)
		}
	}
	return nil
}

// parseLevel reads the class and the entry level.
func parseLevel(line int, words []string) (class Class, entry Entry, err error) {
	if class, err = reference.Word[Class](line, "class", words[0], classWords); err != nil {
		return 0, 0, err
	}
	entry, err = reference.Word[Entry](line, "entry", words[1], entryWords)
	return class, entry, err
}

// parseDays reads a number of days, or the least and the most.
func parseDays(line int, word string) (Standard, error) {
	least, most, isRange := strings.Cut(word, "-")
	if !isRange {
		most = least
	}
	from, err := reference.Number(line, "days", least, 0, mostDays)
	if err != nil {
		return Standard{}, err
	}
	to, err := reference.Number(line, "days", most, from, mostDays)
	return Standard{uint8(from), uint8(to)}, err
}

// parseZIP3s reads three digits, or two times three with a hyphen between.
func parseZIP3s(line int, field, word string) (first, last ZIP3, err error) {
	from, to, isRange := strings.Cut(word, "-")
	if !isRange {
		to = from
	}
	a, err := reference.Code(line, field, from, 3)
	if err != nil {
		return 0, 0, err
	}
	b, err := reference.Code(line, field, to, 3)
	if err == nil && b < a {
		err = reference.Wrong(line, field, word, "a range in ascending order")
	}
	return ZIP3(a), ZIP3(b), err
}
