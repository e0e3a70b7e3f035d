package ingest

import (
	"context"
	"fmt"
	"testing"
	"time"

	"github.com/rs/zerolog"
	"github.com/stretchr/testify/require"
	"mailtrail/schemas/event"
)

// TestBlockIsCutByItsBytes: whatever the number of events in a message, a block ends soon after its columns reach the bound.
func TestBlockIsCutByItsBytes(t *testing.T) {
	const messages, each, bound = 40, 500, 256 << 10
	broker, store := newFakeBroker(), newFakeStore()
	broker.most = messages
	for m := range messages {
		var value []byte
		for i := range each {
			value = scanProto(t, value, fmt.Sprintf("e%d.%d", m, i), testNow)
		}
		broker.add(event.Message{Time: testNow, Value: value, Headers: []event.Header{{Key: event.ContentTypeHeader, Value: []byte(event.ProtoType)}}})
	}
	g, err := New(Config{BlockRows: 1 << 20, BlockBytes: bound, BlockAge: time.Nanosecond, Rules: testRules(t)},
		Deps{Log: zerolog.Nop(), Clock: func() int64 { return testNow }, Broker: broker, Store: store, Stream: Scans(store.InsertScans), Room: NewRoom(1 << 30), Keys: broker.keys})
	require.NoError(t, err)
	w := g.newWorker(fakeGeneration{broker, broker.generation}, 0)
	_, err = w.resume(context.Background())
	require.NoError(t, err)
	require.NoError(t, w.fill(context.Background()))
	require.GreaterOrEqual(t, w.block.size(), bound)
	require.Less(t, w.block.size(), 3*bound)
	require.Less(t, w.block.next, int64(messages))
}
