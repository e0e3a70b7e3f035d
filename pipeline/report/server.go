package report

import (
	"context"
	"errors"
	"fmt"
	stdlog "log"
	"net"
	"net/http"
	"sync"
	"time"

	"github.com/rs/zerolog"
)

// grace is how long requests under way may take to end when the server stops: more than the page waits for a store.
const grace = 10 * time.Second

// Run listens and serves until ctx ends; then it takes nothing new, waits for the requests under way, and returns when the last
// handler has: what they read can be closed then. Those that take longer than the grace are cut off, and their contexts end.
func (a *API) Run(ctx context.Context) error {
	listener, err := net.Listen("tcp", a.config.Listen)
	if err != nil {
		return fmt.Errorf("api.listen: cannot listen on %s: %w; stop what holds the port, or set api.listen to another", a.config.Listen, err)
	}
	requests, cut := context.WithCancel(context.WithoutCancel(ctx))
	defer cut()
	handlers := &counted{next: a.handler}
	server := &http.Server{
		Handler: handlers, ReadHeaderTimeout: 5 * time.Second, ReadTimeout: 10 * time.Second, WriteTimeout: time.Minute, IdleTimeout: 2 * time.Minute, MaxHeaderBytes: 16 << 10,
		BaseContext: func(net.Listener) context.Context { return requests }, ErrorLog: stdlog.New(debugLog{a.deps.Log}, "", 0),
	}
	if a.config.Cert == "" && !loopback(listener.Addr()) {
		a.deps.Log.Warn().Str("address", listener.Addr().String()).
			Msg("api listens beyond this machine without TLS: officers' tokens cross the network in clear. Set api.tls.cert and api.tls.key, or listen on 127.0.0.1 behind a proxy that has TLS")
	}
	ended := make(chan error, 1)
	go func() {
		if a.config.Cert != "" {
			ended <- server.ServeTLS(listener, a.config.Cert, a.config.Key)
		} else {
			ended <- server.Serve(listener)
		}
	}()
	a.deps.Log.Info().Str("address", listener.Addr().String()).Msg("api is open")
	select {
	case err = <-ended:
	case <-ctx.Done():
		end, cancel := context.WithTimeout(context.WithoutCancel(ctx), grace)
		defer cancel()
		if server.Shutdown(end) != nil {
			a.deps.Log.Warn().Msg("requests under way were cut off: the grace was over")
		}
		err = <-ended
	}
	cut()
	_ = server.Close() // what is left is only to be closed
	_ = listener.Close()
	handlers.wait()
	if errors.Is(err, http.ErrServerClosed) {
		return nil
	}
	return err
}

func loopback(address net.Addr) bool {
	tcp, ok := address.(*net.TCPAddr)
	return ok && tcp.IP.IsLoopback()
}

// counted holds those who wait until its last request has ended; the server's own end does not.
type counted struct {
	next http.Handler
	// open is held for reading by each request under way, and for ever by who waits for the end.
	open sync.RWMutex
}

func (c *counted) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if !c.open.TryRLock() {
		w.WriteHeader(http.StatusServiceUnavailable) // a connection that was taken in the last moment
		return
	}
	defer c.open.RUnlock()
	c.next.ServeHTTP(w, r)
}

// wait returns when the last request has ended. None is taken after it.
func (c *counted) wait() { c.open.Lock() }

// debugLog takes what goes wrong on connections before there is a request. The text holds the peer's address and is for those who debug.
type debugLog struct{ log zerolog.Logger }

func (l debugLog) Write(text []byte) (int, error) {
	l.log.Debug().Str("cause", string(text)).Msg("a connection failed")
	return len(text), nil
}
