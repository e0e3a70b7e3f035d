package facility

import (
	"cmp"
	"fmt"
	"slices"
	"strconv"
	"strings"
)

// zipCount is how many ZIPs of 5 digits there can be.
const zipCount = 100_000

// noZoneName stands in [zips] for "no zone, on purpose".
const noZoneName = "-"

// zipSection is [zips]: which zone a range of ZIPs has.
type zipSection struct {
	provenance Provenance
	spans      []zipSpan
}

// zipSpan is one line: the ZIPs from first to last (5 digits, both included).
type zipSpan struct {
	first, last int
	zone        string
	line        int
	zoneColumn  int
}

func (s zipSpan) width() int { return s.last - s.first }

func (z *zipSection) header() *Provenance { return &z.provenance }

// add reads "prefix zone" or "prefix-prefix zone"; a # begins a comment.
func (z *zipSection) add(line string, number, _ int) error {
	line, _, _ = strings.Cut(line, "#")
	fields := strings.Fields(line)
	if len(fields) == 0 {
		return nil
	}
	column := strings.Index(line, fields[0]) + 1
	if len(fields) != 2 {
		return &ParseError{number, column, "entry", fmt.Sprintf("has %d fields (expected a ZIP prefix or range and a zone)", len(fields))}
	}
	low, high, isRange := strings.Cut(fields[0], "-")
	if !isRange {
		high = low
	}
	first, last, ok := zipRange(low, high)
	if !ok {
		return &ParseError{number, column, "ZIP prefix", fmt.Sprintf("%.20q is not right (expected 3 to 5 digits, or a rising range of two such of the same length)", fields[0])}
	}
	zoneColumn := column + len(fields[0]) + strings.Index(line[column-1+len(fields[0]):], fields[1])
	z.spans = append(z.spans, zipSpan{first, last, fields[1], number, zoneColumn})
	return nil
}

// zipRange turns two prefixes into the first and last ZIP that they cover.
func zipRange(low, high string) (first, last int, ok bool) {
	if len(low) < 3 || len(low) > 5 || len(low) != len(high) || !all(low+high, isDigit) {
		return 0, 0, false
	}
	first, _ = strconv.Atoi((low + "00")[:5])
	last, _ = strconv.Atoi((high + "99")[:5])
	return first, last, first <= last
}

// spreadZIPs fills the table's zone of every ZIP. The narrowest span that holds
// a ZIP wins, so spans are laid from wide to narrow; each must lie within what
// is under it, or else it would depend on chance which of two is meant.
func (t *Table) spreadZIPs(z *zipSection, rules *ruleSection) error {
	t.zipZones = make([]ZoneID, zipCount)
	spans := slices.Clone(z.spans)
	slices.SortStableFunc(spans, func(a, b zipSpan) int { return cmp.Compare(b.width(), a.width()) })
	owners := make([]int32, zipCount) // the span that a ZIP has so far, plus one
	for i, span := range spans {
		under := owners[span.first]
		for zip := span.first; zip <= span.last; zip++ {
			if owner := owners[zip]; owner != under || owner > 0 && spans[owner-1].width() == span.width() {
				return &ParseError{span.line, 1, "ZIP prefix", fmt.Sprintf("overlaps the entry on line %d (expected ranges that are apart or one within the other)", spans[max(owner, under)-1].line)}
			}
		}
		id, err := NoZone, error(nil)
		if span.zone != noZoneName {
			id, err = t.addZone(span.zone, rules)
		}
		if err != nil {
			return &ParseError{span.line, span.zoneColumn, "zone", err.Error()}
		}
		for zip := span.first; zip <= span.last; zip++ {
			owners[zip] = int32(i + 1)
			t.zipZones[zip] = id
		}
	}
	return nil
}
