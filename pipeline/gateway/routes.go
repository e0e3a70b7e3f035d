package gateway

import (
	"fmt"
	"net/http"
	"runtime/debug"
	"slices"
	"strings"
	"time"
)

// call is one request and what is noted of it for log and metrics.
type call struct {
	g      *Gateway
	w      http.ResponseWriter
	r      *http.Request
	device Device

	status            int // 0 until answered
	received          int64
	accepted, refused int
	cause             error
}

// access says who may call a route.
type access bool

const (
	forDevices  access = true
	forEveryone access = false
)

func (g *Gateway) routes() http.Handler {
	mux := http.NewServeMux()
	mux.Handle("/v1/scans", g.route("scans", forDevices, (*call).postScans, http.MethodPost))
	mux.Handle("/v1/batches/{id}", g.route("batches", forDevices, (*call).getBatch, http.MethodGet, http.MethodHead))
	mux.Handle("/v1/schema", g.route("schema", forEveryone, (*call).getSchema, http.MethodGet, http.MethodHead))
	notAvailable := g.route("other", forEveryone, (*call).notAvailable)
	if g.deps.Images != nil {
		mux.Handle("/v1/images", g.deps.Images)
	} else {
		mux.Handle("/v1/images", notAvailable)
	}
	mux.Handle("/v1/images/", notAvailable)
	mux.Handle("/v1/records/{kind}", g.route("records", forDevices, (*call).postRecords, http.MethodPost))
	mux.Handle("/", g.route("other", forEveryone, (*call).notFound))
	return mux
}

// route wraps what a path does with everything that holds for all of them. No
// methods means any.
func (g *Gateway) route(name string, who access, serve func(*call), methods ...string) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		g.handling.Add(1)
		defer g.handling.Done()
		start := g.deps.Clock()
		c := &call{g: g, w: w, r: r}
		defer func() { g.finish(name, c, start, recover()) }()
		if len(methods) > 0 && !slices.Contains(methods, r.Method) {
			w.Header().Set("Allow", strings.Join(methods, ", "))
			c.fail(fail(http.StatusMethodNotAllowed, MethodNotAllowed, "expected "+strings.Join(methods, " or ")))
			return
		}
		if who == forDevices && !c.authenticate() {
			return
		}
		if !g.requests.take(1) {
			c.fail(later(Busy, time.Second, "as many requests as the gateway works on at once").withLimit(g.requests.limit))
			return
		}
		defer g.requests.give(1)
		serve(c)
	})
}

// finish counts and logs the request. Neither token, query, body nor address
// comes into the log.
func (g *Gateway) finish(route string, c *call, start time.Time, panicked any) {
	if panicked != nil {
		g.log.Error().Str("route", route).Str("panic", fmt.Sprint(panicked)).Bytes("stack", debug.Stack()).Msg("a request failed within the gateway")
		if c.status != 0 {
			panic(http.ErrAbortHandler)
		}
		c.fail(fail(http.StatusInternalServerError, Internal, "the gateway failed; nothing was acknowledged"))
	}
	g.metrics.request(route, c.status, c.received)
	line := g.log.Debug()
	if c.status >= http.StatusInternalServerError {
		line = g.log.Warn().AnErr("cause", c.cause)
	}
	line.Str("method", knownMethod(c.r.Method)).Str("route", route).Int("status", c.status).Int64("bytes", c.received).
		Int("accepted", c.accepted).Int("refused", c.refused).Dur("duration", g.deps.Clock().Sub(start)).Str("device", c.device.Name).Msg("request")
}

// knownMethod keeps what a stranger may write in place of a method out of the log.
func knownMethod(method string) string {
	switch method {
	case http.MethodGet, http.MethodHead, http.MethodPost, http.MethodPut, http.MethodPatch, http.MethodDelete, http.MethodOptions:
		return method
	}
	return "other"
}

func (c *call) notFound() {
	c.fail(fail(http.StatusNotFound, NotFound, "no such path; there are /v1/scans, /v1/records/{kind}, /v1/batches/{id} and /v1/schema"))
}

func (c *call) notAvailable() {
	c.fail(fail(http.StatusNotFound, NotAvailable, "this part of the interface is not there yet"))
}
