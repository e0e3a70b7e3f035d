package ingest

import (
	"bytes"
	"context"
	"strconv"
	"testing"
	"time"

	"github.com/rs/zerolog"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"mailtrail/schemas/event"
	"mailtrail/schemas/retention"
)

// requireSealed wants every reject to be ciphertext for its own identity, under the slot of its clock, unless it is nothing.
func requireSealed(t require.TestingT, letters []event.Message) {
	row := retention.Builtin().Row(retention.Rejects)
	for _, m := range letters {
		if len(m.Value) == 0 {
			require.Equal(t, event.NoSeal, string(m.Header(event.SealHeader)))
			continue
		}
		clock, err := strconv.ParseInt(string(m.Header(event.ClockHeader)), 10, 64)
		require.NoError(t, err)
		seal, err := event.ParseSeal(m.Header(event.SealHeader))
		require.NoError(t, err)
		require.Equal(t, event.Seal{Class: retention.Rejects, Slot: row.SlotOf(clock)}, seal)
		require.True(t, bytes.HasPrefix(m.Value, []byte(seal.Text()+" "+string(m.Key)+" ")), "%.80s", m.Value)
		require.NotContains(t, string(m.Value), "scanDatetime")
	}
}

// While the key is away nothing of the block is written, what waits says so, and then it goes on.
func TestRejectsWaitForTheirKey(t *testing.T) {
	broker, store := newFakeBroker(), newFakeStore()
	broker.add(event.Message{Time: testNow, Value: []byte("{")})
	broker.add(event.Message{Time: testNow, Value: scanJSON("e", testNow)})
	broker.keys.away = 2
	w := testWorker(t, broker, store, testRules(t), risingClock())
	seen := ""
	w.deps.Keys = watchedKeys{broker.keys, func() {
		if err := w.Healthy(t.Context()); err != nil {
			seen = err.Error()
		}
		assert.Empty(t, broker.rejects)
		assert.Empty(t, store.rows)
		assert.Empty(t, broker.metadata, "no block is open while it waits")
	}}
	require.NoError(t, runToEnd(w, broker))
	require.Equal(t, "partition 0 cannot get the key for rejects: the authority is away", seen)
	require.NoError(t, w.Healthy(t.Context()))
	require.Len(t, broker.rejects, 1)
	requireSealed(t, broker.rejects)
	require.Len(t, store.rows, 1)
}

// watchedKeys calls look before each question while the keys are away.
type watchedKeys struct {
	*fakeKeys
	look func()
}

func (k watchedKeys) Seal(ctx context.Context, seal event.Seal, identity string, payload []byte) ([]byte, error) {
	if k.away > 0 {
		k.look()
	}
	return k.fakeKeys.Seal(ctx, seal, identity, payload)
}

// A block that is done again after the slot of its rejects ended writes none of them, in clear or otherwise.
func TestABlockDoneAgainAfterTheSlotOfItsRejectsEnded(t *testing.T) {
	rules := testRules(t)
	broker, store := newFakeBroker(), newFakeStore()
	broker.add(event.Message{Time: testNow, Value: []byte("{")})
	broker.add(event.Message{Time: testNow, Value: scanJSON("e", testNow)})
	broker.fuse = &fuse{at: AfterIntent}
	require.NoError(t, runToEnd(testWorker(t, broker, store, rules, risingClock()), broker))
	require.NotEmpty(t, broker.metadata)
	require.Empty(t, broker.rejects)
	broker.fuse = &fuse{}
	broker.keys.ended[liveSlot] = true
	require.NoError(t, runToEnd(testWorker(t, broker, store, rules, risingClock()), broker))
	require.Empty(t, broker.rejects)
	require.Len(t, store.rows, 1)
	require.EqualValues(t, 2, store.receipts[0].Events)
}

// Good events ask for no key.
func TestGoodEventsNeedNoKey(t *testing.T) {
	broker, store := newFakeBroker(), newFakeStore()
	for range 20 {
		broker.add(event.Message{Time: testNow, Value: scanJSON("e", testNow), Headers: []event.Header{header(event.DeviceHeader, "d")}})
	}
	require.NoError(t, runToEnd(testWorker(t, broker, store, testRules(t), risingClock()), broker))
	require.Len(t, store.rows, 20)
	require.Zero(t, broker.keys.asked)
}

// A whole batch that is rejected for its headers says how many events it can be sent as.
func TestAWholeBatchTellsItsEvents(t *testing.T) {
	batch := scanProto(t, scanProto(t, nil, "e0", testNow), "e1", testNow)
	for events, m := range map[string]event.Message{
		"2": {Value: batch}, "": {Value: batch[:len(batch)-3]},
	} {
		m.Time = testNow
		m.Headers = []event.Header{header(event.ContentTypeHeader, event.ProtoType), header(event.ReceivedHeader, "now")}
		got := outcomeOf(t, m)
		for letter := range got.letters() {
			require.Equal(t, events, string(letter.Header(event.EventsHeader)))
		}
	}
}

// A stop does not wait for a key that does not come.
func TestAStopWhileAKeyIsAway(t *testing.T) {
	broker, store := newFakeBroker(), newFakeStore()
	broker.add(event.Message{Time: testNow, Value: []byte("{")})
	broker.keys.away = 1 << 30
	g, err := New(Config{BlockRows: 5, BlockBytes: 1 << 20, BlockAge: time.Nanosecond, Rules: testRules(t)},
		Deps{Log: zerolog.Nop(), Clock: risingClock(), Broker: broker, Store: store, Keys: broker.keys, Stream: Scans(store.InsertScans), Room: NewRoom(1 << 30)})
	require.NoError(t, err)
	broker.generation++
	w := g.newWorker(fakeGeneration{broker, broker.generation}, 0)
	ctx, cancel := context.WithTimeout(t.Context(), 300*time.Millisecond)
	defer cancel()
	began := time.Now()
	require.Error(t, w.work(ctx))
	require.Less(t, time.Since(began), Grace/2)
	require.Empty(t, broker.metadata)
}
