package config

import (
	"fmt"
	"strings"
)

// Problem is what kind of mistake a Mistake is.
type Problem string

// The kinds of mistakes.
const (
	Unreadable    Problem = "cannot be read"
	NotYAML       Problem = "not YAML"
	UnknownKey    Problem = "unknown key"
	DuplicateKey  Problem = "key written twice"
	WrongType     Problem = "wrong type"
	WrongValue    Problem = "wrong value"
	MissingValue  Problem = "missing value"
	OutOfRange    Problem = "out of range"
	Contradiction Problem = "contradiction"
)

// Source is where a value came from.
type Source int

// The sources, from weakest to strongest.
const (
	FromDefault Source = iota
	FromFile
	FromEnvironment
	FromFlag
)

// Origin is where a value stands.
type Origin struct {
	Source Source
	// Name is the file's path, the environment variable or the flag.
	Name string
	// Line and Column count from 1 in a file; 0 where there is none.
	Line, Column int
}

// String is "default", "site.yaml:3:11", "MAILTRAIL_DATA" or "--data".
func (o Origin) String() string {
	switch {
	case o.Source == FromDefault:
		return "default"
	case o.Line > 0:
		return fmt.Sprintf("%s:%d:%d", o.Name, o.Line, o.Column)
	default:
		return o.Name
	}
}

// Mistake is one thing wrong with the configuration, with its remedy.
type Mistake struct {
	// Key is the full key, such as gateway.tls.cert; empty when the file as a whole is meant.
	Key     string
	Origin  Origin
	Problem Problem
	// Value is what was written, masked where it may be a secret; empty when nothing was.
	Value string
	// Expected says what would have been right, Try what to write instead.
	Expected string
	Try      string
}

// Error is one line: place, key, problem, value, what was expected and what to try.
func (m Mistake) Error() string {
	var line strings.Builder
	line.WriteString(m.Origin.String())
	if m.Key != "" {
		fmt.Fprintf(&line, ": %s", m.Key)
	}
	fmt.Fprintf(&line, ": %s", m.Problem)
	if m.Value != "" {
		fmt.Fprintf(&line, " %q", m.Value)
	}
	fmt.Fprintf(&line, ": expected %s; try: %s", m.Expected, m.Try)
	return line.String()
}

// Mistakes is the error of Load: everything that is wrong, in the order of the sources.
type Mistakes []Mistake

// Error is one line for each mistake.
func (m Mistakes) Error() string {
	lines := make([]string, len(m))
	for i, mistake := range m {
		lines[i] = mistake.Error()
	}
	return strings.Join(lines, "\n")
}

// masked stands for a value that must not be shown.
const masked = "********"

// maxShown bounds a value in a mistake, in bytes, so that one line stays one line.
const maxShown = 80

// shown is the form of a value that may be printed in a mistake about key.
func shown(key, value string) string {
	if value != "" && (mayHoldSecret(key) || strings.Contains(value, "PRIVATE KEY")) {
		return masked
	}
	if len(value) > maxShown {
		return value[:maxShown] + "..."
	}
	return value
}

// mayHoldSecret tells keys under which somebody may have written a secret by mistake:
// also those that want a file's name, since the usual slip is to write the password itself.
func mayHoldSecret(key string) bool {
	key = strings.ToLower(key)
	for _, word := range []string{"passw", "pwd", "secret", "token", "access_key", "credential"} {
		if strings.Contains(key, word) {
			return true
		}
	}
	return false
}
