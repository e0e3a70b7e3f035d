package kafka

import (
	"context"
	"fmt"
	"time"
)

// ReaderConfig says what a Reader reads.
type ReaderConfig struct {
	Topic     string
	Partition int32
	// MaxBytes bounds what the broker sends at once; one batch of records
	// comes even where it is larger. A Reader holds twice as much, and besides
	// one piece of decompressed records: 1 MiB, or one batch where that is larger.
	MaxBytes int
	// MaxWait is how long the broker waits for something to come, in whole milliseconds.
	MaxWait time.Duration
}

// Reader reads one partition from an offset on, over a connection of its own
// to the partition's leader, under read_committed as Fetch does. While what
// Next returned is used, the answer that follows it is being read. It is not
// for several goroutines at once.
type Reader struct {
	client *Client
	config ReaderConfig

	link   *link // nil while there is no connection
	asked  int64 // the offset of the open question
	next   int64 // the offset that the next call is expected to ask for
	pieces pieces
	// buffers hold the answer that is handed out and the one that is being read.
	buffers [2]reused
	reading int
}

// NewReader makes a Reader; no connection is opened until it is used. Close it.
func (c *Client) NewReader(config ReaderConfig) *Reader {
	return &Reader{client: c, config: config, pieces: newPieces(config.Topic, config.Partition)}
}

// Next returns what stands from the offset on, in pieces of some thousand
// messages; nothing where nothing has come within MaxWait. The offset is as a
// rule the Next of what was returned before; with any other the Reader begins
// anew. What it returned before, and all bytes of it, must not be used after
// the call: they are used again.
//
// It returns ErrOutOfRange as Fetch does. An error names the place; after one
// the next call connects again, to the broker that leads the partition then.
// When ctx ends, Next returns at once and may be called again.
func (r *Reader) Next(ctx context.Context, offset int64) (*Fetched, error) {
	got, err := r.read(ctx, offset)
	if err != nil {
		return nil, fmt.Errorf("fetch topic %s partition %d at offset %d: %w", r.config.Topic, r.config.Partition, offset, err)
	}
	return got, nil
}

// Close closes the connection and returns when nothing of the Reader runs any more.
func (r *Reader) Close() error {
	if r.link == nil {
		return nil
	}
	err := r.link.close()
	r.link = nil
	r.pieces.clear()
	return err
}

func (r *Reader) read(ctx context.Context, offset int64) (*Fetched, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	if offset != r.next {
		_ = r.Close() // with the answer that was guessed to be wanted
	}
	if r.link == nil {
		conn, version, err := r.client.dialLeader(ctx, r.config.Topic, r.config.Partition)
		if err != nil {
			return nil, err
		}
		r.link = newLink(conn, version, r.config)
		r.next = offset
		r.ask(offset)
	}
	if r.pieces.done() {
		select {
		case err := <-r.link.answers:
			if err == nil {
				err = r.take()
			}
			if err != nil {
				_ = r.Close()
				return nil, err
			}
		case <-ctx.Done():
			return nil, ctx.Err()
		}
	}
	got, err := r.pieces.next(offset)
	if err != nil {
		_ = r.Close()
		return nil, err
	}
	r.next = got.Next
	return got, nil
}

// ask sends the question for what stands from the offset on.
func (r *Reader) ask(offset int64) {
	r.asked = offset
	r.link.questions <- question{offset, &r.buffers[r.reading]}
}

// take begins with the answer that was read, and asks for what follows it.
func (r *Reader) take() error {
	if err := r.pieces.answer.parse(r.buffers[r.reading].bytes, r.link.version, r.config.Partition); err != nil {
		return err
	}
	next, err := r.pieces.begin(r.asked)
	if err != nil {
		return err
	}
	r.reading = 1 - r.reading
	r.ask(next)
	return nil
}
