package figures

import (
	"context"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"mailtrail/bench/stack"
)

var (
	long  = flag.Bool("long", false, "the long form: minutes for each measure")
	share = flag.Float64("share", 1, "how much of the long form to run, above 0 and at most 1")
)

// sized is how many of something there are, in the small form and in the long one.
func sized[N int | uint64 | time.Duration](small, large N) N {
	if !*long {
		return small
	}
	return max(small, N(float64(large)*(*share)))
}

// house is what all measures of this process share.
type house struct {
	folder  string
	program func() (string, error)
	// small is the stack of the small forms: one for all of them.
	small  func() (*stack.Stack, error)
	began  time.Time
	report report
}

var bench house // of this test program alone: TestMain makes and ends it

func TestMain(m *testing.M) {
	flag.Parse()
	os.Exit(run(m))
}

func run(m *testing.M) int {
	folder, err := os.MkdirTemp("", "mailtrail-figures-")
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	bench.folder, bench.began = folder, time.Now()
	bench.program = sync.OnceValues(func() (string, error) { return stack.Build(folder) })
	var shared *stack.Stack
	bench.small = sync.OnceValues(func() (_ *stack.Stack, err error) {
		shared, err = newStack("small")
		return shared, err
	})
	status := m.Run()
	if shared != nil {
		shared.Close()
	}
	if *long && status == 0 {
		bench.report.print(os.Stdout)
	}
	if status == 0 {
		_ = os.RemoveAll(folder)
	} else {
		fmt.Fprintln(os.Stderr, "logs of all processes, and their data:", folder)
	}
	return status
}

func newStack(name string) (*stack.Stack, error) {
	program, err := bench.program()
	if err != nil {
		return nil, err
	}
	folder := filepath.Join(bench.folder, name)
	if err := os.Mkdir(folder, 0o755); err != nil {
		return nil, err
	}
	return stack.Start(context.Background(), folder, program)
}

// site is where one measure is made.
type site struct {
	*stack.Stack
	t *testing.T
}

// newSite is a fresh stack for a long measure, and for the small ones that of all: they count what came on top.
func newSite(t *testing.T) *site {
	if testing.Short() {
		t.Skip("runs servers")
	}
	if runtime.GOOS != "linux" {
		t.Skip("only Linux tells in /proc what a process costs")
	}
	if !*long {
		shared, err := bench.small()
		require.NoError(t, err)
		return &site{shared, t}
	}
	s, err := newStack(t.Name())
	require.NoError(t, err)
	t.Cleanup(func() {
		s.Close()
		if !t.Failed() {
			_ = os.RemoveAll(s.Folder) // the next measure needs the room
		}
	})
	return &site{s, t}
}

// say tells how far a long measure has come.
func say(format string, args ...any) {
	if *long || testing.Verbose() {
		fmt.Fprintf(os.Stderr, "%8s  %s\n", time.Since(bench.began).Round(100*time.Millisecond), fmt.Sprintf(format, args...))
	}
}
