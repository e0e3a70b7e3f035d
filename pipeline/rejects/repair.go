package rejects

import (
	"context"
	"errors"
	"sync"
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
	metrics *repairMetrics

	searching sync.Mutex // holds what follows
	repairer  *barcode.Repairer
	owed      time.Duration // rest for searches that are done
}

// NewRepair makes a Repair that decides by the tables. Nothing is started.
func NewRepair(tables *derive.Tables, deps RepairDeps) *Repair {
	return &Repair{tables: tables, deps: deps, metrics: newRepairMetrics(deps.Metrics), repairer: barcode.NewRepairer(tables.Known)}
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

// own starts a worker for every partition of the generation, and one that only
// waits, since a generation without any would end at once.
func (r *Repair) own(ctx context.Context, generation Generation) {
	start := func(work func(context.Context)) {
		generation.Start(func(ended context.Context) {
			ended, cancel := context.WithCancel(ended)
			defer cancel()
			stop := context.AfterFunc(ctx, cancel)
			defer stop()
			work(ended)
		})
	}
	for _, partition := range generation.Partitions() {
		start(func(ctx context.Context) { r.keepWorking(ctx, generation, partition) })
	}
	start(func(ctx context.Context) { <-ctx.Done() })
}

// tryAgain is how long a partition waits after an error.
const tryAgain = time.Second

// keepWorking works until ctx ends; it never returns before, since the first
// worker that returns ends the generation for all.
func (r *Repair) keepWorking(ctx context.Context, generation Generation, partition int32) {
	defer r.metrics.forget(partition)
	for ctx.Err() == nil {
		err := r.work(ctx, generation, partition)
		switch {
		case ctx.Err() != nil:
		case errors.Is(err, ErrNotOwner):
			<-ctx.Done()
		default:
			r.metrics.retries.Inc()
			r.deps.Log.Warn().Err(err).Int32("partition", partition).Msg("repair begins again at its last commit")
			pause(ctx, tryAgain)
		}
	}
}

// commitEvery is how long what was done may wait for its commit.
const commitEvery = time.Second

func (r *Repair) work(ctx context.Context, generation Generation, partition int32) error {
	reader := r.deps.Topic.Reader(partition)
	defer reader.Close()
	offset, err := generation.Committed(ctx, partition)
	if err != nil {
		return err
	}
	if offset < 0 {
		if offset, err = r.deps.Topic.Start(ctx, partition); err != nil {
			return err
		}
	}
	for {
		messages, next, end, err := reader.Next(ctx, offset)
		if errors.Is(err, ErrGone) {
			if offset, err = r.skipGone(ctx, partition, offset); err == nil {
				continue
			}
		}
		if err != nil {
			return err
		}
		commit := func(next int64) error {
			if next == offset {
				return nil
			}
			offset = next
			r.metrics.behind(partition, end-next)
			return generation.Commit(ctx, partition, next)
		}
		if err := r.take(ctx, messages, commit); err != nil {
			return err
		}
		if err := commit(next); err != nil {
			return err
		}
	}
}

// skipGone goes on where the partition begins by now.
func (r *Repair) skipGone(ctx context.Context, partition int32, offset int64) (int64, error) {
	start, err := r.deps.Topic.Start(ctx, partition)
	if err != nil {
		return offset, err
	}
	r.metrics.gone.Add(float64(max(0, start-offset)))
	r.deps.Log.Warn().Int32("partition", partition).Int64("offset", offset).Int64("start", start).
		Msg("rejects reached the end of their life before their bars were repaired, or the topic was made anew")
	return start, nil
}

// take looks at the messages, sends what it repaired, and commits now and then.
func (r *Repair) take(ctx context.Context, messages []event.Message, commit func(next int64) error) error {
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
		if replay, ok := r.look(ctx, &messages[i]); ok {
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
		if err := commit(messages[i].Offset + 1); err != nil {
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
