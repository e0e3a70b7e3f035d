package ingest

import (
	"context"
	"slices"
	"testing"
	"time"

	"github.com/rs/zerolog"
	"github.com/stretchr/testify/require"
	"mailtrail/schemas/event"
	"pgregory.net/rapid"
)

func testRebuilder(t require.TestingT, broker *fakeBroker, store *fakeStore, rules Rules) *Rebuilder {
	r, err := NewRebuilder(Config{BlockRows: 5, BlockBytes: 1 << 20, BlockAge: time.Nanosecond, Rules: rules},
		Deps{Log: zerolog.Nop(), Clock: func() int64 { return testNow }, Broker: broker, Store: store, Stream: Scans(store.InsertScans), Room: NewRoom(1 << 30), Keys: broker.keys})
	require.NoError(t, err)
	return r
}

// stored returns the events that a fake store holds within a range of offsets.
func (s *fakeStore) stored(first, last int64) (ids []string) {
	for _, row := range s.rows {
		if first <= row.offset && row.offset <= last {
			ids = append(ids, row.eventID)
		}
	}
	slices.Sort(ids)
	return ids
}

func eventIDs(rows *event.ScanColumns) (ids []string) {
	for i := range rows.Len() {
		ids = append(ids, eventID(rows, i))
	}
	slices.Sort(ids)
	return ids
}

// TestBlocksAreMadeAgainAsTheyWere compares every block with what is stored of it.
func TestBlocksAreMadeAgainAsTheyWere(t *testing.T) {
	rules := testRules(t)
	rapid.Check(t, func(t *rapid.T) {
		broker, store := newFakeBroker(), newFakeStore()
		drawLog(t, broker)
		require.NoError(t, runToEnd(testWorker(t, broker, store, rules, risingClock()), broker))
		r := testRebuilder(t, broker, store, rules)
		for _, receipt := range store.receipts {
			again, err := r.Block(context.Background(), receipt)
			require.NoError(t, err)
			require.Equal(t, receipt, again.Receipt)
			require.Equal(t, store.stored(receipt.First, receipt.Last), eventIDs(scansOf(again.Rows)))
		}
	})
}

// TestGapTakesInWhatNobodyStored skips offsets and takes them in afterwards:
// in the end everything is stored once, copies behind the gap included.
func TestGapTakesInWhatNobodyStored(t *testing.T) {
	rules := testRules(t)
	rapid.Check(t, func(t *rapid.T) {
		broker, store := newFakeBroker(), newFakeStore()
		want := drawLog(t, broker)
		if len(broker.log) == 0 {
			return
		}
		last := rapid.Int64Range(0, int64(len(broker.log))-1).Draw(t, "skipped up to")
		broker.offset = last + 1
		clock := func() int64 { return testNow }
		require.NoError(t, runToEnd(testWorker(t, broker, store, rules, clock), broker))
		r := testRebuilder(t, broker, store, rules)
		for first := int64(0); first <= last; {
			again, err := r.Gap(context.Background(), event.ScansTopic, 0, first, last, testNow, "")
			require.NoError(t, err)
			require.Equal(t, first, again.Receipt.First)
			require.LessOrEqual(t, again.Receipt.Last, last)
			require.NoError(t, r.Reject(context.Background(), again))
			require.NoError(t, store.InsertScans(context.Background(), again.Token, scansOf(again.Rows)))
			require.NoError(t, store.InsertReplays(context.Background(), again.Token, again.Replays))
			require.NoError(t, store.InsertBatches(context.Background(), again.Token, again.Batches))
			require.NoError(t, store.InsertReceipt(context.Background(), again.Token, again.Receipt))
			first = again.Receipt.Last + 1
		}
		slices.SortFunc(store.receipts, func(a, b event.Receipt) int { return int(a.First - b.First) })
		checkOutcome(t, broker, store, want)
	})
}

func TestOffsetsThatKafkaDoesNotHoldAreNotMadeAgain(t *testing.T) {
	rules := testRules(t)
	broker, store := newFakeBroker(), newFakeStore()
	for range 5 {
		broker.add(event.Message{Time: testNow, Value: scanJSON("e", testNow)})
	}
	broker.start = 2
	r := testRebuilder(t, broker, store, rules)
	for _, span := range [][2]int64{{1, 3}, {3, 5}} {
		_, err := r.Gap(context.Background(), event.ScansTopic, 0, span[0], span[1], testNow, "")
		require.ErrorIs(t, err, ErrGone)
		require.ErrorContains(t, err, "it has 2 to 4")
	}
	_, err := r.Block(context.Background(), event.Receipt{Topic: event.ScansTopic, First: 2, Last: 4, At: testNow, Epoch: "another"})
	require.ErrorContains(t, err, "not in the table epochs")
}
