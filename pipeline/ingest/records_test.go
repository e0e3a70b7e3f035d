package ingest

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/rs/zerolog"
	"github.com/stretchr/testify/require"
	"mailtrail/schemas/event"
	"mailtrail/schemas/event/records"
	"mailtrail/schemas/retention"
	"pgregory.net/rapid"
)

// flowing is the built-in schedule with the places of records in force.
func flowing(t require.TestingT) *retention.Schedule {
	s, err := retention.Parse([]byte(strings.ReplaceAll(string(retention.Builtin().Source()), "    planned: true\n", "")))
	require.NoError(t, err)
	return s
}

// recordTable is the table records on the fake store, with the seal of a test.
type recordTable struct {
	store *fakeStore
	rows  []fakeRecord
	over  map[int64]bool // slots that were destroyed
}

type fakeRecord struct {
	kind, class, payload, identity string
	slot                           int64
	keys                           int
}

func (t *recordTable) deps() RecordDeps {
	return RecordDeps{
		Insert: t.insert,
		Keys:   t.keys(),
		Hash: func(system, key string, value []byte) (hash [event.RecordKeyBytes]byte) {
			sum := sha256.Sum256([]byte(system + key + string(value)))
			copy(hash[:], sum[:])
			return hash
		},
	}
}

func (t *recordTable) keys() Keys { return recordKeys{&fakeKeys{}, t} }

// recordKeys seal records as the test can tell.
type recordKeys struct {
	*fakeKeys
	table *recordTable
}

func (k recordKeys) Seal(ctx context.Context, seal event.Seal, identity string, payload []byte) ([]byte, error) {
	if seal.Class == retention.Rejects {
		return k.fakeKeys.Seal(ctx, seal, identity, payload)
	}
	if k.table.over[seal.Slot] {
		return nil, fmt.Errorf("key: %w", ErrKeyEnded)
	}
	sum := sha256.Sum256(payload)
	return fmt.Appendf(nil, "sealed %s %d %s %x", seal.Class, seal.Slot, identity, sum[:4]), nil
}

func (t *recordTable) insert(_ context.Context, token string, rows *event.RecordColumns) error {
	pieces := map[string][]int{}
	for i := range rows.Len() {
		piece := fmt.Sprint(string(rows.Class.Row(i)), rows.Slot[i])
		pieces[piece] = append(pieces[piece], i)
	}
	names := make([]string, 0, len(pieces))
	for name := range pieces {
		names = append(names, name)
	}
	slices.Sort(names)
	for _, name := range names {
		err := t.store.once("records", token, name, func() {
			for _, i := range pieces[name] {
				r := rows.Rows[i]
				t.rows = append(t.rows, fakeRecord{r.Kind, string(rows.Class.Row(i)), string(r.Payload), rows.Identity(i), rows.Slot[i], len(r.Keys)})
			}
		})
		if err != nil {
			return err
		}
	}
	return nil
}

func (t *recordTable) worker(test require.TestingT, broker *fakeBroker, schedule *retention.Schedule, clock Clock) *worker {
	tables := NewRecordTables(records.Builtin(), schedule, t.deps())
	return t.workerOf(test, broker, Rules{Schedule: schedule, Tables: tables, Ahead: 10 * time.Minute}, clock)
}

func (t *recordTable) workerOf(test require.TestingT, broker *fakeBroker, rules Rules, clock Clock) *worker {
	g, err := New(Config{BlockRows: 5, BlockBytes: 1 << 20, BlockAge: time.Nanosecond, Rules: rules},
		Deps{Log: zerolog.Nop(), Clock: clock, Broker: broker, Store: t.store, Stream: Records(t.deps()), Room: NewRoom(256 << 20), Keys: t.keys()})
	require.NoError(test, err)
	broker.generation++
	return g.newWorker(fakeGeneration{broker, broker.generation}, 0)
}

func bundleJSON(id string) string {
	return fmt.Sprintf(`{"edocJobId":"JOB1","edocSubmitterCrid":"123","preparedDatetime":%q,"edocPackageId":%q}`, time.UnixMilli(testNow-86_400_000).UTC().Format(time.RFC3339), id)
}

func holdJSON(name string) string {
	return fmt.Sprintf(`{"requestedDatetime":%q,"holdBegins":"2026-11-22","customerName":%q}`, time.UnixMilli(testNow-3_600_000).UTC().Format(time.RFC3339), name)
}

func recordMessage(kind, value string, headers ...event.Header) event.Message {
	return event.Message{Time: testNow - 1000, Value: []byte(value), Headers: append([]event.Header{header(event.KindHeader, kind)}, headers...)}
}

