package rejects

import (
	"context"
	"errors"
	"time"

	"mailtrail/schemas/barcode"
	"mailtrail/schemas/derive"
	"mailtrail/schemas/event"
)

// Repair finds the barcodes behind bars that were damaged too much for the
// stream, and sends their events to mail.scans once more with what it found. It
// reads mail.rejects as a consumer group: every reject is looked at once, or
// again where a member was killed, and ingest stores its event once. What
// cannot be repaired stays where it is.
//
// One search runs at a time, and as long as it took the process rests from
// searching: half of a processor core at most, whatever arrives. A search takes
// milliseconds at most.
type Repair struct {
	tables  *derive.Tables
	deps    RepairDeps
	vault   vault
	metrics *repairMetrics

	repairer *barcode.Repairer
	owed     time.Duration // rest for searches that are done
}

// NewRepair makes a Repair that decides by the tables. Nothing is started.
func NewRepair(tables *derive.Tables, deps RepairDeps) *Repair {
	return &Repair{tables: tables, deps: deps, vault: vault{deps.Keys, deps.SealedBy}, metrics: newRepairMetrics(deps.Metrics), repairer: barcode.NewRepairer(tables.Known)}
}

// Run takes part in the group until ctx ends.
func (r *Repair) Run(ctx context.Context) error {
	group, err := r.deps.Topic.Join()
	if err != nil {
		return err
	}
	defer group.Close()
	for ctx.Err() == nil {
		generation, err := group.Next(ctx)
		switch {
		case ctx.Err() != nil:
		case err != nil:
			r.deps.Log.Warn().Err(err).Msg("cannot join the consumer group yet, trying again")
			pause(ctx, tryAgain)
		default:
			r.own(ctx, generation)
		}
	}
	return group.Close()
}

// own works on the partitions of the generation until it ends; the work must not
// return before.
func (r *Repair) own(ctx context.Context, generation Generation) {
	generation.Start(func(ended context.Context) {
		ended, cancel := context.WithCancel(ended)
		defer cancel()
		stop := context.AfterFunc(ctx, cancel)
		defer stop()
		r.keepWorking(ended, generation)
	})
}

// tryAgain is how long the repair waits after an error, lookAgain where there is nothing to do.
const (
	tryAgain  = time.Second
	lookAgain = 500 * time.Millisecond
)

func (r *Repair) keepWorking(ctx context.Context, generation Generation) {
	defer r.metrics.lag.Reset()
	for ctx.Err() == nil {
		err := r.work(ctx, generation)
		switch {
		case ctx.Err() != nil:
		case errors.Is(err, ErrNotOwner):
			<-ctx.Done()
		default:
			r.metrics.retries.Inc()
			r.deps.Log.Warn().Err(err).Msg("repair begins again at its last commits")
			pause(ctx, tryAgain)
		}
	}
}

// work goes round the partitions, a fetch of each in turn, so that the memory
// that it takes is that of one fetch.
func (r *Repair) work(ctx context.Context, generation Generation) error {
	var parts []*part
	for _, partition := range generation.Partitions() {
		committed, err := generation.Committed(ctx, partition)
		if err != nil {
			return err
		}
		parts = append(parts, &part{generation, partition, committed})
	}
	for {
		spans, err := r.deps.Topic.Spans(ctx)
		if err != nil {
			return err
		}
		idle := true
		for _, p := range parts {
			if int(p.partition) >= len(spans) {
				continue
			}
			moved, err := r.advance(ctx, p, spans[p.partition])
			if err != nil {
				return err
			}
			idle = idle && !moved
		}
		if idle {
			pause(ctx, lookAgain)
		}
		if ctx.Err() != nil {
			return ctx.Err()
		}
	}
}

// part is a partition and the repair's place in it.
type part struct {
	generation Generation
	partition  int32
	next       int64 // the offset that comes next; -1 before the first
}

// commit stores that what lies before the offset is done.
func (p *part) commit(ctx context.Context, next int64) error {
	if next == p.next {
		return nil
	}
	p.next = next
	return p.generation.Commit(ctx, p.partition, next)
}

// commitEvery is how long what was done may wait for its commit.
const commitEvery = time.Second

// advance fetches once and deals with what came; moved is false where there was nothing.
func (r *Repair) advance(ctx context.Context, p *part, span Span) (moved bool, err error) {
	switch {
	case p.next < 0:
		p.next = span.Start
	case p.next < span.Start || p.next > span.End:
		r.metrics.gone.Add(float64(max(0, span.Start-p.next)))
		r.deps.Log.Warn().Int32("partition", p.partition).Int64("offset", p.next).Int64("start", span.Start).
			Msg("rejects reached the end of their life before their bars were repaired, or the topic was made anew")
		// Where nothing stands there, no message brings a commit, and the next start would count it again.
		if err := p.commit(ctx, span.Start); err != nil {
			return false, err
		}
	}
	r.metrics.behind(p.partition, span.End-p.next)
	if p.next == span.End {
		return false, nil
	}
	messages, next, err := r.deps.Topic.Fetch(ctx, p.partition, p.next)
	if err != nil {
		return false, err
	}
	if err := r.take(ctx, p, messages); err != nil {
		return false, err
	}
	r.metrics.behind(p.partition, span.End-next)
	moved = next != p.next || len(messages) > 0
	return moved, p.commit(ctx, next)
}

// take looks at the messages, sends what it repaired, and commits now and then.
func (r *Repair) take(ctx context.Context, p *part, messages []event.Message) error {
	var replays []event.Message
	flush := func() error {
		if len(replays) == 0 {
			return nil
		}
		if err := r.deps.Producer.Produce(ctx, replays); err != nil {
			return err
		}
		r.metrics.done(repaired, len(replays))
		replays = replays[:0]
		return nil
	}
	committed := time.Now()
	for i := range messages {
		replay, ok, err := r.look(ctx, &messages[i])
		if err != nil { // what is done is done; this one comes again
			return errors.Join(err, flush(), p.commit(ctx, messages[i].Offset))
		}
		if ok {
			replays = append(replays, replay)
		}
		if ctx.Err() != nil {
			return ctx.Err()
		}
		if len(replays) < sendMessages && time.Since(committed) < commitEvery {
			continue
		}
		if err := errors.Join(flush(), ctx.Err()); err != nil {
			return err
		}
		if err := p.commit(ctx, messages[i].Offset+1); err != nil {
			return err
		}
		committed = time.Now()
	}
	return flush()
}

// pause waits for the time to pass or ctx to end.
func pause(ctx context.Context, d time.Duration) {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-ctx.Done():
	case <-timer.C:
	}
}
