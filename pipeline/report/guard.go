package report

import (
	"context"
	"net"
	"net/http"
	"net/netip"
	"strconv"
	"sync"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promauto"
	"golang.org/x/time/rate"
)

// Officers tell who a records officer is.
type Officers interface {
	// Officer returns the officer's name; false for a wrong token, an unknown name and one that was revoked alike. It takes
	// the same time whatever is wrong with a token.
	Officer(name, token string) (string, bool)
}

// guard lets officers in by HTTP basic: the name, and the token as the password. A log-in takes its place by putting
// another middleware before the same routes; these ask [officerOf] alone.
type guard struct {
	officers Officers
	clock    func() time.Time
	refused  *prometheus.CounterVec
	tries    tries
}

// After failed tries an address waits: so many at once, then one each time that has passed.
const (
	freeTries = 10
	tryEvery  = 6 * time.Second
)

func newGuard(officers Officers, registerer prometheus.Registerer, clock func() time.Time) *guard {
	return &guard{officers: officers, clock: clock, refused: promauto.With(registerer).NewCounterVec(prometheus.CounterOpts{
		Namespace: "mailtrail", Subsystem: "api", Name: "officer_refused_total", Help: "Requests for the records officer's page that were not let in, by reason (no_credentials, wrong_credentials, too_many_tries).",
	}, []string{"reason"})}
}

type officerKey struct{}

// officerOf is who asks.
func officerOf(r *http.Request) string {
	name, _ := r.Context().Value(officerKey{}).(string)
	return name
}

// protect lets only officers through.
func (g *guard) protect(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		name, token, shown := r.BasicAuth()
		if !shown {
			g.refuse(w, "no_credentials")
			return
		}
		failed := g.tries.of(r.RemoteAddr)
		now := g.clock()
		if failed.TokensAt(now) < 1 {
			g.refused.WithLabelValues("too_many_tries").Inc()
			w.Header().Set("Retry-After", strconv.Itoa(int(tryEvery/time.Second)))
			http.Error(w, "Too many failed tries from this address: wait a little and try again.", http.StatusTooManyRequests)
			return
		}
		who, ok := g.officers.Officer(name, token)
		if !ok {
			failed.AllowN(now, 1)
			g.refuse(w, "wrong_credentials")
			return
		}
		next.ServeHTTP(w, r.WithContext(context.WithValue(r.Context(), officerKey{}, who)))
	})
}

func (g *guard) refuse(w http.ResponseWriter, reason string) {
	g.refused.WithLabelValues(reason).Inc()
	w.Header().Set("WWW-Authenticate", `Basic realm="mailtrail records officer", charset="UTF-8"`)
	http.Error(w, "This page is for records officers: their name, and the token that `mailtrail access add officer NAME` printed as the password.", http.StatusUnauthorized)
}

// tries remembers failed tries by address; of IPv6 a network of 64 bits counts as one.
type tries struct {
	mu     sync.Mutex
	failed map[netip.Prefix]*rate.Limiter
}

// mostAddresses bounds the memory of tries. Beyond, all addresses begin anew.
const mostAddresses = 10_000

func (t *tries) of(remote string) *rate.Limiter {
	host, _, _ := net.SplitHostPort(remote)
	address, _ := netip.ParseAddr(host)
	address = address.Unmap()
	bits := 32
	if address.Is6() {
		bits = 64
	}
	network, _ := address.Prefix(bits) // the zero one where there is no address
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.failed == nil || len(t.failed) >= mostAddresses && t.failed[network] == nil {
		t.failed = map[netip.Prefix]*rate.Limiter{}
	}
	if t.failed[network] == nil {
		t.failed[network] = rate.NewLimiter(rate.Every(tryEvery), freeTries)
	}
	return t.failed[network]
}

// headers keep the page to itself: no script, no frame, nothing from elsewhere, nothing kept by the browser.
func headers(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		h := w.Header()
		h.Set("Content-Security-Policy", "default-src 'none'; style-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'")
		h.Set("X-Frame-Options", "DENY")
		h.Set("X-Content-Type-Options", "nosniff")
		h.Set("Referrer-Policy", "no-referrer")
		h.Set("Cross-Origin-Opener-Policy", "same-origin")
		h.Set("Cross-Origin-Resource-Policy", "same-origin")
		h.Set("Cache-Control", "no-store")
		if r.Method != http.MethodGet && r.Method != http.MethodHead {
			h.Set("Allow", "GET, HEAD")
			http.Error(w, "This page is only read.", http.StatusMethodNotAllowed)
			return
		}
		next.ServeHTTP(w, r)
	})
}