// Each record once, whatever crashes and however often its request was sent.
func TestEveryRecordOnceWhateverCrashes(t *testing.T) {
	schedule := flowing(t)
	rules := Rules{Schedule: schedule, Ahead: 10 * time.Minute}
	catalog := records.Builtin()
	rapid.Check(t, func(t *rapid.T) {
		broker, table := newFakeBroker(), &recordTable{store: newFakeStore()}
		rules := rules
		rules.Tables = NewRecordTables(catalog, schedule, table.deps())
		want, duplicates := map[string]bool{}, 0
		var sent []event.Message
		for i := range rapid.IntRange(1, 25).Draw(t, "messages") {
			id := fmt.Sprint("p", i)
			if len(sent) > 0 && rapid.IntRange(0, 3).Draw(t, "repeat") == 0 {
				m := rapid.SampledFrom(sent).Draw(t, "which")
				duplicates += strings.Count(string(m.Value), "\n")
				broker.add(m)
				continue
			}
			lines := ""
			for j := range rapid.IntRange(1, 7).Draw(t, "lines") {
				each := fmt.Sprint(id, ".", j)
				lines += bundleJSON(each) + "\n"
				want[each] = true
			}
			m := recordMessage("bundle", lines, header(event.ContentTypeHeader, event.LinesType), header(event.BatchIDHeader, id))
			sent = append(sent, m)
			broker.add(m)
		}
		clock := risingClock()
		for range rapid.IntRange(0, 6).Draw(t, "crashes") {
			broker.fuse = &fuse{left: rapid.IntRange(1, 40).Draw(t, "steps until the crash")}
			table.store.fuse = broker.fuse
			require.NoError(t, runToEnd(table.workerOf(t, broker, rules, clock), broker))
		}
		broker.fuse = &fuse{}
		table.store.fuse = broker.fuse
		require.NoError(t, runToEnd(table.workerOf(t, broker, rules, clock), broker))

		got := map[string]int{}
		for _, row := range table.rows {
			_, id, _ := strings.Cut(row.payload, `"edocPackageId":"`)
			got[strings.TrimSuffix(id, `"}`)]++
		}
		require.Len(t, got, len(want))
		for id, n := range got {
			require.Equal(t, 1, n, id)
		}
		repeated := uint64(0)
		for _, r := range table.store.receipts {
			require.Equal(t, event.RecordsTopic, r.Topic)
			for _, o := range r.Outcomes {
				if o.Outcome == event.Duplicate {
					repeated += o.Events
				}
			}
		}
		require.EqualValues(t, duplicates, repeated)
	})
}

// one takes one message through a worker.
func one(t *testing.T, table *recordTable, m event.Message) *fakeBroker {
	broker := newFakeBroker()
	broker.add(m)
	require.NoError(t, runToEnd(table.worker(t, broker, flowing(t), risingClock()), broker))
	return broker
}

func TestRecordsOfPersonsAreSealed(t *testing.T) {
	table := &recordTable{store: newFakeStore()}
	broker := one(t, table, recordMessage("hold_mail", holdJSON("A. Person")))
	require.Empty(t, broker.rejects)
	require.Len(t, table.rows, 1)
	row := table.rows[0]
	require.Equal(t, "hold_mail hold_mail", row.kind+" "+row.class)
	require.Equal(t, 1, row.keys)
	require.True(t, strings.HasPrefix(row.payload, fmt.Sprintf("sealed hold_mail %d mail.records/0/0/0 ", row.slot)), row.payload)
	require.NotContains(t, row.payload, "Person")

	table = &recordTable{store: newFakeStore()}
	one(t, table, recordMessage("bundle", bundleJSON("p1")))
	require.Equal(t, bundleJSON("p1"), table.rows[0].payload, "documentation lies in clear")
}

func TestRowsOfADestroyedSlotAreLeftOut(t *testing.T) {
	slot := flowing(t).Row("hold_mail").SlotOf(testNow - 3_600_000)
	table := &recordTable{store: newFakeStore(), over: map[int64]bool{slot: true}}
	one(t, table, recordMessage("hold_mail", holdJSON("A. Person")))
	require.Empty(t, table.rows)
}

// Without a clock of its own a record has that of its receipt, whatever a producer stamped.
func TestReceiptIsTheClockOfALog(t *testing.T) {
	table := &recordTable{store: newFakeStore()}
	m := recordMessage("web_log", `{"browser":"b"}`)
	one(t, table, m)
	require.Equal(t, flowing(t).Row("web_logs").SlotOf(testNow-1000), table.rows[0].slot)
	m.Time = -1
	table = &recordTable{store: newFakeStore()}
	one(t, table, m)
	require.Len(t, table.rows, 1, "a producer's nonsense does not end it at once")
}

