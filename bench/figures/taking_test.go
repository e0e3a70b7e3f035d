package figures

import (
	"fmt"
	"sync"
	"time"

	"github.com/stretchr/testify/require"

	"mailtrail/bench/stack"
)

// taking is how an ingest took in what stood in the topic.
type taking struct {
	outcomes stack.Outcomes
	took     time.Duration // from the start of the process to its last receipt
	costs    stack.Costs
	peak     int64 // most resident memory of the ingest, bytes
	parts    parts
	blocks   string
}

// rate is how many events became something in a second.
func (r taking) rate() float64 { return float64(r.outcomes.Sum()) / r.took.Seconds() }

// perCPU is how many events became something in a second of processor time of ingest and ClickHouse.
func (r taking) perCPU() float64 {
	return float64(r.outcomes.Sum()) / (r.costs["ingest"] + r.costs["ClickHouse"]).Seconds()
}

func (r taking) String() string {
	return fmt.Sprintf("%s events/s, %s events per CPU second of ingest and ClickHouse, in %.1f s (%s), peak resident of ingest %d MiB, %s, active parts: %s",
		thousands(r.rate()), thousands(r.perCPU()), r.took.Seconds(), seconds(r.costs), r.peak>>20, r.blocks, r.parts)
}

// takeIn starts an ingest, waits until what stands in the topic has become what it must, and ends it. The variables are those
// of its environment; none is the default configuration.
func (s *site) takeIn(want stack.Outcomes, env ...string) taking {
	s.t.Helper()
	run := s.beginTaking(env...)
	run.await(want.Sum())
	got := run.end()
	require.Equal(s.t, want, got.outcomes)
	return got
}

// running is an ingest that takes in.
type running struct {
	*site
	role   *stack.Role
	watch  *partsWatch
	before stack.Outcomes
	costs  stack.Costs
	procs  stack.Processes
	began  time.Time
	last   time.Time // when all of it was seen
}

func (s *site) beginTaking(env ...string) *running {
	s.t.Helper()
	before, err := s.Outcomes(s.t.Context())
	require.NoError(s.t, err)
	costs, err := s.Servers().Costs()
	require.NoError(s.t, err)
	r := &running{site: s, before: before, costs: costs, began: time.Now()}
	r.role, err = s.Start("ingest", env...)
	require.NoError(s.t, err)
	s.t.Cleanup(r.role.Kill)
	r.procs = s.Servers().With("ingest", r.role)
	r.watch = s.watchParts()
	return r
}

// lookEvery is how often the receipts are looked at: a query of a millisecond.
const lookEvery = 100 * time.Millisecond

// stuckAfter is longer than any block takes.
const stuckAfter = 2 * time.Minute

// await waits until so many events became something.
func (r *running) await(events uint64) {
	r.t.Helper()
	told, moved, before := time.Now(), time.Now(), uint64(0)
	for {
		got := r.taken()
		if got.Sum() >= events {
			r.last = time.Now()
			return
		}
		if got.Sum() != before {
			moved, before = time.Now(), got.Sum()
		}
		require.Less(r.t, time.Since(moved), stuckAfter, "only %d of %d events became something: %v; ingest says: %s", got.Sum(), events, got, r.role.Said())
		if time.Since(told) > 10*time.Second {
			told = time.Now()
			say("%s of %s events are taken in", thousands(got.Sum()), thousands(events))
		}
		select {
		case <-r.role.Ended():
			require.Fail(r.t, "ingest ended by itself", r.role.Said())
		case <-time.After(lookEvery):
		}
	}
}

// taken is what became of events since the beginning.
func (r *running) taken() stack.Outcomes {
	got, err := r.Outcomes(r.t.Context())
	require.NoError(r.t, err)
	return got.Since(r.before)
}

func (r *running) end() taking {
	r.t.Helper()
	costs, err := r.procs.Costs()
	require.NoError(r.t, err)
	peak, err := stack.PeakMemory(r.role.PID())
	require.NoError(r.t, err)
	require.NoError(r.t, r.role.Stop())
	return taking{outcomes: r.taken(), took: r.last.Sub(r.began), costs: costs.Since(r.costs), peak: peak, parts: r.watch.end(), blocks: r.blocksSince()}
}

// blocksSince says how the events were cut into blocks.
func (r *running) blocksSince() string {
	r.t.Helper()
	var blocks uint64
	var events, pairs float64
	require.NoError(r.t, r.SQL.QueryRow(r.t.Context(), "SELECT count(), avg(events), avg(length(slots.rows)) FROM mailtrail_data.blocks WHERE at >= fromUnixTimestamp64Milli(?)",
		r.began.UnixMilli()).Scan(&blocks, &events, &pairs))
	return fmt.Sprintf("%d blocks of %s events in %.0f pairs of class and slot on average", blocks, thousands(events), pairs)
}

// parts are the numbers of active parts of the table scans, one a second.
type parts []uint64

func (p parts) mean() float64 {
	sum := 0.0
	for _, n := range p {
		sum += float64(n)
	}
	return sum / float64(max(1, len(p)))
}

func (p parts) most() (most uint64) {
	for _, n := range p {
		most = max(most, n)
	}
	return most
}

func (p parts) String() string {
	half := len(p) / 2
	last := uint64(0)
	if len(p) > 0 {
		last = p[len(p)-1]
	}
	return fmt.Sprintf("first half %.0f, second half %.0f on average, at most %d, at the end %d", p[:half].mean(), p[half:].mean(), p.most(), last)
}

// minutes are the averages of each minute.
func (p parts) minutes() (means []string) {
	for len(p) >= 60 {
		means = append(means, fmt.Sprintf("%.0f", p[:60].mean()))
		p = p[60:]
	}
	return means
}

// partsWatch counts the active parts each second.
type partsWatch struct {
	done chan struct{}
	wait sync.WaitGroup
	seen parts
	err  error
}

func (s *site) watchParts() *partsWatch {
	w := &partsWatch{done: make(chan struct{})}
	w.wait.Go(func() {
		tick := time.NewTicker(time.Second)
		defer tick.Stop()
		for {
			n, err := s.ActiveParts(s.t.Context(), "scans")
			if err != nil {
				w.err = err
				return
			}
			w.seen = append(w.seen, n)
			select {
			case <-w.done:
				return
			case <-tick.C:
			}
		}
	})
	return w
}

func (w *partsWatch) end() parts {
	close(w.done)
	w.wait.Wait()
	return w.seen
}

// settle waits until ClickHouse has nothing more to merge in the base tables.
func (s *site) settle() {
	s.t.Helper()
	const quiet, every = 3 * time.Second, 250 * time.Millisecond
	for since := time.Now(); time.Since(since) < quiet; time.Sleep(every) {
		merges, err := s.Number(s.t.Context(), "SELECT count() FROM system.merges WHERE database = 'mailtrail_data'")
		require.NoError(s.t, err)
		if merges > 0 {
			since = time.Now()
		}
	}
}
