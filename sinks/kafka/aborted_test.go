package kafka

import (
	"testing"

	fetchapi "github.com/segmentio/kafka-go/protocol/fetch"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"
)

func TestAbortedFollowsTransactionsFromTheirFirstOffsetToTheirMarker(t *testing.T) {
	// Producer 1 takes back 2..6 and 9..11, producer 2 takes back 4..8; the broker lists them in any order.
	a := newAborted([]fetchapi.ResponseTransaction{{ProducerID: 2, FirstOffset: 4}, {ProducerID: 1, FirstOffset: 9}, {ProducerID: 1, FirstOffset: 2}})
	holds := func(offset int64) [2]bool { a.reached(offset); return [2]bool{a.holds(1), a.holds(2)} }
	require.Equal(t, [2]bool{false, false}, holds(1))
	require.Equal(t, [2]bool{true, false}, holds(2))
	require.Equal(t, [2]bool{true, true}, holds(5), "the offset in between need not be asked for")
	a.ended(1)
	require.Equal(t, [2]bool{false, true}, holds(7))
	a.ended(2)
	require.Equal(t, [2]bool{false, false}, holds(8))
	require.Equal(t, [2]bool{true, false}, holds(10), "the same producer again")
	require.False(t, a.holds(3), "a producer that took nothing back")
}

func TestAbortedThatBeganBeforeTheFetch(t *testing.T) {
	a := newAborted([]fetchapi.ResponseTransaction{{ProducerID: 7, FirstOffset: 100}})
	a.reached(5_000)
	require.True(t, a.holds(7))
}

// Whatever transactions stand in a log, and wherever a fetch of it begins, a
// record is held exactly where its own transaction was taken back.
func TestAbortedAgreesWithTheLog(t *testing.T) {
	type transaction struct {
		producer, first, last int64 // last is the marker
		aborted               bool
	}
	rapid.Check(t, func(t *rapid.T) {
		var all []transaction
		owner := map[int64]transaction{}
		open := map[int64]*transaction{}
		end := rapid.Int64Range(1, 60).Draw(t, "end")
		for offset := range end {
			producer := rapid.Int64Range(1, 4).Draw(t, "producer")
			tx := open[producer]
			if tx != nil && rapid.Bool().Draw(t, "marker") {
				tx.last, tx.aborted = offset, rapid.Bool().Draw(t, "aborted")
				all = append(all, *tx)
				delete(open, producer)
				continue
			}
			if tx == nil {
				open[producer] = &transaction{producer: producer, first: offset}
			}
			owner[offset] = transaction{producer: producer}
		}
		from := rapid.Int64Range(0, end-1).Draw(t, "from")
		var listed []fetchapi.ResponseTransaction
		markers := map[int64]transaction{}
		for _, tx := range all {
			markers[tx.last] = tx
			if tx.aborted && tx.last >= from {
				listed = append(listed, fetchapi.ResponseTransaction{ProducerID: tx.producer, FirstOffset: tx.first})
			}
		}
		a := newAborted(listed)
		for offset := from; offset < end; offset++ {
			a.reached(offset)
			if tx, ok := markers[offset]; ok {
				if tx.aborted {
					a.ended(tx.producer)
				}
				continue
			}
			want := false
			for _, tx := range all {
				want = want || tx.aborted && tx.producer == owner[offset].producer && tx.first <= offset && offset < tx.last
			}
			require.Equal(t, want, a.holds(owner[offset].producer), "offset %d", offset)
		}
	})
}
