package rejects

import (
	"context"
	"errors"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/rs/zerolog"

	"mailtrail/schemas/event"
	"mailtrail/schemas/retention"
)

// RepairDeps are what Repair needs from outside.
type RepairDeps struct {
	Log      zerolog.Logger
	Metrics  prometheus.Registerer
	Topic    Topic
	Producer Producer
	Keys     Keys
	// SealedBy is the schedule's row of dead letters.
	SealedBy *retention.Row
}

// Topic is mail.rejects, for a consumer group of the repair's own.
type Topic interface {
	// Join becomes a member of the group.
	Join() (Group, error)
	// Spans returns what each partition holds, by partition number.
	Spans(ctx context.Context) ([]Span, error)
	// Fetch returns what stands from the offset on, some hundred KiB or one message,
	// and the offset behind it.
	Fetch(ctx context.Context, partition int32, offset int64) (messages []event.Message, next int64, err error)
}

// Span is the offsets that a partition holds: Start to End-1.
type Span struct{ Start, End int64 }

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
	// Commit stores an offset; ErrNotOwner where the generation is over.
	Commit(ctx context.Context, partition int32, offset int64) error
	// Committed returns what is stored, -1 where nothing is.
	Committed(ctx context.Context, partition int32) (int64, error)
}

// ErrNotOwner means that the partition belongs to another member by now.
var ErrNotOwner = errors.New("the partition has gone to another member of the group")
