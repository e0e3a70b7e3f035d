package kafka

import (
	"bytes"
	"testing"

	"github.com/stretchr/testify/require"
	"github.com/twmb/franz-go/pkg/kmsg"
)

// FuzzAnswer reads any bytes as a broker's answer. Where sealed is set, the
// checksums of its batches are made right first, so that the fuzzer comes to
// what lies behind them.
func FuzzAnswer(f *testing.F) {
	records := []testRecord{
		{key: []byte("key"), value: []byte(`{"imb":"0027090012345600001210118112501"}`), headers: []kmsg.Header{{Key: "batch-id", Value: []byte("b")}, {Key: "nothing"}}},
		{delta: 1, time: -5}, {delta: 4, value: bytes.Repeat([]byte("again "), 100)},
	}
	taken := []kmsg.FetchResponseTopicPartitionAbortedTransaction{{ProducerID: 1, FirstOffset: 7}}
	for i, c := range codecs() {
		version := int16(oldestFetch + i%(newestFetch-oldestFetch+1))
		batches := testBatch{base: 7, lastDelta: 4, attributes: transactionalBit, producer: 1, codec: c, records: records}.encode()
		batches = append(batches, testBatch{base: 12, attributes: transactionalBit | controlBit, producer: 1, records: []testRecord{{key: make([]byte, 4), value: make([]byte, 6)}}}.encode()...)
		batches = append(batches, testBatch{base: 13, lastDelta: 4, producer: -1, codec: c, records: records}.encode()...)
		answer := testAnswer{version: version, start: 2, end: 18, highWatermark: 20, aborted: taken, records: batches}
		f.Add(answer.encode(), version, int64(8), false)
		f.Add(answer.encode(), version, int64(8), true)
		answer.records = batches[:len(batches)-20]
		f.Add(answer.encode(), version, int64(0), false)
	}
	f.Add(testAnswer{version: newestFetch, code: 1}.encode(), int16(newestFetch), int64(0), false)
	f.Add(testAnswer{version: newestFetch, records: testBatch{base: 3, lastDelta: 9}.encode()}.encode(), int16(newestFetch), int64(5), false)

	f.Fuzz(func(t *testing.T, body []byte, version int16, from int64, sealed bool) {
		if version < oldestFetch || version > newestFetch || from < 0 {
			return
		}
		p := newPieces("mail.scans", 1)
		p.inflate.limit = 1 << 20
		if err := p.answer.parse(body, version, 1); err != nil {
			return
		}
		if sealed {
			for rest := p.answer.records; len(rest) > 0; {
				b, err := head(rest)
				if err != nil || b.size == 0 {
					break
				}
				seal(rest[:b.size])
				rest = rest[b.size:]
			}
		}
		if _, err := p.begin(from); err != nil {
			return
		}
		for at := from; !p.done(); {
			got, err := p.next(at)
			if err != nil {
				return
			}
			require.GreaterOrEqual(t, got.Next, at)
			require.LessOrEqual(t, p.told(), pieceOffsets)
			last := at - 1
			for _, m := range got.Messages {
				require.Greater(t, m.Offset, last)
				last = m.Offset
			}
			require.Less(t, last, max(got.Next, at+1))
			at = got.Next
		}
	})
}
