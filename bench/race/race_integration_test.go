package race

import (
	"flag"
	"path/filepath"
	"runtime"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"
)

var (
	long    = flag.Bool("long", false, "race with three million events three times, and print the table")
	events  = flag.Int("events", 0, "so many events, a multiple of six (default 3,000,000, without -long 60,000)")
	runs    = flag.Int("runs", 0, "so many runs of each entry (default 3, without -long 1)")
	seed    = flag.Uint64("seed", 1, "of the mail")
	only    = flag.String("only", "", "the one entry to run")
	program = flag.String("program", "", "a mailtrail to race with, built before (default: one is built from this repository)")
	added   = flagFiles("entry", "a file that describes another entry, see bench/README.md; may be given again")
)

// flagFiles is a flag that collects paths.
func flagFiles(name, usage string) *[]string {
	var paths []string
	flag.Func(name, usage, func(path string) error {
		paths = append(paths, path)
		return nil
	})
	return &paths
}

func TestRace(t *testing.T) {
	if testing.Short() {
		t.Skip("runs servers")
	}
	if runtime.GOOS != "linux" {
		t.Skip("only Linux tells what a process takes in /proc")
	}
	count, times := 60_000, 1
	if *long {
		count, times = 3_000_000, 3
	}
	if *events > 0 {
		count = *events
	}
	if *runs > 0 {
		times = *runs
	}
	require.Zero(t, count%scansOfAPiece, "-events must be a multiple of %d", scansOfAPiece)

	s := newStage(t, *program)
	entries := []named{
		{"ClickHouse Kafka engine", func() entry { return kafkaEngine{} }},
		{"mailtrail", func() entry { return &mailtrail{program: s.program} }},
	}
	if !*long {
		*added = append(*added, filepath.Join("testdata", "entry.yaml"))
	}
	for _, path := range *added {
		entries = append(entries, readCommand(t, path))
	}
	if *only != "" {
		entries = slices.DeleteFunc(entries, func(n named) bool { return n.name != *only })
		require.NotEmpty(t, entries, "-only: there is no entry %q", *only)
	}
	s.fill(count, *seed)
	var results []result
	for number := 1; number <= times; number++ {
		for _, n := range entries {
			s.say("run %d of %d: %s", number, times, n.name)
			results = append(results, s.run(number, n))
			if t.Failed() {
				return
			}
		}
	}
	if *long {
		s.say("\n%s", table(s.mail, results))
	}
	for _, r := range results {
		require.Equal(t, s.mail, r.content, "what %s has made of the messages", r.name)
	}
}
