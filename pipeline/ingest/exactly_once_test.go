package ingest

import (
	"bytes"
	"context"
	"fmt"
	"strconv"
	"sync/atomic"
	"testing"
	"time"

	"github.com/rs/zerolog"
	"github.com/stretchr/testify/require"
	"mailtrail/schemas/derive"
	"mailtrail/schemas/event"
	"mailtrail/schemas/retention"
	"pgregory.net/rapid"
)

const testNow = int64(1_795_000_000_000) // 2026-11-18 11:06:40 UTC

func testRules(t require.TestingT) Rules {
	tables, err := derive.Builtin()
	require.NoError(t, err)
	return Rules{Schedule: retention.Builtin(), Tables: ScanTables{tables}, Ahead: 10 * time.Minute}
}

// testWorker makes a worker on the fakes, as a new member of the group.
func testWorker(t require.TestingT, broker *fakeBroker, store *fakeStore, rules Rules, clock Clock) *worker {
	g, err := New(Config{BlockRows: 5, BlockBytes: 1 << 20, BlockAge: time.Nanosecond, Rules: rules},
		Deps{Log: zerolog.Nop(), Clock: clock, Broker: broker, Store: store, Stream: Scans(store.InsertScans), Room: NewRoom(1 << 30), Keys: broker.keys})
	require.NoError(t, err)
	broker.generation++
	return g.newWorker(fakeGeneration{broker, broker.generation}, 0)
}

// risingClock is another millisecond at each look, for whoever looks.
func risingClock() Clock {
	var now atomic.Int64
	now.Store(testNow)
	return func() int64 { return now.Add(1) }
}

// runToEnd works until everything in the log is committed, or the fuse blows.
func runToEnd(w *worker, broker *fakeBroker) error {
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	broker.fuse.ended = cancel
	w.deps.Reached = func(p Point) {
		if broker.fuse.step(p) == nil && p == AfterCommit && broker.offset == int64(len(broker.log)) {
			cancel()
		}
	}
	open, err := w.resume(ctx)
	if err != nil {
		return err
	}
	if open == nil && max(broker.offset, 0) == int64(len(broker.log)) {
		return nil
	}
	if err = w.work(ctx); ctx.Err() != nil {
		return nil
	}
	return err
}

func scanJSON(id string, captured int64) []byte {
	at := time.UnixMilli(captured).UTC().Format("2006-01-02T15:04:05.000Z07:00")
	return fmt.Appendf(nil, `{"imb":"0027090012345600001210118112501","scanDatetime":%q,"machineId":"DBCS-0421","eventId":%q}`, at, id)
}

func scanProto(t require.TestingT, dst []byte, id string, captured int64) []byte {
	var s event.Scan
	require.Nil(t, s.DecodeJSON(scanJSON(id, captured)))
	require.Nil(t, s.Check())
	return s.AppendProto(dst)
}

// expectation counts what must come out.
type expectation struct {
	stored                      map[string]bool
	duplicates, rejects, expiry int
}

// drawLog fills the log with messages of all kinds.
func drawLog(t *rapid.T, broker *fakeBroker) expectation {
	want := expectation{stored: map[string]bool{}}
	type sent struct {
		message event.Message
		events  int
		stores  bool
	}
	var requests []sent
	n := rapid.IntRange(1, 40).Draw(t, "messages")
	for i := range n {
		id := "e" + strconv.Itoa(i)
		captured := testNow - rapid.Int64Range(0, 5).Draw(t, "days")*86_400_000
		m := event.Message{Time: testNow - 1000}
		switch kind := rapid.SampledFrom([]string{"json", "json", "batch", "batch", "repeat", "repeat", "junk", "empty", "expired", "future", "control", "aborted", "bad header",
			"replay", "replay", "late replay", "lost replay", "foreign replay", "old junk", "ended junk"}).Draw(t, "kind"); kind {
		case "json":
			m.Value = scanJSON(id, captured)
			want.stored[id] = true
		case "batch":
			size := rapid.IntRange(1, 8).Draw(t, "size")
			for j := range size {
				each := id + "." + strconv.Itoa(j)
				m.Value = scanProto(t, m.Value, each, captured)
				want.stored[each] = true
			}
			m.Headers = []event.Header{{Key: event.ContentTypeHeader, Value: []byte(event.ProtoType)}, {Key: event.BatchIDHeader, Value: []byte(id)}}
			requests = append(requests, sent{m, size, true})
		case "repeat":
			if len(requests) == 0 {
				continue
			}
			r := rapid.SampledFrom(requests).Draw(t, "which")
			m = r.message
			want.duplicates += r.events
		case "junk":
			m.Value = []byte(`{"imb":`)
			want.rejects++
		case "empty":
			want.rejects++
		case "expired":
			m.Value = scanJSON(id, testNow-40*86_400_000)
			want.expiry++
		case "future":
			m.Value = scanJSON(id, testNow+20*60_000)
			want.rejects++
		case "bad header":
			m.Value = scanJSON(id, captured)
			m.Headers = []event.Header{{Key: event.ContentTypeHeader, Value: []byte("text/plain")}}
			want.rejects++
		case "replay": // some come again
			origin := "mail.scans/0/" + strconv.Itoa(1000+rapid.IntRange(0, 5).Draw(t, "origin")) + "/0"
			m = sealedReplay(liveSlot, origin, scanJSON(origin, captured))
			if want.stored[origin] {
				want.duplicates++
			}
			want.stored[origin] = true
		case "late replay":
			m = sealedReplay(liveSlot-40*86_400, "mail.scans/0/2000/0", scanJSON(id, captured))
			want.expiry++
		case "lost replay": // its slot was destroyed before its time
			broker.keys.ended[endedSlot] = true
			m = sealedReplay(endedSlot, "mail.scans/0/2001/0", scanJSON(id, captured))
			want.expiry++
		case "foreign replay":
			m = sealedReplay(liveSlot, "mail.scans/0/"+strconv.Itoa(3000+i)+"/0", scanJSON(id, captured))
			m.Value = fakeSealed(event.Seal{Class: retention.Rejects, Slot: liveSlot}, "mail.scans/0/9/9", m.Value, 0)
			want.rejects++
		case "old junk":
			m.Value = bytes.Replace(scanJSON(id, testNow-40*86_400_000), []byte(`"machineId"`), []byte(`"imbMid":"999999","machineId"`), 1)
			want.expiry++
		case "ended junk":
			broker.keys.ended[endedSlot] = true
			m.Value = bytes.Replace(scanJSON(id, endedSlot*1000), []byte(`"machineId"`), []byte(`"imbMid":"999999","machineId"`), 1)
			want.expiry++
		case "control":
			broker.addControl()
			continue
		case "aborted":
			broker.addAborted()
			continue
		}
		broker.add(m)
	}
	return want
}

