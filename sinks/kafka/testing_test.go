package kafka

import (
	"bytes"
	"context"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"github.com/twmb/franz-go/pkg/kgo"

	"mailtrail/schemas/event"
)

// makeTopic makes a topic of the test's own and returns when all of it has a leader.
func makeTopic(t *testing.T, c *Client, partitions int) string {
	t.Helper()
	topic := strings.NewReplacer("/", ".", " ", "-").Replace(t.Name())
	_, err := c.EnsureTopic(t.Context(), TopicSpec{Name: topic, Partitions: partitions, Replication: 1, Settings: map[string]string{
		"max.message.bytes": strconv.Itoa(largest + EnvelopeBytes), "retention.ms": "-1",
	}})
	require.NoError(t, err)
	awaitLeaders(t, c, topic, partitions)
	return topic
}

func awaitLeaders(t *testing.T, c *Client, topic string, partitions int) {
	t.Helper()
	require.Eventually(t, func() bool {
		spans, err := c.Spans(t.Context(), topic)
		return err == nil && len(spans) == partitions
	}, 20*time.Second, 20*time.Millisecond)
}

// other is another program's producer, whose partitions the test chooses itself.
func other(t *testing.T, c *Client, options ...kgo.Opt) *kgo.Client {
	t.Helper()
	client, err := kgo.NewClient(append([]kgo.Opt{
		kgo.SeedBrokers(c.brokers...), kgo.RecordPartitioner(kgo.ManualPartitioner()), kgo.ProducerBatchMaxBytes(4 << 20),
	}, options...)...)
	require.NoError(t, err)
	t.Cleanup(client.Close)
	return client
}

func record(topic, key, value string) *kgo.Record {
	return &kgo.Record{Topic: topic, Key: []byte(key), Value: []byte(value), Timestamp: time.UnixMilli(1_790_000_000_123)}
}

// accounted is all that fetches told about a stretch of a partition.
type accounted struct {
	messages         []event.Message
	control, aborted []int64
	fetches          int
}

// fetching is a way to fetch: the Client's own, or Readers.
type fetching interface {
	Fetch(ctx context.Context, f Fetch) (*Fetched, error)
}

// onBothWays runs a test against both servers, fetching in both ways.
func onBothWays(t *testing.T, test func(t *testing.T, s server, c *Client, way fetching)) {
	onBoth(t, func(t *testing.T, s server, c *Client) {
		t.Run("fetch", func(t *testing.T) { test(t, s, c, c) })
		t.Run("reader", func(t *testing.T) { test(t, s, c, newReaders(t, c)) })
	})
}

// readers keeps a Reader for every partition and bound that is fetched with,
// and gives what it returned away as a copy.
type readers struct {
	client *Client
	all    map[ReaderConfig]*Reader
}

func newReaders(t *testing.T, c *Client) *readers {
	r := &readers{client: c, all: map[ReaderConfig]*Reader{}}
	t.Cleanup(func() {
		for _, reader := range r.all {
			_ = reader.Close()
		}
	})
	return r
}

func (r *readers) Fetch(ctx context.Context, f Fetch) (*Fetched, error) {
	config := ReaderConfig{Topic: f.Topic, Partition: f.Partition, MaxBytes: f.MaxBytes, MaxWait: f.MaxWait}
	if r.all[config] == nil {
		r.all[config] = r.client.NewReader(config)
	}
	got, err := r.all[config].Next(ctx, f.Offset)
	if err != nil {
		return nil, err
	}
	return copied(got), nil
}

// copied is a Fetched whose bytes belong to it.
func copied(got *Fetched) *Fetched {
	out := *got
	out.Control, out.Aborted = slices.Clone(got.Control), slices.Clone(got.Aborted)
	out.Messages = slices.Clone(got.Messages)
	for i := range out.Messages {
		m := &out.Messages[i]
		m.Key, m.Value, m.Headers = bytes.Clone(m.Key), bytes.Clone(m.Value), slices.Clone(m.Headers)
		for j := range m.Headers {
			m.Headers[j].Value = bytes.Clone(m.Headers[j].Value)
		}
	}
	return &out
}

// fetchAll fetches a partition from the offset up to its end, and fails where
// an offset is told twice, in the wrong place or not at all.
func fetchAll(t *testing.T, way fetching, topic string, partition int32, from int64, maxBytes int) (all accounted) {
	t.Helper()
	at, none := from, 0
	for {
		got, err := way.Fetch(t.Context(), Fetch{Topic: topic, Partition: partition, Offset: at, MaxBytes: maxBytes, MaxWait: 50 * time.Millisecond})
		require.NoError(t, err)
		all.fetches++
		told := map[int64]string{}
		tell := func(offset int64, as string) {
			require.NotContains(t, told, offset, "offset %d as %s", offset, as)
			told[offset] = as
		}
		last := at - 1
		for _, m := range got.Messages {
			require.Greater(t, m.Offset, last, "rising offsets")
			require.Equal(t, topic, m.Topic)
			require.Equal(t, partition, m.Partition)
			tell(m.Offset, "message")
			last = m.Offset
		}
		require.IsIncreasing(t, append([]int64{at - 2, at - 1}, got.Control...))
		require.IsIncreasing(t, append([]int64{at - 2, at - 1}, got.Aborted...))
		for _, offset := range got.Control {
			tell(offset, "control")
		}
		for _, offset := range got.Aborted {
			tell(offset, "aborted")
		}
		require.Len(t, told, int(got.Next-at), "every offset from %d to %d is told", at, got.Next)
		for offset := at; offset < got.Next; offset++ {
			require.Contains(t, told, offset)
		}
		all.messages = append(all.messages, got.Messages...)
		all.control, all.aborted = append(all.control, got.Control...), append(all.aborted, got.Aborted...)
		if got.Next == got.End {
			return all
		}
		if none++; got.Next > at {
			none = 0
		}
		require.Less(t, none, 100, "no progress at offset %d of %d", at, got.End)
		at = got.Next
	}
}

func produce(t *testing.T, client *kgo.Client, records ...*kgo.Record) {
	t.Helper()
	require.NoError(t, client.ProduceSync(t.Context(), records...).FirstErr())
}

func values(messages []event.Message) (out []string) {
	for _, m := range messages {
		out = append(out, string(m.Value))
	}
	return out
}

func numbered(prefix string, n int) (out []string) {
	for i := range n {
		out = append(out, fmt.Sprintf("%s %d", prefix, i))
	}
	return out
}

// within gives a call ten seconds.
func within(t *testing.T) context.Context {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
	t.Cleanup(cancel)
	return ctx
}
