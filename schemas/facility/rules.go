package facility

import (
	"fmt"
	"strconv"
	"strings"
)

// maxOffset bounds an offset from UTC, in minutes: no zone is 24 hours away.
const maxOffset = 24*60 - 1

// maxMinute bounds the time of a change, in minutes since 1970: far beyond any
// wall time that is converted, and far from an overflow.
const maxMinute = 1 << 31

// ruleSection is [rules]: how the offset of each zone changes. The changes are
// checked only when a zone is used: the built-in section has every IANA zone.
type ruleSection struct {
	provenance Provenance
	rules      []rule
	byName     map[string]int // index into rules
}

// rule is one line: the zones that share it and what it says.
type rule struct {
	names   string // separated by blanks
	base    int16
	changes string // not read yet
	line    int
	column  int // of the changes
}

func (s *ruleSection) header() *Provenance { return &s.provenance }

// add reads "name name ... TAB offset TAB changes".
func (s *ruleSection) add(line string, number, _ int) error {
	names, rest, _ := strings.Cut(line, "\t")
	offset, changes, tab := strings.Cut(rest, "\t")
	base, err := strconv.ParseInt(offset, 10, 16)
	if err != nil || !tab || base < -maxOffset || base > maxOffset {
		return &ParseError{number, len(names) + 2, "offset", fmt.Sprintf("%.20q is not right (expected minutes east of UTC, and tabs around it)", offset)}
	}
	for _, name := range strings.Split(names, " ") {
		if _, twice := s.byName[name]; twice || name == "" || name == noZoneName || strings.Contains(name, "#") || badText(name, 64) != "" {
			return &ParseError{number, 1, "zone", fmt.Sprintf("%.64q is empty, too long, not a name, or there twice", name)}
		}
		s.byName[name] = len(s.rules)
	}
	s.rules = append(s.rules, rule{names, int16(base), changes, number, len(names) + len(offset) + 3})
	return nil
}

func (s *ruleSection) find(name string) (rule, bool) {
	i, ok := s.byName[name]
	if !ok {
		return rule{}, false
	}
	return s.rules[i], true
}

// zone makes the zone of this name from the rule's changes: "minutes:offset",
// separated by blanks. Minutes count from the change before, the first one's
// from 1970-01-01T00:00Z.
func (r rule) zone(name string) (zone, error) {
	z := zone{name: name, base: r.base}
	at, offset, column := int64(0), r.base, r.column
	for change := range strings.SplitSeq(r.changes, " ") {
		if r.changes == "" {
			break
		}
		bad := func(problem string) error {
			return &ParseError{r.line, column, "change of " + name, fmt.Sprintf("%.30q %s", change, problem)}
		}
		left, right, _ := strings.Cut(change, ":")
		minutes, err := strconv.ParseInt(left, 10, 32)
		if err != nil || minutes <= 0 {
			return zone{}, bad("is not right (expected minutes:offset with minutes above zero)")
		}
		after, err := strconv.ParseInt(right, 10, 16)
		if err != nil || after < -maxOffset || after > maxOffset || int16(after) == offset {
			return zone{}, bad("is not right (expected minutes:offset with another offset, in minutes east of UTC)")
		}
		if at += minutes; at > maxMinute {
			return zone{}, bad("is too far in the future")
		}
		e := newEdge(at*minuteMilli, offset, int16(after))
		if n := len(z.edges); n > 0 && e.from < z.edges[n-1].until {
			return zone{}, bad("comes too soon after the change before it: a wall time would have more than two readings")
		}
		z.edges = append(z.edges, e)
		offset = int16(after)
		column += len(change) + 1
	}
	return z, nil
}

// appendRule writes the line of a zone, the inverse of reading it.
func appendRule(b []byte, z zone) []byte {
	b = append(b, z.name...)
	b = append(b, '\t')
	b = strconv.AppendInt(b, int64(z.base), 10)
	b = append(b, '\t')
	previous := int64(0)
	for i, e := range z.edges {
		if i > 0 {
			b = append(b, ' ')
		}
		minute := e.at() / minuteMilli
		b = strconv.AppendInt(b, minute-previous, 10)
		b = append(b, ':')
		b = strconv.AppendInt(b, int64(e.after), 10)
		previous = minute
	}
	return append(b, '\n')
}
