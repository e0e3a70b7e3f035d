package kafka

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"hash/crc32"

	"github.com/klauspost/compress/gzip"
	"github.com/klauspost/compress/snappy"
	"github.com/klauspost/compress/snappy/xerial"
	"github.com/klauspost/compress/zstd"
	"github.com/pierrec/lz4/v4"
	"github.com/twmb/franz-go/pkg/kmsg"
)

// codec is a way in which some client compresses a batch.
type codec struct {
	name     string
	bits     int16
	compress func([]byte) []byte
}

func codecs() []codec {
	lz := func(options ...lz4.Option) func([]byte) []byte {
		return func(in []byte) []byte {
			var out bytes.Buffer
			w := lz4.NewWriter(&out)
			must(w.Apply(options...))
			written(w.Write(in))
			must(w.Close())
			return out.Bytes()
		}
	}
	return []codec{
		{"none", 0, bytes.Clone},
		{"gzip", gzipCodec, func(in []byte) []byte {
			var out bytes.Buffer
			w := gzip.NewWriter(&out)
			written(w.Write(in))
			must(w.Close())
			return out.Bytes()
		}},
		{"snappy block", snappyCodec, func(in []byte) []byte { return snappy.Encode(nil, in) }},
		{"snappy xerial", snappyCodec, func(in []byte) []byte {
			if len(in) == 0 {
				return snappy.Encode(nil, in) // which the encoder does not frame
			}
			return xerial.EncodeBetter(nil, in)
		}},
		{"lz4", lz4Codec, lz()},
		{"lz4 small blocks", lz4Codec, lz(lz4.BlockSizeOption(lz4.Block64Kb), lz4.BlockChecksumOption(true), lz4.ChecksumOption(false))},
		{"lz4 with size", lz4Codec, func(in []byte) []byte { return lz(lz4.SizeOption(uint64(len(in))))(in) }},
		{"lz4 linked", lz4Codec, linkedLZ4},
		{"zstd", zstdCodec, func(in []byte) []byte {
			w, err := zstd.NewWriter(nil, zstd.WithEncoderConcurrency(1))
			must(err)
			return w.EncodeAll(in, nil)
		}},
	}
}

func must(err error) {
	if err != nil {
		panic(err)
	}
}

func written(_ int, err error) { must(err) }

// linkedLZ4 makes a frame whose second block is all one match into the first,
// as clients do that link blocks. The writer used here does not.
func linkedLZ4(in []byte) []byte {
	out := binary.LittleEndian.AppendUint32(nil, lz4Magic)
	out = append(out, lz4Version, 4<<4, 0xc0)
	const most = 64 << 10
	stored := func(block []byte) {
		out = binary.LittleEndian.AppendUint32(out, uint32(len(block))|lz4Stored)
		out = append(out, block...)
	}
	for len(in) > 0 {
		n := min(most, len(in))
		first := in[:n]
		stored(first)
		in = in[n:]
		// Where what follows repeats the end of the first block, a block of one match and five literals says so.
		if match := min(len(in)-5, 18); n >= 60 && match >= 4 && bytes.Equal(in[:match], first[n-60:n-60+match]) {
			block := append([]byte{byte(match - 4), 60, 0, 5 << 4}, in[match:match+5]...)
			out = binary.LittleEndian.AppendUint32(out, uint32(len(block)))
			out = append(out, block...)
			in = in[match+5:]
		}
	}
	return append(out, 0, 0, 0, 0)
}

// testRecord is a record to be encoded; delta is its place in the batch.
type testRecord struct {
	delta      int32
	time       int64 // less the batch's first
	key, value []byte
	headers    []kmsg.Header
}

// testBatch is a batch to be encoded.
type testBatch struct {
	base       int64
	lastDelta  int32
	attributes int16 // without the codec
	firstTime  int64
	maxTime    int64
	producer   int64
	codec      codec
	records    []testRecord
}

// encode writes the batch as another program's encoder does.
func (b testBatch) encode() []byte {
	var plain []byte
	for _, r := range b.records {
		record := kmsg.Record{TimestampDelta64: r.time, OffsetDelta: r.delta, Key: r.key, Value: r.value, Headers: r.headers}
		record.Length = int32(len(record.AppendTo(nil)) - 1) // the length 0 took one byte
		plain = record.AppendTo(plain)
	}
	compress := b.codec.compress
	if compress == nil {
		compress = bytes.Clone
	}
	batch := kmsg.RecordBatch{
		FirstOffset: b.base, PartitionLeaderEpoch: 3, Magic: 2, Attributes: b.attributes | b.codec.bits, LastOffsetDelta: b.lastDelta,
		FirstTimestamp: b.firstTime, MaxTimestamp: b.maxTime, ProducerID: b.producer, ProducerEpoch: 0, FirstSequence: -1,
		NumRecords: int32(len(b.records)), Records: compress(plain),
	}
	out := batch.AppendTo(nil)
	binary.BigEndian.PutUint32(out[lengthAt:], uint32(len(out)-lengthEnd))
	seal(out)
	return out
}

// seal writes the checksum of a whole batch.
func seal(batch []byte) {
	binary.BigEndian.PutUint32(batch[crcAt:], crc32.Checksum(batch[checkedAt:], crc32.MakeTable(crc32.Castagnoli)))
}

// testAnswer is a broker's answer to be encoded.
type testAnswer struct {
	version       int16
	code          int16
	start, end    int64 // end is the last stable offset
	highWatermark int64
	aborted       []kmsg.FetchResponseTopicPartitionAbortedTransaction
	records       []byte
}

// encode writes what follows the correlation id.
func (a testAnswer) encode() []byte {
	res := kmsg.NewPtrFetchResponse()
	res.Version = a.version
	topic := kmsg.NewFetchResponseTopic()
	topic.Topic = "mail.scans"
	p := kmsg.NewFetchResponseTopicPartition()
	p.Partition, p.ErrorCode, p.HighWatermark, p.LastStableOffset, p.LogStartOffset = 1, a.code, a.highWatermark, a.end, a.start
	p.AbortedTransactions, p.RecordBatches = a.aborted, a.records
	topic.Partitions = append(topic.Partitions, p)
	res.Topics = append(res.Topics, topic)
	return res.AppendTo(nil)
}

// inPieces reads an answer to a fetch from the offset on with the reader's parser, all pieces as one.
func inPieces(p *pieces, body []byte, version int16, from int64) (*Fetched, error) {
	if err := p.answer.parse(body, version, p.partition); err != nil {
		return nil, err
	}
	next, err := p.begin(from)
	if err != nil {
		return nil, err
	}
	all := &Fetched{Next: from, Start: p.answer.start, End: p.answer.end()}
	for !p.done() {
		got, err := p.next(all.Next)
		if err != nil {
			return all, err
		}
		if got.Next < all.Next || got.Start != all.Start || got.End != all.End {
			return all, fmt.Errorf("a piece from %d to %d in %d..%d", all.Next, got.Next, got.Start, got.End)
		}
		got = copied(got)
		all.Messages = append(all.Messages, got.Messages...)
		all.Control = append(all.Control, got.Control...)
		all.Aborted = append(all.Aborted, got.Aborted...)
		all.Next = got.Next
	}
	if all.Next != next {
		return all, fmt.Errorf("the pieces end at offset %d, the answer was thought to end at %d", all.Next, next)
	}
	return all, nil
}
