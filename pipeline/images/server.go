package images

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	stdlog "log"
	"net"
	"net/http"
	"time"

	"github.com/rs/zerolog"
)

// Server is a door's own port (images.listen).
type Server struct {
	listen string
	tls    *tls.Config // nil for plain HTTP
	door   *Images
	log    zerolog.Logger
}

// NewServer prepares the port; nothing is opened.
func NewServer(listen string, tls *tls.Config, door *Images, log zerolog.Logger) *Server {
	return &Server{listen, tls, door, log}
}

// grace is how long requests under way may take to end when the server stops: as long as a pack may.
func (s *Server) grace() time.Duration {
	l := s.door.config.Limits
	return s.door.config.PackAge + l.Put + l.Produce
}

// Run listens and serves until ctx ends; then it takes nothing new, waits for the requests under way and returns nil.
func (s *Server) Run(ctx context.Context) error {
	listener, err := (&net.ListenConfig{}).Listen(ctx, "tcp", s.listen)
	if err != nil {
		return fmt.Errorf("images: cannot listen on %s: choose another address with images.listen, or end what holds it: %w", s.listen, err)
	}
	mux := http.NewServeMux()
	mux.Handle("/v1/images", s.door)
	mux.HandleFunc("/", func(w http.ResponseWriter, _ *http.Request) {
		(&answerer{w: w, clock: s.door.deps.Clock}).fail(fail(http.StatusNotFound, NotFound, "no such path; there is POST /v1/images"))
	})
	limits := s.door.config.Limits
	server := &http.Server{
		Handler: mux, TLSConfig: s.tls, ReadHeaderTimeout: 10 * time.Second, ReadTimeout: limits.Read, WriteTimeout: limits.Read + s.grace(),
		IdleTimeout: 2 * time.Minute, MaxHeaderBytes: 16 << 10, ErrorLog: stdlog.New(debugLog{s.log}, "", 0),
	}
	ended := make(chan error, 1)
	go func() {
		if s.tls != nil {
			ended <- server.ServeTLS(listener, "", "")
		} else {
			ended <- server.Serve(listener)
		}
	}()
	s.log.Info().Stringer("address", listener.Addr()).Bool("tls", s.tls != nil).Msg("the door for images is open")
	select {
	case err = <-ended:
	case <-ctx.Done():
		grace, cancel := context.WithTimeout(context.WithoutCancel(ctx), s.grace())
		defer cancel()
		if server.Shutdown(grace) != nil {
			s.log.Warn().Msg("requests under way were cut off without an acknowledgement: the grace was over")
			_ = server.Close() // what is left is only to be closed
		}
		err = <-ended
	}
	if !errors.Is(err, http.ErrServerClosed) {
		return fmt.Errorf("images: serve on %s: %w", listener.Addr(), err)
	}
	return nil
}

// debugLog takes what goes wrong on connections before there is a request. The text holds the peer's address and is for those who debug.
type debugLog struct{ log zerolog.Logger }

func (l debugLog) Write(text []byte) (int, error) {
	l.log.Debug().Str("cause", string(text)).Msg("a connection failed")
	return len(text), nil
}
