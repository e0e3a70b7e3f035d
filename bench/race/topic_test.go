package race

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync/atomic"
	"time"

	"github.com/cespare/xxhash/v2"
	"github.com/segmentio/kafka-go"
	"github.com/twmb/franz-go/pkg/kgo"
	"golang.org/x/sync/errgroup"
)

const (
	topic      = "mail.scans"
	partitions = 4
	// batchBytes is from where on a batch of the producer is full; a pass is never cut, so that it may be larger by
	// a tray: 64 to 256 KiB.
	batchBytes = 64 << 10
)

// content is what stands in the topic, or what an entry has made of it.
type content struct {
	rows uint64
	hash uint64 // sum of the XXH64 of every message
	size uint64 // bytes of all messages
}

func (c *content) add(other content) {
	c.rows, c.hash, c.size = c.rows+other.rows, c.hash+other.hash, c.size+other.size
}

func (c *content) message(value []byte) {
	c.add(content{1, xxhash.Sum64(value), uint64(len(value))})
}

// makeTopic makes the topic and returns when all its partitions have a leader that knows it.
func makeTopic(ctx context.Context, client *kafka.Client) error {
	made, err := client.CreateTopics(ctx, &kafka.CreateTopicsRequest{Topics: []kafka.TopicConfig{{Topic: topic, NumPartitions: partitions, ReplicationFactor: 1}}})
	if err == nil {
		err = made.Errors[topic]
	}
	if err != nil {
		return fmt.Errorf("make topic %s: %w", topic, err)
	}
	for !allLed(ctx, client) {
		select {
		case <-ctx.Done():
			return fmt.Errorf("make topic %s: %w", topic, ctx.Err())
		case <-time.After(50 * time.Millisecond): // between two looks
		}
	}
	return nil
}

func allLed(ctx context.Context, client *kafka.Client) bool {
	var asked []kafka.OffsetRequest
	for partition := range partitions {
		asked = append(asked, kafka.LastOffsetOf(partition))
	}
	listed, err := client.ListOffsets(ctx, &kafka.ListOffsetsRequest{Topics: map[string][]kafka.OffsetRequest{topic: asked}})
	if err != nil || len(listed.Topics[topic]) != partitions {
		return false
	}
	return !slices.ContainsFunc(listed.Topics[topic], func(p kafka.PartitionOffsets) bool { return p.Error != nil })
}

// produce writes all mail to the topic, batch after batch in the order of time, and returns what was written. The mail of
// one seed and base gives the same batches in the same partitions.
func produce(ctx context.Context, client *kafka.Client, m *mail, written *atomic.Uint64) (content, error) {
	w := newWriter(m)
	group, ctx := errgroup.WithContext(ctx)
	contents := make([]content, partitions)
	for partition := range partitions {
		group.Go(func() error {
			p := producer{client: client, partition: partition}
			for i := partition; i < len(m.passes); i += partitions {
				p.text, p.ends = w.pass(p.text, p.ends, &m.passes[i])
				if len(p.text) < batchBytes && i+partitions < len(m.passes) {
					continue
				}
				written.Add(uint64(len(p.ends)))
				if err := p.send(ctx); err != nil {
					return err
				}
			}
			contents[partition] = p.sent
			return nil
		})
	}
	err := group.Wait()
	var all content
	for _, c := range contents {
		all.add(c)
	}
	return all, err
}

// producer writes to one partition.
type producer struct {
	client    *kafka.Client
	partition int
	text      []byte // messages, one after the other
	ends      []int  // where each ends
	records   []kafka.Record
	sent      content
}

func (p *producer) send(ctx context.Context) error {
	p.records = p.records[:0]
	begin, now := 0, time.Now()
	for _, end := range p.ends {
		value := p.text[begin:end]
		p.sent.message(value)
		p.records = append(p.records, kafka.Record{Time: now, Value: kafka.NewBytes(value)})
		begin = end
	}
	response, err := p.client.Produce(ctx, &kafka.ProduceRequest{
		Topic: topic, Partition: p.partition, RequiredAcks: kafka.RequireAll, Compression: kafka.Lz4, Records: kafka.NewRecordReader(p.records...),
	})
	if err == nil {
		err = response.Error
	}
	if err != nil {
		return fmt.Errorf("write to topic %s: %w", topic, err)
	}
	p.text, p.ends = p.text[:0], p.ends[:0]
	return nil
}

// readBack reads the whole topic as plainly as can be.
func readBack(ctx context.Context, broker string, rows uint64) (content, error) {
	client, err := kgo.NewClient(kgo.SeedBrokers(broker), kgo.ConsumeTopics(topic))
	if err != nil {
		return content{}, fmt.Errorf("read topic %s: %w", topic, err)
	}
	defer client.Close()
	var read content
	for read.rows < rows {
		fetches := client.PollFetches(ctx)
		if err := errors.Join(ctx.Err(), fetches.Err()); err != nil {
			return read, fmt.Errorf("read topic %s: %w", topic, err)
		}
		fetches.EachRecord(func(r *kgo.Record) { read.message(r.Value) })
	}
	return read, nil
}
