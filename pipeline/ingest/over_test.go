package ingest

import (
	"fmt"
	"strconv"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"mailtrail/schemas/event"
	"mailtrail/schemas/retention"
)

// The clock of a dead letter is the earliest that its event can have, whatever was wrong with it: it must not outlive the event.
func TestTheClockOfADeadLetterIsTheEarliest(t *testing.T) {
	const day, farthest = int64(86_400_000), int64(14 * 3_600_000)
	at := testNow/day*day - 12*day
	date := time.UnixMilli(at).UTC().Format("2006-01-02T15:04:05")
	const good = `"imb":"0027090012345600001210118112501","machineId":"M"`
	proto := event.Scan{}
	proto.Set(event.MachineID, []byte("M"))
	proto.Time = event.Moment64{WallMilli: at, HasOffset: true}
	for name, c := range map[string]struct {
		value   string
		headers []event.Header
		reason  event.Code
		clock   int64
	}{
		"a local time without a zone":   {fmt.Sprintf(`{%s,"scanDatetime":%q}`, good, date), nil, event.UnknownZone, at - farthest},
		"a local time, a bad barcode":   {fmt.Sprintf(`{"imb":"0927090012345600001210118112501","machineId":"M","scanDatetime":%q}`, date), nil, event.BadBarcode, at - farthest},
		"an offset, a bad barcode":      {fmt.Sprintf(`{"imb":"0927090012345600001210118112501","machineId":"M","scanDatetime":%q}`, date+"-05:00"), nil, event.BadBarcode, at + 5*3_600_000},
		"a field before the time":       {fmt.Sprintf(`{"imb":"x","machineId":"M","scanDatetime":%q}`, date+"Z"), nil, event.NotDigits, at},
		"no place, a time in numbers":   {"", []event.Header{header(event.ContentTypeHeader, event.ProtoType)}, event.Missing, at},
		"JSON that breaks off":          {fmt.Sprintf(`{"scanDatetime":%q,"imb":`, date+"Z"), nil, event.NotReadable, at},
		"more places than events":       {fmt.Sprintf(`{%s,"scanDatetime":%q}`, good, date+"Z"), []event.Header{header(event.BatchIDHeader, "b"), header(event.BatchIndexHeader, "0-9")}, event.BadHeader, at},
		"no time":                       {`{` + good + `}`, nil, event.Missing, testNow},
		"a time that is none":           {`{` + good + `,"scanDatetime":"2026-99-01T00:00:00Z"}`, nil, event.NotTime, testNow},
		"a time later than the receipt": {`{"imb":"0927090012345600001210118112501","machineId":"M","scanDatetime":"2027-11-01T00:00:00Z"}`, nil, event.BadBarcode, testNow},
	} {
		t.Run(name, func(t *testing.T) {
			value := []byte(c.value)
			if c.value == "" {
				value = proto.AppendProto(nil)
			}
			got := outcomeOf(t, event.Message{Value: value, Headers: c.headers, Time: testNow})
			require.Len(t, got.rejected, 1)
			for m := range got.letters() {
				require.Equal(t, string(c.reason), string(m.Header(event.ReasonHeader)))
				require.Equal(t, strconv.FormatInt(c.clock, 10), string(m.Header(event.ClockHeader)))
			}
		})
	}
}

// What would be a dead letter past its limit is expired, also where no zone tells when exactly.
func TestALocalTimePastTheLimitExpires(t *testing.T) {
	row := retention.Builtin().Row(retention.Rejects)
	date := time.UnixMilli(testNow - row.Longest().Milliseconds() + 13*3_600_000).UTC().Format("2006-01-02T15:04:05")
	value := fmt.Sprintf(`{"imb":"0027090012345600001210118112501","machineId":"M","scanDatetime":%q}`, date)
	got := outcomeOf(t, event.Message{Value: []byte(value), Time: testNow})
	require.Empty(t, got.rejected)
	require.Equal(t, event.Expired, got.receipt.Outcomes[0].Outcome)

	var s event.Scan
	require.Nil(t, s.DecodeJSON([]byte(value)))
	require.Nil(t, s.Check())
	tables := testRules(t).Tables.(ScanTables)
	_, outcome, err := tables.Preview(retention.Builtin(), time.Minute, &s, "", testNow)
	require.Equal(t, event.Expired, outcome)
	require.Equal(t, event.UnknownZone, err.Code)
}

// The same holds of records and of entries of images, as far as they were read.
func TestTheClockOfADeadLetterOfOtherTopics(t *testing.T) {
	at := testNow - 3_600_000
	for name, c := range map[string]struct {
		value string
		clock int64
	}{
		"a field too many behind the time": {fmt.Sprintf(`{"requestedDatetime":%q,"colour":"blue"}`, time.UnixMilli(at).UTC().Format(time.RFC3339)), at / 1000 * 1000},
		"no time":                          {`{"colour":"blue"}`, testNow - 1000},
	} {
		broker := one(t, &recordTable{store: newFakeStore()}, recordMessage("hold_mail", c.value))
		require.Len(t, broker.rejects, 1, name)
		require.Equal(t, strconv.FormatInt(c.clock, 10), string(broker.rejects[0].Header(event.ClockHeader)), name)
	}

	broker, table := newFakeBroker(), &imageTable{store: newFakeStore()}
	m := entryMessage(1, at, "p")
	m.Headers = nil
	broker.add(m)
	require.NoError(t, runToEnd(table.worker(t, broker, risingClock()), broker))
	require.Equal(t, strconv.FormatInt(at, 10), string(broker.rejects[0].Header(event.ClockHeader)))
}
