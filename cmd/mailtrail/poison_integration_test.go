package main

import (
	"bytes"
	"context"
	"fmt"
	"math/rand/v2"
	"os"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"github.com/twmb/franz-go/pkg/kgo"

	"mailtrail/schemas/event"
)

// forBothBrokers runs a test against the embedded stack and against Apache Kafka with the roles as processes of their
// own. ingest is the process that takes events in.
func forBothBrokers(t *testing.T, test func(t *testing.T, s *site, ingest *process)) {
	t.Run("embedded", func(t *testing.T) {
		s := newSite(t)
		test(t, s, s.up())
	})
	t.Run("Apache Kafka", func(t *testing.T) {
		s := external(t)
		test(t, s, s.start("ingest"))
	})
}

// poison is a message that somebody wrote to mail.scans, and what must become of it.
type poison struct {
	name    string
	value   []byte
	headers []kgo.RecordHeader
	time    time.Time
	codec   kgo.CompressionCodec

	stored, expired int
	rejected        []letter
	// somehow: it is rejected, but into how many pieces it falls is not told beforehand.
	somehow bool
}

// letter is a reject: the event's place in its message, the reason and the payload.
type letter struct {
	index   int
	reason  event.Code
	payload []byte
}

func headers(pairs ...string) (list []kgo.RecordHeader) {
	for i := 0; i < len(pairs); i += 2 {
		list = append(list, kgo.RecordHeader{Key: pairs[i], Value: []byte(pairs[i+1])})
	}
	return list
}

// whole is a message that is rejected as it is.
func whole(name string, reason event.Code, value []byte, pairs ...string) poison {
	return poison{name: name, value: value, headers: headers(pairs...), rejected: []letter{{0, reason, value}}}
}

const contentType, protobuf = event.ContentTypeHeader, event.ProtoType

// batchOf encodes JSON events as the gateway does.
func batchOf(t *testing.T, events ...string) (batch []byte) {
	t.Helper()
	for _, text := range events {
		var s event.Scan
		s.Reset()
		require.Nil(t, s.DecodeJSON([]byte(text)))
		require.Nil(t, s.Check())
		batch = s.AppendProto(batch)
	}
	return batch
}

// padded makes a good event of exactly size bytes with a field that nobody knows.
func padded(serial, size int) []byte {
	text := strings.TrimSuffix(scan(serial), "}") + `,"padding":"`
	return []byte(text + strings.Repeat("x", size-len(text)-2) + `"}`)
}

