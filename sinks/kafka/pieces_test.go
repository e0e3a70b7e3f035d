package kafka

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"math"
	"slices"
	"testing"

	kafkago "github.com/segmentio/kafka-go"
	"github.com/segmentio/kafka-go/protocol"
	fetchapi "github.com/segmentio/kafka-go/protocol/fetch"
	"github.com/stretchr/testify/require"
	"github.com/twmb/franz-go/pkg/kmsg"
	"pgregory.net/rapid"

	"mailtrail/schemas/event"
)

// plainly reads an answer with kafka-go's decoder, as Client.Fetch does.
func plainly(t require.TestingT, body []byte, version int16, from int64) (*Fetched, error) {
	frame := binary.BigEndian.AppendUint32(nil, uint32(len(body)+4))
	frame = append(binary.BigEndian.AppendUint32(frame, 1), body...)
	_, res, err := protocol.ReadResponse(bytes.NewReader(frame), protocol.Fetch, version)
	require.NoError(t, err)
	return readFetch(res.(*fetchapi.Response), Fetch{Topic: "mail.scans", Partition: 1, Offset: from})
}

// same lets a header without a value be nil or empty: nobody tells them apart.
func same(t require.TestingT, want, got []event.Message) {
	require.Len(t, got, len(want))
	for i := range want {
		w, g := want[i], got[i]
		require.Len(t, g.Headers, len(w.Headers), "message %d", i)
		for j := range w.Headers {
			require.Equal(t, w.Headers[j].Key, g.Headers[j].Key)
			require.True(t, bytes.Equal(w.Headers[j].Value, g.Headers[j].Value))
		}
		w.Headers, g.Headers = nil, nil
		require.Equal(t, w, g, "message %d", i)
	}
}

func drawBatch(t *rapid.T, base int64, open map[int64]int64, aborted *[]kmsg.FetchResponseTopicPartitionAbortedTransaction) testBatch {
	b := testBatch{
		base: base, firstTime: rapid.Int64Range(0, 2e12).Draw(t, "first time"), maxTime: rapid.Int64Range(0, 2e12).Draw(t, "max time"), producer: -1,
		codec: rapid.SampledFrom(codecs()).Draw(t, "codec"),
	}
	switch kind := rapid.IntRange(0, 7).Draw(t, "kind"); kind {
	case 0, 1, 2: // a transaction's records, of one of few producers
		b.producer = rapid.Int64Range(1, 2).Draw(t, "producer")
		b.attributes = transactionalBit
		if _, ok := open[b.producer]; !ok {
			open[b.producer] = base
		}
	case 3, 4, 5: // the end of a transaction
		b.producer = rapid.Int64Range(1, 2).Draw(t, "producer")
		b.attributes, b.codec = transactionalBit|controlBit, codec{}
		commit := rapid.Uint16Range(0, 1).Draw(t, "commit")
		if first, ok := open[b.producer]; ok && commit == 0 {
			*aborted = append(*aborted, kmsg.FetchResponseTopicPartitionAbortedTransaction{ProducerID: b.producer, FirstOffset: first})
		}
		delete(open, b.producer)
		b.records = []testRecord{{key: binary.BigEndian.AppendUint16([]byte{0, 0}, commit), value: []byte{0, 0, 0, 0, 0, 7}}}
		return b
	}
	maybe := func(label string) []byte {
		if rapid.IntRange(0, 4).Draw(t, label) == 0 {
			return nil
		}
		return rapid.SliceOfN(rapid.Byte(), 0, 80).Draw(t, label)
	}
	at := int32(0)
	for range rapid.IntRange(1, 12).Draw(t, "records") {
		at += rapid.Int32Range(0, 2).Draw(t, "gap") // of a log that was compacted
		r := testRecord{delta: at, time: rapid.Int64Range(-1000, 1<<40).Draw(t, "time"), key: maybe("key"), value: maybe("value")}
		if rapid.IntRange(0, 9).Draw(t, "long") == 0 {
			r.value = bytes.Repeat(append(r.value, "long"...), rapid.IntRange(1, 3000).Draw(t, "times"))
		}
		for range rapid.IntRange(0, 3).Draw(t, "headers") {
			r.headers = append(r.headers, kmsg.Header{Key: rapid.SampledFrom([]string{"batch-id", "content-type", "", "received"}).Draw(t, "name"), Value: maybe("content")})
		}
		b.records = append(b.records, r)
		at++
	}
	b.lastDelta = at - 1 + rapid.Int32Range(0, 2).Draw(t, "gap at the end")
	return b
}

