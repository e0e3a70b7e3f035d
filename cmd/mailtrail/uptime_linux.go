package main

import (
	"time"

	"golang.org/x/sys/unix"
)

// newUptime returns a clock that nobody sets: the time since the machine started, its sleep included.
func newUptime() func() time.Duration {
	return func() time.Duration {
		var t unix.Timespec
		if err := unix.ClockGettime(unix.CLOCK_BOOTTIME, &t); err != nil {
			panic("the kernel does not have CLOCK_BOOTTIME, which every Linux since 2.6.39 has: " + err.Error())
		}
		return time.Duration(t.Nano())
	}
}
