package rejects

import (
	"context"
	"errors"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/rs/zerolog"

	"mailtrail/schemas/event"
)

// RepairDeps are what Repair needs from outside.
type RepairDeps struct {
	Log      zerolog.Logger
	Metrics  prometheus.Registerer
	Topic    Topic
	Producer Producer
}

// Topic is mail.rejects, for a consumer group of the repair's own.
type Topic interface {
	// Join becomes a member of the group.
	Join() (Group, error)
	// Reader makes a reader of a partition.
	Reader(partition int32) PartitionReader
	// Start returns the first offset of the partition.
	Start(ctx context.Context, partition int32) (int64, error)
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
	// Commit stores an offset; ErrNotOwner where the generation is over.
	Commit(ctx context.Context, partition int32, offset int64) error
	// Committed returns what is stored, -1 where nothing is.
	Committed(ctx context.Context, partition int32) (int64, error)
}

// PartitionReader reads one partition.
type PartitionReader interface {
	// Next reads what stands from the offset on and waits a moment where there is
	// nothing. next is the offset behind it, end that behind the partition's last. It
	// returns ErrGone where the partition does not hold the offset (any more). What it
	// returned before, and all bytes of it, is not valid any more.
	Next(ctx context.Context, offset int64) (messages []event.Message, next, end int64, err error)
	Close() error
}

// Errors of the topic.
var (
	// ErrGone means that the partition does not hold the offset: its life is over.
	ErrGone = errors.New("mail.rejects does not hold the offset any more")
	// ErrNotOwner means that the partition belongs to another member by now.
	ErrNotOwner = errors.New("the partition has gone to another member of the group")
)