// liveSlot is a slot of dead letters whose key there is; that of endedSlot was destroyed before its time, once a test says so.
const (
	liveSlot  = testNow / 1000 / 86_400 * 86_400
	endedSlot = liveSlot - 8*86_400
)

// sealedReplay is a reject on its way through ingest once more.
func sealedReplay(slot int64, origin string, payload []byte) event.Message {
	seal := event.Seal{Class: retention.Rejects, Slot: slot}
	return event.Message{Time: testNow - 1000, Key: []byte(origin), Value: fakeSealed(seal, origin, payload, 0), Headers: []event.Header{
		header(event.OriginHeader, origin), header(event.ReceivedHeader, strconv.FormatInt(testNow-1000, 10)), header(event.SealHeader, seal.Text()),
	}}
}

// TestEveryEventOnceWhateverCrashes kills the process at random steps, between
// the parts of an insert too, and sometimes lets an old owner wake up and go on.
func TestEveryEventOnceWhateverCrashes(t *testing.T) {
	rules := testRules(t)
	rapid.Check(t, func(t *rapid.T) {
		broker, store := newFakeBroker(), newFakeStore()
		want := drawLog(t, broker)
		clock := risingClock()
		for range rapid.IntRange(0, 8).Draw(t, "crashes") {
			broker.fuse = &fuse{left: rapid.IntRange(1, 60).Draw(t, "steps until the crash")}
			store.fuse = broker.fuse
			require.NoError(t, runToEnd(testWorker(t, broker, store, rules, clock), broker))
			if !broker.fuse.blown {
				break
			}
		}
		broker.fuse = &fuse{}
		store.fuse = broker.fuse
		require.NoError(t, runToEnd(testWorker(t, broker, store, rules, clock), broker))
		checkOutcome(t, broker, store, want)
	})
}

func checkOutcome(t require.TestingT, broker *fakeBroker, store *fakeStore, want expectation) {
	got := map[string]int{}
	for _, row := range store.rows {
		got[row.eventID]++
	}
	for id, n := range got {
		require.Equal(t, 1, n, "event %s is stored %d times", id, n)
		require.True(t, want.stored[id], "event %s should not be stored", id)
	}
	require.Len(t, got, len(want.stored))

	rejected := map[string]bool{}
	for _, m := range broker.rejects {
		rejected[string(m.Header(event.OriginHeader))] = true
	}
	require.Len(t, rejected, want.rejects)
	requireSealed(t, broker.rejects)

	next, counts := int64(0), [event.NumOutcomes]int{}
	for _, r := range store.receipts {
		require.Equal(t, next, r.First, "receipts must follow on each other")
		next = r.Last + 1
		sum := 0
		for _, o := range r.Outcomes {
			counts[o.Outcome] += int(o.Events)
			sum += int(o.Events)
		}
		require.EqualValues(t, r.Events, sum)
	}
	require.EqualValues(t, len(broker.log), next)
	require.Equal(t, [event.NumOutcomes]int{len(want.stored), want.duplicates, want.rejects, want.expiry}, counts)
	require.Empty(t, broker.metadata)
}