// Whatever an answer holds, the parser in place tells the same as kafka-go's.
func TestPiecesAgreeWithThePlainDecoder(t *testing.T) {
	p := newPieces("mail.scans", 1) // one for all answers, as a Reader has
	rapid.Check(t, func(t *rapid.T) {
		base := rapid.Int64Range(0, 1<<40).Draw(t, "base")
		next, open := base, map[int64]int64{}
		a := testAnswer{version: rapid.Int16Range(oldestFetch, newestFetch).Draw(t, "version"), start: base / 2}
		var firstLast int64
		for i := range rapid.IntRange(0, 10).Draw(t, "batches") {
			b := drawBatch(t, next, open, &a.aborted)
			next = b.base + int64(b.lastDelta) + 1
			if i == 0 {
				firstLast = int64(b.lastDelta)
			}
			a.records = append(a.records, b.encode()...)
		}
		a.end = next + 1
		a.highWatermark = a.end + rapid.Int64Range(0, 5).Draw(t, "open")
		if rapid.Bool().Draw(t, "cut off") {
			cut := testBatch{base: next, records: []testRecord{{value: []byte("cut off")}}}.encode()
			if len(a.records) > 0 {
				a.records = append(a.records, cut[:rapid.IntRange(1, len(cut)-1).Draw(t, "at")]...)
			}
		}
		from := base + rapid.Int64Range(0, firstLast).Draw(t, "from")
		body := a.encode()
		want, err := plainly(t, body, a.version, from)
		require.NoError(t, err)
		got, err := inPieces(&p, body, a.version, from)
		require.NoError(t, err)
		same(t, want.Messages, got.Messages)
		require.Equal(t, want.Control, got.Control)
		require.Equal(t, want.Aborted, got.Aborted)
		require.Equal(t, want.Start, got.Start)
		require.Equal(t, want.End, got.End)
		require.Equal(t, max(from, next), got.Next, "offsets that the log no longer holds are passed over")
		require.LessOrEqual(t, want.Next, got.Next)
	})
}

func TestPiecesOfTransactions(t *testing.T) {
	value := func(base int64, attributes int16, value string) []byte {
		return testBatch{base: base, attributes: attributes, producer: 1, records: []testRecord{{value: []byte(value)}}}.encode()
	}
	marker := func(base int64, commit byte) []byte {
		return testBatch{base: base, attributes: transactionalBit | controlBit, producer: 1, records: []testRecord{{key: []byte{0, 0, 0, commit}}}}.encode()
	}
	taken := []kmsg.FetchResponseTopicPartitionAbortedTransaction{{ProducerID: 1, FirstOffset: 0}}
	p := newPieces("mail.scans", 1)
	first := slices.Concat(value(0, transactionalBit, "taken back"), value(1, 0, "outside"), marker(2, 0), value(3, transactionalBit, "kept"), marker(4, 1))
	got, err := inPieces(&p, testAnswer{version: 11, aborted: taken, records: first}.encode(), 11, 0)
	require.NoError(t, err)
	require.Equal(t, []string{"outside", "kept"}, values(got.Messages))
	require.Equal(t, []int64{0}, got.Aborted)
	require.Equal(t, []int64{2, 4}, got.Control)

	got, err = inPieces(&p, testAnswer{version: 11, aborted: taken, records: value(0, transactionalBit, "taken back")}.encode(), 11, 0)
	require.NoError(t, err)
	require.Equal(t, []int64{0}, got.Aborted)
	got, err = inPieces(&p, testAnswer{version: 11, records: value(3, transactionalBit, "kept")}.encode(), 11, 3)
	require.NoError(t, err)
	require.Equal(t, []string{"kept"}, values(got.Messages), "an answer alone says what of it was taken back")
}

