package ingest

import (
	"context"
	"fmt"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/rs/zerolog"
	"github.com/stretchr/testify/require"
	"mailtrail/schemas/event"
	"mailtrail/schemas/retention"
	"pgregory.net/rapid"
)

// imageTable is the table images on the fake store.
type imageTable struct {
	store *fakeStore
	rows  []fakeImage
}

type fakeImage struct {
	id, pack     string
	slot, offset int64
}

func (t *imageTable) insert(_ context.Context, token string, rows *event.ImageColumns) error {
	pieces := map[int64][]int{}
	var slots []int64
	for i, slot := range rows.Slot {
		if pieces[slot] == nil {
			slots = append(slots, slot)
		}
		pieces[slot] = append(pieces[slot], i)
	}
	slices.Sort(slots)
	for _, slot := range slots {
		err := t.store.once("images", token, fmt.Sprint(slot), func() {
			for _, i := range pieces[slot] {
				t.rows = append(t.rows, fakeImage{rows.Rows[i].ID.String(), rows.Rows[i].Pack, slot, rows.Offset[i]})
			}
		})
		if err != nil {
			return err
		}
	}
	return nil
}

func (t *imageTable) known(_ context.Context, ids []string) (found []event.BatchRow, _ error) {
	for _, row := range t.rows {
		if slices.Contains(ids, row.id) {
			found = append(found, event.BatchRow{ID: row.id, Places: "0", Topic: event.ImagesTopic, Offset: row.offset})
		}
	}
	return found, nil
}

func (t *imageTable) worker(test require.TestingT, broker *fakeBroker, clock Clock) *worker {
	g, err := New(Config{
		BlockRows: 5, BlockBytes: 1 << 20, BlockAge: time.Nanosecond,
		Rules: Rules{Schedule: imagesSchedule(), Tables: ImageTables{}, Ahead: 10 * time.Minute},
	}, Deps{Log: zerolog.Nop(), Clock: clock, Broker: broker, Store: t.store, Stream: Images(t.insert, t.known), Room: NewRoom(256 << 20), Keys: broker.keys})
	require.NoError(test, err)
	broker.generation++
	return g.newWorker(fakeGeneration{broker, broker.generation}, 0)
}

var imagesSchedule = sync.OnceValue(retention.Builtin)

func imagesRow() *retention.Row { return imagesSchedule().Row(retention.MailpieceImages) }

// entryMessage is the entry of a picture in a pack of the name.
func entryMessage(number byte, captured int64, pack string) event.Message {
	row := imagesRow()
	e := event.ImageEntry{
		ID: event.NewImageID(captured, []byte{number}), Pack: event.PackName(row.SlotOf(captured), pack), Length: 100,
		Captured: time.UnixMilli(captured).UTC(), MachineID: "M", MediaType: "image/png", Width: 1, Height: 1, Pages: 1, Bytes: 68,
	}
	return event.Message{Time: testNow - 1000, Value: e.AppendJSON(nil), Headers: []event.Header{{Key: event.BatchIDHeader, Value: []byte(e.ID.String())}}}
}

// A picture has the row of its first entry, whatever crashes, and however often it was sent.
func TestEveryImageOnceWhateverCrashes(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		broker, table := newFakeBroker(), &imageTable{store: newFakeStore()}
		first := map[string]string{} // the pack of each picture's first entry
		duplicates := 0
		for i := range rapid.IntRange(1, 30).Draw(t, "entries") {
			number := rapid.ByteRange(1, 12).Draw(t, "picture")
			m := entryMessage(number, testNow-int64(number)*20*60_000, fmt.Sprint("pack", i))
			id, pack := string(m.Header(event.BatchIDHeader)), fmt.Sprint("pack", i)
			if first[id] != "" {
				duplicates++
			} else {
				first[id] = pack
			}
			broker.add(m)
		}
		clock := risingClock()
		for range rapid.IntRange(0, 8).Draw(t, "crashes") {
			broker.fuse = &fuse{left: rapid.IntRange(1, 40).Draw(t, "steps until the crash")}
			table.store.fuse = broker.fuse
			require.NoError(t, runToEnd(table.worker(t, broker, clock), broker))
		}
		broker.fuse = &fuse{}
		table.store.fuse = broker.fuse
		require.NoError(t, runToEnd(table.worker(t, broker, clock), broker))

		require.Len(t, table.rows, len(first))
		for _, row := range table.rows {
			_, pack, err := event.SplitPackName(row.pack)
			require.NoError(t, err)
			require.Equal(t, first[row.id], pack, "the first entry wins")
		}
		stored, repeated := uint64(0), uint64(0)
		for _, r := range table.store.receipts {
			for _, o := range r.Outcomes {
				switch o.Outcome {
				case event.Stored:
					stored += o.Events
				case event.Duplicate:
					repeated += o.Events
				default:
					require.Fail(t, "nothing else becomes of an entry", o.Outcome.String())
				}
			}
		}
		require.Equal(t, []uint64{uint64(len(first)), uint64(duplicates)}, []uint64{stored, repeated})
		require.Empty(t, table.store.batches, "ids of pictures are remembered by their rows")
	})
}

func TestEntriesThatAreRejected(t *testing.T) {
	good := entryMessage(1, testNow-60_000, "p")
	for name, c := range map[string]struct {
		change func(*event.Message)
		want   event.Code
	}{
		"no id in the header":      {func(m *event.Message) { m.Headers = nil }, event.BadHeader},
		"another id in the header": {func(m *event.Message) { m.Headers = entryMessage(2, testNow, "p").Headers }, event.BadHeader},
		"protobuf": {func(m *event.Message) {
			m.Headers = append(m.Headers, event.Header{Key: event.ContentTypeHeader, Value: []byte(event.ProtoType)})
		}, event.BadHeader},
		"received is no number": {func(m *event.Message) {
			m.Headers = append(m.Headers, event.Header{Key: event.ReceivedHeader, Value: []byte("now")})
		}, event.BadHeader},
		"no JSON":       {func(m *event.Message) { m.Value = m.Value[:20] }, event.NotReadable},
		"in the future": {func(m *event.Message) { *m = entryMessage(1, testNow+11*60_000, "p") }, event.FutureTime},
	} {
		t.Run(name, func(t *testing.T) {
			broker, table := newFakeBroker(), &imageTable{store: newFakeStore()}
			m := copyOf(good)
			c.change(&m)
			broker.add(m)
			require.NoError(t, runToEnd(table.worker(t, broker, risingClock()), broker))
			require.Empty(t, table.rows)
			require.Len(t, broker.rejects, 1)
			require.Equal(t, string(c.want), string(broker.rejects[0].Header(event.ReasonHeader)))
			require.Empty(t, broker.rejects[0].Value, "a dead letter outlives the class of pictures")
			require.Equal(t, event.NoSeal, string(broker.rejects[0].Header(event.SealHeader)))
		})
	}
	t.Run("past its limit", func(t *testing.T) {
		broker, table := newFakeBroker(), &imageTable{store: newFakeStore()}
		broker.add(entryMessage(1, testNow-imagesRow().Longest().Milliseconds(), "p"))
		require.NoError(t, runToEnd(table.worker(t, broker, risingClock()), broker))
		require.Empty(t, table.rows)
		require.Empty(t, broker.rejects)
		require.Equal(t, event.Expired, table.store.receipts[0].Outcomes[0].Outcome)
	})
}
