package simulate

import (
	"context"
	"fmt"
	"sync"

	"golang.org/x/sync/errgroup"
)

// Progress is how far a run has come.
type Progress struct {
	Requests uint64 // sent and answered, copies included
	Events   uint64 // in these requests
	Accepted uint64 // events that the door took in
	Refused  uint64 // events that the gateway did not take in
	Retries  uint64 // requests that had to be sent again
	Images   uint64 // pictures that the door took in
}

// progress adds up what the workers report, and tells the listener one at a time.
type progress struct {
	mutex    sync.Mutex
	sum      Progress
	listener func(Progress)
}

func (p *progress) add(more Progress) {
	p.mutex.Lock()
	defer p.mutex.Unlock()
	p.sum.Requests += more.Requests
	p.sum.Events += more.Events
	p.sum.Accepted += more.Accepted
	p.sum.Refused += more.Refused
	p.sum.Retries += more.Retries
	p.sum.Images += more.Images
	if p.listener != nil {
		p.listener(p.sum)
	}
}

// sendAll generates the mail and has each request sent by one of so many
// workers, which see their own copies of the requests. The first error ends all of it.
func sendAll(ctx context.Context, options Options, workers int, send func(context.Context, *Request) error) (Truth, error) {
	if workers < 1 {
		return nil, fmt.Errorf("simulate: concurrency is %d, expected the number of requests under way at once, from 1", workers)
	}
	group, ctx := errgroup.WithContext(ctx)
	idle := make(chan *Request, workers)
	work := make(chan *Request)
	for range workers {
		idle <- new(Request)
		group.Go(func() error {
			for r := range work {
				if err := send(ctx, r); err != nil {
					return fmt.Errorf("simulate: send request %s: %w", r.Key, err)
				}
				idle <- r
			}
			return nil
		})
	}
	truth, err := Generate(ctx, options, func(r *Request) error {
		select {
		case own := <-idle:
			own.set(r)
			select {
			case work <- own:
				return nil
			case <-ctx.Done():
			}
		case <-ctx.Done():
		}
		return ctx.Err()
	})
	close(work)
	if sendErr := group.Wait(); sendErr != nil {
		return truth, sendErr
	}
	return truth, err
}
