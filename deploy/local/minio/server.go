package minio

import (
	"context"
	"errors"
	"fmt"
	"os"
	"time"

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
	life     *child.Life
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
	s := &Server{config: config, deps: deps, paths: p, clean: cleanEvery(config.Schedule), restarts: restarts}
	s.life = child.NewLife(child.Keep{What: "MinIO", Start: s.start, Ask: askFor, Died: s.died})
	return s, nil
}

// Run starts MinIO and keeps it running until ctx ends; then it stops it and returns nil. It returns an error when MinIO
// cannot run at all: its port or folder is taken, a file cannot be written, the first start fails. Call it once.
func (s *Server) Run(ctx context.Context) error {
	return s.life.Run(ctx, func(ctx context.Context, keep func(context.Context) error) error {
		if err := s.paths.make(); err != nil {
			return err
		}
		if _, err := local.Secret(s.paths.secret, "the object store"); err != nil {
			return err
		}
		return keep(ctx)
	})
}

// Ready waits until MinIO answers. It fails when Run does, or with ctx.
func (s *Server) Ready(ctx context.Context) error { return s.life.Ready(ctx) }

// PID is the process id of the MinIO that runs now, 0 when none does.
func (s *Server) PID() int { return s.life.PID() }

func (s *Server) died(err error, pause time.Duration) {
	s.restarts.Inc()
	s.deps.Log.Error().Err(err).Dur("pause", pause).Msg("MinIO died, starting it again")
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
	s.deps.Log.Info().Int("pid", c.PID).Dur("took", time.Since(begun)).Str("addr", s.config.Addr).Msg("MinIO is ready")
	return c, nil
}

// askFor asks MinIO to end.
func askFor(c *child.Child) func() error {
	return func() error { return c.Process.Signal(os.Interrupt) }
}