// poisons is everything that a stranger may write into the topic.
func poisons(t *testing.T) []poison {
	random := rand.New(rand.NewPCG(5, 5))
	noise := func(n int) []byte {
		raw := make([]byte, n)
		for i := range raw {
			raw[i] = byte(random.Uint32())
		}
		raw[0] = 0xff // no JSON begins so, and no tag of protobuf
		return raw
	}
	serial := 500_000_000
	good := func() string { serial++; return scan(serial) }
	one, two, three := good(), good(), good()
	batch := batchOf(t, one, two, three)
	first, second := len(batchOf(t, one)), len(batchOf(t, one, two))
	contradiction := strings.TrimSuffix(good(), "}") + `,"imbMid":"999999"}`
	mixed := append(append(batchOf(t, good()), batchOf(t, contradiction)...), batchOf(t, good())...)
	biggest, topicLimit := 16<<20, 16<<20+64<<10
	var manyGood []byte
	manyEvents := 0
	for sample := batchOf(t, good()); len(manyGood)+len(sample) <= biggest; manyEvents++ {
		manyGood = append(manyGood, sample...)
	}
	list := []poison{
		whole("random bytes", event.NotReadable, noise(1000)),
		whole("one byte", event.NotReadable, noise(1)),
		whole("random bytes as protobuf", event.NotReadable, noise(4096), contentType, protobuf),
		whole("JSON as protobuf", event.NotReadable, []byte("{{{{{{{{"), contentType, protobuf),
		{name: "other random bytes as protobuf", value: noise(3000)[1:], headers: headers(contentType, protobuf), somehow: true},
		whole("protobuf as JSON", event.NotReadable, batch),
		{name: "truncated protobuf", value: batch[:second+5], headers: headers(contentType, protobuf), stored: 2, rejected: []letter{{2, event.NotReadable, batch[second : second+5]}}},
		{name: "protobuf that breaks in the first event", value: batch[:first-1], headers: headers(contentType, protobuf), rejected: []letter{{0, event.NotReadable, batch[:first-1]}}},
		{name: "a contradiction among good ones", value: mixed, headers: headers(contentType, protobuf), stored: 2, rejected: []letter{{1, event.Contradiction, batchOf(t, contradiction)}}},
		whole("a batch of nothing but unknown fields", event.NotReadable, []byte{0x10, 1}, contentType, protobuf),
		whole("broken JSON", event.NotReadable, []byte(good()[:60])),
		whole("two events in one message", event.NotReadable, []byte(good()+"\n"+good())),
		{name: "an array", value: []byte("[" + good() + "]"), somehow: true},
		{name: "a text", value: []byte(`"text"`), somehow: true},
		{name: "null", value: []byte("null"), somehow: true},
		{name: "a number", value: []byte("1e400"), somehow: true},
		{name: "no fields", value: []byte("{}"), rejected: []letter{{0, event.Missing, []byte("{}")}}},
		{name: "deep nesting", value: []byte(strings.Repeat(`[`, 1_000_000)), somehow: true},
		{name: "deep nesting in an unknown field", value: []byte(`{"a":` + strings.Repeat(`{"a":`, 300_000)), somehow: true},
		whole("an object for a text", event.WrongType, []byte(strings.Replace(good(), `"918"`, `{"a":1}`, 1))),
		whole("an array for a text", event.WrongType, []byte(strings.Replace(good(), `"918"`, `["918"]`, 1))),
		whole("a truth value for a text", event.WrongType, []byte(strings.Replace(good(), `"918"`, `true`, 1))),
		whole("a field twice", event.Repeated, []byte(strings.TrimSuffix(good(), "}")+`,"scanEventCode":"919"}`)),
		whole("no UTF-8", event.NotUTF8, []byte(strings.TrimSuffix(good(), "}")+",\"scanFacilityName\":\"a\xffb\"}")),
		whole("not digits", event.NotDigits, []byte(strings.Replace(good(), `"imb":"00`, `"imb":"0x`, 1))),
		whole("no time", event.NotTime, []byte(`{"imb":"0027012345600000000110118112501","scanDatetime":"yesterday","machineId":"m"}`)),
		whole("two barcodes", event.ManyObjects, []byte(strings.TrimSuffix(good(), "}")+`,"s10":"RR473124829GB"}`)),
		whole("in the future", event.FutureTime, []byte(strings.Replace(good(), time.Now().UTC().Format("2006-01-"), "2099-01-", 1))),
		{name: "long past", value: []byte(`{"imb":"0027012345600000000110118112501","scanDatetime":"2011-01-01T00:00:00Z","machineId":"m"}`), expired: 1},

		whole("unknown content type", event.BadHeader, []byte(good()), contentType, "text/plain"),
		whole("content type that is none", event.BadHeader, []byte(good()), contentType, "\xff\xfe;;="),
		whole("huge content type", event.BadHeader, []byte(good()), contentType, strings.Repeat("a", 30_000)),
		whole("bad places", event.BadHeader, []byte(good()), event.BatchIDHeader, "p1", event.BatchIndexHeader, "9-1"),
		whole("more places than events", event.BadHeader, []byte(good()), event.BatchIDHeader, "p2", event.BatchIndexHeader, "0-4294967295"),
		whole("places beyond numbers", event.BadHeader, []byte(good()), event.BatchIDHeader, "p3", event.BatchIndexHeader, "99999999999999999999"),
		whole("bad part", event.BadHeader, []byte(good()), event.BatchIDHeader, "p4", event.BatchPartHeader, "0/0"),
		whole("bad part of a push group", event.BadHeader, []byte(good()), event.BatchIDHeader, "p5", event.PushGroupHeader, "\xff", event.PushPartHeader, "x"),
		whole("time of receipt that is none", event.BadHeader, []byte(good()), event.ReceivedHeader, "now"),
		whole("origin that is none", event.BadHeader, []byte(good()), event.OriginHeader, "somewhere"),
		whole("huge batch id", event.BadHeader, []byte(good()), event.BatchIDHeader, strings.Repeat("b", 20_000)),
		{name: "batch id that is no UTF-8", value: []byte(good()), headers: headers(event.BatchIDHeader, "\xff\x00\xfe"), stored: 1},
		{name: "device that is no UTF-8", value: []byte(good()), headers: headers(event.DeviceHeader, "\xff\xfe"), stored: 1},
		{name: "received before there were computers", value: []byte(good()), headers: headers(event.ReceivedHeader, "-99999999999999"), stored: 1},
		{name: "received in the far future", value: []byte(good()), headers: headers(event.ReceivedHeader, strconv.FormatInt(1<<62, 10)), stored: 1},
		{name: "a zone that is none", value: []byte(good()), headers: headers(event.ZoneHeader, "Mars/Phobos"), stored: 1},
		{name: "headers of somebody else", value: []byte(good()), headers: headers("traceparent", "00-1", "baggage", strings.Repeat("k=v,", 5000), "\xff\xfe", "\x00"), stored: 1},
		{name: "a thousand headers", value: []byte(good()), headers: headers(strings.Split(strings.Repeat("h,v,", 999)+"h,v", ",")...), stored: 1},

		whole("empty value", event.EmptyValue, []byte{}),
		whole("empty value as protobuf", event.EmptyValue, []byte{}, contentType, protobuf),
		whole("tombstone", event.EmptyValue, nil),

		{name: "stamped 1970", value: []byte(good()), time: time.UnixMilli(0), stored: 1},
		{name: "stamped before 1970", value: []byte(good()), time: time.UnixMilli(-1), stored: 1},
		{name: "stamped in the year 3000", value: []byte(good()), time: time.Date(3000, 1, 1, 0, 0, 0, 0, time.UTC), stored: 1},

		{name: "a good event of the largest size", value: padded(400_000_001, biggest), stored: 1},
		{name: "a good event of the topic's largest size", value: padded(400_000_002, topicLimit-200), stored: 1},
		whole("noise of the largest size", event.NotReadable, noise(biggest)),
		whole("noise of the topic's largest size", event.NotReadable, noise(topicLimit-200)),
		whole("noise of the largest size as protobuf", event.NotReadable, noise(biggest), contentType, protobuf),
		{name: "a full batch of the largest size", value: manyGood, headers: headers(contentType, protobuf), stored: manyEvents},
		whole("a batch of eight million empty events", event.NotReadable, bytes.Repeat([]byte{0x0a, 0}, biggest/2), contentType, protobuf),
		{name: "far larger than the largest, compressed", value: bytes.Repeat([]byte{'z'}, 100_000_000), codec: kgo.ZstdCompression(), somehow: true},
		{name: "a good event far larger than the largest, compressed", value: padded(400_000_003, 100_000_000), codec: kgo.GzipCompression(), stored: 1},
	}
	for range 40 {
		n := 1 + random.IntN(200)
		list = append(list, whole("random bytes", event.NotReadable, noise(n)))
		list = append(list, poison{name: "random bytes as protobuf", value: append([]byte{0x0a}, noise(n)...), headers: headers(contentType, protobuf), somehow: true})
	}
	return list
}

