package kafka

import (
	"encoding/binary"
	"errors"
	"fmt"

	kafkago "github.com/segmentio/kafka-go"
	fetchapi "github.com/segmentio/kafka-go/protocol/fetch"
)

// Versions of Fetch that are understood: 4 was the first with transactions,
// and 12 writes its fields in another way.
const (
	oldestFetch = 4
	newestFetch = 11
)

// answer is a broker's answer to a Fetch of one partition. Its records lie
// where the answer lies.
type answer struct {
	highWatermark, lastStable int64
	start                     int64 // 0 before version 5
	aborted                   []fetchapi.ResponseTransaction
	records                   []byte // batches, the last of which may be cut off
}

// errAnswer means that bytes are not what Kafka's protocol says.
var errAnswer = errors.New("the broker's answer is damaged")

// parse reads the body of an answer, what stands behind the correlation id
// (Kafka protocol guide, "Fetch API"). An error that the broker reports is a kafkago.Error.
func (a *answer) parse(body []byte, version int16, partition int32) error {
	in := fields{rest: body}
	in.skip(4) // throttle time; the broker itself waits
	if version >= 7 {
		if code := in.int16(); code != 0 {
			return kafkago.Error(code)
		}
		in.skip(4) // session
	}
	topics := in.int32()
	in.skip(int(in.int16())) // the topic's name
	partitions := in.int32()
	number := in.int32()
	if !in.short && (topics != 1 || partitions != 1 || number != partition) {
		return fmt.Errorf("%w: it does not hold the partition", errAnswer)
	}
	code := in.int16()
	a.highWatermark, a.lastStable, a.start = in.int64(), in.int64(), 0
	if version >= 5 {
		a.start = in.int64()
	}
	a.aborted = a.aborted[:0]
	for n := in.int32(); n > 0 && !in.short; n-- { // -1 for none
		a.aborted = append(a.aborted, fetchapi.ResponseTransaction{ProducerID: in.int64(), FirstOffset: in.int64()})
	}
	if version >= 11 {
		in.skip(4) // the replica to read from, for clients that name their rack
	}
	a.records = in.take(int(max(0, in.int32()))) // -1 for none
	switch {
	case in.short:
		return fmt.Errorf("%w: it ends too early", errAnswer)
	case kafkago.Error(code) == kafkago.OffsetOutOfRange:
		return ErrOutOfRange
	case code != 0:
		return kafkago.Error(code)
	}
	return nil
}

// end is the offset after the last that may be read: what stands behind the
// beginning of an open transaction may not.
func (a *answer) end() int64 {
	if a.lastStable < 0 {
		return a.highWatermark
	}
	return min(a.highWatermark, a.lastStable)
}

// fields reads big-endian fields one after the other. After short is set they are zero.
type fields struct {
	rest  []byte
	short bool
}

func (f *fields) take(n int) []byte {
	if n < 0 || n > len(f.rest) {
		f.short, f.rest = true, nil
		return nil
	}
	taken := f.rest[:n]
	f.rest = f.rest[n:]
	return taken
}

func (f *fields) skip(n int) { f.take(n) }

func (f *fields) int16() int16 {
	if b := f.take(2); b != nil {
		return int16(binary.BigEndian.Uint16(b))
	}
	return 0
}

func (f *fields) int32() int32 {
	if b := f.take(4); b != nil {
		return int32(binary.BigEndian.Uint32(b))
	}
	return 0
}

func (f *fields) int64() int64 {
	if b := f.take(8); b != nil {
		return int64(binary.BigEndian.Uint64(b))
	}
	return 0
}
