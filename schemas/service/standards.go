package service

import (
	"cmp"
	_ "embed"
	"fmt"
	"slices"
	"sync"

	"mailtrail/schemas/reference"
)

//go:embed standards.txt
var standardsText []byte

// ZIP3 is the first three digits of a ZIP Code as a number; NoZIP3 where there is none.
type ZIP3 int16

// NoZIP3 stands for a place without a known ZIP Code.
const NoZIP3 ZIP3 = -1

// ZIP3Of returns the first three digits of a ZIP Code or routing code of 5 digits or more, NoZIP3 for anything else.
func ZIP3Of(zip string) ZIP3 {
	if len(zip) < 5 {
		return NoZIP3
	}
	number := ZIP3(0)
	for _, c := range []byte(zip[:3]) {
		if c < '0' || c > '9' {
			return NoZIP3
		}
		number = 10*number + ZIP3(c-'0')
	}
	return number
}

// String returns the three digits, empty for none.
func (z ZIP3) String() string {
	if z < 0 {
		return ""
	}
	return fmt.Sprintf("%03d", int16(z))
}

// Standard is in how many delivery days mail should arrive.
type Standard struct {
	// Most is what the piece is measured by. Least is below it where the table has only the range of the regulation.
	Least, Most uint8
}

// Exact reports whether the table has the piece's own standard and not only a range.
func (s Standard) Exact() bool { return s.Least == s.Most }

// Standards is a table of service standards. It does not change once made and may be shared.
type Standards struct {
	reference.Reference
	areas map[ZIP3]string
	rules map[ruleKey]reference.History[Standard]
	pairs []pair // sorted by key, then by from
}

// nowhere is the name of the area of places without standards.
const nowhere = "-"

// ruleKey is what a standard depends on where the pair has no line of its own.
type ruleKey struct {
	class    Class
	entry    Entry
	relation relation
}

// relation is how origin and destination lie to each other (39 CFR part 121, appendix A).
type relation uint8

const (
	contiguous relation = iota
	intra
	inter
	anyRelation
)

var relationWords = []string{"contiguous", "intra", "inter", "any"}

// pair is the standard between two ZIP3 during a time.
type pair struct {
	key         uint32
	from, until Day // until 0: until further notice
	days        uint8
}

func pairKey(class Class, entry Entry, origin, destination ZIP3) uint32 {
	return (uint32(class)*8+uint32(entry))*1_000_000 + uint32(origin)*1000 + uint32(destination)
}

// BuiltinStandards returns the table that comes with the package: ranges only; standards.txt says what that means.
func BuiltinStandards() *Standards { return builtinStandards() }

var builtinStandards = sync.OnceValue(func() *Standards {
	standards, err := ParseStandards(standardsText)
	if err != nil {
		panic(fmt.Sprintf("service: built-in standards: %v", err))
	}
	return standards
})

// Find returns the standard that is in force for mail whose clock starts on a day. Origin may be NoZIP3 where the mailer brought the mail to its
// destination. ok is false where the table has none.
func (s *Standards) Find(class Class, entry Entry, origin, destination ZIP3, start Day) (standard Standard, ok bool) {
	if destination < 0 || origin < 0 && entry == EntryOrigin {
		return Standard{}, false
	}
	if origin >= 0 {
		if days, ok := s.pair(pairKey(class, entry, origin, destination), start); ok {
			return Standard{days, days}, true
		}
	}
	if s.areas[origin] == nowhere || s.areas[destination] == nowhere {
		return Standard{}, false
	}
	if standard, ok := s.rules[ruleKey{class, entry, anyRelation}].On(start.Time()); ok {
		return standard, true
	}
	if origin < 0 {
		return Standard{}, false
	}
	return s.rules[ruleKey{class, entry, s.relation(origin, destination)}].On(start.Time())
}

func (s *Standards) pair(key uint32, day Day) (days uint8, ok bool) {
	at, _ := slices.BinarySearchFunc(s.pairs, key, func(p pair, key uint32) int { return cmp.Compare(p.key, key) })
	for ; at < len(s.pairs) && s.pairs[at].key == key; at++ {
		if p := s.pairs[at]; p.from <= day && (p.until == 0 || day < p.until) {
			return p.days, true
		}
	}
	return 0, false
}

func (s *Standards) relation(origin, destination ZIP3) relation {
	from, to := s.areas[origin], s.areas[destination]
	switch {
	case from == "" && to == "":
		return contiguous
	case from == to:
		return intra
	}
	return inter
}

// Pairs returns how many pairs of ZIP3 have a line of their own.
func (s *Standards) Pairs() int { return len(s.pairs) }