func TestAPoisonedTopicStopsNothing(t *testing.T) {
	forBothBrokers(t, func(t *testing.T, s *site, ingest *process) {
		writers := map[kgo.CompressionCodec]*kgo.Client{}
		write := func(codec kgo.CompressionCodec, record *kgo.Record) *kgo.Record {
			if writers[codec] == nil {
				writers[codec] = s.writer(kgo.ProducerBatchCompression(codec))
			}
			out, err := writers[codec].ProduceSync(t.Context(), record).First()
			require.NoError(t, err, "%d bytes, %v", len(record.Value), record.Timestamp)
			return out
		}
		stored, expired, rejected, serial := 0, 0, 0, 0
		type sent struct {
			poison
			partition int32
			offset    int64
		}
		var all []sent
		for i, p := range poisons(t) {
			at := write(p.codec, &kgo.Record{Topic: event.ScansTopic, Partition: int32(i % 4), Value: p.value, Headers: p.headers, Timestamp: p.time})
			all = append(all, sent{p, at.Partition, at.Offset})
			serial++
			write(p.codec, &kgo.Record{Topic: event.ScansTopic, Partition: int32(i % 4), Value: []byte(scan(serial))})
			stored, expired, rejected = stored+p.stored+1, expired+p.expired, rejected+len(p.rejected)
		}
		const transactions = 6
		s.transactions(transactions, &serial, &stored)

		sum := s.accounted(90 * time.Second)
		letters := s.deadLetters()
		for _, p := range all {
			origin := func(index int) string {
				return fmt.Sprintf("%s/%d/%d/%d", event.ScansTopic, p.partition, p.offset, index)
			}
			for _, want := range p.rejected {
				got := letters[origin(want.index)]
				if !assert.Len(t, got, 1, "%s: rejected once", p.name) {
					continue
				}
				assert.Equal(t, string(want.reason), header(got[0].Headers, event.ReasonHeader), p.name)
				payload := got[0].Value // nothing is not sealed
				if len(want.payload) > 0 {
					var err error
					payload, err = s.open(got[0])
					require.NoError(t, err, p.name)
					assert.NotEqual(t, got[0].Value, payload, "%s: it lies there in clear", p.name)
				}
				assert.True(t, bytes.Equal(want.payload, payload), "%s: the payload is what was sent, byte for byte: %d bytes, got %d", p.name, len(want.payload), len(payload))
				delete(letters, origin(want.index))
			}
			if p.somehow {
				assert.Len(t, letters[origin(0)], 1, p.name)
				for index := 0; letters[origin(index)] != nil; index++ {
					assert.Len(t, letters[origin(index)], 1, p.name)
					rejected++
					delete(letters, origin(index))
				}
			}
		}
		require.Empty(t, letters, "nothing else is rejected")
		require.EqualValues(t, stored, sum.outcomes["stored"])
		require.EqualValues(t, rejected, sum.outcomes["rejected"])
		require.EqualValues(t, expired, sum.outcomes["expired"])
		require.Zero(t, sum.outcomes["duplicate"])
		require.EqualValues(t, transactions*4, sum.control, "a marker a partition and transaction")
		require.EqualValues(t, transactions/2*40, sum.aborted)
		status, body := s.readyz()
		require.Equal(t, 200, status, body)
		require.Less(t, peakMemory(t, ingest), 1<<30, "bytes, at most")
		ingest.stop()
	})
}

