package crash

import (
	"context"
	"fmt"
	"math/rand/v2"
	"syscall"
	"time"

	"github.com/stretchr/testify/require"

	"mailtrail/schemas/event"
)

// fault is one thing that goes wrong.
type fault struct {
	name string
	// amid: it waits for an open block.
	amid bool
	// victim is an ingest that must have partitions first.
	victim *service
	do     func()
}

// waits tells whether the fault is to wait further.
func (f fault) waits(b backlog) bool {
	return f.amid && len(b.open) == 0 || f.victim != nil && metric(f.victim.metrics, ownedPartitions) <= 0
}

// plan says how many faults of each kind there are.
type plan struct {
	ingest, clickhouse, broker, gateway int
	zombies                             int
	asleep                              time.Duration // of a zombie, at the least
	cuts                                int
	// openBlocks are blocks that are left open, to be finished by ingests with other rules, and out of ClickHouse's parts.
	openBlocks []leftOpen
}

// faults are the plan's, in an order that follows from the seed.
func (r *run) faults(p plan, chance *rand.Rand) (all []fault) {
	add := func(n int, make func(i int) fault) {
		for i := range n {
			all = append(all, make(i))
		}
	}
	add(p.ingest, func(i int) fault {
		victim := r.ingests[i%len(r.ingests)]
		return fault{name: "kill -9 of " + victim.name, amid: i%2 == 0, victim: victim, do: victim.kill}
	})
	add(p.clickhouse, func(i int) fault { return fault{name: "kill -9 of ClickHouse", amid: i%2 == 0, do: r.killClickHouse} })
	add(p.broker, func(i int) fault { return fault{name: "kill -9 of the broker", amid: i%2 == 1, do: r.killBroker} })
	add(p.gateway, func(int) fault { return fault{name: "kill -9 of the gateway", do: r.killGateway} })
	add(p.zombies, func(i int) fault {
		sleeper, other := r.ingests[i%2], r.ingests[1-i%2]
		return fault{name: "SIGSTOP of " + sleeper.name, do: func() { r.zombie(sleeper, other, p.asleep) }}
	})
	add(p.cuts, func(i int) fault {
		table, late := [...]string{"scans", "batches", "blocks"}[i%3], i%2 == 1
		when := "before the answer came"
		if late {
			when = "when the answer was there"
		}
		return fault{name: fmt.Sprintf("cut of an insert into %s, %s", table, when), do: func() { r.cut(table, late) }}
	})
	add(len(p.openBlocks), func(i int) fault {
		return fault{name: p.openBlocks[i].String(), do: func() { r.leaveOpen(p.openBlocks[i]) }}
	})
	chance.Shuffle(len(all), func(i, j int) { all[i], all[j] = all[j], all[i] })
	return all
}

// suffer does the faults one after the other, each when events wait and some were taken in since the last.
func (r *run) suffer(all []fault) {
	for i, f := range all {
		var before backlog
		r.await("events to wait before fault "+f.name, faultWithin, func() bool {
			before = r.look()
			return before.lag > 0 && before.taken > r.taken && !f.waits(before)
		})
		r.say("fault %d of %d: %s; %d messages wait, %d blocks are open", i+1, len(all), f.name, before.lag, len(before.open))
		f.do()
		r.taken = r.see().taken
	}
	r.await("every named point to be reached", pointsWithin, func() bool {
		for _, ingest := range r.ingests {
			if r.points.waiting() && !ingest.armed() {
				ingest.kill() // the next one takes a point
			}
		}
		return r.points.left() == 0
	})
}

// How long a fault and all that follows from it may take: several times the 10 s after which the group gives a killed
// member's partitions to another.
const (
	faultWithin  = 2 * time.Minute
	pointsWithin = 5 * time.Minute
)

func (r *run) killClickHouse() {
	pid := r.engine.PID()
	if pid == 0 {
		return
	}
	require.NoError(r.t, syscall.Kill(pid, syscall.SIGKILL))
	r.await("ClickHouse to come back", faultWithin, func() bool {
		now := r.engine.PID()
		return now != 0 && now != pid && r.engine.Ready(r.t.Context()) == nil
	})
}

func (r *run) killBroker() {
	r.feed.producing.Lock()
	defer r.feed.producing.Unlock()
	r.broker.Kill9()
	require.NoError(r.t, r.broker.Restart(r.t.Context()))
	r.await("the topics' leaders", faultWithin, func() bool {
		_, err := r.kafka.Spans(r.t.Context(), event.ScansTopic)
		return err == nil
	})
	r.feed.producer = r.newProducer() // on connections of its own
}

func (r *run) killGateway() {
	r.await("a request to be under way", faultWithin, func() bool { return r.feed.flying.Load() > 0 })
	r.door.kill()
	r.await("the gateway to come back", faultWithin, r.door.ready)
}

// zombie stops an ingest until the other has taken in events in its place, and wakes it up.
func (r *run) zombie(sleeper, other *service, asleep time.Duration) {
	r.points.pause(true) // one that ends by itself cannot be stopped
	defer r.points.pause(false)
	sleeper.disarm()
	r.await("the one to be stopped to have a block open", faultWithin, func() bool {
		return metric(sleeper.metrics, ownedPartitions) > 0 && len(r.look().open) > 0
	})
	require.NoError(r.t, sleeper.signal(syscall.SIGSTOP))
	ctx, cancel := context.WithTimeout(r.t.Context(), asleep)
	defer cancel()
	r.await("the other ingest to own all partitions", faultWithin, func() bool {
		return metric(other.metrics, ownedPartitions) == partitions
	})
	<-ctx.Done()
	before := r.see().taken
	r.await("the other ingest to take in events", faultWithin, func() bool { return r.look().taken > before })
	require.NoError(r.t, sleeper.signal(syscall.SIGCONT))
	r.await("the zombie to answer", faultWithin, sleeper.ready)
}

// cut cuts the next insert into the table.
func (r *run) cut(table string, late bool) {
	done := r.proxy.next(table, late)
	r.await("an insert into "+table, faultWithin, func() bool {
		select {
		case <-done:
			return true
		default:
			return false
		}
	})
}
