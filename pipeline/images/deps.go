package images

import (
	"context"
	"errors"
	"net/http"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/rs/zerolog"

	"mailtrail/schemas/derive"
	"mailtrail/schemas/event"
)

// Object is what a sealed picture is bound to: it opens under these four alone.
type Object struct {
	Class   string
	Slot    time.Time
	ID      string
	Version uint32
}

// sealedForm is the version of what is sealed: the picture's bytes as they came.
const sealedForm = 1

// Sealer encrypts and decrypts under the keys of slots.
type Sealer interface {
	// Seal appends the sealed payload to dst, Open the payload. dst may be nil and must not overlap.
	Seal(ctx context.Context, dst []byte, o Object, payload []byte) ([]byte, error)
	Open(ctx context.Context, dst []byte, o Object, sealed []byte) ([]byte, error)
	// Status is the status of HTTP that a door answers with where err kept it
	// from either: 410 for a slot that is over, 503 where no key can be had now,
	// 500 for bytes that are damaged or belong elsewhere.
	Status(err error) int
}

// ErrNoBytes means that the store has no such pack, or it ends too soon. A Store returns it.
var ErrNoBytes = errors.New("the bytes are not there")

// Store keeps packs, by SLOT/NAME.
type Store interface {
	// Put stores a pack once. What can heal is tried again until ctx ends.
	Put(ctx context.Context, pack string, body []byte) error
	// Get reads a stretch of a pack.
	Get(ctx context.Context, pack string, offset, length int64) ([]byte, error)
}

// Producer writes messages to Kafka. It returns nil only when all replicas in
// sync have all of them, and holds on to none of them then.
type Producer interface {
	Produce(ctx context.Context, messages []event.Message) error
}

// Pressure tells when the pipeline cannot take more. It answers at once.
type Pressure interface {
	Refuse() (retryAfter time.Duration, reason string, refuse bool)
}

// Device is a machine that may come in, with its configured time zone, if it has one (IANA name).
type Device struct{ Name, Zone string }

// Authenticator knows the devices. It is asked for every request, so that a revoked device is out at once.
type Authenticator interface {
	Authenticate(r *http.Request) (device Device, ok bool)
}

// Deps are the parts that the door stands on. All are needed.
type Deps struct {
	Sealer        Sealer
	Store         Store
	Producer      Producer
	Authenticator Authenticator
	Pressure      Pressure
	Tables        *derive.Tables
	// IDKey is the key of the hash in pictures' ids.
	IDKey   IDKey
	Clock   func() time.Time
	Log     zerolog.Logger
	Metrics prometheus.Registerer
	// Reached is called at named points of a pack's way; nil in production. Tests end the process there.
	Reached func(Point)
}

// Point is a place on the way of a pack.
type Point string

// The points, in the order in which a pack passes them.
const (
	BeforePut Point = "before-put"
	AfterPut  Point = "after-put"
	AfterKeep Point = "after-index"
)
