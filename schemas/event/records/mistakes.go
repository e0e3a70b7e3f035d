package records

import (
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"mailtrail/schemas/retention"
)

// Mistake is one thing that is wrong with a file of kinds.
type Mistake struct {
	// File and Line are where it stands, from 1; 0 where there is no line.
	File string
	Line int
	// Kind and Field are the row, Key the key in it.
	Kind, Field, Key string
	// Problem says what is wrong, with the value and what was expected.
	Problem string
}

// Error implements error.
func (m Mistake) Error() string {
	var place []string
	if m.File != "" {
		place = append(place, m.File)
	}
	if m.Line > 0 {
		place = append(place, "line "+itoa(m.Line))
	}
	for _, part := range []string{m.Kind, m.Field, m.Key} {
		if part != "" {
			place = append(place, part)
		}
	}
	return strings.Join(append(place, m.Problem), ": ")
}

// Mistakes are all that is wrong, in the order of files and lines.
type Mistakes []Mistake

// Error implements error.
func (m Mistakes) Error() string {
	texts := make([]string, len(m))
	for i, mistake := range m {
		texts[i] = mistake.Error()
	}
	return strings.Join(texts, "\n")
}

var (
	kindName  = regexp.MustCompile(`^[a-z][a-z0-9_]{0,62}$`)
	fieldName = regexp.MustCompile(`^[a-z][a-zA-Z0-9]{0,62}$`)
)

// Clocks that may start with an event of the subject's.
var endings = []retention.Clock{
	retention.RelationshipEnd, retention.ParticipationEnd, retention.AccessTerminated, retention.AccountabilityEnded,
	retention.AuthorizationsCancelled, retention.LastVisit, retention.LastActivity, retention.BrowserClosed, retention.CookieSet, retention.Reply,
}

// checker gathers the mistakes of one kind.
type checker struct {
	file  string
	kind  *Kind
	found Mistakes
}

func (c *checker) wrong(line int, field, key, format string, values ...any) {
	c.found = append(c.found, Mistake{File: c.file, Line: line, Kind: c.kind.Name, Field: field, Key: key, Problem: fmt.Sprintf(format, values...)})
}

// check lists everything that makes the file's kinds ones that nobody can keep.
func (f *file) check(name string) (found Mistakes) {
	for _, key := range []struct{ name, value string }{{"system", f.System}, {"notice", f.Notice}} {
		if key.value == "" {
			found = append(found, Mistake{File: name, Key: key.name, Problem: "it is needed"})
		}
	}
	for i := range f.Kinds {
		c := &checker{file: name, kind: &f.Kinds[i]}
		c.check(f.Keys)
		found = append(found, c.found...)
	}
	return found
}

func (c *checker) check(keys map[string]string) {
	k := c.kind
	if !kindName.MatchString(k.Name) {
		c.wrong(k.line, "", "kind", "%q, expected lower-case letters, digits and _, beginning with a letter", k.Name)
	}
	for _, key := range []struct{ name, value string }{{"class", k.Class}, {"words", k.Words}} {
		if key.value == "" {
			c.wrong(k.line, "", key.name, "it is needed")
		}
	}
	if k.Never == "" && k.Elsewhere == "" && len(k.Fields) == 0 {
		c.wrong(k.line, "", "fields", "it is needed: what may a record hold?")
	}
	seen := map[string]int{}
	for i := range k.Fields {
		field := &k.Fields[i]
		if first, twice := seen[field.Name]; twice {
			c.wrong(field.line, field.Name, "name", "%q stands twice, on line %d too", field.Name, first)
		}
		seen[field.Name] = field.line
		c.field(field)
	}
	c.clock(seen)
	c.keys(keys)
	if k.Document && k.Sealed() {
		c.wrong(k.line, "", "document", "true, but a field is about a person: expected fields of sensitivity none alone")
	}
}

