// Package report is the door for business mailers: so far it only says that
// its answers are not there yet, in the form in which all its errors come.
package report

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"net/http"
	"strings"
	"time"

	"github.com/rs/zerolog"
)

// Config is what the operator decides.
type Config struct {
	// Listen is the address, HOST:PORT (api.listen).
	Listen string
	// Cert and Key are PEM files; plain HTTP without them (api.tls).
	Cert, Key string
}

// Deps are what the API needs from outside.
type Deps struct {
	Log   zerolog.Logger
	Clock func() time.Time
	// Images serves /v1/images and what lies below; it lets in by itself. nil where there are no images.
	Images http.Handler
}

// API serves mailers. Run it once.
type API struct {
	config Config
	deps   Deps
}

// New prepares an API; nothing runs yet.
func New(config Config, deps Deps) *API { return &API{config: config, deps: deps} }

// Run listens and serves until ctx ends.
func (a *API) Run(ctx context.Context) error {
	listener, err := net.Listen("tcp", a.config.Listen)
	if err != nil {
		return fmt.Errorf("api.listen: cannot listen on %s: %w; stop what holds the port, or set api.listen to another", a.config.Listen, err)
	}
	server := &http.Server{Handler: a, ReadHeaderTimeout: 5 * time.Second, MaxHeaderBytes: 16 << 10}
	stop := context.AfterFunc(ctx, func() { _ = server.Close() }) // the listener's end is no error
	defer stop()
	a.deps.Log.Info().Str("address", listener.Addr().String()).Msg("api is open for mailers")
	if a.config.Cert != "" {
		err = server.ServeTLS(listener, a.config.Cert, a.config.Key)
	} else {
		err = server.Serve(listener)
	}
	if errors.Is(err, http.ErrServerClosed) {
		return nil
	}
	return err
}

const imagesPath = "/v1/images"

// answer is the form of an error, as the gateway's.
type answer struct {
	Error struct {
		Code    string `json:"code"`
		Message string `json:"message"`
	} `json:"error"`
	Time string `json:"time"`
}

// ServeHTTP serves images, and answers 404 not_available to everything else.
func (a *API) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if path := r.URL.Path; a.deps.Images != nil && (path == imagesPath || strings.HasPrefix(path, imagesPath+"/")) {
		a.deps.Images.ServeHTTP(w, r)
		return
	}
	var out answer
	out.Error.Code = "not_available"
	out.Error.Message = "this version has no answers for mailers yet; `mailtrail piece BARCODE` and the SQL views have them"
	out.Time = a.deps.Clock().UTC().Format(time.RFC3339Nano)
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(http.StatusNotFound)
	_ = json.NewEncoder(w).Encode(out) // the client may be gone
}
