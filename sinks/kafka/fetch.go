package kafka

import (
	"context"
	"errors"
	"fmt"
	"io"
	"math"
	"time"

	kafkago "github.com/segmentio/kafka-go"
	"github.com/segmentio/kafka-go/protocol"
	fetchapi "github.com/segmentio/kafka-go/protocol/fetch"
	"mailtrail/schemas/event"
)

// Fetch asks for what stands from Offset on in one partition.
type Fetch struct {
	Topic     string
	Partition int32
	Offset    int64
	// MaxBytes bounds the answer; one batch of records comes even where it is larger.
	MaxBytes int
	// MaxWait is how long the broker waits for something to come.
	MaxWait time.Duration
}

// Fetched is the answer to a Fetch: every offset from the one asked for up to
// Next is in it, as a message or as an offset without an event.
type Fetched struct {
	// Messages are the events' messages, in rising order of offsets. Their
	// bytes belong to them.
	Messages []event.Message
	// Control and Aborted are the offsets of transaction markers and of
	// records of transactions that were taken back, in rising order.
	Control, Aborted []int64
	// Next is the offset after the last one of the answer.
	Next int64
	// Start and End are the partition's first offset and the one after its
	// last that may be read.
	Start, End int64
}

// ErrOutOfRange means that the partition does not hold the offset: it was
// deleted, or the topic was made anew.
var ErrOutOfRange = errors.New("kafka does not hold this offset")

// Fetch reads records under read_committed: what open transactions wrote does
// not come yet, and what was taken back comes as Aborted. The client's own
// isolation level is not enough, as kafka-go hands out aborted records under it.
func (c *Client) Fetch(ctx context.Context, f Fetch) (*Fetched, error) {
	ctx, cancel := context.WithTimeout(ctx, f.MaxWait+30*time.Second)
	defer cancel()
	res, err := c.transport.RoundTrip(ctx, c.addr, &fetchapi.Request{
		ReplicaID:   -1,
		MaxWaitTime: int32(f.MaxWait.Milliseconds()),
		MinBytes:    1,
		// The partition's own bound is the one that counts. The embedded broker
		// leaves the list of aborted transactions out of an answer that reaches this one.
		MaxBytes:       math.MaxInt32,
		IsolationLevel: int8(kafkago.ReadCommitted),
		SessionID:      0,
		SessionEpoch:   -1,
		Topics: []fetchapi.RequestTopic{{Topic: f.Topic, Partitions: []fetchapi.RequestPartition{{
			Partition: f.Partition, CurrentLeaderEpoch: -1, FetchOffset: f.Offset, LogStartOffset: -1, PartitionMaxBytes: int32(f.MaxBytes),
		}}}},
	})
	if err != nil {
		return nil, fmt.Errorf("fetch topic %s partition %d: %w", f.Topic, f.Partition, err)
	}
	out, err := readFetch(res.(*fetchapi.Response), f)
	if err != nil {
		return nil, fmt.Errorf("fetch topic %s partition %d at offset %d: %w", f.Topic, f.Partition, f.Offset, err)
	}
	return out, nil
}

func readFetch(res *fetchapi.Response, f Fetch) (*Fetched, error) {
	if res.ErrorCode != 0 {
		return nil, kafkago.Error(res.ErrorCode)
	}
	if len(res.Topics) != 1 || len(res.Topics[0].Partitions) != 1 {
		return nil, errors.New("the broker's answer does not hold the partition")
	}
	p := &res.Topics[0].Partitions[0]
	switch {
	case kafkago.Error(p.ErrorCode) == kafkago.OffsetOutOfRange:
		return nil, ErrOutOfRange
	case p.ErrorCode != 0:
		return nil, kafkago.Error(p.ErrorCode)
	}
	r := fetchReader{
		out:     &Fetched{Next: f.Offset, Start: p.LogStartOffset, End: min(p.HighWatermark, p.LastStableOffset)},
		aborted: newAborted(p.AbortedTransactions),
		fetch:   f,
	}
	// Brokers older than the fields answer with nothing in them.
	if p.LastStableOffset <= 0 {
		r.out.End = p.HighWatermark
	}
	stream, ok := p.RecordSet.Records.(*protocol.RecordStream)
	if !ok {
		return r.out, nil
	}
	for _, batch := range stream.Records {
		if err := r.batch(batch); err != nil {
			return nil, err
		}
	}
	return r.out, nil
}

type fetchReader struct {
	out     *Fetched
	aborted *aborted
	fetch   Fetch
}

func (r *fetchReader) batch(batch protocol.RecordReader) error {
	switch b := batch.(type) {
	case *protocol.ControlBatch:
		r.aborted.reached(b.BaseOffset)
		return r.each(b, func(record *protocol.Record) error {
			r.out.Control = append(r.out.Control, record.Offset)
			return r.marker(b.ProducerID, record)
		})
	case *protocol.RecordBatch:
		r.aborted.reached(b.BaseOffset)
		if b.Attributes.Transactional() && r.aborted.holds(b.ProducerID) {
			return r.each(b, func(record *protocol.Record) error {
				r.out.Aborted = append(r.out.Aborted, record.Offset)
				return nil
			})
		}
	}
	return r.each(batch, r.message)
}

// each hands over every record from the offset on that was asked for; a
// broker sends whole batches, which may begin before it.
func (r *fetchReader) each(records protocol.RecordReader, do func(*protocol.Record) error) error {
	for {
		record, err := records.ReadRecord()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
		if record.Offset >= r.out.Next {
			if err := do(record); err != nil {
				return err
			}
			r.out.Next = record.Offset + 1
		}
		closeBytes(record.Key)
		closeBytes(record.Value)
	}
}

func (r *fetchReader) message(record *protocol.Record) error {
	key, err := protocol.ReadAll(record.Key)
	if err != nil {
		return err
	}
	value, err := protocol.ReadAll(record.Value)
	if err != nil {
		return err
	}
	m := event.Message{
		Topic: r.fetch.Topic, Partition: r.fetch.Partition, Offset: record.Offset,
		Time: record.Time.UnixMilli(), Key: key, Value: value,
	}
	if len(record.Headers) > 0 {
		m.Headers = make([]event.Header, len(record.Headers))
		for i, h := range record.Headers {
			m.Headers[i] = event.Header{Key: h.Key, Value: h.Value}
		}
	}
	r.out.Messages = append(r.out.Messages, m)
	return nil
}

// marker takes a transaction's end into account.
func (r *fetchReader) marker(producer int64, record *protocol.Record) error {
	key, err := protocol.ReadAll(record.Key)
	if err != nil {
		return err
	}
	if len(key) >= 4 && key[2] == 0 && key[3] == 0 { // version int16, type int16: 0 is abort
		r.aborted.ended(producer)
	}
	return nil
}

func closeBytes(b protocol.Bytes) {
	if b != nil {
		b.Close()
	}
}
