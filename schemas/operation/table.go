package operation

import (
	_ "embed"
	"fmt"
	"slices"
	"strings"
	"sync"
	"time"

	"mailtrail/schemas/reference"
)

//go:embed codes.txt
var codesText []byte

// Table tells operations by their codes. It does not change once made and may be shared.
type Table struct {
	reference.Reference
	codes map[string]reference.History[Operation]
	// events is what an event of a handlingEventType means whose code is not in codes.
	events map[string]reference.History[Operation]
}

// Builtin returns the table that comes with the package.
func Builtin() *Table { return builtin() }

var builtin = sync.OnceValue(func() *Table {
	table, err := Parse(codesText)
	if err != nil {
		panic(fmt.Sprintf("operation: built-in codes: %v", err))
	}
	return table
})

// Parse reads a table in the form of codes.txt, which explains itself. The error is a *reference.TableError.
func Parse(text []byte) (*Table, error) {
	t := &Table{codes: map[string]reference.History[Operation]{}, events: map[string]reference.History[Operation]{}}
	ref, err := reference.Parse(text, t.add)
	if err != nil {
		return nil, err
	}
	t.Reference = ref
	return t, nil
}

func (t *Table) add(line int, words []string) error {
	codes := t.codes
	if words[0] == "event" {
		codes, words = t.events, words[1:]
	}
	if len(words) < 7 {
		return reference.Wrong(line, "entry", fmt.Sprint(len(words), " words"), "seven words or more: code phase clock basis from until name")
	}
	code := words[0]
	if err := checkCode(line, code); err != nil {
		return err
	}
	entry, err := parseOperation(line, words)
	if err != nil {
		return err
	}
	history, once := codes[code].With(entry)
	if !once {
		return reference.Wrong(line, "code", code, "every code once on each day")
	}
	codes[code] = history
	return nil
}

func checkCode(line int, code string) error {
	for _, c := range []byte(code) {
		if (c < '0' || c > '9') && (c < 'A' || c > 'Z') {
			return reference.Wrong(line, "code", code, "digits and capital letters")
		}
	}
	if len(code) > 3 {
		return reference.Wrong(line, "code", code, "at most three characters")
	}
	return nil
}

func parseOperation(line int, words []string) (entry reference.Dated[Operation], err error) {
	o := &entry.Value
	if o.Phase, err = reference.Word[Phase](line, "phase", words[1], phaseWords); err != nil {
		return entry, err
	}
	if o.Clock, err = reference.Word[Clock](line, "clock", words[2], clockWords); err != nil {
		return entry, err
	}
	basis, err := reference.Word[uint8](line, "basis", words[3], []string{"pattern", "stated"})
	if err != nil {
		return entry, err
	}
	o.Stated = basis == 1
	o.Name = strings.Join(words[6:], " ")
	entry.Period, err = reference.ParsePeriod(line, words[4:6])
	return entry, err
}

// Lookup returns what a code means on the day of at, in the time zone of at. Where the table does not know the code, the type of the event
// (handlingEventType) may say something. The standing is StandingUnknown where neither does: the scan is kept and flagged.
func (t *Table) Lookup(code, eventType string, at time.Time) (Operation, reference.Standing) {
	if o, standing := t.codes[code].At(at); standing != reference.StandingUnknown {
		return o, standing
	}
	return t.events[eventType].At(at)
}

// Codes returns the codes of which the newest meaning is wanted, sorted: what a query needs to know of the table.
func (t *Table) Codes(wanted func(Operation) bool) []string {
	codes := []string{}
	for code, history := range t.codes {
		if wanted(history[len(history)-1].Value) {
			codes = append(codes, code)
		}
	}
	slices.Sort(codes)
	return codes
}

// Len returns the number of codes in the table.
func (t *Table) Len() int { return len(t.codes) }
