//go:build !linux

package main

import "time"

// newUptime returns a clock that nobody sets: the time since now. Where the machine sleeps meanwhile its wall clock seems to jump.
func newUptime() func() time.Duration {
	began := time.Now()
	return func() time.Duration { return time.Since(began) }
}