func TestBytesOfAMessageEndWithThem(t *testing.T) {
	one := testBatch{records: []testRecord{{key: []byte("key"), value: []byte("value"), headers: []kmsg.Header{{Key: "k", Value: []byte("v")}}}}}.encode()
	p := newPieces("mail.scans", 1)
	require.NoError(t, p.answer.parse(testAnswer{version: 11, records: one}.encode(), 11, 1))
	_, err := p.begin(0)
	require.NoError(t, err)
	got, err := p.next(0)
	require.NoError(t, err)
	m := got.Messages[0]
	_ = append(m.Key, "longer"...)
	_ = append(m.Value, "longer"...)
	_ = append(m.Headers, event.Header{})
	require.Equal(t, "key", string(m.Key))
	require.Equal(t, "value", string(m.Value), "what is appended to one does not run into the next")
	require.Equal(t, "v", string(m.Header("k")))
}

func TestEveryCodecOverManyBlocks(t *testing.T) {
	for _, c := range codecs() {
		t.Run(c.name, func(t *testing.T) {
			p := newPieces("mail.scans", 1)
			want := []event.Message{}
			var records []testRecord
			for i := range 700 {
				value := bytes.Repeat(fmt.Appendf(nil, `{"imb":"%020d"}`, i), 1+i%40)
				records = append(records, testRecord{delta: int32(i), value: value})
				want = append(want, event.Message{Topic: "mail.scans", Partition: 1, Offset: 40 + int64(i), Value: value})
			}
			one := testBatch{base: 40, lastDelta: 699, codec: c, records: records}.encode()
			body := testAnswer{version: 11, end: 740, highWatermark: 740, records: one}.encode()
			for range 3 {
				got, err := inPieces(&p, body, 11, 40)
				require.NoError(t, err)
				same(t, want, got.Messages)
			}
		})
	}
}

func TestABatchOfManyRecordsComesInPieces(t *testing.T) {
	const many = 3*pieceOffsets + 5
	records := make([]testRecord, many)
	for i := range records {
		records[i] = testRecord{delta: int32(i), value: fmt.Appendf(nil, "%d", i)}
	}
	big := testBatch{lastDelta: many - 1, codec: codecs()[4], records: records}.encode()
	small := testBatch{base: many, codec: codecs()[4], records: []testRecord{{value: []byte("behind")}}}.encode()
	p := newPieces("mail.scans", 1)
	require.NoError(t, p.answer.parse(testAnswer{version: 11, records: append(big, small...)}.encode(), 11, 1))
	_, err := p.begin(0)
	require.NoError(t, err)
	var sizes []int
	at := int64(0)
	for !p.done() {
		got, err := p.next(at)
		require.NoError(t, err)
		sizes = append(sizes, len(got.Messages))
		for i, m := range got.Messages {
			require.Equal(t, at+int64(i), m.Offset)
			if m.Offset < many {
				require.Equal(t, fmt.Sprint(m.Offset), string(m.Value))
			}
		}
		at = got.Next
	}
	require.Equal(t, []int{pieceOffsets, pieceOffsets, pieceOffsets, 5, 1}, sizes)
}

func TestAPieceEndsWhereItIsLargeEnough(t *testing.T) {
	value := bytes.Repeat([]byte("0123456789"), pieceBytes/20)
	var all []byte
	for i := range int64(5) {
		all = append(all, testBatch{base: i, codec: codecs()[8], records: []testRecord{{value: value}}}.encode()...)
	}
	p := newPieces("mail.scans", 1)
	require.NoError(t, p.answer.parse(testAnswer{version: 11, records: all}.encode(), 11, 1))
	_, err := p.begin(0)
	require.NoError(t, err)
	var ends []int64
	for at := int64(0); !p.done(); ends = append(ends, at) {
		got, err := p.next(at)
		require.NoError(t, err)
		at = got.Next
	}
	require.Equal(t, []int64{2, 4, 5}, ends)
}

