package relay

import (
	"context"
	"crypto/sha256"
	"crypto/subtle"
	"errors"
	"fmt"
	"net"
	"sync"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/rs/zerolog"
)

// Config bounds what a Relay does.
type Config struct {
	// HTTP is the address, host:port, that a client is told who speaks HTTP here.
	HTTP string
	// Hello is how long a client may take for its Hello, and Wait how long it then waits for an engine that is away.
	Hello, Wait time.Duration
	// Connections is how many may be open at a time.
	Connections int
}

// Deps are what a Relay needs from outside.
type Deps struct {
	Log     zerolog.Logger
	Metrics prometheus.Registerer
	// HasDatabase asks the engine whether a database exists.
	HasDatabase func(ctx context.Context, name string) (bool, error)
}

// Logins are the users who may come in, with the SHA-256 of their passwords.
type Logins map[string][sha256.Size]byte

// Relay takes ClickHouse's native connections in an engine's stead and hands the good ones on to it.
type Relay struct {
	config  Config
	deps    Deps
	metrics metrics
	slots   chan struct{} // one for each open connection

	mu      sync.Mutex
	engine  engine        // what answers now; read once opened is closed
	opened  chan struct{} // closed while an engine answers; made anew when none does
	serving sync.WaitGroup
}

// engine is one run of the engine.
type engine struct {
	addr   string
	logins Logins
}

// New makes a Relay. It touches no network.
func New(config Config, deps Deps) (*Relay, error) {
	if config.Hello <= 0 || config.Wait <= 0 || config.Connections < 1 {
		return nil, errors.New("relay: every bound must be set")
	}
	if deps.Metrics == nil || deps.HasDatabase == nil {
		return nil, errors.New("relay: Deps are incomplete")
	}
	// A client that tries again and again shall not fill the log; all of them are counted.
	deps.Log = deps.Log.Sample(&zerolog.BurstSampler{Burst: 20, Period: time.Minute})
	m, err := newMetrics(deps.Metrics)
	if err != nil {
		return nil, err
	}
	return &Relay{config: config, deps: deps, metrics: m, slots: make(chan struct{}, config.Connections), opened: make(chan struct{})}, nil
}

// Open lets clients through to the engine that listens on addr, for those who may log in to it.
func (r *Relay) Open(addr string, logins Logins) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.engine = engine{addr, logins}
	select {
	case <-r.opened:
	default:
		close(r.opened)
	}
}

// Shut lets new clients wait, for no engine answers. The open connections end as the engine ends them.
func (r *Relay) Shut() {
	r.mu.Lock()
	defer r.mu.Unlock()
	select {
	case <-r.opened:
		r.opened = make(chan struct{})
	default:
	}
}

// Run serves the clients of listener, which is one of TCP, until ctx ends; then it ends all connections, and returns nil
// once they have ended. It closes the listener.
func (r *Relay) Run(ctx context.Context, listener net.Listener) error {
	defer r.serving.Wait()
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	stop := context.AfterFunc(ctx, func() { _ = listener.Close() })
	defer stop()
	for {
		conn, err := listener.Accept()
		if ctx.Err() != nil {
			if err == nil {
				_ = conn.Close()
			}
			return nil
		}
		if errors.Is(err, net.ErrClosed) {
			return fmt.Errorf("taking connections for ClickHouse: %w", err)
		}
		if err != nil { // out of file descriptors, say: that passes when connections end
			r.deps.Log.Error().Err(err).Msg("cannot take a connection for clickhouse")
			pause(ctx, 100*time.Millisecond)
			continue
		}
		r.metrics.connections.Inc()
		select {
		case r.slots <- struct{}{}:
			r.serving.Go(func() {
				defer func() { <-r.slots }()
				r.serve(ctx, conn.(*net.TCPConn))
			})
		default:
			r.refused(&refusal{reason: tooMany})
			_ = conn.Close()
		}
	}
}

// serve is the life of one connection.
func (r *Relay) serve(ctx context.Context, client *net.TCPConn) {
	defer client.Close()
	stop := context.AfterFunc(ctx, func() { _ = client.Close() })
	defer stop()
	to, err := r.admit(ctx, client)
	if err != nil {
		r.refused(err)
		farewell(client, err.answer)
		return
	}
	defer to.Close()
	stopEngine := context.AfterFunc(ctx, func() { _ = to.Close() })
	defer stopEngine()
	r.metrics.open.Inc()
	defer r.metrics.open.Dec()
	join(client, to)
}

func (r *Relay) refused(why *refusal) {
	r.metrics.refused.WithLabelValues(why.reason).Inc()
	r.deps.Log.Warn().AnErr("cause", why.cause).Str("reason", why.reason).Msg("a connection to clickhouse was refused")
}

// admit reads the client's Hello and returns a connection to the engine, which has been given the Hello.
func (r *Relay) admit(ctx context.Context, client *net.TCPConn) (*net.TCPConn, *refusal) {
	_ = client.SetReadDeadline(time.Now().Add(r.config.Hello))
	h, err := readHello(client)
	if err != nil {
		return nil, refuseHello(err, client.LocalAddr(), r.config.HTTP)
	}
	_ = client.SetReadDeadline(time.Time{})
	ctx, cancel := context.WithTimeout(ctx, r.config.Wait)
	defer cancel()
	for {
		e, err := r.await(ctx)
		if err != nil {
			return nil, &refusal{reason: engineAway}
		}
		if !e.logins.has(h.user, h.password) {
			return nil, refuseLogin(h.user)
		}
		to, err := r.connect(ctx, e, h)
		var no *refusal
		switch {
		case err == nil:
			return to, nil
		case errors.As(err, &no):
			return nil, no
		}
		pause(ctx, 50*time.Millisecond) // it has just died, and is not yet known to have
	}
}

// connect hands a Hello to the engine, after a look whether it will take it.
func (r *Relay) connect(ctx context.Context, e engine, h hello) (*net.TCPConn, error) {
	switch h.database {
	case "", "default", "system", "information_schema", "INFORMATION_SCHEMA": // in every engine
	default:
		exists, err := r.deps.HasDatabase(ctx, h.database)
		if err != nil {
			return nil, err
		}
		if !exists {
			return nil, refuseDatabase(h.database)
		}
	}
	conn, err := new(net.Dialer).DialContext(ctx, "tcp", e.addr)
	if err != nil {
		return nil, err
	}
	if _, err := conn.Write(h.raw); err != nil {
		return nil, errors.Join(err, conn.Close())
	}
	return conn.(*net.TCPConn), nil
}

// await returns the engine, once there is one.
func (r *Relay) await(ctx context.Context) (engine, error) {
	r.mu.Lock()
	opened := r.opened
	r.mu.Unlock()
	select {
	case <-opened:
		r.mu.Lock()
		defer r.mu.Unlock()
		return r.engine, nil
	case <-ctx.Done():
		return engine{}, ctx.Err()
	}
}

// has tells whether user may come in with password, in a time that tells nothing of either.
func (l Logins) has(user, password string) bool {
	want, known := l[user]
	got := sha256.Sum256([]byte(password))
	return subtle.ConstantTimeCompare(want[:], got[:]) == 1 && known
}

func pause(ctx context.Context, d time.Duration) {
	select {
	case <-ctx.Done():
	case <-time.After(d):
	}
}