func TestRecordsThatAreRejected(t *testing.T) {
	const card = "4111 1111 1111 1111"
	for name, c := range map[string]struct {
		message event.Message
		reason  event.Code
		field   string
		kept    bool // the payload lies in the dead letter
	}{
		"no kind":             {event.Message{Time: testNow, Value: []byte("{}")}, records.UnknownKind, "", true},
		"an unknown kind":     {recordMessage("nothing", "{}"), records.UnknownKind, "", true},
		"never kept":          {recordMessage("session_cookie_data", `{"a":1}`), records.NotKept, "", false},
		"bound to an event":   {recordMessage("mail_customer", `{"customerId":"1"}`), records.NotKept, "", false},
		"by another door":     {recordMessage("mailpiece_image", `{"a":1}`), records.NotKept, "", false},
		"protobuf":            {recordMessage("bundle", "x", header(event.ContentTypeHeader, event.ProtoType)), event.BadHeader, "", true},
		"no JSON":             {recordMessage("bundle", `{"edocJobId"`), event.NotReadable, "", true},
		"no JSON with a card": {recordMessage("bundle", `{"a":"`+card), event.NotReadable, "", false},
		"no JSON and long":    {recordMessage("bundle", `{"a":"`+strings.Repeat("1 ", 1<<20)), event.NotReadable, "", false},
		"a bad header":        {recordMessage("bundle", `{"a":"b"}`, header(event.ReceivedHeader, "now")), event.BadHeader, "", true},
		"beside a card":       {recordMessage("bundle", `{"a":"`+card+`"}`, header(event.ReceivedHeader, "now")), event.BadHeader, "", false},
		"a field too many":    {recordMessage("hold_mail", `{"colour":"blue"}`), records.UnknownField, "colour", false},
		"one of a document":   {recordMessage("bundle", `{"colour":"blue"}`), records.UnknownField, "colour", true},
		"a card":              {recordMessage("hold_mail", `{"comments":"`+card+`"}`), records.CardNumber, "comments", false},
		"no lines":            {recordMessage("bundle", "\n \n", header(event.ContentTypeHeader, event.LinesType)), event.NotReadable, "", false},
		"in the future": {recordMessage("bundle", strings.Replace(bundleJSON("p"), time.UnixMilli(testNow-86_400_000).UTC().Format(time.RFC3339), time.UnixMilli(testNow+3_600_000).UTC().Format(time.RFC3339), 1)),
			event.FutureTime, "", true},
	} {
		t.Run(name, func(t *testing.T) {
			table := &recordTable{store: newFakeStore()}
			broker := one(t, table, c.message)
			require.Empty(t, table.rows)
			require.Len(t, broker.rejects, 1)
			m := broker.rejects[0]
			require.Equal(t, string(c.reason), string(m.Header(event.ReasonHeader)))
			require.Equal(t, c.field, string(m.Header(event.FieldHeader)))
			require.Equal(t, c.kept, len(m.Value) > 0)
			require.NotContains(t, string(m.Value), card)
			require.Equal(t, string(c.message.Header(event.KindHeader)), string(m.Header(event.KindHeader)), "a replay needs it")
		})
	}
}

// Each line of a message is a reject of its own, so that a replay is one record.
func TestLinesAreRejectedOneByOne(t *testing.T) {
	table := &recordTable{store: newFakeStore()}
	broker := one(t, table, recordMessage("nothing", "{}\n{}\n", header(event.ContentTypeHeader, event.LinesType), header(event.BatchIDHeader, "b")))
	require.Len(t, broker.rejects, 2)
	require.Equal(t, "mail.records/0/0/1", string(broker.rejects[1].Header(event.OriginHeader)))
}

func TestKindsAreOfTheEpoch(t *testing.T) {
	table, schedule := &recordTable{store: newFakeStore()}, flowing(t)
	rules := Rules{Schedule: schedule, Tables: NewRecordTables(records.Builtin(), schedule, table.deps()), Ahead: time.Minute}
	epoch, parts := NewEpoch(rules)
	again, err := LoadEpoch(Records(table.deps()), rules.Tables.Version(), epoch.Name, parts, nil)
	require.NoError(t, err)
	require.Equal(t, epoch.Name, again.Name)
	changed := records.Builtin().Sources()
	changed["usps.com.yaml"] = append(slices.Clone(changed["usps.com.yaml"]), '\n')
	catalog, err := records.Parse(changed)
	require.NoError(t, err)
	rules.Tables = NewRecordTables(catalog, schedule, table.deps())
	other, _ := NewEpoch(rules)
	require.NotEqual(t, epoch.Name, other.Name)
	_, err = LoadEpoch(Scans(nil), "decoder 0", epoch.Name, parts, nil)
	var version *OtherVersionError
	require.True(t, errors.As(err, &version))
}

func TestPreviewRecord(t *testing.T) {
	schedule := flowing(t)
	for want, captured := range map[event.Outcome]int64{
		event.Stored: testNow - 1000, event.Rejected: testNow + 3_600_000, event.Expired: testNow - schedule.Row("confirm").Longest().Milliseconds(),
	} {
		got, err := PreviewRecord(schedule, time.Minute, "confirm", captured, testNow)
		require.Equal(t, want, got)
		require.Equal(t, want == event.Rejected, err != nil)
	}
}
