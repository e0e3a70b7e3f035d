package keys

import "time"

// Clock tells the time and wakes. Keys are wiped by it, so tests can set it.
type Clock interface {
	Now() time.Time
	// AfterFunc calls f once, in a goroutine of its own, when d is over. stop prevents that where it still can.
	AfterFunc(d time.Duration, f func()) (stop func() bool)
}

// WallClock is the machine's clock.
type WallClock struct{}

// Now is the time.
func (WallClock) Now() time.Time { return time.Now() }

// AfterFunc is time.AfterFunc.
func (WallClock) AfterFunc(d time.Duration, f func()) (stop func() bool) {
	return time.AfterFunc(d, f).Stop
}
