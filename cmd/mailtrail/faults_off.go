//go:build !faults

package main

// faultPoint is nothing: only programs built with the tag faults, for crash tests, end themselves.
func faultPoint[P ~string]() func(P) { return nil }
