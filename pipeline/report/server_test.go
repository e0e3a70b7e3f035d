package report

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/rs/zerolog"
	"github.com/stretchr/testify/require"
)

// serving is a running API whose handler the test gives; stop returns when Run did.
type serving struct {
	address string
	ended   chan error
	end     context.CancelFunc
}

func serve(t *testing.T, w *world) *serving {
	t.Helper()
	free, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	require.NoError(t, free.Close())
	w.api.config.Listen = free.Addr().String()
	ctx, end := context.WithCancel(t.Context())
	s := &serving{w.api.config.Listen, make(chan error, 1), end}
	go func() { s.ended <- w.api.Run(ctx) }()
	require.Eventually(t, func() bool {
		conn, err := net.Dial("tcp", s.address)
		if err == nil {
			_ = conn.Close()
		}
		return err == nil
	}, 10*time.Second, time.Millisecond)
	return s
}

// A request under way gets its answer, and what it reads is not closed under it: Run returns after it alone.
func TestTheEndWaitsForRequests(t *testing.T) {
	w := newWorld()
	entered, release, done := make(chan struct{}), make(chan struct{}), make(chan struct{})
	w.api.handler = http.HandlerFunc(func(out http.ResponseWriter, r *http.Request) {
		close(entered)
		select {
		case <-release:
		case <-r.Context().Done():
		}
		_, _ = io.WriteString(out, "whole")
		close(done)
	})
	s := serve(t, w)
	answered := make(chan string, 1)
	go func() {
		response, err := http.Get("http://" + s.address + "/")
		if err != nil {
			answered <- err.Error()
			return
		}
		defer response.Body.Close()
		text, _ := io.ReadAll(response.Body)
		answered <- string(text)
	}()
	<-entered
	s.end()
	require.Eventually(t, func() bool {
		conn, err := net.Dial("tcp", s.address)
		if err == nil {
			_ = conn.Close()
		}
		return err != nil
	}, 10*time.Second, time.Millisecond, "nothing new is taken")
	select {
	case <-s.ended:
		require.FailNow(t, "it returned before its handler")
	case <-done:
		require.FailNow(t, "the request was cut off")
	default:
	}
	close(release)
	require.Equal(t, "whole", <-answered)
	require.NoError(t, <-s.ended)
	<-done
}

// lines takes the log of a running server.
type lines struct {
	mu   sync.Mutex
	text strings.Builder
}

func (l *lines) Write(text []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.Write(text)
}

func (l *lines) has(part string) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	return strings.Contains(l.text.String(), part)
}

// What goes wrong on a connection is for those who debug, in the form of the log.
func TestFailedHandshakesAreLogged(t *testing.T) {
	w := newWorld()
	log := &lines{}
	w.api.deps.Log = zerolog.New(log)
	w.api.config.Cert, w.api.config.Key = certificate(t)
	s := serve(t, w)
	_, err := tls.Dial("tcp", s.address, &tls.Config{}) // it does not trust the certificate, and says so
	require.Error(t, err)
	require.Eventually(t, func() bool { return log.has("bad certificate") }, 10*time.Second, time.Millisecond)
	s.end()
	require.NoError(t, <-s.ended)
	require.True(t, log.has(`{"level":"debug","cause":"http: TLS handshake error`))
}

// certificate are files of a certificate that nobody trusts and its key.
func certificate(t *testing.T) (cert, key string) {
	t.Helper()
	server := httptest.NewTLSServer(nil)
	defer server.Close()
	pair := server.TLS.Certificates[0]
	der, err := x509.MarshalPKCS8PrivateKey(pair.PrivateKey)
	require.NoError(t, err)
	cert, key = filepath.Join(t.TempDir(), "cert.pem"), filepath.Join(t.TempDir(), "key.pem")
	require.NoError(t, os.WriteFile(cert, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: pair.Certificate[0]}), 0o600))
	require.NoError(t, os.WriteFile(key, pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: der}), 0o600))
	return cert, key
}

// One that the grace cut off still counts until it ends, and none begins after that.
func TestTheEndWaitsForTheLastHandler(t *testing.T) {
	entered, release, waited := make(chan struct{}), make(chan struct{}), make(chan struct{})
	c := &counted{next: http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/slow" {
			close(entered)
			<-release
		}
	})}
	ask := func(path string) int {
		out := httptest.NewRecorder()
		c.ServeHTTP(out, httptest.NewRequest(http.MethodGet, path, nil))
		return out.Code
	}
	go ask("/slow")
	<-entered
	require.Equal(t, http.StatusOK, ask("/"))
	go func() {
		c.wait()
		close(waited)
	}()
	require.Eventually(t, func() bool { return ask("/") == http.StatusServiceUnavailable }, 10*time.Second, time.Millisecond, "none begins any more")
	select {
	case <-waited:
		require.FailNow(t, "a handler is still at work")
	default:
	}
	close(release)
	<-waited
	require.Equal(t, http.StatusServiceUnavailable, ask("/"))
}