func TestTimeOfARecord(t *testing.T) {
	b := testBatch{firstTime: 1000, maxTime: 5000, records: []testRecord{{time: 7}}, lastDelta: 0}
	read := func() int64 {
		p := newPieces("mail.scans", 1)
		got, err := inPieces(&p, testAnswer{version: 11, records: b.encode()}.encode(), 11, 0)
		require.NoError(t, err)
		return got.Messages[0].Time
	}
	require.EqualValues(t, 1007, read())
	b.attributes = appendTimeBit
	require.EqualValues(t, 5000, read(), "of the topic's log append time, the producer's counts for nothing")
}

func TestWhatStandsBeforeDamageStillComes(t *testing.T) {
	good := testBatch{codec: codecs()[4], lastDelta: 1, records: []testRecord{{value: []byte("one")}, {value: []byte("two"), delta: 1}}}.encode()
	bad := testBatch{base: 2, codec: codecs()[4], records: []testRecord{{value: []byte("three")}}}.encode()
	for place := crcAt; place < len(bad); place++ {
		broken := bytes.Clone(bad)
		broken[place] ^= 0x40
		p := newPieces("mail.scans", 1)
		got, err := inPieces(&p, testAnswer{version: 11, records: append(bytes.Clone(good), broken...)}.encode(), 11, 0)
		require.ErrorIs(t, err, errBatch, "byte %d", place)
		require.Len(t, got.Messages, 2)
		require.EqualValues(t, 2, got.Next)
		require.False(t, Transient(err))
		if place < 23 || place > 26 && place < 57 || place >= recordsAt {
			require.ErrorContains(t, err, "offset 2: a batch of records is damaged: its checksum is")
		}
	}
}

func TestAnswersThatAreNotRead(t *testing.T) {
	whole := testBatch{base: 7, records: []testRecord{{value: []byte("value"), headers: []kmsg.Header{{Key: "k", Value: []byte("v")}}}}}.encode()
	changed := func(change func(b []byte) []byte) []byte {
		b := change(bytes.Clone(whole))
		if len(b) > crcAt+4 {
			seal(b)
		}
		return b
	}
	put := func(at int, bytes ...byte) []byte {
		return changed(func(b []byte) []byte { copy(b[at:], bytes); return b })
	}
	for name, test := range map[string]struct {
		records []byte
		want    string
	}{
		"format 0":                     {put(magicAt, 0), "the format 0 of Kafka before 0.11"},
		"format 1":                     {put(magicAt, 1), "message.format.version"},
		"format 3":                     {put(magicAt, 3), "its format is 3, expected 2"},
		"length too small":             {put(lengthAt, 0, 0, 0, 48), "its length is 48 bytes"},
		"negative length":              {put(lengthAt, 0xff), "its length is -"},
		"only a part":                  {whole[:len(whole)-1], "cuts the first batch of records off"},
		"a part of the head":           {whole[:5], "cuts the first batch of records off"},
		"unknown codec":                {put(checkedAt, 0, 7), "offset 7: codec 7 is not known"},
		"negative offset":              {put(0, 0xff), "batch of records is damaged"},
		"last offset overflows":        {put(0, 0x7f, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff), "batch of records is damaged"},
		"negative number of offsets":   {put(23, 0xff), "batch of records is damaged"},
		"negative number of records":   {put(57, 0xff), "batch of records is damaged"},
		"more records than told":       {put(57, 0, 0, 0, 0), "bytes follow the records of the batch at offset 7"},
		"fewer records than told":      {put(57, 0, 0, 0, 2), "record 2 of 2 in the batch at offset 7"},
		"record longer than its batch": {put(recordsAt, 0x7e), "record 1 of 1"},
		"record of no bytes":           {put(recordsAt, 0), "record 1 of 1"},
		"key longer than its record":   {put(recordsAt+4, 0x7e), "record 1 of 1"},
		"offset behind the batch":      {put(recordsAt+3, 2), "record 1 of 1"},
		"offset before the batch":      {put(recordsAt+3, 1), "record 1 of 1"},
		"more headers than there are":  {put(recordsAt+11, 4), "record 1 of 1"},
		"fewer headers":                {put(recordsAt+11, 0), "record 1 of 1"},
		"negative number of headers":   {put(recordsAt+11, 1), "record 1 of 1"},
	} {
		t.Run(name, func(t *testing.T) {
			p := newPieces("mail.scans", 1)
			_, err := inPieces(&p, testAnswer{version: 11, records: test.records}.encode(), 11, 7)
			require.ErrorContains(t, err, test.want)
			require.False(t, Transient(err))
		})
	}
}

