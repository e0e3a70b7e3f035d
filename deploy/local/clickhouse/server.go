package clickhouse

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"mailtrail/deploy/local/child"
	"mailtrail/deploy/local/clickhouse/relay"
)

// Server keeps one ClickHouse engine running.
type Server struct {
	config   Config
	deps     Deps
	paths    paths
	secrets  map[string]string
	restarts prometheus.Counter
	relay    *relay.Relay // nil for an engine that needs none: a clickhouse server
	logs     *logKeeper   // nil where the schedule has no limit for logs
	// private finds an address for an engine behind the relay.
	private func(http string) (string, error)

	native  string       // where the engine itself listens; the relay stands before it, where there is one
	logins  relay.Logins // who may come in, as users.xml was written last
	life    *child.Life
	restart chan chan error // a request to start anew, and where its outcome goes
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
	logs, err := newLogKeeper(config.Schedule, p.log, deps.Log, deps.Metrics)
	if err != nil {
		return nil, err
	}
	s := &Server{
		config: config, deps: deps, paths: p, logs: logs, restarts: restarts, native: config.Native, private: privatePort, restart: make(chan chan error),
	}
	s.life = child.NewLife(child.Keep{What: "the ClickHouse engine", Start: s.start, Ask: s.ask, Restart: s.restart, Gone: s.gone, Died: s.died})
	if deps.Engine.Library != "" {
		if s.relay, err = s.newRelay(); err != nil {
			return nil, err
		}
	}
	return s, nil
}

// Run starts the engine and keeps it running until ctx ends; then it stops it and returns nil. It returns an error when the
// engine cannot run at all: a port or the folder is taken, a file cannot be written, the first start fails. Call it once.
func (s *Server) Run(ctx context.Context) error { return s.life.Run(ctx, s.run) }

// Ready waits until the engine answers on both ports. It fails when Run does, or with ctx.
func (s *Server) Ready(ctx context.Context) error { return s.life.Ready(ctx) }

// Restart stops the engine and starts it anew, so that it knows the users of today. It returns when the engine answers.
// When the users cannot be read it fails, and the engine goes on as it is.
func (s *Server) Restart(ctx context.Context) error {
	if _, _, err := s.users(nil); err != nil {
		return err
	}
	outcome := make(chan error, 1)
	select {
	case s.restart <- outcome:
	case <-s.life.Ended():
		return errors.New("the ClickHouse engine was stopped")
	case <-ctx.Done():
		return ctx.Err()
	}
	select {
	case err := <-outcome:
		return err
	case <-s.life.Ended():
		return errors.Join(errors.New("the ClickHouse engine was stopped"), s.life.Err())
	case <-ctx.Done():
		return ctx.Err()
	}
}

// PID is the process id of the engine that runs now, 0 when none does.
func (s *Server) PID() int { return s.life.PID() }

func (s *Server) run(ctx context.Context, keep func(context.Context) error) error {
	if err := s.prepare(); err != nil {
		return err
	}
	if err := awaitPredecessor(ctx, s.paths.store); ctx.Err() != nil {
		return nil
	} else if err != nil {
		return err
	}
	listener, err := s.takePorts()
	if err != nil {
		return err
	}
	defer s.keepLogs(ctx)()
	if s.relay == nil {
		return keep(ctx)
	}
	return s.besideRelay(listener, func() error { return keep(ctx) })
}

func (s *Server) died(err error, pause time.Duration) {
	s.restarts.Inc()
	s.deps.Log.Error().Err(err).Dur("pause", pause).Str("log", s.paths.log).Msg("clickhouse engine died, starting it again")
}

// keepLogs keeps the logs within their limit until ctx ends, and returns how to wait for its end.
func (s *Server) keepLogs(ctx context.Context) (end func()) {
	if s.logs == nil {
		return func() {}
	}
	ctx, stop := context.WithCancel(ctx)
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		s.logs.run(ctx)
	}()
	return func() {
		stop()
		<-ended
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

// start starts the engine and returns once it answers.
func (s *Server) start(ctx context.Context) (*child.Child, error) {
	c, err := s.startOnce(ctx)
	for errors.Is(err, errPortLost) && ctx.Err() == nil {
		c, err = s.startOnce(ctx)
	}
	return c, err
}

// startOnce is start with one private port. The other ports were looked at before the first start: later they are ours,
// and the engine itself says if somebody else took them meanwhile.
func (s *Server) startOnce(ctx context.Context) (*child.Child, error) {
	if err := awaitPredecessor(ctx, s.paths.store); err != nil {
		return nil, err
	}
	if s.relay != nil {
		native, err := s.private(s.config.HTTP)
		if err != nil {
			return nil, err
		}
		s.native = native
	}
	if err := s.writeFiles(); err != nil {
		return nil, err
	}
	name, args, err := s.command()
	if err != nil {
		return nil, err
	}
	begun := time.Now()
	c, err := child.Start(child.Command{What: "the ClickHouse engine", Name: name, Args: args})
	if err != nil {
		return nil, err
	}
	if err := s.awaitReady(ctx, c); err != nil {
		c.Stop(s.ask(c))
		return nil, err
	}
	if s.relay != nil {
		s.relay.Open(s.native, s.logins)
	}
	s.deps.Log.Info().Int("pid", c.PID).Dur("took", time.Since(begun)).Str("native", s.config.Native).Str("http", s.config.HTTP).Msg("clickhouse engine is ready")
	return c, nil
}

// gone notes that no engine runs.
func (s *Server) gone() {
	if s.relay != nil {
		s.relay.Shut()
	}
}
