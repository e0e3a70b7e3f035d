package gateway

import (
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"mailtrail/schemas/event"
	"mailtrail/schemas/event/records"
)

// kinds are the built-in ones, read once.
var kinds = sync.OnceValue(records.Builtin)

const hold = `{"requestedDatetime":"2026-11-20T09:00:00-05:00","holdBegins":"2026-11-22","customerName":"Planted Name"}`

func bundle(id string) string {
	return `{"edocJobId":"JOB1","edocSubmitterCrid":"123","preparedDatetime":"2026-11-20T09:00:00Z","edocPackageId":"` + id + `"}`
}

func TestRecordsMessage(t *testing.T) {
	f := newFixture(t)
	got := f.call(t, "POST", "/v1/records/hold_mail", strings.NewReader("["+hold+`,{"holdBegins":"2026-11-22"},`+hold+"]"))
	require.Equal(t, 202, got.status, got.raw)
	require.Equal(t, []refusal{{Index: 1, Field: "requestedDatetime", Code: event.Missing, Message: "it is needed in records of kind hold_mail"}}, got.Refused)
	require.Len(t, f.produced, 1)
	m := f.produced[0]
	require.Equal(t, event.RecordsTopic, m.Topic)
	require.Equal(t, got.Batch, string(m.Key))
	require.Equal(t, hold+"\n"+hold+"\n", string(m.Value))
	headers := map[string]string{}
	for _, h := range m.Headers {
		headers[h.Key] = string(h.Value)
	}
	require.Equal(t, map[string]string{
		"content-type": "application/x-ndjson", "kind": "hold_mail", "batch-id": got.Batch, "batch-part": "1/1", "batch-index": "0,2", "received": "1795262400000",
		"device": "d1", "zone": "America/Chicago",
	}, headers)
	require.NotContains(t, f.log.String(), "Planted", "no record comes into the log")
}

func TestRecordsAsLinesAndAsDelimitedText(t *testing.T) {
	f := newFixture(t)
	got := f.call(t, "POST", "/v1/records/bundle", strings.NewReader(bundle("1")+"\n\n"+bundle("2")), "Content-Type: "+ndjson)
	require.Equal(t, 202, got.status, got.raw)
	text := "edocJobId\tedocSubmitterCrid\tpreparedDatetime\tedocPackageId\nJOB1\t123\t2026-11-20T09:00:00Z\t1\nJOB1\t123\tthen\t2\nJOB1\t123\t2026-11-20T09:00:00Z\t2\n"
	csv := f.call(t, "POST", "/v1/records/bundle", strings.NewReader(text), "Content-Type: text/csv; charset=utf-8")
	require.Equal(t, 202, csv.status, csv.raw)
	require.Equal(t, 2, csv.Accepted)
	require.Equal(t, 1, csv.Refused[0].Index)
	require.Equal(t, event.NotTime, csv.Refused[0].Code)
	require.Equal(t, f.produced[0].Value, f.produced[1].Value, "the same records, however they came")
	require.NotEqual(t, got.Batch, csv.Batch)
}

func TestRecordsAreOfTheirTime(t *testing.T) {
	f := newFixture(t)
	when := func(at time.Time) string {
		return strings.Replace(bundle("1"), "2026-11-20T09:00:00Z", at.UTC().Format("2006-01-02T15:04:05.000Z07:00"), 1)
	}
	behind := time.Duration(f.deps.Records.Schedule.Row("mail_documentation").Behind)
	body := "[" + strings.Join([]string{when(now.Add(-behind - time.Second)), when(now.Add(-behind)), when(now.Add(10 * time.Minute)), when(now.Add(10*time.Minute + time.Second))}, ",") + "]"
	got := f.call(t, "POST", "/v1/records/bundle", strings.NewReader(body))
	require.Equal(t, 202, got.status, got.raw)
	require.Equal(t, 2, got.Accepted)
	require.Equal(t, []event.Code{TooOld, TooFarAhead}, []event.Code{got.Refused[0].Code, got.Refused[1].Code})
	require.Equal(t, "preparedDatetime", got.Refused[0].Field)
	require.Contains(t, got.Refused[0].Message, "class mail_documentation")
}

func TestCheckOfRecords(t *testing.T) {
	f := newFixture(t)
	got := f.call(t, "POST", "/v1/records/hold_mail?check=1", strings.NewReader(hold))
	require.Equal(t, 200, got.status, got.raw)
	require.Equal(t, []preview{{Index: 0, Class: "hold_mail", Outcome: "stored"}}, got.Events)
	require.Empty(t, f.produced)
	got = f.call(t, "POST", "/v1/records/web_log?check=1", strings.NewReader(`{"browser":"b"}`))
	require.Equal(t, []preview{{Index: 0, Class: "web_logs", Outcome: "stored"}}, got.Events)
}

