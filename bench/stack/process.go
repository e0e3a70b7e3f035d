package stack

import (
	"bytes"
	"fmt"
	"os"
	"strconv"
	"strings"
	"time"
)

// tick is the unit of processor time in /proc (proc(5): sysconf(_SC_CLK_TCK), 100 a second on every Linux of today).
const tick = 10 * time.Millisecond

// CPU is the processor time of a process so far, user and system, all threads.
func CPU(pid int) (time.Duration, error) {
	raw, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	if err != nil {
		return 0, err
	}
	// Fields 14 and 15, utime and stime; the name, field 2, may hold spaces.
	fields := strings.Fields(string(raw[bytes.LastIndexByte(raw, ')')+1:]))
	if len(fields) < 13 {
		return 0, fmt.Errorf("/proc/%d/stat has %d fields", pid, len(fields)+2)
	}
	user, err1 := strconv.ParseInt(fields[11], 10, 64)
	system, err2 := strconv.ParseInt(fields[12], 10, 64)
	if err1 != nil || err2 != nil {
		return 0, fmt.Errorf("/proc/%d/stat: utime %q, stime %q", pid, fields[11], fields[12])
	}
	return time.Duration(user+system) * tick, nil
}

// PeakMemory is the most memory that a process held so far, in bytes (VmHWM).
func PeakMemory(pid int) (int64, error) {
	raw, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid))
	if err != nil {
		return 0, err
	}
	for line := range strings.Lines(string(raw)) {
		if rest, found := strings.CutPrefix(line, "VmHWM:"); found {
			kib, err := strconv.ParseInt(strings.TrimSuffix(strings.TrimSpace(rest), " kB"), 10, 64)
			return kib << 10, err
		}
	}
	return 0, fmt.Errorf("/proc/%d/status does not tell VmHWM", pid)
}

// Processes are process ids by name.
type Processes map[string]int

// Servers are the two servers and this process, which makes the load.
func (s *Stack) Servers() Processes {
	return Processes{"ClickHouse": s.engine.PID(), "Kafka": s.Broker.PID(), "load": os.Getpid()}
}

// With adds a role.
func (p Processes) With(name string, role *Role) Processes {
	p[name] = role.PID()
	return p
}

// Costs are processor times by the name of the process.
type Costs map[string]time.Duration

// Costs are the processor times of the processes so far.
func (p Processes) Costs() (Costs, error) {
	costs := Costs{}
	for name, pid := range p {
		cpu, err := CPU(pid)
		if err != nil {
			return nil, fmt.Errorf("processor time of %s: %w", name, err)
		}
		costs[name] = cpu
	}
	return costs, nil
}

// Since is what came on top of earlier costs.
func (c Costs) Since(earlier Costs) Costs {
	more := Costs{}
	for name, cpu := range c {
		more[name] = cpu - earlier[name]
	}
	return more
}
