package clickhouse

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/cenkalti/backoff/v4"
	"github.com/prometheus/client_golang/prometheus"

	"mailtrail/deploy/local/ports"
)

// Server keeps one ClickHouse engine running.
type Server struct {
	config   Config
	deps     Deps
	paths    paths
	secrets  map[string]string
	restarts prometheus.Counter

	pid      atomic.Int64
	restart  chan chan error // a request to start anew, and where its outcome goes
	ended    chan struct{}   // closed when Run returns
	mu       sync.Mutex
	ready    chan struct{} // closed while the engine answers; made anew when it does not
	runError error         // why Run returned; read after ended
}

// readyWithin is how long a start may take before the engine is taken for broken. A start takes a second or less, but
// after a crash with much data on a slow disk the engine loads its parts first.
const readyWithin = 2 * time.Minute

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
		Name: "mailtrail_clickhouse_engine_restarts_total",
		Help: "How many times the embedded ClickHouse engine died and was started again.",
	})
	if err := deps.Metrics.Register(restarts); err != nil {
		return nil, fmt.Errorf("registering metrics: %w", err)
	}
	return &Server{
		config: config, deps: deps, paths: p, restarts: restarts,
		restart: make(chan chan error), ended: make(chan struct{}), ready: make(chan struct{}),
	}, nil
}

// Run starts the engine and keeps it running until ctx ends; then it stops it and returns nil. It returns an error when the
// engine cannot run at all: a port or the folder is taken, a file cannot be written, the first start fails. Call it once.
func (s *Server) Run(ctx context.Context) error {
	defer close(s.ended)
	s.runError = s.run(ctx)
	return s.runError
}

// Ready waits until the engine answers on both ports. It fails when Run does, or with ctx.
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
		return errors.New("the ClickHouse engine was stopped")
	case <-ctx.Done():
		return ctx.Err()
	}
}

// Restart stops the engine and starts it anew, so that it knows the users of today. It returns when the engine answers.
// When the users cannot be read it fails, and the engine goes on as it is.
func (s *Server) Restart(ctx context.Context) error {
	if _, err := s.users(nil); err != nil {
		return err
	}
	outcome := make(chan error, 1)
	select {
	case s.restart <- outcome:
	case <-s.ended:
		return errors.New("the ClickHouse engine was stopped")
	case <-ctx.Done():
		return ctx.Err()
	}
	select {
	case err := <-outcome:
		return err
	case <-s.ended:
		return errors.Join(errors.New("the ClickHouse engine was stopped"), s.runError)
	case <-ctx.Done():
		return ctx.Err()
	}
}

// PID is the process id of the engine that runs now, 0 when none does.
func (s *Server) PID() int { return int(s.pid.Load()) }

func (s *Server) run(ctx context.Context) error {
	if err := s.prepare(); err != nil {
		return err
	}
	pause := backoff.NewExponentialBackOff(backoff.WithInitialInterval(100*time.Millisecond), backoff.WithMaxInterval(15*time.Second), backoff.WithMaxElapsedTime(0))
	var waiting chan error // who asked for the restart that is under way
	answer := func(err error) {
		if waiting != nil {
			waiting <- err
			waiting = nil
		}
	}
	for first := true; ; first = false {
		c, err := s.start(ctx, first)
		if ctx.Err() != nil {
			return nil
		}
		if err != nil && (first || errors.Is(err, ports.ErrTaken)) {
			return err
		}
		if err == nil {
			pause.Reset()
			answer(nil)
			select {
			case <-ctx.Done():
				c.stop(s.ask(c))
				s.gone()
				return nil
			case waiting = <-s.restart:
				s.gone()
				c.stop(s.ask(c))
				continue
			case <-c.ended:
				s.gone()
				err = fmt.Errorf("the engine ended by itself: %v", c.err)
			}
		}
		answer(err)
		s.restarts.Inc()
		wait := pause.NextBackOff()
		s.deps.Log.Error().Err(err).Dur("pause", wait).Str("log", s.paths.log).Msg("clickhouse engine died, starting it again")
		select {
		case <-ctx.Done():
			return nil
		case <-time.After(wait):
		}
	}
}

// prepare makes the folders and the secrets, and makes sure that nobody else is using either folder or ports.
func (s *Server) prepare() error {
	if err := s.paths.make(); err != nil {
		return err
	}
	s.secrets = make(map[string]string)
	for _, user := range []string{Owner, Writer, Auditor, Definer} {
		secret, err := password(s.paths.secrets, user)
		if err != nil {
			return err
		}
		s.secrets[user] = secret
	}
	return nil
}

