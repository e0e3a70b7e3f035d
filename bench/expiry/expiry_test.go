package expiry

import (
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"golang.org/x/sync/errgroup"

	"mailtrail/bench/stack"
)

var (
	long    = flag.Bool("long", false, "the long form: limits of 60 and 180 s, load for 10 minutes")
	picture = flag.String("picture", "", "write the plot of ages to this file (SVG)")
)

// brokerOfSeconds looks for what is due each second, from its start on; Apache Kafka's defaults are 5 minutes, one minute, and
// 30 s after a start.
var brokerOfSeconds = map[string]string{
	"log.retention.check.interval.ms": "1000", "log.segment.delete.delay.ms": "1000", "log.initial.task.delay.ms": "500",
}

// Under load and a schedule of seconds, nothing is seen past its limit, in no view, no topic and no file, and nothing goes
// earlier than a slot and a margin before.
func TestExpiryWatched(t *testing.T) {
	if testing.Short() {
		t.Skip("runs servers")
	}
	if runtime.GOOS != "linux" {
		t.Skip("only Linux tells in /proc which removed files are still open")
	}
	w := &watch{t: t, scale: small, flock: newFlock()}
	if *long {
		w.scale = large
	}
	w.start()
	require.NoError(t, w.run())
	seen := w.check()
	seen.print(os.Stdout)
	t.Logf("%d looks, %d searches of up to %d MB in every file", len(w.looks), len(w.searches), w.most()>>20)
	if *picture != "" {
		require.NoError(t, w.plot(*picture))
	}
}

// start starts everything but the load.
func (w *watch) start() {
	folder, err := os.MkdirTemp("", "mailtrail-expiry-")
	require.NoError(w.t, err)
	w.t.Cleanup(func() {
		if w.t.Failed() {
			fmt.Fprintln(os.Stderr, "logs of all processes, and their data:", folder)
			return
		}
		_ = os.RemoveAll(folder)
	})
	program, err := stack.Build(folder)
	require.NoError(w.t, err)
	stores := filepath.Join(folder, "stack")
	require.NoError(w.t, os.Mkdir(stores, 0o755))
	path := filepath.Join(folder, "schedule.yaml")
	w.schedule = w.scale.schedule(w.t, path)
	w.stack, err = stack.StartWith(w.t.Context(), stores, program, stack.Options{Schedule: path, Broker: brokerOfSeconds})
	require.NoError(w.t, err)
	w.t.Cleanup(w.stack.Close)
	w.makePlain()
	ingest, err := w.stack.Start("ingest")
	require.NoError(w.t, err)
	w.t.Cleanup(ingest.Kill)
	require.NoError(w.t, ingest.Ready(time.Minute))
}

// run lets mail come in, and watches.
func (w *watch) run() error {
	w.began = time.Now()
	group, ctx := errgroup.WithContext(w.t.Context())
	done := make(chan struct{})
	group.Go(func() error {
		defer close(done)
		return w.load(ctx)
	})
	group.Go(func() error { return w.look(ctx, done) })
	group.Go(func() error { return w.readAll(ctx, done) })
	return group.Wait()
}

// most is the most that one search read, in bytes.
func (w *watch) most() (most int64) {
	for _, s := range w.searches {
		most = max(most, s.bytes)
	}
	return most
}
