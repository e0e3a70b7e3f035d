//go:build !linux

package picture

import "time"

var begun = time.Now()

// processorTime is the time of the clock, where that of the process is not asked for.
func processorTime() time.Duration { return time.Since(begun) }
