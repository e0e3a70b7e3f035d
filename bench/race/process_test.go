package race

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"
)

// ticks is how many clock ticks a second of CPU time has in /proc: USER_HZ is 100 on every platform of ours.
const ticks = 100

// cpuOf is the CPU time of a process with all its threads so far, in seconds: user and system (proc(5), utime and stime).
func cpuOf(pid int) (float64, error) {
	raw, err := os.ReadFile(filepath.Join("/proc", strconv.Itoa(pid), "stat"))
	if err != nil {
		return 0, fmt.Errorf("CPU time: %w", err)
	}
	fields := strings.Fields(string(raw[bytes.LastIndexByte(raw, ')')+1:])) // from the third on
	user, err1 := strconv.Atoi(fields[11])
	system, err2 := strconv.Atoi(fields[12])
	if err := errors.Join(err1, err2); err != nil {
		return 0, fmt.Errorf("CPU time: %w", err)
	}
	return float64(user+system) / ticks, nil
}

// memoryOf is what a process holds now and held at most, in bytes (VmRSS and VmHWM).
func memoryOf(pid int) (now, most int64, err error) {
	raw, err := os.ReadFile(filepath.Join("/proc", strconv.Itoa(pid), "status"))
	if err != nil {
		return 0, 0, fmt.Errorf("memory: %w", err)
	}
	for line := range strings.Lines(string(raw)) {
		for name, bytes := range map[string]*int64{"VmRSS:": &now, "VmHWM:": &most} {
			if rest, found := strings.CutPrefix(line, name); found {
				kib, err := strconv.ParseInt(strings.TrimSuffix(strings.TrimSpace(rest), " kB"), 10, 64)
				if err != nil {
					return 0, 0, fmt.Errorf("memory: %w", err)
				}
				*bytes = kib << 10
			}
		}
	}
	return now, most, nil
}

// memory is what a run's processes held at most, in bytes.
type memory struct {
	consumer, server, both int64 // by samples; both at the same time
}

// watchMemory samples consumer (0 where there is none) and server every 50 ms until the function that it returns is
// called, which tells the most that was seen.
func watchMemory(ctx context.Context, consumer, server int) (end func() memory) {
	ctx, cancel := context.WithCancel(ctx)
	seen := make(chan memory)
	go func() {
		var most memory
		tick := time.NewTicker(50 * time.Millisecond)
		defer tick.Stop()
		for {
			var c int64
			if consumer != 0 {
				c, _, _ = memoryOf(consumer) // who has ended holds nothing
			}
			s, _, _ := memoryOf(server)
			most = memory{max(most.consumer, c), max(most.server, s), max(most.both, c+s)}
			select {
			case <-ctx.Done():
				seen <- most
				return
			case <-tick.C:
			}
		}
	}()
	return func() memory {
		cancel()
		return <-seen
	}
}
