package kafka

import (
	"fmt"
	"math/rand/v2"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"github.com/twmb/franz-go/pkg/kgo"

	"mailtrail/schemas/event"
)

func TestFetchReturnsEveryOffsetOnceOverSmallFetches(t *testing.T) {
	onBothWays(t, func(t *testing.T, s server, c *Client, way fetching) {
		topic := makeTopic(t, c, 1)
		began := time.Now()
		random := rand.New(rand.NewPCG(1, 2))
		var want []*kgo.Record
		for name, codec := range map[string]kgo.CompressionCodec{
			"none": kgo.NoCompression(), "gzip": kgo.GzipCompression(), "snappy": kgo.SnappyCompression(), "lz4": kgo.Lz4Compression(), "zstd": kgo.ZstdCompression(),
		} {
			producer := other(t, c, kgo.ProducerBatchCompression(codec), kgo.ProducerLinger(20*time.Millisecond))
			for batch := range 5 {
				var records []*kgo.Record
				for i := range 1 + random.IntN(80) {
					r := record(topic, "", strings.Repeat(fmt.Sprintf("%s %d %d.", name, batch, i), 1+random.IntN(40)))
					r.Timestamp = time.UnixMilli(1_790_000_000_000 + int64(len(want)+i))
					r.Headers = []kgo.RecordHeader{{Key: "batch-id", Value: []byte(strconv.Itoa(i))}, {Key: "empty", Value: []byte{}}, {Key: "nothing"}}
					records = append(records, r)
				}
				produce(t, producer, records...)
				want = append(want, records...)
			}
		}
		for _, maxBytes := range []int{1, 700, 64 << 10, 16 << 20} {
			got := fetchAll(t, way, topic, 0, 0, maxBytes)
			require.Len(t, got.messages, len(want), "fetches of %d bytes", maxBytes)
			for i, m := range got.messages {
				require.Equal(t, want[i].Value, m.Value)
				require.Equal(t, int64(i), m.Offset)
				if s.name() == "embedded" { // it stamps what it takes in with its own clock, which may be set meanwhile
					require.WithinRange(t, time.UnixMilli(m.Time), began.Add(-time.Second), time.Now().Add(time.Second))
				} else {
					require.Equal(t, want[i].Timestamp.UnixMilli(), m.Time)
				}
				require.Len(t, m.Headers, 3)
				require.Equal(t, event.Header{Key: "batch-id", Value: want[i].Headers[0].Value}, m.Headers[0])
				require.Empty(t, m.Headers[1].Value)
				require.Nil(t, m.Header("nothing"))
			}
			if maxBytes == 1 {
				require.Greater(t, got.fetches, 20, "one batch of records a fetch")
			}
		}
	})
}

func TestFetchBeginsInTheMiddleOfABatch(t *testing.T) {
	onBothWays(t, func(t *testing.T, _ server, c *Client, way fetching) {
		topic := makeTopic(t, c, 1)
		producer := other(t, c, kgo.ProducerLinger(50*time.Millisecond))
		want := numbered("event", 30)
		records := make([]*kgo.Record, len(want))
		for i, value := range want {
			records[i] = record(topic, "", value)
		}
		produce(t, producer, records...)
		for from := range want {
			got := fetchAll(t, way, topic, 0, int64(from), 1)
			require.Equal(t, want[from:], values(got.messages))
			require.EqualValues(t, from, got.messages[0].Offset)
		}
		require.Empty(t, fetchAll(t, way, topic, 0, 30, 1).messages, "the end is not out of range")
	})
}

func TestFetchTellsTombstonesEmptyValuesAndKeys(t *testing.T) {
	onBothWays(t, func(t *testing.T, _ server, c *Client, way fetching) {
		topic := makeTopic(t, c, 1)
		produce(t, other(t, c),
			&kgo.Record{Topic: topic, Key: []byte("tombstone")},
			&kgo.Record{Topic: topic, Key: []byte("empty"), Value: []byte{}},
			&kgo.Record{Topic: topic, Key: []byte{}, Value: []byte("empty key")},
			&kgo.Record{Topic: topic, Value: []byte("no key")},
			&kgo.Record{Topic: topic},
		)
		got := fetchAll(t, way, topic, 0, 0, 1<<20).messages
		require.Len(t, got, 5)
		require.Nil(t, got[0].Value)
		require.Equal(t, "tombstone", string(got[0].Key))
		require.Equal(t, []byte{}, got[1].Value)
		require.Equal(t, []byte{}, got[2].Key)
		require.Nil(t, got[3].Key)
		require.Nil(t, got[3].Headers)
		require.Nil(t, got[4].Key)
		require.Nil(t, got[4].Value)
	})
}

func TestFetchOutOfRange(t *testing.T) {
	onBothWays(t, func(t *testing.T, _ server, c *Client, way fetching) {
		topic := makeTopic(t, c, 1)
		produce(t, other(t, c), record(topic, "", "one"))
		_, err := way.Fetch(within(t), Fetch{Topic: topic, Offset: 2, MaxBytes: 1, MaxWait: time.Millisecond})
		require.ErrorIs(t, err, ErrOutOfRange)
		require.ErrorContains(t, err, "partition 0 at offset 2")
		require.False(t, Transient(err))

		_, err = c.EnsureTopic(t.Context(), TopicSpec{Name: topic, Partitions: 1, Settings: map[string]string{"retention.ms": "1", "segment.ms": "100"}})
		require.NoError(t, err)
		produce(t, other(t, c), record(topic, "", "two"))
		require.Eventually(t, func() bool {
			spans, err := c.Spans(t.Context(), topic)
			return err == nil && spans[0].Start > 0
		}, 30*time.Second, 50*time.Millisecond, "retention removes the first record")
		_, err = way.Fetch(within(t), Fetch{Topic: topic, Offset: 0, MaxBytes: 1, MaxWait: time.Millisecond})
		require.ErrorIs(t, err, ErrOutOfRange)
	})
}

func TestFetchOfAnUnknownTopic(t *testing.T) {
	onBothWays(t, func(t *testing.T, _ server, c *Client, way fetching) {
		_, err := way.Fetch(within(t), Fetch{Topic: "absent", MaxBytes: 1, MaxWait: time.Millisecond})
		require.Error(t, err)
		_, err = c.Spans(within(t), "absent")
		require.ErrorContains(t, err, "absent")
	})
}

func TestScanReadsATopicOnce(t *testing.T) {
	onBoth(t, func(t *testing.T, _ server, c *Client) {
		topic := makeTopic(t, c, 3)
		producer := other(t, c)
		want := map[string]bool{}
		for i := range 300 {
			r := record(topic, "", strconv.Itoa(i))
			r.Partition = int32(i % 2) // partition 2 stays empty
			produce(t, producer, r)
			want[string(r.Value)] = true
		}
		got := map[string]bool{}
		later := 0
		require.NoError(t, c.Scan(t.Context(), topic, func(m *event.Message) error {
			if later++; later == 1 {
				late := record(topic, "", "later")
				late.Partition = 1
				produce(t, producer, late)
			}
			require.False(t, got[string(m.Value)], "each once")
			got[string(m.Value)] = true
			return nil
		}))
		require.Equal(t, want, got, "what came after the Scan began is not of it")

		stopped := fmt.Errorf("enough")
		require.ErrorIs(t, c.Scan(t.Context(), topic, func(*event.Message) error { return stopped }), stopped)
	})
}