// clock checks what starts the clock.
func (c *checker) clock(fields map[string]int) {
	k := c.kind
	if k.Captured != "" {
		if _, there := fields[k.Captured]; !there {
			c.wrong(k.line, "", "captured", "%q is no field of the kind", k.Captured)
		}
	}
	switch {
	case k.Captured != "" && k.Ends != "":
		c.wrong(k.line, "", "ends", "%q stands beside captured: expected one of them, or none where receipt starts the clock", k.Ends)
	case k.Ends == "" && k.Subject != "":
		c.wrong(k.line, "", "subject", "%q: expected an event in ends beside it", k.Subject)
	case k.Ends != "" && !slices.Contains(endings, k.Ends):
		c.wrong(k.line, "", "ends", "%q, expected one of %s", k.Ends, joined(endings))
	case k.Ends != "" && k.Never == "":
		if _, there := fields[k.Subject]; !there {
			c.wrong(k.line, "", "subject", "%q is no field of the kind: expected the one that names whose %s it is", k.Subject, k.Ends)
		}
	}
}

// keys checks that each retrieval key is the notice's, and is given by a field.
func (c *checker) keys(words map[string]string) {
	k := c.kind
	for _, key := range k.Keys {
		if words[key] == "" {
			c.wrong(k.line, "", "keys", "%q is no retrieval key of the notice", key)
		}
	}
	given := map[string]bool{}
	for _, field := range k.Fields {
		if field.Key == "" {
			continue
		}
		given[field.Key] = true
		if !slices.Contains(k.Keys, field.Key) {
			c.wrong(field.line, field.Name, "key", "%q is not among the kind's keys, %s", field.Key, strings.Join(k.Keys, ", "))
		}
	}
	for _, key := range k.Keys {
		if !given[key] {
			c.wrong(k.line, "", "keys", "no field gives the key %q", key)
		}
	}
}

func (c *checker) field(f *Field) {
	spec, known := types[f.Type]
	switch {
	case !fieldName.MatchString(f.Name):
		c.wrong(f.line, f.Name, "name", "%q, expected letters and digits, beginning with a small letter", f.Name)
	case !known:
		c.wrong(f.line, f.Name, "type", "%q, expected one of %s", f.Type, strings.Join(typeNames(), ", "))
	case !slices.Contains([]Sensitivity{Plain, Personal, Payment, Secret}, f.Sensitivity):
		c.wrong(f.line, f.Name, "sensitivity", "%q, expected none, personal, payment or secret", f.Sensitivity)
	case f.Sensitivity == Payment && !spec.payment:
		c.wrong(f.line, f.Name, "type", "%q of sensitivity payment: expected one that cannot hold a number of a card or an account: token, last_four, choice, month", f.Type)
	case f.Sensitivity == Secret && f.Type != Hash:
		c.wrong(f.line, f.Name, "type", "%q of sensitivity secret: expected hash", f.Type)
	case spec.max > 0 && f.Max != 0:
		c.wrong(f.line, f.Name, "max", "%d: a value of type %s has at most %d characters by itself", f.Max, f.Type, spec.max)
	case spec.max == 0 && (f.Max < 1 || f.Max > maxText):
		c.wrong(f.line, f.Name, "max", "%d, expected 1 to %d characters", f.Max, maxText)
	case f.Many < 0 || f.Many == 1 || f.Many > maxMany:
		c.wrong(f.line, f.Name, "many", "%d, expected 2 to %d values, or nothing", f.Many, maxMany)
	case (f.Type == Choice) != (len(f.Values) > 0):
		c.wrong(f.line, f.Name, "values", "%d of them: expected some for type choice and none for others", len(f.Values))
	}
}

// Bounds of what a file may say.
const (
	maxText = 20_000 // characters of one value
	maxMany = 1_000
)

func joined(clocks []retention.Clock) string {
	texts := make([]string, len(clocks))
	for i, clock := range clocks {
		texts[i] = string(clock)
	}
	return strings.Join(texts, ", ")
}

func itoa(n int) string { return strconv.Itoa(n) }
