package ingest

import (
	"fmt"
	"testing"
	"time"

	"github.com/rs/zerolog"
	"github.com/stretchr/testify/require"
	"mailtrail/schemas/event"
)

// TestABlockThatIsCutShortMovesTheNextOne: more repeats of another partition's requests than an intent can list
// end a block early, while the next one has been read already.
func TestABlockThatIsCutShortMovesTheNextOne(t *testing.T) {
	const messages = 3*maxElsewhere + 7
	broker, store := newFakeBroker(), newFakeStore()
	broker.most = 50
	for i := range messages {
		id := fmt.Sprintf("request-%d", i)
		broker.add(event.Message{Time: testNow, Value: scanJSON(id, testNow), Headers: []event.Header{header(event.BatchIDHeader, id)}})
		if i%10 != 0 {
			store.batches = append(store.batches, event.BatchRow{ID: id, Part: event.Part{Number: 1, Of: 1}, Places: "0", Topic: event.ScansTopic, Partition: 1, At: testNow - 1})
		}
	}
	g, err := New(Config{BlockRows: 2 * maxElsewhere, BlockBytes: 1 << 30, BlockAge: time.Nanosecond, Rules: testRules(t)},
		Deps{Log: zerolog.Nop(), Clock: risingClock(), Broker: broker, Store: store, Stream: Scans(store.InsertScans), Room: NewRoom(1 << 30), Keys: broker.keys})
	require.NoError(t, err)
	require.NoError(t, runToEnd(g.newWorker(fakeGeneration{broker, broker.generation}, 0), broker))

	next, duplicates, short := int64(0), uint64(0), false
	for _, r := range store.receipts {
		require.Equal(t, next, r.First, "receipts follow on each other")
		next = r.Last + 1
		for _, o := range r.Outcomes {
			if o.Outcome == event.Duplicate {
				duplicates += o.Events
				short = short || o.Events == maxElsewhere
			}
		}
	}
	require.EqualValues(t, messages, next)
	require.True(t, short, "a block was cut short")
	require.EqualValues(t, messages-(messages+9)/10, duplicates)
	require.Len(t, store.rows, (messages+9)/10)
}
