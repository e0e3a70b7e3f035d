package gateway

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"net/http"
	"sync"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/rs/zerolog"

	"mailtrail/schemas/event"
	"mailtrail/schemas/event/records"
	"mailtrail/schemas/retention"
)

// Config is what the operator decides.
type Config struct {
	// Listen is the address, HOST:PORT (gateway.listen).
	Listen string
	TLS    TLS
	// MaxBody bounds a body in bytes, as sent and as decompressed (gateway.max_body).
	MaxBody int64
	// MaxMessage bounds a Kafka message in bytes (kafka.max_message).
	MaxMessage int
	// Behind is how old a scan may be when it comes in (the schedule's behind of
	// mail.scans), Ahead how far in the future it may lie (ingest.ahead).
	Behind, Ahead time.Duration
	Limits        Limits
}

// TLS are PEM files. Without a certificate the door is plain HTTP.
type TLS struct {
	Cert, Key string
	// ClientCA holds the authorities whose client certificates name a device.
	ClientCA string
}

// Producer writes messages to Kafka. It returns nil only when all replicas in
// sync have all of them (acks=all), and holds on to none of them then.
type Producer interface {
	Produce(ctx context.Context, messages []event.Message) error
}

// Device is a machine that may come in.
type Device struct {
	Name string
	// Zone is the IANA name of its configured time zone, empty where it has none.
	Zone string
}

// Credentials are what a device shows. Exactly one of Token and Certificate is set.
type Credentials struct {
	// Token comes alone (Bearer) or with the device's name (HTTP basic).
	Device, Token string
	// Certificate is verified against TLS.ClientCA; its common name is the device's.
	Certificate *x509.Certificate
}

// Authenticator knows the devices. It is asked for every request, so that a
// revoked device is out at once. Safe for concurrent use.
type Authenticator interface {
	Authenticate(Credentials) (device Device, ok bool)
}

// Batches knows what became of requests: the rows of the table batches of one
// batch id, one a message, none for an id that is not known yet.
type Batches interface {
	BatchByID(ctx context.Context, id string) ([]event.BatchRow, error)
}

// Pressure tells when the pipeline cannot take more: the oldest record that was
// not consumed has passed half of its topic's life, or the stores are down.
// reason is a sentence for the client. Asked for every request, so it answers at once.
type Pressure interface {
	Refuse() (retryAfter time.Duration, reason string, refuse bool)
}

// LocalTime gives the moment, Unix milliseconds, of a checked event whose time
// has no offset, as ingest will read it: by its facility's zone, or else by the
// device's. known is false where neither zone is known.
type LocalTime func(s *event.Scan, zone string) (unixMilli int64, known bool)

// Preview says what ingest would do with a checked event of a device with the
// zone: its retention class and outcome, and for a reject why.
type Preview func(s *event.Scan, zone string) (class string, outcome event.Outcome, err *event.Error)

// Records is what the gateway needs to know of records of other kinds.
type Records struct {
	Kinds    *records.Catalog
	Schedule *retention.Schedule
	// Pressure is that of mail.records; nil where the schedule leaves such records out, since nothing is taken then.
	Pressure Pressure
	// Preview says what ingest would do with a record of the class that happened then (Unix milliseconds).
	Preview func(class string, captured, now int64) (event.Outcome, *event.Error)
}

// Deps are the parts that the gateway stands on. All are needed.
type Deps struct {
	Records       Records
	Producer      Producer
	Authenticator Authenticator
	Batches       Batches
	// Pressure is that of mail.scans.
	Pressure  Pressure
	LocalTime LocalTime
	Preview   Preview
	// Images is the door for pictures, which this port serves too (POST /v1/images); nil where another one does. It lets in and counts by itself.
	Images     http.Handler
	Clock      func() time.Time
	Logger     zerolog.Logger
	Registerer prometheus.Registerer
}

// Gateway is the door. Run it once, or serve its Handler.
type Gateway struct {
	config Config
	deps   Deps
	log    zerolog.Logger
	tls    *tls.Config // nil for plain HTTP

	handler   http.Handler
	metrics   metrics
	schemas   schemas
	window    window
	partBytes int

	requests budget // requests in flight
	bytes    budget // bytes of bodies in flight
	handling sync.WaitGroup
	readers  decompressors
	works    sync.Pool // of *work
}

// New prepares a gateway; nothing runs yet. It fails on certificates that cannot
// be read and on bounds that leave no room for an event.
func New(config Config, deps Deps) (*Gateway, error) {
	if err := config.check(); err != nil {
		return nil, fmt.Errorf("gateway: %w", err)
	}
	tlsConfig, err := config.TLS.Load()
	if err != nil {
		return nil, fmt.Errorf("gateway: %w", err)
	}
	g := &Gateway{
		config:    config,
		deps:      deps,
		log:       deps.Logger,
		tls:       tlsConfig,
		schemas:   newSchemas(),
		window:    newWindow(config.Behind, config.Ahead),
		partBytes: min(targetPart, config.MaxMessage/2),
		requests:  budget{limit: int64(config.Limits.Requests)},
		bytes:     budget{limit: config.Limits.BytesInFlight},
		readers:   newDecompressors(config.MaxBody),
		works:     sync.Pool{New: func() any { return new(work) }},
	}
	g.metrics = newMetrics(deps.Registerer, g)
	g.handler = g.routes()
	return g, nil
}

// Handler serves the door's paths, without listener or TLS.
func (g *Gateway) Handler() http.Handler { return g.handler }
