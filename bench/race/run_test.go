package race

import (
	"fmt"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// run is one entry's run on a server of its own.
type run struct {
	t      *testing.T
	stage  *stage
	name   string
	folder string
	group  string // a consumer group that nobody had before
	server *server
}

// result is what was measured of a run.
type result struct {
	name                     string
	took                     time.Duration // from the start of the program until the last row is visible
	consumer, server, broker float64       // CPU seconds until then
	afterwards               float64       // CPU seconds of the server from then on, until it is quiet
	memory                   memory
	consumerMost, serverMost int64 // VmHWM, bytes
	loaded, settled          parts // of the table
	all                      parts // of all that the program keeps, settled
	merged                   parts // of the table when each partition was made one part
	quiet                    bool  // the merges had settled when the parts were counted
	content                  content
}

const (
	// stuckAfter is how long a run may go without a new row before it is given up.
	stuckAfter = time.Minute
	// quietFor is how long there must be neither merges nor changes of the parts to be taken for settled, and
	// quietWithin how long that is waited for.
	quietFor, quietWithin = 3 * time.Second, time.Minute
)

func (s *stage) run(number int, n named) (res result) {
	// A test of its own, so that all that it starts has ended before the next begins.
	s.t.Run(fmt.Sprintf("%s %d", n.name, number), func(t *testing.T) {
		r := &run{t: t, stage: &stage{}, name: n.name, folder: t.TempDir(), group: fmt.Sprintf("race-%s-%d", n.name, number)}
		*r.stage = *s
		r.stage.t = t
		r.server = r.stage.startServer(filepath.Join(r.folder, "server"))
		res = r.measure(n.make())
	})
	return res
}

func (r *run) measure(e entry) (res result) {
	e.prepare(r)
	goods := e.goods()
	if goods.public == "" {
		goods.public = goods.stored
	}
	server, broker := r.server.engine.PID(), r.stage.broker.PID()
	serverBefore, brokerBefore := r.cpu(server), r.cpu(broker)
	res.name = r.name
	began := time.Now()
	consumer := e.start(r)
	defer e.stop(r)
	watched := watchMemory(r.t.Context(), consumer, server)
	r.await(e, goods.stored)
	res.took = time.Since(began)
	res.memory = watched()
	serverAfter := r.cpu(server)
	res.server, res.broker = serverAfter-serverBefore, r.cpu(broker)-brokerBefore
	_, res.serverMost = r.memory(server)
	if consumer != 0 {
		res.consumer = r.cpu(consumer)
		_, res.consumerMost = r.memory(consumer)
	}
	res.loaded = r.server.partsOf(goods.stored)
	r.stage.say("  %s: %s rows in %.2f s and %.1f s of CPU", r.name, grouped(res.loaded.rows), res.took.Seconds(), res.consumer+res.server)

	if *long {
		res.quiet = r.settle(goods.stored)
	}
	res.afterwards = r.cpu(server) - serverAfter
	res.settled = r.server.partsOf(goods.stored)
	res.all = r.server.partsOf(append(goods.all, goods.stored)...)
	if *long {
		r.server.exec("OPTIMIZE TABLE " + goods.stored + " FINAL")
		res.merged = r.server.partsOf(goods.stored)
	}
	res.content = r.server.contentOf(goods.public, goods.columns)
	return res
}

// await returns when the table has as many rows as the topic has events. It looks rarely while that is far away.
func (r *run) await(e entry, table string) {
	want, had, moved := r.stage.mail.rows, uint64(0), time.Now()
	for had < want {
		pause := 250 * time.Millisecond
		if had > want*9/10 || want < 1_000_000 {
			pause = 20 * time.Millisecond
		}
		select {
		case <-e.ended():
			require.Fail(r.t, "the program ended by itself", r.said())
		case <-time.After(pause): // between two looks
		}
		switch has := r.server.partsOf(table).rows; {
		case has != had:
			had, moved = has, time.Now()
		case time.Since(moved) > stuckAfter:
			require.Fail(r.t, "no new row for "+stuckAfter.String(), "%s of %s rows; %s", grouped(had), grouped(want), r.said())
		}
	}
}

// settle waits until nothing is merged any more, and tells whether it has come to that.
func (r *run) settle(table string) bool {
	deadline, since, before := time.Now().Add(quietWithin), time.Now(), parts{}
	for time.Now().Before(deadline) {
		now := r.server.partsOf(table)
		if now != before || r.server.merging() > 0 {
			since, before = time.Now(), now
		}
		if time.Since(since) >= quietFor {
			return true
		}
		time.Sleep(100 * time.Millisecond) // between two looks
	}
	return false
}

func (r *run) cpu(pid int) float64 {
	seconds, err := cpuOf(pid)
	require.NoError(r.t, err)
	return seconds
}

func (r *run) memory(pid int) (now, most int64) {
	now, most, err := memoryOf(pid)
	require.NoError(r.t, err)
	return now, most
}
