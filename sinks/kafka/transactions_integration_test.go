package kafka

import (
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"github.com/twmb/franz-go/pkg/kgo"

	"mailtrail/schemas/event"
)

func TestFetchResolvesTransactions(t *testing.T) {
	onBothWays(t, func(t *testing.T, _ server, c *Client, way fetching) {
		topic := makeTopic(t, c, 1)
		plain := other(t, c)
		var stored []string
		keep := func(value string) { stored = append(stored, value) }
		write := func(client *kgo.Client, value string) { produce(t, client, record(topic, "", value)) }
		one, two := other(t, c, kgo.TransactionalID(topic+" one")), other(t, c, kgo.TransactionalID(topic+" two"))

		aborted, markers := 0, 0
		for round := range 8 {
			commitOne, commitTwo := round%2 == 0, round%3 == 0
			require.NoError(t, one.BeginTransaction())
			require.NoError(t, two.BeginTransaction())
			for i := range 5 {
				for _, from := range []struct {
					client *kgo.Client
					name   string
					kept   bool
				}{{one, "one", commitOne}, {plain, "plain", true}, {two, "two", commitTwo}} {
					value := fmt.Sprintf("%s %d %d", from.name, round, i)
					write(from.client, value)
					if from.kept {
						keep(value)
					} else {
						aborted++
					}
				}
			}
			require.NoError(t, one.EndTransaction(t.Context(), kgo.TransactionEndTry(commitOne)))
			write(plain, fmt.Sprintf("between %d", round))
			keep(fmt.Sprintf("between %d", round))
			require.NoError(t, two.EndTransaction(t.Context(), kgo.TransactionEndTry(commitTwo)))
			markers += 2
		}
		end := int64(len(stored) + aborted + markers)
		require.Eventually(t, func() bool {
			spans, err := c.Spans(t.Context(), topic)
			return err == nil && spans[0].End == end
		}, 10*time.Second, 20*time.Millisecond, "all markers are written")

		for _, maxBytes := range []int{1, 1000, 1 << 20} {
			got := fetchAll(t, way, topic, 0, 0, maxBytes)
			require.Equal(t, stored, values(got.messages), "fetches of %d bytes", maxBytes)
			require.Len(t, got.aborted, aborted)
			require.Len(t, got.control, markers)
		}
		// Wherever a fetch begins, also within a transaction, it tells the same.
		all := fetchAll(t, way, topic, 0, 0, 1<<20)
		for from := range end {
			got := fetchAll(t, way, topic, 0, from, 1<<20)
			for _, m := range got.messages {
				require.Contains(t, stored, string(m.Value), "from offset %d", from)
			}
			require.Equal(t, end-from, int64(len(got.messages)+len(got.control)+len(got.aborted)))
			require.Equal(t, behind(all.aborted, from), behind(got.aborted, 0))
		}
	})
}

func behind(offsets []int64, from int64) []int64 {
	out := []int64{}
	for _, offset := range offsets {
		if offset >= from {
			out = append(out, offset)
		}
	}
	return out
}

func TestOpenTransactionHoldsTheEndBack(t *testing.T) {
	onBothWays(t, func(t *testing.T, _ server, c *Client, way fetching) {
		topic := makeTopic(t, c, 1)
		plain, tx := other(t, c), other(t, c, kgo.TransactionalID(topic))
		produce(t, plain, record(topic, "", "before"))
		require.NoError(t, tx.BeginTransaction())
		produce(t, tx, record(topic, "", "within"))
		produce(t, plain, record(topic, "", "after"))

		got := fetchAll(t, way, topic, 0, 0, 1<<20)
		require.Equal(t, []string{"before"}, values(got.messages), "what stands behind an open transaction does not come yet")
		var scanned []string
		require.NoError(t, c.Scan(within(t), topic, func(m *event.Message) error {
			scanned = append(scanned, string(m.Value))
			return nil
		}))
		require.Equal(t, []string{"before"}, scanned, "a Scan does not wait for the transaction")

		require.NoError(t, tx.EndTransaction(t.Context(), kgo.TryCommit))
		require.Eventually(t, func() bool {
			return len(fetchAll(t, way, topic, 0, 0, 1<<20).messages) == 3
		}, 10*time.Second, 20*time.Millisecond)
		require.Equal(t, []string{"before", "within", "after"}, values(fetchAll(t, way, topic, 0, 0, 1<<20).messages))
	})
}
