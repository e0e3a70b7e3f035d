package kafka

import (
	"context"
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"github.com/twmb/franz-go/pkg/kgo"
)

func TestReaderFollowsJumpsOfTheOffset(t *testing.T) {
	onBoth(t, func(t *testing.T, _ server, c *Client) {
		topic := makeTopic(t, c, 1)
		want := numbered("event", 600)
		producer := other(t, c, kgo.ProducerLinger(5*time.Millisecond))
		for at := 0; at < len(want); at += 40 {
			var records []*kgo.Record
			for _, value := range want[at : at+40] {
				records = append(records, record(topic, "", value))
			}
			produce(t, producer, records...)
		}
		r := c.NewReader(ReaderConfig{Topic: topic, MaxBytes: 3000, MaxWait: 20 * time.Millisecond})
		t.Cleanup(func() { _ = r.Close() })
		random := rand.New(rand.NewPCG(3, 4))
		at := int64(0)
		for range 200 {
			got, err := r.Next(within(t), at)
			require.NoError(t, err)
			require.EqualValues(t, len(want), got.End)
			for i, m := range got.Messages {
				require.Equal(t, at+int64(i), m.Offset)
				require.Equal(t, want[m.Offset], string(m.Value))
			}
			require.Equal(t, at+int64(len(got.Messages)), got.Next)
			require.True(t, got.Next > at || at == int64(len(want)), "offset %d", at)
			at = got.Next
			if random.IntN(3) == 0 {
				at = random.Int64N(int64(len(want)) + 1)
			}
		}
	})
}

func TestReaderWaitsForWhatComes(t *testing.T) {
	onBoth(t, func(t *testing.T, _ server, c *Client) {
		topic := makeTopic(t, c, 1)
		long := c.NewReader(ReaderConfig{Topic: topic, MaxBytes: 1 << 20, MaxWait: 10 * time.Minute})
		ctx, cancel := context.WithCancel(t.Context())
		returned := make(chan error)
		go func() {
			_, err := long.Next(ctx, 0)
			returned <- err
		}()
		require.Never(t, func() bool { return len(returned) > 0 }, 50*time.Millisecond, 10*time.Millisecond)
		cancel()
		require.ErrorIs(t, <-returned, context.Canceled)

		go func() {
			got, err := long.Next(t.Context(), 0)
			if err == nil && (len(got.Messages) != 1 || string(got.Messages[0].Value) != "came") {
				err = fmt.Errorf("%d messages", len(got.Messages))
			}
			returned <- err
		}()
		produce(t, other(t, c), record(topic, "", "came"))
		require.NoError(t, <-returned, "the question that was open when the context ended is still answered")
		require.NoError(t, long.Close(), "it does not wait for the question that is open now")
		require.NoError(t, long.Close())

		short := c.NewReader(ReaderConfig{Topic: topic, MaxBytes: 1 << 20, MaxWait: 10 * time.Millisecond})
		t.Cleanup(func() { _ = short.Close() })
		for range 3 {
			got, err := short.Next(within(t), 1)
			require.NoError(t, err)
			require.Empty(t, got.Messages)
			require.EqualValues(t, 1, got.Next)
			require.EqualValues(t, 1, got.End)
		}
	})
}

func TestReaderComesBackAfterTheBroker(t *testing.T) {
	onBoth(t, func(t *testing.T, s server, c *Client) {
		topic := makeTopic(t, c, 1)
		produce(t, other(t, c), record(topic, "", strings.Repeat("before", 1000)))
		r := c.NewReader(ReaderConfig{Topic: topic, MaxBytes: 1 << 20, MaxWait: 100 * time.Millisecond})
		t.Cleanup(func() { _ = r.Close() })
		got, err := r.Next(within(t), 0)
		require.NoError(t, err)
		require.Len(t, got.Messages, 1)

		s.kill()
		failures := 0
		require.Eventually(t, func() bool {
			_, err := r.Next(within(t), 1)
			if err != nil {
				failures++
				require.True(t, Transient(err), "%v", err)
				require.ErrorContains(t, err, "topic "+topic+" partition 0 at offset 1")
			}
			return failures >= 2
		}, 30*time.Second, 10*time.Millisecond)
		require.NoError(t, s.restart())
		awaitLeaders(t, c, topic, 1)
		produce(t, other(t, c), record(topic, "", "after"))
		require.Eventually(t, func() bool {
			got, err := r.Next(within(t), 1)
			require.True(t, err == nil || Transient(err), "%v", err)
			return err == nil && len(got.Messages) == 1 && string(got.Messages[0].Value) == "after"
		}, 60*time.Second, 50*time.Millisecond)
	})
}

func TestReaderOfAnUnknownTopic(t *testing.T) {
	onBoth(t, func(t *testing.T, _ server, c *Client) {
		r := c.NewReader(ReaderConfig{Topic: "absent", MaxBytes: 1, MaxWait: time.Millisecond})
		_, err := r.Next(within(t), 0)
		require.ErrorContains(t, err, "topic absent")
		require.True(t, Transient(err), "it may be made yet: %v", err)
		require.NoError(t, r.Close())
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		_, err = r.Next(ctx, 0)
		require.ErrorIs(t, err, context.Canceled)
	})
}
