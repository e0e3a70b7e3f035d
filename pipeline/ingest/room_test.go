package ingest

import (
	"context"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/rs/zerolog"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"mailtrail/schemas/event"
	"mailtrail/schemas/event/records"
	"mailtrail/schemas/retention"
)

// trouble is what ails a topic until it is mended: each question fails, and the first says so.
type trouble struct {
	mended atomic.Bool
	once   sync.Once
	seen   chan struct{}
}

func newTrouble() *trouble { return &trouble{seen: make(chan struct{})} }

func (t *trouble) ask() error {
	if t.mended.Load() {
		return nil
	}
	t.once.Do(func() { close(t.seen) })
	return errAway
}

// troubledKeys seal no records while the trouble lasts.
type troubledKeys struct {
	Keys
	trouble *trouble
}

func (k troubledKeys) Seal(ctx context.Context, seal event.Seal, identity string, payload []byte) ([]byte, error) {
	if seal.Class != retention.Rejects && k.trouble != nil {
		if err := k.trouble.ask(); err != nil {
			return nil, err
		}
	}
	return k.Keys.Seal(ctx, seal, identity, payload)
}

// recordsIn takes a record of a person in, under the room, with trouble in the table or the keys. It returns after the first failure; the trouble is mended when the test ends.
func recordsIn(t *testing.T, room *Room, table, keys *trouble) *worker {
	broker, place := newFakeBroker(), &recordTable{store: newFakeStore()}
	broker.add(recordMessage("hold_mail", holdJSON("A. Person")))
	deps := place.deps()
	deps.Keys = troubledKeys{deps.Keys, keys}
	deps.Insert = func(ctx context.Context, token string, rows *event.RecordColumns) error {
		if table != nil {
			if err := table.ask(); err != nil {
				return err
			}
		}
		return place.insert(ctx, token, rows)
	}
	schedule := flowing(t)
	g, err := New(Config{
		BlockRows: 5, BlockBytes: 1 << 20, BlockAge: time.Nanosecond,
		Rules: Rules{Schedule: schedule, Tables: NewRecordTables(records.Builtin(), schedule, deps), Ahead: time.Minute},
	}, Deps{Log: zerolog.Nop(), Clock: risingClock(), Broker: broker, Store: place.store, Stream: Records(deps), Room: room, Keys: deps.Keys})
	require.NoError(t, err)
	broker.generation++
	w := g.newWorker(fakeGeneration{broker, broker.generation}, 0)
	var work sync.WaitGroup
	work.Go(func() { assert.NoError(t, runToEnd(w, broker)) })
	t.Cleanup(func() {
		for _, each := range []*trouble{table, keys} {
			if each != nil {
				each.mended.Store(true)
			}
		}
		work.Wait()
		assert.Len(t, place.rows, 1, "it goes on when it is mended")
	})
	for _, each := range []*trouble{table, keys} {
		if each != nil {
			<-each.seen
		}
	}
	return w
}

// What ails a topic, be it its table or its keys, keeps no other from the stores.
func TestOneTopicsTroubleStopsNoOther(t *testing.T) {
	for name, ail := range map[string]func(*testing.T, *Room) *worker{
		"a table that refuses": func(t *testing.T, room *Room) *worker { return recordsIn(t, room, newTrouble(), nil) },
		"keys that are away":   func(t *testing.T, room *Room) *worker { return recordsIn(t, room, nil, newTrouble()) },
	} {
		t.Run(name, func(t *testing.T) {
			room := NewRoom(1 << 30)
			for range maxInserts {
				ail(t, room)
			}
			broker, store := newFakeBroker(), newFakeStore()
			broker.add(event.Message{Time: testNow, Value: scanJSON("e", testNow)})
			w := testWorker(t, broker, store, testRules(t), risingClock())
			w.deps.Room = room
			ctx, cancel := context.WithTimeout(t.Context(), 5*time.Second)
			defer cancel()
			done := make(chan error, 1)
			go func() { done <- runToEnd(w, broker) }()
			select {
			case err := <-done:
				require.NoError(t, err)
				require.Len(t, store.rows, 1)
			case <-ctx.Done():
				require.Fail(t, "scans are not inserted while records cannot be")
			}
		})
	}
}

// While records wait for their key, readiness says so.
func TestRowsWaitForTheirKey(t *testing.T) {
	away := newTrouble()
	w := recordsIn(t, NewRoom(1<<30), nil, away)
	require.Eventually(t, func() bool { return w.Healthy(t.Context()) != nil }, 5*time.Second, time.Millisecond)
	require.EqualError(t, w.Healthy(t.Context()), "partition 0 cannot get the key for rows: the authority is away")
	require.True(t, w.deps.Room.inserting.TryAcquire(maxInserts), "it holds no place among the inserts")
	w.deps.Room.inserting.Release(maxInserts)
}
