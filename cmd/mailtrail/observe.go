package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"net/http"
	"sync"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"github.com/prometheus/client_golang/prometheus/promhttp"
)

// observer serves /metrics, /healthz (the process lives) and /readyz (its parts can work).
type observer struct {
	registry *prometheus.Registry
	listen   string

	mu      sync.Mutex
	checks  []readiness
	started bool
}

type readiness struct {
	name  string
	check func(context.Context) error
}

func newObserver(listen string) *observer {
	registry := prometheus.NewRegistry()
	registry.MustRegister(collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}))
	return &observer{registry: registry, listen: listen}
}

// part registers the metrics of one part beside those of another that has the same names.
func (o *observer) part(name string) prometheus.Registerer {
	return prometheus.WrapRegistererWith(prometheus.Labels{"part": name}, o.registry)
}

// ready adds a condition of /readyz.
func (o *observer) ready(name string, check func(context.Context) error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.checks = append(o.checks, readiness{name, check})
}

// startedAll tells that every part has been started: before, nothing is ready, whatever the checks so far say.
func (o *observer) startedAll() {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.started = true
}

func (o *observer) run(ctx context.Context) error {
	listener, err := net.Listen("tcp", o.listen)
	if err != nil {
		return fmt.Errorf("metrics.listen: cannot listen on %s: %w; stop what holds the port, or set metrics.listen to another", o.listen, err)
	}
	mux := http.NewServeMux()
	mux.Handle("GET /metrics", promhttp.HandlerFor(o.registry, promhttp.HandlerOpts{}))
	mux.HandleFunc("GET /healthz", func(w http.ResponseWriter, _ *http.Request) { fmt.Fprintln(w, "ok") })
	mux.HandleFunc("GET /readyz", o.readyz)
	server := &http.Server{Handler: mux, ReadHeaderTimeout: 5 * time.Second}
	stop := context.AfterFunc(ctx, func() { _ = server.Close() }) // a listener's end is no error
	defer stop()
	if err := server.Serve(listener); !errors.Is(err, http.ErrServerClosed) {
		return err
	}
	return nil
}

func (o *observer) readyz(w http.ResponseWriter, r *http.Request) {
	ctx, cancel := context.WithTimeout(r.Context(), 3*time.Second)
	defer cancel()
	o.mu.Lock()
	checks, started := o.checks, o.started
	o.mu.Unlock()
	answer, status := map[string]string{}, http.StatusOK
	if !started {
		answer["start"], status = "parts are still being started", http.StatusServiceUnavailable
	}
	for _, c := range checks {
		answer[c.name] = "ok"
		if err := c.check(ctx); err != nil {
			answer[c.name], status = err.Error(), http.StatusServiceUnavailable
		}
	}
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(answer) // the client may be gone
}
