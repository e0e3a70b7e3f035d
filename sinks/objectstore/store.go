package objectstore

import (
	"context"
	"crypto/tls"
	"fmt"

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
	*connection
	cfg     Config
	deps    Deps
	metrics *metrics
}

// Open makes a Store; a connection is made when one is first needed.
func Open(cfg Config, deps Deps) (*Store, error) {
	credentials, err := login(cfg, deps.SecretKey)
	if err != nil {
		return nil, err
	}
	c, err := connect(cfg, credentials)
	if err != nil {
		return nil, err
	}
	m, err := newMetrics(deps.Metrics)
	if err != nil {
		return nil, fmt.Errorf("objects: %w", err)
	}
	return &Store{connection: c, cfg: cfg, deps: deps, metrics: m}, nil
}

// Ping asks the store for the bucket; one that is not there is [ErrNoBucket].
func (s *Store) Ping(ctx context.Context) error {
	there, err := s.client.BucketExists(ctx, s.cfg.Bucket)
	switch {
	case err != nil:
		return fmt.Errorf("objects: %w", withRemedy(err))
	case !there:
		return fmt.Errorf("objects: bucket %s: %w: run mailtrail migrate, which makes it", s.cfg.Bucket, ErrNoBucket)
	}
	return nil
}
