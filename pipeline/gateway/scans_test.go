package gateway

import (
	"bytes"
	"compress/gzip"
	"context"
	"fmt"
	"io"
	"strings"
	"testing"
	"time"

	"github.com/klauspost/compress/zstd"
	"github.com/prometheus/client_golang/prometheus"
	dto "github.com/prometheus/client_model/go"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"mailtrail/schemas/event"
)

func TestMessage(t *testing.T) {
	f := newFixture(t)
	got := f.post(t, `{"msgSerNbr":"2","totMsgCnt":3,"msgGrpId":77,"events":[`+good+`,5,`+local+`]}`)
	require.Equal(t, 202, got.status)
	require.Equal(t, []refusal{{Index: 1, Code: event.NotReadable, Message: "expected a JSON object at byte 1"}}, got.Refused)
	require.Len(t, f.produced, 1)
	m := f.produced[0]
	require.Equal(t, event.ScansTopic, m.Topic)
	require.Equal(t, got.Batch, string(m.Key))
	require.Equal(t, now.UnixMilli(), m.Time)
	headers := map[string]string{}
	for _, h := range m.Headers {
		headers[h.Key] = string(h.Value)
	}
	require.Equal(t, map[string]string{
		"content-type": "application/x-protobuf", "batch-id": got.Batch, "batch-part": "1/1", "batch-index": "0,2", "received": "1795262400000",
		"device": "d1", "zone": "America/Chicago", "push-group": "77", "push-part": "2/3",
	}, headers)
	events := f.events(t)
	first, second := events[0], events[2]
	require.Equal(t, "DBCS-0421", string(first.Values[event.MachineID]))
	require.True(t, first.Time.HasOffset)
	require.False(t, second.Time.HasOffset, "a local time stays one: ingest reads it")
}

func TestConfirmFile(t *testing.T) {
	f := newFixture(t)
	got := f.post(t, "10199,893,11/20/2026 14:03:22,12345      ,00270900123456000012\n\n"+
		"10199,893,11/20/2026 25:03:22,12345,00270900123456000012\n10199,918,11/20/2026 03:00:00,,401234567891\n10199,918\n"+
		"10199,918,09/20/2026 03:00:00,,401234567891\n", "Content-Type: text/csv")
	require.Equal(t, 202, got.status)
	require.Equal(t, 2, got.Accepted)
	for i, want := range []refusal{
		{Index: 1, Line: 3, Column: 3, Field: "scanDatetime", Code: event.NotTime}, {Index: 3, Line: 5, Code: event.NotReadable},
		{Index: 4, Line: 6, Column: 3, Field: "scanDatetime", Code: TooOld},
	} {
		require.NotEmpty(t, got.Refused[i].Message)
		want.Message = got.Refused[i].Message
		require.Equal(t, want, got.Refused[i])
	}
	events := f.events(t)
	require.Equal(t, "0027090012345600001212345", string(events[0].Values[event.IMb]))
	require.Equal(t, "401234567891", string(events[2].Values[event.PLANET]))
	require.Equal(t, "918", string(events[2].Values[event.ScanEventCode]))
}

func TestMessageWithoutZoneAndNumbering(t *testing.T) {
	f := newFixture(t)
	got := f.post(t, `{"msgSerNbr":9,"totMsgCnt":3,"events":[`+good+`]}`, "Authorization: Bearer "+another)
	require.Equal(t, 202, got.status)
	for _, name := range []string{event.ZoneHeader, event.PushGroupHeader, event.PushPartHeader} {
		require.Nil(t, f.produced[0].Header(name), name)
	}
	require.EqualValues(t, 1, valueOf(t, f.metrics.oddEnvelopes))
}

func TestLocalTimesOfAKnownZone(t *testing.T) {
	f := newFixture(t, func(f *fixture) {
		f.localTime = func(s *event.Scan, zone string) (int64, bool) {
			return s.Time.WallMilli + 6*3_600_000, zone == "America/Chicago"
		}
	})
	got := f.post(t, "["+at("2026-11-21T06:10:00")+","+at("2026-11-21T06:10:00.001")+","+at("2026-11-01T05:59:59.999")+"]")
	require.Equal(t, 1, got.Accepted)
	require.Equal(t, TooFarAhead, got.Refused[0].Code)
	require.Contains(t, got.Refused[0].Message, "10m")
	require.Equal(t, TooOld, got.Refused[1].Code)
	require.Contains(t, got.Refused[1].Message, "20d")
	require.Equal(t, "scanDatetime", got.Refused[1].Field)
}

