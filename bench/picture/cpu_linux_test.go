package picture

import (
	"time"

	"golang.org/x/sys/unix"
)

// processorTime is what this process has used, so that other work on the machine does not count.
func processorTime() time.Duration {
	var at unix.Timespec
	if unix.ClockGettime(unix.CLOCK_PROCESS_CPUTIME_ID, &at) != nil {
		return 0
	}
	return time.Duration(at.Nano())
}