// start starts the engine and returns once it answers. The ports are looked at on the first start alone: later they
// are ours, and the engine itself says if somebody else took them meanwhile.
func (s *Server) start(ctx context.Context, first bool) (*child, error) {
	if err := awaitPredecessor(ctx, s.paths.store); err != nil {
		return nil, err
	}
	if first {
		if err := errors.Join(ports.Check("clickhouse.addr", s.config.Native), ports.Check("clickhouse.http", s.config.HTTP)); err != nil {
			return nil, err
		}
	}
	if err := s.writeFiles(); err != nil {
		return nil, err
	}
	name, args, err := s.command()
	if err != nil {
		return nil, err
	}
	begun := time.Now()
	c, err := startChild(name, args)
	if err != nil {
		return nil, err
	}
	s.pid.Store(int64(c.pid))
	if err := s.awaitReady(ctx, c); err != nil {
		c.stop(s.ask(c))
		s.gone()
		return nil, err
	}
	s.mu.Lock()
	close(s.ready)
	s.mu.Unlock()
	s.deps.Log.Info().Int("pid", c.pid).Dur("took", time.Since(begun)).Str("native", s.config.Native).Str("http", s.config.HTTP).Msg("clickhouse engine is ready")
	return c, nil
}

// gone notes that no engine runs.
func (s *Server) gone() {
	s.pid.Store(0)
	s.mu.Lock()
	defer s.mu.Unlock()
	select {
	case <-s.ready:
		s.ready = make(chan struct{})
	default:
	}
}

// users renders users.xml with the analysts of today.
func (s *Server) users(secrets map[string]string) (string, error) {
	analysts, err := s.deps.Analysts()
	if err != nil {
		return "", fmt.Errorf("reading who may log in to ClickHouse: %w", err)
	}
	users, err := usersFile(secrets, analysts, s.config.Reader)
	if err != nil {
		return "", fmt.Errorf("writing ClickHouse's users: %w", err)
	}
	return users, nil
}

// writeFiles writes config.xml and users.xml as they are to be today.
func (s *Server) writeFiles() error {
	users, err := s.users(s.secrets)
	if err != nil {
		return err
	}
	config, err := configFile(s.config, s.paths)
	if err != nil {
		return fmt.Errorf("writing ClickHouse's configuration: %w", err)
	}
	for path, content := range map[string]string{s.paths.users: users, s.paths.config: config} {
		if err := writePrivate(path, content); err != nil {
			return fmt.Errorf("writing ClickHouse's configuration (key data): %w", err)
		}
	}
	return nil
}

// command is how the engine is started.
func (s *Server) command() (string, []string, error) {
	if s.deps.Engine.Server != "" {
		return s.deps.Engine.Server, []string{"server", "--config-file=" + s.paths.config}, nil
	}
	// The database system lives in memory here: what an earlier run left on disk of its logs stands in the way of new ones.
	for _, table := range systemLogs {
		if err := os.RemoveAll(filepath.Join(s.paths.store, "data", "system", table)); err != nil {
			return "", nil, fmt.Errorf("removing the last run's %s (key data): %w", table, err)
		}
	}
	args := append(append([]string(nil), s.deps.Self[1:]...), s.deps.Engine.Library,
		"--config-file="+s.paths.config, "--path="+s.paths.store+"/", "--log-level=information",
		"--query", "SYSTEM START LISTEN TCP; SYSTEM START LISTEN HTTP; "+keepAlive)
	return s.deps.Self[0], args, nil
}

// ask is how the engine is asked to end.
func (s *Server) ask(c *child) func() error {
	if s.deps.Engine.Server != "" {
		return func() error { return c.process.Signal(os.Interrupt) }
	}
	return s.killKeepAlive
}

// explain says why the engine did not come up, from what it said.
func (s *Server) explain(c *child) error {
	said := c.said.String()
	if strings.Contains(said, "Address already in use") {
		for key, addr := range map[string]string{"clickhouse.addr": s.config.Native, "clickhouse.http": s.config.HTTP} {
			if ports.Check(key, addr) != nil {
				return ports.Taken(key, addr)
			}
		}
	}
	return fmt.Errorf("the ClickHouse engine ended at start (%v), see %s: %s", c.err, s.paths.log, said)
}
