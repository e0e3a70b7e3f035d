// Package reference is the form that tables of dated reference data share: lines of words below a head, so that a file may replace what comes
// with the program. It is pure: no clock, no I/O.
package reference

import (
	"crypto/sha256"
	"fmt"
	"strings"
	"time"
)

// Reference says which edition of a reference table is in use.
type Reference struct {
	Effective time.Time // the day from which it is in force, midnight UTC
	Source    string
	Digest    [sha256.Size]byte // of the table's text: equal digests decide equally
	text      string
}

// Text returns what was parsed; parsing it again gives an equal table.
func (r Reference) Text() string { return r.text }

// Parse reads the form that all reference tables share: empty lines and lines that begin with "#" do not count, "effective"
// and "source" make the head, every other line is an entry of words. The error is a *TableError where entry's errors are.
func Parse(text []byte, entry func(line int, words []string) error) (Reference, error) {
	ref := Reference{Digest: sha256.Sum256(text), text: string(text)}
	number := 0
	for line := range strings.Lines(string(text)) {
		number++
		words := strings.Fields(line)
		if len(words) == 0 || strings.HasPrefix(words[0], "#") {
			continue
		}
		var err error
		switch words[0] {
		case "effective":
			ref.Effective, err = Day(number, "effective", strings.Join(words[1:], " "))
		case "source":
			ref.Source = strings.Join(words[1:], " ")
		default:
			err = entry(number, words)
		}
		if err != nil {
			return Reference{}, err
		}
	}
	if ref.Effective.IsZero() {
		return Reference{}, &TableError{Field: "effective", Expected: `a line "effective YYYY-MM-DD"`}
	}
	if ref.Source == "" {
		return Reference{}, &TableError{Field: "source", Expected: `a line "source" that says where the table comes from`}
	}
	return ref, nil
}

// TableError says where a reference table is wrong.
type TableError struct {
	Line     int // the first is 1; 0: the file as a whole
	Field    string
	Value    string
	Expected string
}

// Wrong is the error of one value in a line of a table.
func Wrong(line int, field, value, expected string) *TableError {
	return &TableError{line, field, value, expected}
}

// Error returns one sentence, as in `line 12: class: "firstclass": expected one of ...`.
func (e *TableError) Error() string {
	if e.Line == 0 {
		return fmt.Sprintf("%s: expected %s", e.Field, e.Expected)
	}
	return fmt.Sprintf("line %d: %s: %q: expected %s", e.Line, e.Field, e.Value, e.Expected)
}
