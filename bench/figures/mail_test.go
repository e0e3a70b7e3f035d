package figures

import (
	"bytes"
	"context"
	"encoding/binary"
	"fmt"
	"hash/crc32"
	"sync/atomic"
	"time"

	kafkago "github.com/segmentio/kafka-go"
	"github.com/segmentio/kafka-go/compress"
	"github.com/segmentio/kafka-go/protocol"
	"github.com/stretchr/testify/require"
	"golang.org/x/sync/errgroup"

	"mailtrail/bench/stack"
	"mailtrail/pipeline/simulate"
	"mailtrail/schemas/event"
)

// partitions of the front topic, as mailtrail makes it by default.
const partitions = 4

// requestsInBatch are as many requests as a producer that lingers a little puts into one record batch: 2,000 events.
const requestsInBatch = 4

// batch is a record batch of Kafka (version 2, lz4), for one partition.
type batch struct {
	partition int
	events    uint64
	records   []byte // behind their length in four bytes, as a produce request wants them
}

// defaultMail is a day of simulated mail as equipment with its own producer writes it.
func defaultMail(seed, events uint64, wire simulate.Wire) simulate.Options {
	options := simulate.Defaults(time.Now())
	options.Seed, options.Count, options.Wire, options.Door = seed, events, wire, simulate.Kafka
	return options
}

// eachBatch makes the mail and hands over its record batches, from two goroutines at once. What bears a key goes where the
// key says, the rest to one partition after the other. The truth holds where the error is nil.
func eachBatch(ctx context.Context, options simulate.Options, emit func(context.Context, batch) error) (stack.Outcomes, error) {
	group, ctx := errgroup.WithContext(ctx)
	full := make(chan load, 2)
	for range 2 {
		group.Go(func() error {
			for l := range full {
				records, err := recordBatch(l.requests, options.Wire)
				if err == nil {
					err = emit(ctx, batch{l.partition, l.events, records})
				}
				if err != nil {
					return err
				}
			}
			return nil
		})
	}
	var truth simulate.Truth
	group.Go(func() (err error) {
		defer close(full)
		truth, err = loads(ctx, options, func(l load) error {
			select {
			case full <- l:
				return nil
			case <-ctx.Done():
				return ctx.Err()
			}
		})
		return err
	})
	err := group.Wait()
	return truth.Totals(simulate.Kafka), err
}

// load is requests that make one record batch.
type load struct {
	partition int
	events    uint64
	requests  []*simulate.Request
}

// loads makes the mail and hands it over in loads.
func loads(ctx context.Context, options simulate.Options, emit func(load) error) (simulate.Truth, error) {
	var open [partitions]load
	flush := func(p int) error {
		l := open[p]
		open[p] = load{partition: p}
		if len(l.requests) == 0 {
			return nil
		}
		return emit(l)
	}
	next := 0
	truth, err := simulate.Generate(ctx, options, func(r *simulate.Request) error {
		p := next
		if r.Repeated {
			p = kafkago.Murmur2Balancer{}.Balance(kafkago.Message{Key: []byte(r.Key)}, 0, 1, 2, 3)
		}
		l := &open[p]
		l.partition = p
		l.requests = append(l.requests, r.Clone())
		l.events += uint64(r.Len())
		if len(l.requests) < requestsInBatch {
			return nil
		}
		next = (next + 1) % partitions
		return flush(p)
	})
	for p := range partitions {
		if err == nil {
			err = flush(p)
		}
	}
	return truth, err
}

// recordBatch encodes requests as a producer does.
func recordBatch(requests []*simulate.Request, wire simulate.Wire) ([]byte, error) {
	var records []kafkago.Record
	for _, r := range requests {
		for _, m := range r.Messages(wire) {
			record := kafkago.Record{Value: kafkago.NewBytes(m.Value)}
			if m.Key != nil {
				record.Key = kafkago.NewBytes(m.Key)
			}
			for _, h := range m.Headers {
				record.Headers = append(record.Headers, kafkago.Header{Key: h.Key, Value: h.Value})
			}
			records = append(records, record)
		}
	}
	set := protocol.RecordSet{Version: 2, Attributes: protocol.Attributes(compress.Lz4), Records: kafkago.NewRecordReader(records...)}
	var out bytes.Buffer
	if _, err := set.WriteTo(&out); err != nil {
		return nil, fmt.Errorf("encode a record batch: %w", err)
	}
	return out.Bytes(), nil
}

// stamp sets the timestamps of a batch's records, which are all the same, to now. The layout is that of a record batch of
// version 2 in Kafka's protocol: checksum at 17 over all from 21 on, base and greatest timestamp at 27 and 35.
func (b batch) stamp(now time.Time) {
	records := b.records[4:]
	binary.BigEndian.PutUint64(records[27:], uint64(now.UnixMilli()))
	binary.BigEndian.PutUint64(records[35:], uint64(now.UnixMilli()))
	binary.BigEndian.PutUint32(records[17:], crc32.Checksum(records[21:], castagnoli))
}

var castagnoli = crc32.MakeTable(crc32.Castagnoli)

// topic writes record batches to mail.scans.
type topic struct{ client *kafkago.Client }

func (s *site) topic() topic {
	transport := &kafkago.Transport{}
	s.t.Cleanup(transport.CloseIdleConnections)
	return topic{&kafkago.Client{Addr: kafkago.TCP(s.Broker.Addr()), Transport: transport, Timeout: time.Minute}}
}

// produce returns when all replicas have the batch.
func (w topic) produce(ctx context.Context, b batch) error {
	answer, err := w.client.RawProduce(ctx, &kafkago.RawProduceRequest{
		Topic: event.ScansTopic, Partition: b.partition, RequiredAcks: kafkago.RequireAll,
		RawRecords: protocol.RawRecordSet{Reader: bytes.NewReader(b.records)},
	})
	if err == nil {
		err = answer.Error
	}
	if err != nil {
		return fmt.Errorf("write a record batch to partition %d: %w", b.partition, err)
	}
	return nil
}

// fill writes the mail to the topic and returns what must become of it.
func (s *site) fill(options simulate.Options) stack.Outcomes {
	s.t.Helper()
	began, to := time.Now(), s.topic()
	var written, size atomic.Uint64
	truth, err := eachBatch(s.t.Context(), options, func(ctx context.Context, b batch) error {
		if n := written.Add(b.events); n/progressEvents > (n-b.events)/progressEvents {
			say("%s events are in the topic", thousands(n))
		}
		size.Add(uint64(len(b.records)))
		return to.produce(ctx, b)
	})
	require.NoError(s.t, err)
	require.Equal(s.t, truth.Sum(), written.Load())
	say("wrote %s events in %s, %.1f bytes each", thousands(written.Load()), time.Since(began).Round(time.Second), float64(size.Load())/float64(written.Load()))
	return truth
}

// progressEvents are the events from one line of progress to the next.
const progressEvents = 10_000_000
