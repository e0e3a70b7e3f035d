package audit

import (
	"context"
	"errors"
	"iter"

	"mailtrail/schemas/event"
)

// Deps are what an audit needs from outside.
type Deps struct {
	// Clock is the wall clock, Unix milliseconds.
	Clock  func() int64
	Kafka  Kafka
	Store  Store
	Blocks Blocks
	// Progress is told of receipts as they are read; nil where nobody watches.
	Progress func(receipts int)
}

// ErrMembers means that the group has members, so that nobody else may set its offset.
var ErrMembers = errors.New("the consumer group has members")

// Kafka is the front topic and the group that takes it in.
type Kafka interface {
	// Spans returns what each partition holds, by partition number.
	Spans(ctx context.Context) ([]Span, error)
	// Commit returns the group's place in a partition.
	Commit(ctx context.Context, partition int32) (Commit, error)
	// SetCommit stores an offset without metadata for a group without members; ErrMembers where it has some.
	SetCommit(ctx context.Context, partition int32, offset int64) error
}

// Span is what a partition holds: offsets Start to End-1.
type Span struct{ Start, End int64 }

func (s Span) holds(first, last int64) bool { return s.Start <= first && last < s.End }

// Commit is a group's place in a partition.
type Commit struct {
	// Offset is the next to be taken in, -1 where nothing is stored.
	Offset int64
	// Open is the block that is open at Offset, nil where none is.
	Open *Open
}

// covers tells whether receipts up to the offset last are in order under the commit.
func (c Commit) covers(last int64) bool {
	return last < c.Offset || c.Offset >= 0 && c.Open != nil && last <= c.Open.Last
}

// Open is a block between its intent and its commit.
type Open struct {
	Last  int64 // its last offset
	At    int64 // its clock, Unix milliseconds
	Epoch string
	// Topic is the label under which its rows stand, empty for the topic's own name.
	Topic string
}

// Store is ClickHouse.
type Store interface {
	// TopicLabel is the name under which rows and receipts of the topic stand now.
	TopicLabel(ctx context.Context, topic string) (string, error)
	// ReceiptPartitions returns every topic label and partition that has a receipt.
	ReceiptPartitions(ctx context.Context) ([]TopicPartition, error)
	// Receipts goes through a partition's receipts in the order of their first
	// and last offsets; one that stands twice comes twice.
	Receipts(ctx context.Context, topic string, partition int32) iter.Seq2[event.Receipt, error]
	// BlockDifferences compares receipts and rows at offsets below before, in slots that are not due.
	BlockDifferences(ctx context.Context, topic string, partition int32, before int64) ([]BlockDifference, error)
	// Duplicates returns positions at which more than one row stands.
	Duplicates(ctx context.Context, topic string, partition int32, first, last int64, limit int) ([]Duplicate, error)
	// Places returns where rows lie, each position once, in slots that are not due.
	Places(ctx context.Context, topic string, partition int32, first, last int64) ([]Place, error)

	// Batches and Replays return what is stored under ids and origins.
	Batches(ctx context.Context, topic string, ids []string, since int64) ([]event.BatchRow, error)
	Replays(ctx context.Context, origins []string) ([]event.ReplayRow, error)
	// Each insert is one block; the same token again adds only what is missing.
	InsertRows(ctx context.Context, token string, rows event.Rows) error
	InsertBatches(ctx context.Context, token string, rows []event.BatchRow) error
	InsertReplays(ctx context.Context, token string, rows []event.ReplayRow) error
	InsertReceipt(ctx context.Context, token string, receipt event.Receipt) error
}

// TopicPartition is a partition under a label of its topic.
type TopicPartition struct {
	Topic     string
	Partition int32
}

// BlockDifference is a block whose rows in one slot are not what its receipt says.
type BlockDifference struct {
	// First is the block's first offset; of rows that no receipt covers the offset where the gap begins.
	First   int64
	Covered bool
	Class   string
	Slot    int64 // start, Unix seconds
	// Expected is what the receipt says, Rows what is there, Identities how
	// many different positions these have.
	Expected, Rows, Identities uint64
}

// Duplicate is a position at which more than one row stands.
type Duplicate struct {
	Offset int64
	Index  uint32
	Copies uint64
}

// Place is where one row lies.
type Place struct {
	Offset int64
	Index  uint32
	Class  string
	Slot   int64 // start, Unix seconds
}

// Blocks makes blocks of offsets again that lie behind the group's offset.
type Blocks interface {
	// Block makes the block of a receipt again, under its clock and tables.
	Block(ctx context.Context, receipt event.Receipt) (*Block, error)
	// Gap makes a block of offsets of which no receipt tells, from first on; it
	// may end before last. at is the clock that decides, and epoch the tables:
	// where it is empty or cannot be used, those in force.
	Gap(ctx context.Context, topic string, partition int32, first, last, at int64, epoch string) (*Block, error)
	// Reject writes the block's rejects to mail.rejects.
	Reject(ctx context.Context, block *Block) error
}

// Block is a block as the stores must hold it.
type Block struct {
	// Token is that of the block's inserts.
	Token    string
	Rows     event.Rows
	Rejected []event.Message
	Batches  []event.BatchRow
	Replays  []event.ReplayRow
	Receipt  event.Receipt
}
