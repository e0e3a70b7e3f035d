package minio

import (
	"context"
	"errors"
	"fmt"
	"os"
	"sync"
	"sync/atomic"
	"time"

	"github.com/cenkalti/backoff/v4"
	"github.com/prometheus/client_golang/prometheus"

	"mailtrail/deploy/local"
	"mailtrail/deploy/local/child"
	"mailtrail/deploy/local/ports"
)

// Server keeps one MinIO running.
type Server struct {
	config   Config
	deps     Deps
	paths    paths
	clean    time.Duration
	restarts prometheus.Counter

	pid      atomic.Int64
	ended    chan struct{} // closed when Run returns
	mu       sync.Mutex
	ready    chan struct{} // closed while MinIO answers; made anew when it does not
	runError error         // why Run returned; read after ended
}

// New makes a Server. It touches neither disk nor network.
func New(config Config, deps Deps) (*Server, error) {
	if err := config.check(deps); err != nil {
		return nil, err
	}
	p, err := config.paths()
	if err != nil {
		return nil, err
	}
	restarts := prometheus.NewCounter(prometheus.CounterOpts{
		Name: "mailtrail_minio_restarts_total", Help: "How many times the embedded MinIO died and was started again.",
	})
	if err := deps.Metrics.Register(restarts); err != nil {
		return nil, fmt.Errorf("registering metrics: %w", err)
	}
	return &Server{
		config: config, deps: deps, paths: p, clean: cleanEvery(config.Schedule), restarts: restarts,
		ended: make(chan struct{}), ready: make(chan struct{}),
	}, nil
}

// Run starts MinIO and keeps it running until ctx ends; then it stops it and returns nil. It returns an error when MinIO
// cannot run at all: its port or folder is taken, a file cannot be written, the first start fails. Call it once.
func (s *Server) Run(ctx context.Context) error {
	defer close(s.ended)
	s.runError = s.run(ctx)
	return s.runError
}

// Ready waits until MinIO answers. It fails when Run does, or with ctx.
func (s *Server) Ready(ctx context.Context) error {
	s.mu.Lock()
	ready := s.ready
	s.mu.Unlock()
	select {
	case <-ready:
		return nil
	case <-s.ended:
		if s.runError != nil {
			return s.runError
		}
		return errors.New("MinIO was stopped")
	case <-ctx.Done():
		return ctx.Err()
	}
}

// PID is the process id of the MinIO that runs now, 0 when none does.
func (s *Server) PID() int { return int(s.pid.Load()) }

func (s *Server) run(ctx context.Context) error {
	if err := s.paths.make(); err != nil {
		return err
	}
	if _, err := local.Secret(s.paths.secret, "the object store"); err != nil {
		return err
	}
	pause := backoff.NewExponentialBackOff(backoff.WithInitialInterval(100*time.Millisecond), backoff.WithMaxInterval(15*time.Second), backoff.WithMaxElapsedTime(0))
	for first := true; ; first = false {
		c, err := s.start(ctx)
		if ctx.Err() != nil {
			return nil
		}
		if err != nil && (first || errors.Is(err, ports.ErrTaken)) {
			return err
		}
		if err == nil {
			pause.Reset()
			select {
			case <-ctx.Done():
				s.gone()
				c.Stop(askFor(c))
				return nil
			case <-c.Ended:
				s.gone()
				err = fmt.Errorf("MinIO ended by itself: %v", c.Err)
			}
		}
		s.restarts.Inc()
		wait := pause.NextBackOff()
		s.deps.Log.Error().Err(err).Dur("pause", wait).Msg("MinIO died, starting it again")
		select {
		case <-ctx.Done():
			return nil
		case <-time.After(wait):
		}
	}
}

// start starts MinIO and returns once it answers.
func (s *Server) start(ctx context.Context) (*child.Child, error) {
	lock, err := s.lock(ctx)
	if err != nil {
		return nil, err
	}
	defer lock.Close() // the child has it open too, and so keeps the lock
	if err := ports.Check("objects.endpoint", s.config.Addr); err != nil {
		return nil, err
	}
	begun := time.Now()
	c, err := child.Start(child.Command{
		What: "MinIO", Name: s.deps.Program, Args: s.arguments(), Env: s.environment(), Files: []*os.File{lock}, Out: &lines{log: s.deps.Log},
	})
	if err != nil {
		return nil, err
	}
	if err := errors.Join(note(lock, c.PID), s.awaitReady(ctx, c)); err != nil {
		c.Stop(askFor(c))
		return nil, err
	}
	s.pid.Store(int64(c.PID))
	s.mu.Lock()
	close(s.ready)
	s.mu.Unlock()
	s.deps.Log.Info().Int("pid", c.PID).Dur("took", time.Since(begun)).Str("addr", s.config.Addr).Msg("MinIO is ready")
	return c, nil
}

// askFor asks MinIO to end.
func askFor(c *child.Child) func() error {
	return func() error { return c.Process.Signal(os.Interrupt) }
}

// gone notes that no MinIO runs.
func (s *Server) gone() {
	s.pid.Store(0)
	s.mu.Lock()
	defer s.mu.Unlock()
	s.ready = make(chan struct{})
}