func TestCheckTellsWhatWouldHappen(t *testing.T) {
	f := newFixture(t)
	got := f.call(t, "POST", "/v1/scans?check=1", strings.NewReader("["+bad+","+good+"]"))
	require.Equal(t, 200, got.status)
	require.True(t, got.Check)
	require.Equal(t, []preview{{Index: 1, Class: "mail_tracking of America/Chicago", Outcome: "stored"}}, got.Events)
	require.Equal(t, 0, got.Refused[0].Index)
	require.Zero(t, valueOf(t, f.metrics.accepted))

	f.previewErr = &event.Error{Field: "imb", Code: event.BadBarcode, Message: "no"}
	got = f.call(t, "POST", "/v1/scans?check=1", strings.NewReader(good))
	require.Equal(t, []preview{{Outcome: "rejected", Field: "imb", Code: event.BadBarcode, Message: "no"}}, got.Events)
}

func TestBatchID(t *testing.T) {
	f := newFixture(t)
	ids := map[string]string{}
	for name, got := range map[string]reply{
		"body":                       f.post(t, good),
		"another body":               f.post(t, good+" "),
		"another device":             f.post(t, good, "Authorization: Bearer "+another),
		"key":                        f.post(t, good, "Idempotency-Key: k"),
		"another key":                f.post(t, good, "Idempotency-Key: K"),
		"another device's same key":  f.post(t, good, "Idempotency-Key: k", "Authorization: Bearer "+another),
		"a key like a body's prefix": f.post(t, good, "Idempotency-Key: scans"),
	} {
		require.True(t, isBatchID(got.Batch))
		require.NotContains(t, ids, got.Batch, name)
		ids[got.Batch] = name
	}
	require.Equal(t, "body", ids[f.post(t, good).Batch])
	require.Equal(t, "body", ids[f.post(t, squeeze(t, "gzip", good), "Content-Encoding: gzip").Batch], "the bytes count as decompressed")
	require.Equal(t, "key", ids[f.post(t, "["+good+"]", "Idempotency-Key: k").Batch])
	require.Equal(t, "d4a877597337388e78021c0551c8b49b", f.post(t, good, "Idempotency-Key: k").Batch)
}

func squeeze(t testing.TB, encoding, text string) string {
	var b bytes.Buffer
	var w io.WriteCloser = gzip.NewWriter(&b)
	if encoding == "zstd" {
		var err error
		w, err = zstd.NewWriter(&b)
		require.NoError(t, err)
	}
	_, err := io.WriteString(w, text)
	require.NoError(t, err)
	require.NoError(t, w.Close())
	return b.String()
}

func TestCompressedBodies(t *testing.T) {
	f := newFixture(t)
	for _, encoding := range []string{"gzip", "zstd"} {
		for range 3 { // readers are used again
			got := f.post(t, squeeze(t, encoding, "["+good+"]"), "Content-Encoding: "+strings.ToUpper(encoding))
			require.Equal(t, 202, got.status, got.raw)
			cut := squeeze(t, encoding, "["+good+"]")
			got = f.post(t, cut[:len(cut)/2], "Content-Encoding: "+encoding)
			require.Equal(t, NotReadable, got.Error.Code)
			require.Equal(t, EmptyBody, f.post(t, squeeze(t, encoding, " "), "Content-Encoding: "+encoding).Error.Code)
		}
	}
}

// TestBomb sends little that becomes much.
func TestBomb(t *testing.T) {
	f := newFixture(t)
	for _, encoding := range []string{"gzip", "zstd"} {
		bomb := squeeze(t, encoding, strings.Repeat(" ", 32<<20)+good)
		require.Less(t, len(bomb), 64<<10)
		got := f.post(t, bomb, "Content-Encoding: "+encoding)
		require.Equal(t, 413, got.status, got.raw)
		require.Equal(t, BodyTooLarge, got.Error.Code)
		require.EqualValues(t, f.config.MaxBody, got.Error.Limit)
		require.Zero(t, f.bytes.used.Load())
	}
}

