package ingest

import (
	"bytes"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"mailtrail/schemas/event"
	"mailtrail/schemas/retention"
)

// outcomeOf takes one message through builder and decider.
func outcomeOf(t *testing.T, m event.Message) *decided {
	rules := testRules(t)
	epoch, _ := NewEpoch(rules)
	b := newBlock(event.ScansTopic, 3, 7, &event.ScanColumns{})
	m.Offset = 7
	newBuilder(rules, testNow).add(b, &m)
	known := &prior{places: map[string][]earlier{}, origins: map[string]bool{}, elsewhere: map[int64]bool{}}
	return (&decider{
		b: b, at: testNow, epoch: epoch, known: known, life: (7 * 24 * time.Hour).Milliseconds(), sealedBy: rules.Schedule.Row(retention.Rejects),
	}).decide()
}

func header(key, value string) event.Header { return event.Header{Key: key, Value: []byte(value)} }

func TestMessagesThatCannotBeTakenInAreRejectedWhole(t *testing.T) {
	good := scanJSON("e", testNow)
	batch := scanProto(t, scanProto(t, nil, "e0", testNow), "e1", testNow)
	cases := map[string]struct {
		value   []byte
		headers []event.Header
		code    event.Code
		events  int
		stored  int
	}{
		"a good event":               {good, nil, "", 1, 1},
		"a charset beside the type":  {good, []event.Header{header(event.ContentTypeHeader, "application/json; charset=utf-8")}, "", 1, 1},
		"another content type":       {good, []event.Header{header(event.ContentTypeHeader, "text/csv")}, event.BadHeader, 1, 0},
		"a content type of nonsense": {good, []event.Header{header(event.ContentTypeHeader, "\xff;;")}, event.BadHeader, 1, 0},
		"a header too long":          {good, []event.Header{header(event.ZoneHeader, strings.Repeat("x", maxHeader+1))}, event.BadHeader, 1, 0},
		"an origin too long":         {good, []event.Header{header(event.OriginHeader, strings.Repeat("x", maxHeader+1))}, event.BadHeader, 1, 0},
		"a long header of others":    {good, []event.Header{header("baggage", strings.Repeat("x", maxHeader+1))}, "", 1, 1},
		"received is no number":      {good, []event.Header{header(event.ReceivedHeader, "now")}, event.BadHeader, 1, 0},
		"origin is no identity":      {good, []event.Header{header(event.OriginHeader, "mail.scans/1")}, event.BadHeader, 1, 0},
		"part is no part":            {good, []event.Header{header(event.BatchIDHeader, "id"), header(event.BatchPartHeader, "3/2")}, event.BadHeader, 1, 0},
		"places fall":                {good, []event.Header{header(event.BatchIDHeader, "id"), header(event.BatchIndexHeader, "5,3")}, event.BadHeader, 1, 0},
		"more places than events":    {good, []event.Header{header(event.BatchIDHeader, "id"), header(event.BatchIndexHeader, "0-9")}, event.BadHeader, 1, 0},
		"no value":                   {nil, nil, event.EmptyValue, 1, 0},
		"an empty value":             {[]byte{}, nil, event.EmptyValue, 1, 0},
		"random bytes":               {[]byte{0, 1, 2, 255}, nil, event.NotReadable, 1, 0},
		"a ScanBatch":                {batch, []event.Header{header(event.ContentTypeHeader, event.ProtoType)}, "", 2, 2},
		"a ScanBatch that breaks":    {batch[:len(batch)-3], []event.Header{header(event.ContentTypeHeader, event.ProtoType)}, event.NotReadable, 2, 1},
		"a ScanBatch without events": {[]byte{0x12, 0}, []event.Header{header(event.ContentTypeHeader, event.ProtoType)}, event.NotReadable, 1, 0},
		"a ScanBatch of too many":    {bytes.Repeat([]byte{0x0a, 0}, event.MaxBatchEvents+1), []event.Header{header(event.ContentTypeHeader, event.ProtoType)}, event.NotReadable, 1, 0},
		"JSON said to be a batch":    {good, []event.Header{header(event.ContentTypeHeader, event.ProtoType)}, event.NotReadable, 1, 0},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			got := outcomeOf(t, event.Message{Value: c.value, Headers: c.headers, Time: testNow})
			require.EqualValues(t, c.events, got.receipt.Events)
			require.Equal(t, c.stored, got.head.Len())
			require.Len(t, got.rejected, c.events-c.stored)
			for m := range got.letters() {
				require.Equal(t, string(c.code), string(m.Header(event.ReasonHeader)))
			}
		})
	}
}

func TestRejectCarriesWhatReplayNeeds(t *testing.T) {
	value := scanJSON("e", testNow+3_600_000)
	got := outcomeOf(t, event.Message{Value: value, Time: testNow - 5000, Headers: []event.Header{
		header(event.DeviceHeader, "dbcs-0421"), header(event.ZoneHeader, "America/Chicago"), header(event.ReceivedHeader, "1794999990000"),
	}})
	require.Len(t, got.rejected, 1)
	m := slices.Collect(got.letters())[0]
	require.Equal(t, event.RejectsTopic, m.Topic)
	require.Equal(t, value, m.Value)
	require.Equal(t, "mail.scans/3/7/0", string(m.Key))
	for key, want := range map[string]string{
		event.OriginHeader: "mail.scans/3/7/0", event.ReasonHeader: string(event.FutureTime), event.StageHeader: string(event.DeriveStage),
		event.FieldHeader: "scanDatetime", event.DeviceHeader: "dbcs-0421", event.ZoneHeader: "America/Chicago",
		event.ReceivedHeader: "1794999990000", event.ClockHeader: "1794999990000", event.SealHeader: event.Seal{Class: retention.Rejects, Slot: liveSlot}.Text(), event.ClassHeader: "mail_tracking",
	} {
		require.Equal(t, want, string(m.Header(key)), key)
	}
}

// TestReceivedIsBounded: a producer may stamp nonsense, which must neither
// lengthen a record's life nor end it at once.
func TestReceivedIsBounded(t *testing.T) {
	week := (7 * 24 * time.Hour).Milliseconds()
	cases := map[string]struct{ stamped, want int64 }{
		"as stamped":        {testNow - 5000, testNow - 5000},
		"no timestamp":      {-1, testNow - week},
		"1970":              {0, testNow - week},
		"in the future":     {testNow + 1e9, testNow},
		"at the far border": {testNow - week, testNow - week},
	}
	for name, c := range cases {
		got := outcomeOf(t, event.Message{Value: scanJSON("e", testNow), Time: c.stamped})
		require.Equal(t, 1, got.head.Len(), name)
		require.Equal(t, c.want, got.head.Received[0], name)
	}
}

func TestReplayIsStoredOnceUnderItsOwnClock(t *testing.T) {
	received := testNow - (12 * 24 * time.Hour).Milliseconds()
	got := outcomeOf(t, event.Message{Value: scanJSON("e", testNow), Time: testNow, Headers: []event.Header{
		header(event.OriginHeader, "mail.scans/0/41/2"), header(event.ReceivedHeader, "1793963200000"),
	}})
	require.Equal(t, 1, got.head.Len())
	require.Equal(t, received, got.head.Received[0], "a replay keeps its clock beyond one life of the topic")
	require.Equal(t, "mail.scans/0/41/2", string(got.head.Origin.Row(0)))
	require.Equal(t, []event.ReplayRow{{Origin: "mail.scans/0/41/2", Topic: event.ScansTopic, Partition: 3, Offset: 7, At: testNow}}, got.replays)
}
