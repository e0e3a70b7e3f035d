package simulate

import (
	"container/heap"
	"context"
	"fmt"
)

// Generate makes the mail of the options and calls emit with one request after
// the other, no faster than Rate. The truth covers what emit took without an
// error; Generate returns the first error of emit, or that of ctx. Mistakes in the
// options are told all at once, before anything is emitted.
func Generate(ctx context.Context, options Options, emit func(*Request) error) (Truth, error) {
	options, err := options.complete()
	if err != nil {
		return nil, err
	}
	if err := options.check(); err != nil {
		return nil, err
	}
	m, err := newModel(options)
	if err != nil {
		return nil, err
	}
	g := &generator{model: m, emit: emit, pace: newPace(options.Rate)}
	err = g.run(ctx)
	return g.tally.truth(options.Door), err
}

// generator puts the model's scans into requests and lets them travel.
type generator struct {
	*model
	emit    func(*Request) error
	pace    pace
	tally   tally
	request Request
	number  uint64 // of the request

	waiting []waiting
	spare   []*Request
}

// waiting is a request that is sent after some others: one that was held back,
// or a copy.
type waiting struct {
	request *Request
	after   int
}

// longestWait is about how many other requests may be sent meanwhile; half of it on average.
const longestWait = 20

func (g *generator) run(ctx context.Context) error {
	g.plan()
	scan := func(o *object, at int64) error { return g.add(ctx, o, at) }
	for g.made < g.options.Count {
		if len(g.queue) == 0 {
			heap.Push(&g.queue, g.newTray())
		}
		t := g.queue[0]
		if err := g.work(t, scan); err != nil {
			return err
		}
		if t.stage++; int(t.stage) == len(t.way().stages) {
			heap.Pop(&g.queue)
		} else {
			heap.Fix(&g.queue, 0)
		}
	}
	if err := g.flush(ctx); err != nil {
		return err
	}
	return g.settle(ctx, true)
}

// add writes a scan into the request, unless there are enough.
func (g *generator) add(ctx context.Context, o *object, at int64) error {
	if g.made == g.options.Count {
		return nil
	}
	g.made++
	r := &g.request
	var l label
	r.Body, l = g.write(r.Body, o, at)
	r.ends = append(r.ends, len(r.Body))
	r.labels = append(r.labels, l)
	if l.damage.misreads() {
		r.reads = append(r.reads, g.read)
	}
	if p, taken := g.photographs.take(o, at, l.damage, g.model.run.camera); taken {
		r.pictures = append(r.pictures, p)
	}
	if r.Len() < g.options.BatchSize {
		return nil
	}
	return g.flush(ctx)
}

// flush sends the request, or lets it wait, and then those whose time has come.
func (g *generator) flush(ctx context.Context) error {
	r := &g.request
	if r.Len() == 0 {
		return nil
	}
	g.number++
	r.name(g.options.Seed, g.number)
	held := g.travel.chance(g.options.Shares.OutOfOrder)
	repeated := g.travel.chance(g.options.Shares.Repeated)
	r.Repeated = repeated && g.options.Door != File
	wait := 2 + int(g.travel.below(longestWait))
	again := wait + 1 + int(g.travel.below(longestWait))
	if held {
		g.later(wait, false)
	} else if err := g.send(ctx, r); err != nil {
		return err
	}
	if r.Repeated {
		g.later(again, true)
	}
	r.reset()
	return g.settle(ctx, false)
}

// later keeps the request, to be sent after others.
func (g *generator) later(after int, isCopy bool) {
	kept := new(Request)
	if last := len(g.spare) - 1; last >= 0 {
		kept, g.spare = g.spare[last], g.spare[:last]
	}
	kept.set(&g.request)
	kept.Copy = isCopy
	g.waiting = append(g.waiting, waiting{kept, after})
}

// settle sends the waiting requests whose time has come, in the end all.
func (g *generator) settle(ctx context.Context, all bool) error {
	left := g.waiting[:0]
	for _, w := range g.waiting {
		if w.after--; w.after > 0 && !all {
			left = append(left, w)
			continue
		}
		if err := g.send(ctx, w.request); err != nil {
			return err
		}
		g.spare = append(g.spare, w.request)
	}
	clear(g.waiting[len(left):])
	g.waiting = left
	return nil
}

func (g *generator) send(ctx context.Context, r *Request) error {
	if err := g.pace.wait(ctx, r.Len()); err != nil {
		return fmt.Errorf("simulate: %w", err)
	}
	if err := g.emit(r); err != nil {
		return fmt.Errorf("simulate: send request %s: %w", r.Key, err)
	}
	g.tally.add(r)
	return nil
}