// TestParts wants every accepted event in exactly one message of at most the
// largest size, at its place, and cuts that do not depend on what is refused.
func TestParts(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		f := newFixture(t, func(f *fixture) { f.config.MaxMessage = smallestMessage })
		n := rapid.IntRange(1, 400).Draw(rt, "events")
		padding := rapid.IntRange(0, 100).Draw(rt, "padding")
		every := rapid.IntRange(1, 5).Draw(rt, "refused")
		var all, some []string
		for i := range n {
			e := fmt.Sprintf(`{"imb":"%020d","scanDatetime":"2026-11-20T14:03:22Z","machineId":"m","x":"%*s"}`, i, padding, "")
			all = append(all, e)
			if i%every == every-1 {
				e = e[:8] + "x" + e[9:] // as many bytes, but no digits
			}
			some = append(some, e)
		}
		require.Equal(rt, n, f.post(t, strings.Join(all, "\n"), "Content-Type: "+ndjson).Accepted)
		whole := f.produced
		require.Len(rt, f.events(t), n)
		f.produced = nil
		got := f.post(t, strings.Join(some, "\n"), "Content-Type: "+ndjson)
		require.Len(rt, got.Refused, n/every)
		events := f.events(t)
		require.Len(rt, events, n-n/every)
		for place, s := range events {
			require.Equal(rt, fmt.Sprintf("%020d", place), string(s.Values[event.IMb]))
		}
		for i, m := range f.produced {
			require.Equal(rt, fmt.Sprintf("%d/%d", i+1, len(f.produced)), string(m.Header(event.BatchPartHeader)))
			require.LessOrEqual(rt, size(m), f.config.MaxMessage)
			places, err := event.ParseRanges(string(m.Header(event.BatchIndexHeader)))
			require.NoError(rt, err)
			within := 0
			for _, w := range whole {
				wide, err := event.ParseRanges(string(w.Header(event.BatchIndexHeader)))
				require.NoError(rt, err)
				if wide.Contains(places[0].First) {
					require.True(rt, wide.Contains(places[len(places)-1].Last))
					within++
				}
			}
			require.Equal(rt, 1, within)
		}
	})
}

func size(m event.Message) int {
	n := len(m.Key) + len(m.Value)
	for _, h := range m.Headers {
		n += len(h.Key) + len(h.Value)
	}
	return n
}

func TestPartsOfManySmallEvents(t *testing.T) {
	f := newFixture(t)
	batch := strings.Repeat(protoBatch(`{"s10":"AA123456785US","scanDatetime":"2026-11-20T14:03:22Z","machineId":"m"}`), 10_001)
	require.Equal(t, 10_001, f.post(t, batch, "Content-Type: application/x-protobuf").Accepted)
	require.Len(t, f.produced, 2, "at most 10,000 places a message")
	require.Len(t, f.events(t), 10_001)
}

func TestMetricsAndLog(t *testing.T) {
	f := newFixture(t)
	f.post(t, "["+good+","+good+","+bad+"]")
	f.call(t, "POST", "/v1/scans?check=1", strings.NewReader(`{"new":1,"newer":2}`))
	require.EqualValues(t, 2, valueOf(t, f.metrics.unknownFields))
	f.post(t, good, "Authorization: Bearer wrong-token")
	f.call(t, "BREW", "/v1/secret-path?token="+token, nil)
	f.produceErr = fmt.Errorf("leader lost")
	f.post(t, good)
	require.EqualValues(t, 2, valueOf(t, f.metrics.accepted))
	require.EqualValues(t, 1, valueOf(t, f.metrics.refused.WithLabelValues("wrong_length")))
	require.EqualValues(t, 1, valueOf(t, f.metrics.messages))
	for labels, want := range map[[2]string]float64{{"scans", "202"}: 1, {"scans", "401"}: 1, {"scans", "503"}: 1, {"other", "404"}: 1} {
		require.Equal(t, want, valueOf(t, f.metrics.requests.WithLabelValues(labels[0], labels[1])), labels)
	}
	require.EqualValues(t, len(good)*2+len(bad)+4+len(`{"new":1,"newer":2}`)+len(good), valueOf(t, f.metrics.receivedBytes.WithLabelValues("scans")))
	families, err := f.registry.Gather()
	require.NoError(t, err)
	for _, family := range families {
		require.True(t, strings.HasPrefix(family.GetName(), "mailtrail_gateway_"), family.GetName())
	}

	log := f.log.String()
	require.Equal(t, 5, strings.Count(log, `"message":"request"`), log)
	require.Contains(t, log, `"level":"debug","method":"POST","route":"scans","status":202`)
	require.Contains(t, log, `"accepted":2,"refused":1`)
	require.Contains(t, log, `"device":"d1"`)
	require.Contains(t, log, `"method":"other","route":"other","status":404`)
	require.Contains(t, log, `"cause":"produce: leader lost"`)
	for _, secret := range []string{token, "wrong-token", "secret-path", "00270900123456", "BREW"} {
		require.NotContains(t, log, secret)
	}
}

