package figures

import (
	"fmt"
	"io"
	"maps"
	"os"
	"os/exec"
	"runtime"
	"slices"
	"strings"
	"time"

	"mailtrail/bench/stack"
)

// report collects what was seen, as rows of a table in Markdown.
type report struct {
	rows []string
	// details are tables and remarks that come after it.
	details []string
}

// add notes a result, and tells it at once.
func (r *report) add(what, aim, format string, args ...any) {
	seen := fmt.Sprintf(format, args...)
	say("%s: %s", what, seen)
	r.rows = append(r.rows, fmt.Sprintf("| %s | %s | %s |", what, aim, seen))
}

func (r *report) detail(text string) {
	say("%s", text)
	r.details = append(r.details, text)
}

func (r *report) print(w io.Writer) {
	fmt.Fprintf(w, "\n%s; commit %s; `%s`\n\n| what | aim | seen |\n|---|---|---|\n", machine(), commit(), command())
	for _, row := range r.rows {
		fmt.Fprintln(w, row)
	}
	for _, text := range r.details {
		fmt.Fprintf(w, "\n%s\n", text)
	}
}

// machine says what all of it ran on.
func machine() string {
	memory := "?"
	if raw, err := os.ReadFile("/proc/meminfo"); err == nil {
		kib := 0
		if _, err := fmt.Sscanf(string(raw), "MemTotal: %d kB", &kib); err == nil {
			memory = fmt.Sprintf("%.0f GiB", float64(kib)/(1<<20))
		}
	}
	model := runtime.GOARCH
	if raw, err := os.ReadFile("/proc/cpuinfo"); err == nil {
		for line := range strings.Lines(string(raw)) {
			if name, value, _ := strings.Cut(line, ":"); strings.TrimSpace(name) == "model name" {
				model = strings.TrimSpace(value)
				break
			}
		}
	}
	return fmt.Sprintf("%d cores (%s), %s, %s", runtime.NumCPU(), model, memory, runtime.GOOS)
}

func commit() string {
	out, err := exec.Command("git", "describe", "--always", "--dirty", "--exclude=*").Output()
	if err != nil {
		return "?"
	}
	return strings.TrimSpace(string(out))
}

func command() string {
	if *share < 1 {
		return fmt.Sprintf("go test ./bench/figures -count=1 -v -args -long -share %g", *share)
	}
	return "make bench"
}

// seconds writes processor times, the largest first.
func seconds(costs stack.Costs) string {
	names := slices.SortedFunc(maps.Keys(costs), func(a, b string) int { return int(costs[b] - costs[a]) })
	for i, name := range names {
		names[i] = fmt.Sprintf("%s %.1f", name, costs[name].Seconds())
	}
	return "CPU s: " + strings.Join(names, ", ")
}

// micros is a time for each of n, in microseconds.
func micros(d time.Duration, n uint64) float64 {
	return float64(d.Nanoseconds()) / 1000 / float64(max(1, n))
}

// thousands writes a number with its thousands apart.
func thousands[N uint64 | int | float64](n N) string {
	text := fmt.Sprintf("%.0f", float64(n))
	for at := len(text) - 3; at > 0; at -= 3 {
		text = text[:at] + "," + text[at:]
	}
	return text
}

// spread are the order statistics of measured times.
type spread []time.Duration

// sorted puts times in order.
func sorted(times []time.Duration) spread {
	slices.Sort(times)
	return times
}

// at is the time that the share of all do not exceed; the greatest for 1.
func (s spread) at(share float64) time.Duration {
	if len(s) == 0 {
		return 0
	}
	return s[min(len(s)-1, int(share*float64(len(s))))]
}

func (s spread) String() string {
	return fmt.Sprintf("p50 %.1f, p99 %.1f, max %.1f ms (n = %s)", ms(s.at(0.5)), ms(s.at(0.99)), ms(s.at(1)), thousands(len(s)))
}

func ms(d time.Duration) float64 { return d.Seconds() * 1000 }
