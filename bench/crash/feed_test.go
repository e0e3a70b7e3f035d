package crash

import (
	"context"
	"errors"
	"math"
	"net/http"
	"sync"
	"sync/atomic"
	"time"

	"golang.org/x/sync/errgroup"

	"mailtrail/pipeline/simulate"
	"mailtrail/schemas/event"
)

// feed sends the simulated mail, no faster than its gate lets it.
type feed struct {
	gate  *gate
	group *errgroup.Group
	// producing is held while a request is written straight to Kafka: what a killed broker left unanswered cannot be
	// written again, since nothing would tell the two apart.
	producing sync.RWMutex
	producer  simulate.Producer

	mu       sync.Mutex
	truths   []simulate.Truth
	progress map[int]simulate.Progress
	sent     atomic.Uint64 // events, copies included
	total    uint64
	flying   atomic.Int64 // requests to the gateway that are not answered
	ended    chan struct{}
	err      error // read after ended
}

// part is a share of a feed, its own mail.
type part struct {
	share float64
	door  simulate.Door
	wire  simulate.Wire
}

// everyDoor is mail by each door and in each form.
func everyDoor() []part {
	return []part{
		{0.55, simulate.HTTP, simulate.JSON},
		{0.20, simulate.HTTP, simulate.Protobuf},
		{0.10, simulate.Kafka, simulate.JSON},
		{0.15, simulate.Kafka, simulate.Protobuf},
	}
}

// requestEvents is how many events a request has.
const requestEvents = 200

// newFeed makes a feed of so many events.
func newFeed(events uint64, producer simulate.Producer) *feed {
	return &feed{gate: newGate(), producer: producer, progress: map[int]simulate.Progress{}, total: events, ended: make(chan struct{})}
}

// start begins to send.
func (f *feed) start(ctx context.Context, parts []part, url, token string, seed uint64) {
	f.group, ctx = errgroup.WithContext(ctx)
	for i, part := range parts {
		options := simulate.Defaults(time.Now())
		options.Seed, options.Count = seed+uint64(i), uint64(float64(f.total)*part.share)
		options.BatchSize, options.Wire = requestEvents, part.wire
		options.Shares.ThreeWrong = 0.002
		tell := func(p simulate.Progress) { f.tell(i, p) }
		own := func() float64 { return f.share(i, options.Count) }
		f.group.Go(func() (err error) {
			var truth simulate.Truth
			if part.door == simulate.HTTP {
				client := &http.Client{Transport: &gated{gate: f.gate, share: own, flying: &f.flying, next: &http.Transport{ResponseHeaderTimeout: 30 * time.Second}}}
				defer client.CloseIdleConnections()
				truth, _, err = simulate.ToHTTP(ctx, options, simulate.HTTPConfig{URL: url, Token: token, Client: client, Concurrency: 2, Progress: tell})
			} else {
				truth, _, err = simulate.ToKafka(ctx, options, simulate.KafkaConfig{Producer: &gatedProducer{f, own}, Concurrency: 1, Progress: tell})
			}
			f.mu.Lock()
			defer f.mu.Unlock()
			f.truths = append(f.truths, truth)
			return err
		})
	}
	go func() {
		f.err = f.group.Wait()
		close(f.ended)
	}()
}

func (f *feed) tell(part int, p simulate.Progress) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.sent.Add(p.Events - f.progress[part].Events)
	f.progress[part] = p
}

// share is how much of a part was sent, from 0 to 1.
func (f *feed) share(part int, count uint64) float64 {
	f.mu.Lock()
	defer f.mu.Unlock()
	return float64(f.progress[part].Events) / float64(count)
}

// sum adds up the progress of all parts.
func (f *feed) sum() (sum simulate.Progress) {
	f.mu.Lock()
	defer f.mu.Unlock()
	for _, p := range f.progress {
		sum.Requests += p.Requests
		sum.Events += p.Events
		sum.Accepted += p.Accepted
		sum.Refused += p.Refused
		sum.Retries += p.Retries
	}
	return sum
}

// gate lets a feed pass up to a share of itself.
type gate struct {
	mu      sync.Mutex
	allowed float64
	changed chan struct{} // closed when more is allowed
}

func newGate() *gate { return &gate{changed: make(chan struct{})} }

// allow opens the gate further.
func (g *gate) allow(more float64) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.allowed += more
	close(g.changed)
	g.changed = make(chan struct{})
}

// open lets all pass.
func (g *gate) open() { g.allow(math.Inf(1)) }

// pass returns when the share is allowed.
func (g *gate) pass(ctx context.Context, share func() float64) error {
	for {
		g.mu.Lock()
		allowed, changed := g.allowed, g.changed
		g.mu.Unlock()
		if share() < allowed {
			return nil
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-changed:
		}
	}
}

// gated is a transport behind the gate that loses an answer now and then: the client has to repeat what was taken in.
type gated struct {
	gate   *gate
	share  func() float64
	next   *http.Transport
	flying *atomic.Int64 // requests that were sent and are not answered
	count  atomic.Uint64
}

// CloseIdleConnections is for http.Client, which asks its transport for it.
func (g *gated) CloseIdleConnections() { g.next.CloseIdleConnections() }

// lostEvery is after how many answers one is lost.
const lostEvery = 100

var errLost = errors.New("the answer was lost")

func (g *gated) RoundTrip(r *http.Request) (*http.Response, error) {
	if err := g.gate.pass(r.Context(), g.share); err != nil {
		return nil, err
	}
	g.flying.Add(1)
	defer g.flying.Add(-1)
	response, err := g.next.RoundTrip(r)
	if err == nil && g.count.Add(1)%lostEvery == 0 {
		response.Body.Close()
		return nil, errLost
	}
	return response, err
}

// gatedProducer writes straight to Kafka, behind the gate and while the broker is not being killed.
type gatedProducer struct {
	feed  *feed
	share func() float64
}

func (p *gatedProducer) Produce(ctx context.Context, messages []event.Message) error {
	if err := p.feed.gate.pass(ctx, p.share); err != nil {
		return err
	}
	p.feed.producing.RLock()
	defer p.feed.producing.RUnlock()
	return p.feed.producer.Produce(ctx, messages)
}
