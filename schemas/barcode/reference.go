package barcode

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

// TableError says where a reference table is wrong.
type TableError struct {
	Line     int // the first is 1; 0: the file as a whole
	Field    string
	Value    string
	Expected string
}

// Error returns one sentence, as in `line 12: class: "firstclass": expected one of ...`.
func (e *TableError) Error() string {
	if e.Line == 0 {
		return fmt.Sprintf("%s: expected %s", e.Field, e.Expected)
	}
	return fmt.Sprintf("line %d: %s: %q: expected %s", e.Line, e.Field, e.Value, e.Expected)
}

// parseReference reads the form that all reference tables share: empty lines and lines that begin with "#" do not count, "effective"
// and "source" make the head, every other line is an entry of words.
func parseReference(text []byte, entry func(line int, words []string) error) (Reference, error) {
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
			ref.Effective, err = parseDay(number, words)
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

func parseDay(line int, words []string) (time.Time, error) {
	value := strings.Join(words[1:], " ")
	day, err := time.Parse(time.DateOnly, value)
	if err != nil {
		return time.Time{}, &TableError{line, "effective", value, "a day, YYYY-MM-DD"}
	}
	return day, nil
}

// parseCode reads a code of so many digits, which is its place in a table.
func parseCode(line int, field, value string, lengths ...int) (int, error) {
	for _, length := range lengths {
		if len(value) == length && firstNonDigit([]byte(value)) < 0 {
			return int(decimal([]byte(value))), nil
		}
	}
	return 0, &TableError{line, field, value, fmt.Sprintf("%v digits", lengths)}
}

// parseWord returns the place of value in words.
func parseWord[T ~uint8](line int, field, value string, words []string) (T, error) {
	for i, word := range words {
		if word == value && word != "" {
			return T(i), nil
		}
	}
	return 0, &TableError{line, field, value, "one of " + strings.TrimSpace(strings.Join(words, " "))}
}

// word returns the i-th of words, or "unknown".
func word[T ~uint8](i T, words []string) string {
	if int(i) < len(words) && words[i] != "" {
		return words[i]
	}
	return "unknown"
}
