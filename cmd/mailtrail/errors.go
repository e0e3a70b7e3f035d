package main

import "fmt"

// usageError is a command line that cannot be carried out as it stands.
type usageError struct{ reason error }

func (e *usageError) Error() string { return e.reason.Error() }
func (e *usageError) Unwrap() error { return e.reason }

// wrongUsage says what is wrong with an argument or a flag's value, for values that only the command itself can judge.
func wrongUsage(format string, values ...any) error {
	return &usageError{fmt.Errorf(format, values...)}
}

// findings is a check that did its work and found something. What it found stands on standard output already; the text
// is one sentence about it.
type findings struct{ summary string }

func (f *findings) Error() string { return f.summary }
