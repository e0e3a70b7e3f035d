package keys

import (
	"context"
	"crypto/tls"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"time"

	"github.com/rs/zerolog"
)

// ServerConfig says where keys are served.
type ServerConfig struct {
	// Network is "unix" or "tcp", Address a path or host:port.
	Network, Address string
	// TLS is needed over tcp: see [MutualTLS].
	TLS *tls.Config
}

// ServerDeps are what a server needs from outside.
type ServerDeps struct {
	Log       zerolog.Logger
	Authority *Authority
}

// Server serves the keys of an authority to other roles.
type Server struct {
	config ServerConfig
	deps   ServerDeps
}

// NewServer is inert. The error says that the way is not safe for keys.
func NewServer(config ServerConfig, deps ServerDeps) (*Server, error) {
	if err := checkWay(config.Network, config.TLS); err != nil {
		return nil, fmt.Errorf("keys.listen: %w", err)
	}
	return &Server{config, deps}, nil
}

// Run serves until ctx ends. The authority must have started: overdue keys are destroyed before a port is opened.
func (s *Server) Run(ctx context.Context) error {
	if !s.deps.Authority.running() {
		return errors.New("serving slot keys: overdue keys are destroyed first, by the start of the authority")
	}
	listener, remove, err := s.listen()
	if err != nil {
		return fmt.Errorf("keys.listen: %w", err)
	}
	defer remove()
	// Errors of connections go nowhere: what a stranger sends must not reach the log.
	server := &http.Server{
		Handler: s.routes(), ReadHeaderTimeout: 5 * time.Second, ReadTimeout: 10 * time.Second, WriteTimeout: 10 * time.Second,
		MaxHeaderBytes: 8 << 10, ErrorLog: log.New(io.Discard, "", 0),
	}
	stop := context.AfterFunc(ctx, func() {
		end, cancel := context.WithTimeout(context.WithoutCancel(ctx), 5*time.Second)
		defer cancel()
		if server.Shutdown(end) != nil {
			_ = server.Close()
		}
	})
	defer stop()
	s.deps.Log.Info().Str("address", s.config.Address).Msg("serving slot keys")
	if err := server.Serve(listener); !errors.Is(err, http.ErrServerClosed) {
		return fmt.Errorf("serving slot keys: %w", err)
	}
	return nil
}

// listen opens the socket or the port.
func (s *Server) listen() (listener net.Listener, remove func(), err error) {
	if s.config.Network == "unix" {
		return listenUnix(s.config.Address)
	}
	listener, err = net.Listen(s.config.Network, s.config.Address)
	if err != nil {
		return nil, nil, err
	}
	return tls.NewListener(listener, s.config.TLS), func() {}, nil
}

// listenUnix opens a socket that only this user can reach. It is made in a folder of its own and moved to its place with
// its mode set, so that there is no moment at which others could connect.
func listenUnix(path string) (net.Listener, func(), error) {
	folder := path + unfinished
	made := filepath.Join(folder, "s")
	if err := clearLeft(folder, made); err != nil {
		return nil, nil, err
	}
	if err := os.Mkdir(folder, 0o700); err != nil {
		return nil, nil, err
	}
	defer os.Remove(folder)
	name, done, err := socketName(made)
	if err != nil {
		return nil, nil, err
	}
	listener, err := net.ListenUnix("unix", &net.UnixAddr{Net: "unix", Name: name})
	done()
	if err != nil {
		return nil, nil, err
	}
	listener.SetUnlinkOnClose(false)
	if err = os.Chmod(made, 0o600); err == nil {
		err = os.Rename(made, path)
	}
	if err != nil {
		return nil, nil, errors.Join(err, listener.Close(), os.Remove(made))
	}
	return listener, func() { _ = os.Remove(path) }, nil
}

// clearLeft removes what a killed process left: a folder with a socket in it, or empty. Anything else of that name is somebody
// else's, and stays.
func clearLeft(folder, made string) error {
	info, err := os.Lstat(folder)
	if errors.Is(err, os.ErrNotExist) {
		return nil
	}
	if err == nil && !info.IsDir() {
		err = errors.New("it is no folder")
	}
	if err == nil {
		if left, wrong := os.Lstat(made); wrong == nil && left.Mode().Type() == os.ModeSocket {
			err = os.Remove(made)
		}
	}
	if err == nil {
		err = os.Remove(folder)
	}
	if err != nil {
		return fmt.Errorf("%s is in the way, and a killed process leaves at most a socket in it: move it, or serve on a socket in another folder: %w", folder, err)
	}
	return nil
}

func (s *Server) routes() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("POST /v1/keys/{class}/{start}", s.key)
	return mux
}

// key answers with one key.
func (s *Server) key(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Cache-Control", "no-store")
	start, err := time.Parse(time.RFC3339, r.PathValue("start"))
	use := Use(r.URL.Query().Get("use"))
	if err != nil || use != ToSeal && use != ToOpen {
		refuse(w, fmt.Errorf("%w: expected POST /v1/keys/CLASS/START?use=seal or open, START in RFC 3339 UTC", ErrNoSlot))
		return
	}
	grant, err := s.deps.Authority.Key(r.Context(), r.PathValue("class"), start, use)
	if err != nil {
		refuse(w, err)
		return
	}
	body := encodeGrant(&grant)
	grant.Key.wipe()
	defer clear(body)
	w.Header().Set("Content-Type", grantType)
	_, _ = w.Write(body) // a client that has gone needs no answer
}

func refuse(w http.ResponseWriter, err error) {
	a := answerTo(err)
	var r refusal
	r.Error.Code, r.Error.Message = a.code, err.Error()
	w.Header().Set("Content-Type", "application/json")
	if a.status == http.StatusServiceUnavailable {
		w.Header().Set("Retry-After", "5")
	}
	w.WriteHeader(a.status)
	_ = json.NewEncoder(w).Encode(r)
}

func (a *Authority) running() bool {
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.started
}