func TestAnswerOfABroker(t *testing.T) {
	for version := int16(oldestFetch); version <= newestFetch; version++ {
		full := testAnswer{version: version, start: 3, end: 8, highWatermark: 9, aborted: []kmsg.FetchResponseTopicPartitionAbortedTransaction{{ProducerID: 4, FirstOffset: 5}}, records: []byte("xyz")}
		var a answer
		require.NoError(t, a.parse(full.encode(), version, 1))
		require.EqualValues(t, 8, a.end())
		require.Equal(t, "xyz", string(a.records))
		require.Equal(t, []fetchapi.ResponseTransaction{{ProducerID: 4, FirstOffset: 5}}, a.aborted)
		if version >= 5 {
			require.EqualValues(t, 3, a.start)
		}
		for cut := range full.encode() {
			require.ErrorIs(t, a.parse(full.encode()[:cut], version, 1), errAnswer, "cut off at byte %d", cut)
		}
		require.ErrorContains(t, a.parse(full.encode(), version, 2), "does not hold the partition")
		full.code = 1
		require.ErrorIs(t, a.parse(full.encode(), version, 1), ErrOutOfRange)
		full.code = 6
		require.ErrorIs(t, a.parse(full.encode(), version, 1), kafkago.NotLeaderForPartition)
	}
	var a answer
	require.NoError(t, a.parse(testAnswer{version: 11, end: -1, highWatermark: 9}.encode(), 11, 1))
	require.EqualValues(t, 9, a.end(), "where the broker does not tell the last stable offset")
	require.NoError(t, a.parse(testAnswer{version: 11, end: 0, highWatermark: 9}.encode(), 11, 1))
	require.EqualValues(t, 0, a.end(), "behind a transaction that is open from the beginning")
}

func TestVarint(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		want := rapid.OneOf(rapid.Int64(), rapid.SampledFrom([]int64{0, -1, 63, 64, -64, -65, math.MaxInt64, math.MinInt64})).Draw(t, "n")
		b := binary.AppendVarint([]byte{0xff}, want)
		got, next := varint(b, 1)
		require.Equal(t, want, got)
		require.Equal(t, len(b), next)
		_, next = varint(b[:len(b)-1], 1)
		require.Equal(t, len(b), next, "behind the end")
		_, next = varint(b, next+3)
		require.Greater(t, next, len(b))
	})
	_, next := varint(bytes.Repeat([]byte{0xff}, 30), 0)
	require.Equal(t, 31, next, "longer than any number")
}

func TestNamesAreMadeOnce(t *testing.T) {
	var n names
	require.Equal(t, "batch-id", n.of(0, []byte("batch-id")))
	require.Equal(t, "device", n.of(1, []byte("device")))
	require.Equal(t, "device", n.of(0, []byte("device")), "in another place")
	device, batch := []byte("device"), []byte("batch-id")
	require.Zero(t, testing.AllocsPerRun(100, func() { n.of(0, batch); n.of(0, device); n.of(5, device) }))
	for i := range 100 {
		require.Equal(t, fmt.Sprint("other ", i), n.of(i, fmt.Appendf(nil, "other %d", i)))
	}
	require.Len(t, n.seen, maxNames)
	long := bytes.Repeat([]byte("x"), maxNameBytes+1)
	n = names{}
	require.Equal(t, string(long), n.of(0, long))
	require.Empty(t, n.seen, "what strangers send is not kept")
}