// TestMemoryOfAFailedProduceIsNotUsedAgain: a producer that was given up on may
// send later what it was given.
func TestMemoryOfAFailedProduceIsNotUsedAgain(t *testing.T) {
	f := newFixture(t)
	var held []byte
	f.Gateway.deps.Producer = producerFunc(func(_ context.Context, messages []event.Message) error {
		held = messages[0].Value
		return context.DeadlineExceeded
	})
	require.Equal(t, NotAcknowledged, f.post(t, good).Error.Code)
	before := bytes.Clone(held)
	f.Gateway.deps.Producer = f
	for range 20 {
		f.post(t, strings.ReplaceAll(good, "DBCS", "AFCS"))
	}
	require.Equal(t, before, held)
}

type producerFunc func(context.Context, []event.Message) error

func (p producerFunc) Produce(ctx context.Context, messages []event.Message) error {
	return p(ctx, messages)
}

// TestAcknowledgesAfterProduce: there is no answer before Kafka has everything.
func TestAcknowledgesAfterProduce(t *testing.T) {
	begun, acknowledge := make(chan struct{}), make(chan struct{})
	f := newFixture(t, func(f *fixture) {
		f.produce = func(ctx context.Context) error {
			_, bounded := ctx.Deadline()
			require.True(t, bounded)
			close(begun)
			<-acknowledge
			return nil
		}
	})
	answered := make(chan reply, 1)
	go func() { answered <- f.post(t, good) }()
	<-begun
	require.Empty(t, answered)
	close(acknowledge)
	require.Equal(t, 202, (<-answered).status)
}

func TestRequestsInFlight(t *testing.T) {
	begun, acknowledge := make(chan struct{}), make(chan struct{})
	f := newFixture(t, func(f *fixture) {
		f.config.Limits.Requests = 1
		f.produce = func(context.Context) error { close(begun); <-acknowledge; return nil }
	})
	answered := make(chan reply, 1)
	go func() { answered <- f.post(t, good) }()
	<-begun
	got := f.post(t, good)
	require.Equal(t, 503, got.status)
	require.Equal(t, Busy, got.Error.Code)
	require.EqualValues(t, 1, got.Error.Limit)
	require.Equal(t, "1", got.header.Get("Retry-After"))
	close(acknowledge)
	require.Equal(t, 202, (<-answered).status)
}

func TestConfigIsChecked(t *testing.T) {
	good := Config{MaxBody: 1, MaxMessage: smallestMessage, Behind: time.Hour, Limits: DefaultLimits(1)}
	require.NoError(t, good.check())
	for i, change := range []func(*Config){
		func(c *Config) { c.MaxBody = 0 }, func(c *Config) { c.MaxMessage = smallestMessage - 1 }, func(c *Config) { c.Behind = 0 }, func(c *Config) { c.Ahead = -1 },
		func(c *Config) { c.MaxBody = c.Limits.BytesInFlight + 1 }, func(c *Config) { c.Limits.Events = 0 }, func(c *Config) { c.Limits.Grace = 0 },
	} {
		c := good
		change(&c)
		_, err := New(c, Deps{})
		require.Error(t, err, i)
	}
}

// valueOf returns the value of a counter.
func valueOf(t *testing.T, counter prometheus.Counter) float64 {
	var m dto.Metric
	require.NoError(t, counter.Write(&m))
	return m.GetCounter().GetValue()
}