// Records are refused by what waits in their own topic, and scans by what waits in theirs.
func TestEachTopicHasItsPressure(t *testing.T) {
	const scans, records = "/v1/scans", "/v1/records/hold_mail"
	for _, test := range []struct {
		name, path, body   string
		ofScans, ofRecords string
		status             int
	}{
		{"records while records wait", records, hold, "", "records wait", 503},
		{"check of records while records wait", records + "?check=1", hold, "", "records wait", 200},
		{"records while scans wait", records, hold, "scans wait", "", 202},
		{"scans while records wait", scans, good, "", "records wait", 202},
		{"scans while scans wait", scans, good, "scans wait", "", 503},
	} {
		t.Run(test.name, func(t *testing.T) {
			f := newFixture(t, func(f *fixture) { f.refuse, f.refuseRecords = test.ofScans, test.ofRecords })
			got := f.call(t, "POST", test.path, strings.NewReader(test.body))
			require.Equal(t, test.status, got.status, got.raw)
			if test.status == 503 {
				require.Equal(t, PipelineFull, got.Error.Code)
				require.Equal(t, test.ofScans+test.ofRecords, got.Error.Message)
				require.Empty(t, f.produced)
			}
		})
	}
}

// The same request again has the same batch, another kind another one.
func TestARepeatOfRecordsHasItsBatch(t *testing.T) {
	f := newFixture(t)
	batch := func(path, body string, headers ...string) string {
		return f.call(t, "POST", path, strings.NewReader(body), headers...).Batch
	}
	require.Equal(t, batch("/v1/records/bundle", bundle("1")), batch("/v1/records/bundle", bundle("1")))
	require.NotEqual(t, batch("/v1/records/bundle", "[]"), batch("/v1/records/piece", "[]"))
	require.Equal(t, batch("/v1/records/bundle", bundle("1"), "Idempotency-Key: k"), batch("/v1/records/bundle", bundle("2"), "Idempotency-Key: k"))
	// Records under a key that the device used for something else would be dropped as repeats.
	require.NotEqual(t, batch("/v1/records/bundle", bundle("1"), "Idempotency-Key: k"), batch("/v1/records/hold_mail", hold, "Idempotency-Key: k"))
	require.NotEqual(t, batch("/v1/records/hold_mail", hold, "Idempotency-Key: k"), batch("/v1/scans", good, "Idempotency-Key: k"))
	require.NotEqual(t, batch("/v1/records/hold_mail", hold, "Idempotency-Key: k"), batch("/v1/records/hold_mail", hold, "Idempotency-Key: K"))
}

// Whatever may stand nowhere is refused and comes into neither answer, log nor metric.
func TestPlantedNumbersComeNowhere(t *testing.T) {
	f := newFixture(t)
	for _, planted := range []string{"4111 1111 1111 1111", "078-05-1120", "CVV 123"} {
		body := strings.Replace(hold, `"customerName"`, `"comments":"please charge `+planted+` thanks","customerName"`, 1)
		got := f.call(t, "POST", "/v1/records/hold_mail", strings.NewReader(body))
		require.Equal(t, 422, got.status)
		require.Equal(t, "comments", got.Refused[0].Field)
		require.True(t, records.Forbidden(got.Refused[0].Code))
		require.NotContains(t, got.raw, planted)
		require.NotContains(t, f.log.String(), planted)
	}
	require.Empty(t, f.produced)
	families, err := f.registry.Gather()
	require.NoError(t, err)
	require.NotContains(t, fmt.Sprint(families), "4111")
}

// Delimited text is short beside what is sent on: parts are cut by that.
func TestPartsOfDelimitedTextFitAMessage(t *testing.T) {
	f := newFixture(t, func(f *fixture) { f.config.MaxMessage = smallestMessage })
	var text strings.Builder
	text.WriteString("edocJobId,edocSubmitterCrid,preparedDatetime,edocPackageId\n")
	const lines = 5000
	for i := range lines {
		fmt.Fprintf(&text, "J,1,2026-11-20T09:00:00Z,%d\n", i)
	}
	for range 2 {
		got := f.call(t, "POST", "/v1/records/bundle", strings.NewReader(text.String()), "Content-Type: text/csv")
		require.Equal(t, lines, got.Accepted, got.raw)
	}
	half := len(f.produced) / 2
	require.Greater(t, half, 10)
	for i, m := range f.produced {
		require.LessOrEqual(t, len(m.Value), smallestMessage)
		require.Equal(t, f.produced[i%half].Value, m.Value, "a repeat is cut at the same places")
		require.Equal(t, f.produced[i%half].Header(event.BatchIndexHeader), m.Header(event.BatchIndexHeader))
	}
	long := strings.Replace(`{"recordedDatetime":"2026-11-20T09:00:00Z","messageText":"x","deletedMessageText":"x"}`, `"x"`, `"`+strings.Repeat("long ", 4000)+`"`, -1)
	got := f.call(t, "POST", "/v1/records/property_communication", strings.NewReader(long))
	require.Equal(t, 422, got.status, got.raw)
	require.Equal(t, event.TooLong, got.Refused[0].Code)
}
