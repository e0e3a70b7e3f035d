package facility

import (
	"fmt"
	"math"
	"strings"
	"unicode"
	"unicode/utf8"
)

// The columns of a row of [facilities], by their place in the line: the first
// four have fixed widths, so a row only needs to know where it begins.
const (
	localeKeyLen = 6
	zipAt        = localeKeyLen + 1
	stateAt      = zipAt + 5 + 1
	typeAt       = stateAt + 2 + 1
	cityAt       = typeAt + 1 + 1
)

// sameName stands in the column of the name where it is the city's.
const sameName = "="

// facilitySection is [facilities]: the text as it was read and where its rows
// are. It is the table's memory: about 40 bytes a facility.
type facilitySection struct {
	provenance Provenance
	text       string
	rows       []row
}

// row is one facility: 8 bytes.
type row struct {
	at      uint32 // where the line begins in the text
	cityLen uint8
	nameLen uint8 // 0: the name is the city's
	kind    Type
}

func (f *facilitySection) header() *Provenance { return &f.provenance }

func (f *facilitySection) localeKey(i int) string { return f.part(i, 0, localeKeyLen) }
func (f *facilitySection) zip(i int) string       { return f.part(i, zipAt, 5) }
func (f *facilitySection) state(i int) string     { return f.part(i, stateAt, 2) }
func (f *facilitySection) city(i int) string      { return f.part(i, cityAt, int(f.rows[i].cityLen)) }

func (f *facilitySection) name(i int) string {
	r := f.rows[i]
	if r.nameLen == 0 {
		return f.city(i)
	}
	return f.part(i, cityAt+int(r.cityLen)+1, int(r.nameLen))
}

func (f *facilitySection) part(i, at, length int) string {
	begin := int(f.rows[i].at) + at
	return f.text[begin : begin+length]
}

// line is the number of the line on which row i stands.
func (f *facilitySection) line(i int) int {
	return 1 + strings.Count(f.text[:f.rows[i].at], "\n")
}

func (f *facilitySection) add(line string, number, offset int) error {
	if offset > math.MaxUint32 {
		return &ParseError{number, 1, "row", "the file is over 4 GiB"}
	}
	for _, column := range [...]struct {
		at, width int
		field     string
		ok        func(c byte) bool
		expected  string
	}{
		{0, localeKeyLen, "locale key", isDigitOrUpper, "6 characters of 0-9 A-Z"},
		{zipAt, 5, "ZIP", isDigit, "5 digits"},
		{stateAt, 2, "state", isUpper, "2 capital letters"},
		{typeAt, 1, "type", isType, "one of " + typeLetters},
	} {
		value, _, tab := strings.Cut(line[min(column.at, len(line)):], "\t")
		if len(value) != column.width || !tab || !all(value, column.ok) {
			return &ParseError{number, column.at + 1, column.field, fmt.Sprintf("%.20q is not right (expected %s and a tab)", value, column.expected)}
		}
	}
	city, name, tab := strings.Cut(line[cityAt:], "\t")
	if problem := badText(city, math.MaxUint8); problem != "" || !tab {
		return &ParseError{number, cityAt + 1, "city", fmt.Sprintf("%.20q is not right (expected 1 to 255 printable bytes of UTF-8 and a tab)", city)}
	}
	if problem := badText(name, math.MaxUint8); problem != "" {
		return &ParseError{number, cityAt + len(city) + 2, "name", fmt.Sprintf("%.20q %s (expected 1 to 255 printable bytes of UTF-8, or = for the city's)", name, problem)}
	}
	r := row{at: uint32(offset), cityLen: uint8(len(city)), kind: Type(strings.IndexByte(typeLetters, line[typeAt]))}
	if name != sameName {
		r.nameLen = uint8(len(name))
	}
	f.rows = append(f.rows, r)
	return nil
}

// badText says what keeps a text from standing in a column, or "".
func badText(s string, most int) string {
	switch {
	case s == "":
		return "is empty"
	case len(s) > most:
		return "is too long"
	case !utf8.ValidString(s):
		return "is not UTF-8"
	case strings.IndexFunc(s, func(r rune) bool { return !unicode.IsPrint(r) }) >= 0:
		return "has a character that cannot be printed"
	}
	return ""
}

func isDigit(c byte) bool        { return c >= '0' && c <= '9' }
func isUpper(c byte) bool        { return c >= 'A' && c <= 'Z' }
func isDigitOrUpper(c byte) bool { return isDigit(c) || isUpper(c) }
func isType(c byte) bool         { return strings.IndexByte(typeLetters, c) >= 0 }

func all(s string, ok func(c byte) bool) bool {
	for i := range len(s) {
		if !ok(s[i]) {
			return false
		}
	}
	return true
}
