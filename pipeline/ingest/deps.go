package ingest

import (
	"context"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/rs/zerolog"
	"mailtrail/schemas/event"
)

// Deps are what ingest needs from outside.
type Deps struct {
	Log     zerolog.Logger
	Metrics prometheus.Registerer
	Clock   Clock
	Broker  Broker
	Store   Store
	// Stream is the topic, and Room what it shares with the process's other ones.
	Stream Stream
	Room   *Room
	Keys   Keys
	// Reached is called at named points between the steps of storing a block;
	// nil in production. Tests end the process there.
	Reached func(point Point)
}

// Clock is the wall clock, Unix milliseconds.
type Clock func() int64

// Broker is the side of Kafka.
type Broker interface {
	// Join becomes a member of the consumer group of the topic.
	Join() (Group, error)
	// Reader makes a reader of a partition of the topic.
	Reader(partition int32) Reader
	// Span returns the first offset of the partition and the one after its last.
	Span(ctx context.Context, partition int32) (start, end int64, err error)
	// Reject writes messages to the partition of mail.rejects and returns
	// after they are acknowledged.
	Reject(ctx context.Context, partition int32, messages []event.Message) error
	// Transient reports whether an error of this side can heal by itself.
	Transient(err error) bool
}

// Reader reads one partition.
type Reader interface {
	// Next reads what stands from the offset on and waits a moment where there
	// is nothing. It returns ErrGone where the partition does not hold the
	// offset. What it returned before, and all bytes of it, is not valid any more.
	Next(ctx context.Context, offset int64) (Fetched, error)
	Close() error
}

// Group hands out generations, one after the other.
type Group interface {
	Next(ctx context.Context) (Generation, error)
	Close() error
}

// Generation is one assignment of partitions.
type Generation interface {
	Partitions() []int32
	// Start runs work until the generation ends; it must not return before.
	Start(work func(ctx context.Context))
	// Commit stores an offset with metadata; ErrNotOwner where the generation is over.
	Commit(ctx context.Context, partition int32, offset int64, metadata string) error
	// Committed returns what is stored, -1 where nothing is.
	Committed(ctx context.Context, partition int32) (offset int64, metadata string, err error)
}

// Fetched is a stretch of a partition. Every offset up to Next is in it, as a
// message or as an offset without an event.
type Fetched struct {
	Messages         []event.Message
	Control, Aborted []int64
	Next, End        int64
}

// Store is the side of ClickHouse that serves all topics. Each insert is one block, and the same
// token again adds only what is missing.
type Store interface {
	InsertBatches(ctx context.Context, token string, rows []event.BatchRow) error
	InsertReplays(ctx context.Context, token string, rows []event.ReplayRow) error
	InsertReceipt(ctx context.Context, token string, receipt event.Receipt) error
	// Batches returns what is stored under the ids since the time (Unix
	// milliseconds), of all topics where topic is empty.
	Batches(ctx context.Context, topic string, ids []string, since int64) ([]event.BatchRow, error)
	// Replays returns where the origins are stored.
	Replays(ctx context.Context, origins []string) ([]event.ReplayRow, error)
	// LastReceipts returns the last offset that a receipt covers, by partition.
	LastReceipts(ctx context.Context, topic string) (map[int32]int64, error)
	// TopicLabel returns the name under which rows and receipts of the topic
	// stand: another than its own where it was made anew.
	TopicLabel(ctx context.Context, topic string) (string, error)
	// MostParts returns how many parts the fullest partition of a table has.
	MostParts(ctx context.Context) (int, error)
	PutEpoch(ctx context.Context, parts []event.EpochPart) error
	Epoch(ctx context.Context, epoch string) ([]event.EpochPart, error)
	// Transient reports whether an error of this side can heal by itself.
	Transient(err error) bool
}

// Keys seals payloads under the keys of their slots, and opens them. The errors wrap [ErrKeyEnded] where the slot is over.
type Keys interface {
	// Seal returns the payload of the event with the identity as ciphertext that opens for both alone.
	Seal(ctx context.Context, seal event.Seal, identity string, payload []byte) ([]byte, error)
	// Open returns what Seal was given; the error wraps [ErrForeign] where it was not sealed for both, or under no key of ours.
	Open(ctx context.Context, seal event.Seal, identity string, sealed []byte) ([]byte, error)
	// Transient reports whether an error of this side can heal by itself.
	Transient(err error) bool
}

// Point is a place between the steps of storing a block.
type Point string

// The points, in the order in which a block passes them.
const (
	BeforeIntent Point = "before-intent"
	AfterIntent  Point = "after-intent"
	AfterRejects Point = "after-rejects"
	AfterRows    Point = "after-rows"
	AfterBatches Point = "after-batches"
	AfterReceipt Point = "after-receipt"
	AfterCommit  Point = "after-commit"
)
