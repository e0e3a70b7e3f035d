package child

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"time"

	"github.com/cenkalti/backoff/v4"

	"mailtrail/deploy/local/ports"
)

// Life keeps one server running: it starts it again when it dies, and tells whether it answers.
type Life struct {
	keep Keep

	pid   atomic.Int64
	ended chan struct{} // closed when Run returns
	mu    sync.Mutex
	ready chan struct{} // closed while the server answers; made anew when it does not
	err   error         // why Run returned; read after ended
}

// Keep is how a server is kept.
type Keep struct {
	// What is its name in errors.
	What string
	// Start starts it and returns once it answers.
	Start func(ctx context.Context) (*Child, error)
	// Ask asks it to end.
	Ask func(*Child) func() error
	// Restart brings requests to start it anew, each with where its outcome goes; nil: there are none.
	Restart <-chan chan error
	// Gone is told when it does not run any more; nil: nobody is.
	Gone func()
	// Died is told when it died, or could not be started again, and for how long nothing is done about it.
	Died func(err error, pause time.Duration)
}

// NewLife makes a Life; nothing is started yet.
func NewLife(keep Keep) *Life {
	if keep.Gone == nil {
		keep.Gone = func() {}
	}
	return &Life{keep: keep, ended: make(chan struct{}), ready: make(chan struct{})}
}

// PID is the process id of the server that runs now, 0 when none does.
func (l *Life) PID() int { return int(l.pid.Load()) }

// Ended is closed when Run has returned; Err is then its error.
func (l *Life) Ended() <-chan struct{} { return l.ended }

// Err is why Run returned.
func (l *Life) Err() error { return l.err }

// Ready waits until the server answers. It fails when Run does, or with ctx.
func (l *Life) Ready(ctx context.Context) error {
	l.mu.Lock()
	ready := l.ready
	l.mu.Unlock()
	select {
	case <-ready:
		return nil
	case <-l.ended:
		if l.err != nil {
			return l.err
		}
		return fmt.Errorf("%s was stopped", l.keep.What)
	case <-ctx.Done():
		return ctx.Err()
	}
}

// Run does what must be done before the first start, and then keeps the server running until ctx ends; it stops it and
// returns nil. It returns an error when prepare or the first start fails, or the server's port is taken later on. Call it once.
func (l *Life) Run(ctx context.Context, prepare func(ctx context.Context, keep func(context.Context) error) error) error {
	defer close(l.ended)
	l.err = prepare(ctx, l.run)
	return l.err
}

func (l *Life) run(ctx context.Context) error {
	pause := backoff.NewExponentialBackOff(backoff.WithInitialInterval(100*time.Millisecond), backoff.WithMaxInterval(15*time.Second), backoff.WithMaxElapsedTime(0))
	var waiting chan error // who asked for the restart that is under way
	answer := func(err error) {
		if waiting != nil {
			waiting <- err
			waiting = nil
		}
	}
	for first := true; ; first = false {
		c, err := l.keep.Start(ctx)
		if ctx.Err() != nil {
			return l.drop(c)
		}
		if err != nil && (first || errors.Is(err, ports.ErrTaken)) {
			return err
		}
		if err == nil {
			l.up(c)
			pause.Reset()
			answer(nil)
			select {
			case <-ctx.Done():
				return l.drop(c)
			case waiting = <-l.keep.Restart:
				_ = l.drop(c)
				continue
			case <-c.Ended:
				l.gone()
				err = fmt.Errorf("%s ended by itself: %v", l.keep.What, c.Err)
			}
		}
		answer(err)
		wait := pause.NextBackOff()
		l.keep.Died(err, wait)
		select {
		case <-ctx.Done():
			return nil
		case <-time.After(wait):
		}
	}
}

// drop stops the server, where one runs.
func (l *Life) drop(c *Child) error {
	if c != nil {
		l.gone()
		c.Stop(l.keep.Ask(c))
	}
	return nil
}

func (l *Life) up(c *Child) {
	l.pid.Store(int64(c.PID))
	l.mu.Lock()
	defer l.mu.Unlock()
	close(l.ready)
}

// gone notes that no server runs.
func (l *Life) gone() {
	l.pid.Store(0)
	l.keep.Gone()
	l.mu.Lock()
	defer l.mu.Unlock()
	select {
	case <-l.ready:
		l.ready = make(chan struct{})
	default:
	}
}
