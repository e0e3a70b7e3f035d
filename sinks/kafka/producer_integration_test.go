package kafka

import (
	"bytes"
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"mailtrail/schemas/event"
)

// incompressible is n bytes that no codec makes shorter.
func incompressible(n int) []byte {
	data, state := make([]byte, n), uint64(88172645463325252)
	for i := range data {
		state ^= state << 13
		state ^= state >> 7
		state ^= state << 17
		data[i] = byte(state)
	}
	return data
}

func TestTheLargestMessagePasses(t *testing.T) {
	onBoth(t, func(t *testing.T, _ server, c *Client) {
		topic := makeTopic(t, c, 1)
		producer := c.NewProducer(largest)
		defer producer.Close()
		value := incompressible(largest)
		headers := []event.Header{{Key: "origin", Value: []byte("mail.scans/0/1/0")}}
		for range 40 {
			headers = append(headers, event.Header{Key: "kept", Value: bytes.Repeat([]byte("h"), 1024)})
		}
		message := event.Message{Topic: topic, Key: []byte("mail.scans/0/1/0"), Value: value, Headers: headers}
		require.NoError(t, producer.Produce(within(t), []event.Message{message}))
		require.NoError(t, c.ProduceTo(within(t), topic, 0, []event.Message{message}))

		got := fetchAll(t, c, topic, 0, 0, 1<<20).messages
		require.Len(t, got, 2)
		for _, m := range got {
			require.True(t, bytes.Equal(value, m.Value))
			require.Equal(t, headers, m.Headers)
			require.Equal(t, message.Key, m.Key)
		}

		message.Value = incompressible(largest + 2*EnvelopeBytes)
		for _, err := range []error{
			producer.Produce(within(t), []event.Message{message}),
			c.ProduceTo(within(t), topic, 0, []event.Message{message}),
		} {
			require.Error(t, err, "beyond the topic's bound")
			require.False(t, Transient(err), "%v", err)
		}
	})
}

// The hashes are those of Java's org.apache.kafka.common.utils.Utils.murmur2, as its own tests list them.
func TestEqualKeysGoWhereJavaSendsThem(t *testing.T) {
	onBoth(t, func(t *testing.T, _ server, c *Client) {
		const partitions = 5
		topic := makeTopic(t, c, partitions)
		want := map[string]int32{}
		for key, hash := range map[string]int32{
			"21": -973932308, "foobar": -790332482, "a-little-bit-long-string": -985981536,
			"a-little-bit-longer-string": -1486304829, "lkjh234lh9fiuh90y23oiuhsafujhadof229phr9h19h89h8": -58897971, "abc": 479470107,
		} {
			want[key] = (hash & 0x7fffffff) % partitions
		}
		for range 2 { // another producer, another time
			producer := c.NewProducer(largest)
			for key := range want {
				require.NoError(t, producer.Produce(within(t), []event.Message{{Topic: topic, Key: []byte(key), Value: []byte("x")}}))
			}
			require.NoError(t, producer.Close())
		}
		got, times := map[string]int32{}, map[string]int{}
		require.NoError(t, c.Scan(t.Context(), topic, func(m *event.Message) error {
			got[string(m.Key)] = m.Partition
			times[string(m.Key)]++
			return nil
		}))
		require.Equal(t, want, got)
		for key, n := range times {
			require.Equal(t, 2, n, key)
		}
	})
}

func TestWhatWasAcknowledgedSurvivesAKilledBroker(t *testing.T) {
	onBoth(t, func(t *testing.T, s server, c *Client) {
		topic := makeTopic(t, c, 2)
		producer := c.NewProducer(largest)
		defer producer.Close()
		var mu sync.Mutex
		acknowledged, refused := map[string]bool{}, error(nil)
		enough, stopped := make(chan struct{}), make(chan struct{})
		go func() {
			defer close(stopped)
			for n := 0; ; n++ {
				batch := make([]event.Message, 20)
				for i := range batch {
					id := fmt.Sprintf("%d/%d", n, i)
					batch[i] = event.Message{Topic: topic, Key: []byte(id), Value: []byte(id)}
				}
				err := producer.Produce(t.Context(), batch)
				mu.Lock()
				if err != nil {
					refused = err
					mu.Unlock()
					return
				}
				for i := range batch {
					acknowledged[string(batch[i].Value)] = true
				}
				mu.Unlock()
				if n == 50 {
					close(enough)
				}
			}
		}()
		select {
		case <-enough:
		case <-stopped:
		}
		s.kill()
		<-stopped
		require.Error(t, refused, "a write that nobody acknowledged is an error")
		require.True(t, Transient(refused), "%v", refused)
		require.GreaterOrEqual(t, len(acknowledged), 51*20)

		_, err := c.Fetch(within(t), Fetch{Topic: topic, MaxBytes: 1, MaxWait: time.Millisecond})
		require.Error(t, err)
		require.True(t, Transient(err), "%v", err)
		err = c.ProduceTo(within(t), topic, 0, []event.Message{{Value: []byte("x")}})
		require.Error(t, err)
		require.True(t, Transient(err), "%v", err)

		require.NoError(t, s.restart())
		require.Eventually(t, func() bool {
			err := producer.Produce(t.Context(), []event.Message{{Topic: topic, Key: []byte("back"), Value: []byte("back")}})
			if err != nil {
				require.True(t, Transient(err), "%v", err)
			}
			return err == nil
		}, 60*time.Second, 100*time.Millisecond)
		stored := map[string]bool{}
		require.NoError(t, c.Scan(t.Context(), topic, func(m *event.Message) error {
			stored[string(m.Value)] = true
			return nil
		}))
		for id := range acknowledged {
			require.True(t, stored[id], id)
		}
	})
}

func TestProduceToWritesToItsPartition(t *testing.T) {
	onBoth(t, func(t *testing.T, _ server, c *Client) {
		topic := makeTopic(t, c, 3)
		require.NoError(t, c.ProduceTo(within(t), topic, 2, []event.Message{
			{Key: []byte("k"), Value: []byte("v"), Headers: []event.Header{{Key: "reason", Value: []byte("contradiction")}, {Key: "field", Value: nil}}},
			{Value: nil}, {Value: []byte{}},
		}))
		got := fetchAll(t, c, topic, 2, 0, 1<<20).messages
		require.Len(t, got, 3)
		require.Equal(t, "contradiction", string(got[0].Header("reason")))
		require.Nil(t, got[1].Value)
		require.WithinDuration(t, time.Now(), time.UnixMilli(got[0].Time), time.Minute)
	})
}
