package objectstore

import (
	"crypto/tls"
	"fmt"
	"net"
	"net/http"
	"time"

	"github.com/minio/minio-go/v7"
	"github.com/minio/minio-go/v7/pkg/credentials"
	"github.com/prometheus/client_golang/prometheus"
	"github.com/rs/zerolog"

	"mailtrail/schemas/retention"
)

// Config says where the store is and who comes in.
type Config struct {
	// Endpoint is HOST:PORT.
	Endpoint string
	// Bucket holds all objects.
	Bucket string
	// AccessKey is who comes in; empty comes in as nobody.
	AccessKey string
	// TLS is nil for a connection in clear.
	TLS *tls.Config
}

// Deps is what a Store needs from others.
type Deps struct {
	// SecretKey returns the secret of the access key; it is asked once. Nil
	// means an empty one.
	SecretKey func() (string, error)
	// Schedule says which classes have objects, in which slots, and how long
	// the bucket's backstop waits.
	Schedule *retention.Schedule
	Log      zerolog.Logger
	Metrics  prometheus.Registerer
}

// Store is one bucket. It is safe for concurrent use.
type Store struct {
	cfg     Config
	deps    Deps
	client  *minio.Core
	metrics *metrics
	close   func()
}

// connections is how many requests can be under way without a new connection for each.
const connections = 64

// Open makes a Store; a connection is made when one is first needed.
func Open(cfg Config, deps Deps) (*Store, error) {
	secret := ""
	if deps.SecretKey != nil {
		var err error
		if secret, err = deps.SecretKey(); err != nil {
			return nil, fmt.Errorf("objects: secret of the access key: %w", err)
		}
	}
	transport := &http.Transport{
		Proxy:       http.ProxyFromEnvironment,
		DialContext: (&net.Dialer{Timeout: 5 * time.Second, KeepAlive: 30 * time.Second}).DialContext,
		// Connections that are open spare a login each; the default of two would close the rest.
		MaxIdleConns: connections, MaxIdleConnsPerHost: connections, IdleConnTimeout: time.Minute,
		TLSHandshakeTimeout: 5 * time.Second, TLSClientConfig: cfg.TLS, ResponseHeaderTimeout: time.Minute,
		// A pack is ciphertext: what the server sends must come as it lies there.
		DisableCompression: true, WriteBufferSize: 64 << 10, ReadBufferSize: 64 << 10,
	}
	client, err := minio.NewCore(cfg.Endpoint, &minio.Options{
		Creds: credentials.NewStaticV4(cfg.AccessKey, secret, ""), Secure: cfg.TLS != nil, Transport: transport,
		MaxRetries: 1, // who calls knows better when to try again, and counts it
	})
	if err != nil {
		return nil, fmt.Errorf("objects.endpoint %q: %w", cfg.Endpoint, err)
	}
	m, err := newMetrics(deps.Metrics)
	if err != nil {
		return nil, fmt.Errorf("objects: %w", err)
	}
	return &Store{cfg: cfg, deps: deps, client: client, metrics: m, close: transport.CloseIdleConnections}, nil
}

// Close closes idle connections.
func (s *Store) Close() { s.close() }

// Bucket is the name of the bucket.
func (s *Store) Bucket() string { return s.cfg.Bucket }