// writer is a producer that takes the partition from the record and messages of any size.
func (s *site) writer(options ...kgo.Opt) *kgo.Client {
	s.t.Helper()
	client, err := kgo.NewClient(append([]kgo.Opt{
		kgo.SeedBrokers(s.brokers), kgo.RecordPartitioner(kgo.ManualPartitioner()), kgo.ProducerBatchMaxBytes(200 << 20), kgo.BrokerMaxWriteBytes(1 << 30),
		kgo.MaxBufferedBytes(1 << 30), kgo.RecordRetries(3),
	}, options...)...)
	require.NoError(s.t, err)
	s.t.Cleanup(client.Close)
	return client
}

// transactions writes n transactions of 40 good events over all partitions, of which every other is taken back, with
// other events between theirs.
func (s *site) transactions(n int, serial, stored *int) {
	s.t.Helper()
	ctx, cancel := context.WithTimeout(s.t.Context(), time.Minute)
	defer cancel()
	tx, plain := s.writer(kgo.TransactionalID("equipment-1")), s.writer()
	for i := range n {
		require.NoError(s.t, tx.BeginTransaction())
		for j := range 40 {
			*serial++
			record := &kgo.Record{Topic: event.ScansTopic, Partition: int32(j % 4), Value: []byte(scan(*serial))}
			require.NoError(s.t, tx.ProduceSync(ctx, record).FirstErr())
			if j%10 == 0 {
				*serial++
				*stored++
				require.NoError(s.t, plain.ProduceSync(ctx, &kgo.Record{Topic: event.ScansTopic, Partition: int32(j / 10), Value: []byte(scan(*serial))}).FirstErr())
			}
		}
		end := kgo.TryCommit
		if i%2 == 1 {
			end = kgo.TryAbort
		} else {
			*stored += 40
		}
		require.NoError(s.t, tx.EndTransaction(ctx, end))
	}
}

// peakMemory is the most memory that a process held so far (VmHWM), in bytes.
func peakMemory(t *testing.T, p *process) int {
	t.Helper()
	raw, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", p.cmd.Process.Pid))
	if err != nil {
		t.Skip("this system does not tell how much memory a process held")
	}
	for line := range strings.Lines(string(raw)) {
		if rest, found := strings.CutPrefix(line, "VmHWM:"); found {
			kib, err := strconv.Atoi(strings.TrimSpace(strings.TrimSuffix(strings.TrimSpace(rest), "kB")))
			require.NoError(t, err)
			t.Logf("peak memory: %d MiB", kib>>10)
			return kib << 10
		}
	}
	require.Fail(t, "no VmHWM")
	return 0
}
