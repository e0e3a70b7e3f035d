package kafka

import (
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
)

// batch is the head of a record batch of format 2 (Kafka documentation,
// "Record Batch"). Its payload lies where the answer lies.
type batch struct {
	base, last         int64 // offsets; the last stays when the log is compacted
	attributes         int16
	firstTime, maxTime int64 // Unix milliseconds
	producer           int64
	count              int
	checksum           uint32
	checked            []byte // what the checksum covers
	payload            []byte // the records, compressed by the codec of the attributes
	size               int    // of all, in the answer
}

// Bits of a batch's attributes.
const (
	codecBits        = 0b111
	appendTimeBit    = 1 << 3 // every record's time is the batch's, of when it was appended
	transactionalBit = 1 << 4
	controlBit       = 1 << 5
)

// Places in a batch.
const (
	lengthAt  = 8
	lengthEnd = lengthAt + 4 // the length counts from here
	magicAt   = 16
	crcAt     = 17
	checkedAt = 21
	recordsAt = 61
)

// errBatch means that a batch is not what Kafka's format says.
var errBatch = errors.New("a batch of records is damaged")

// head reads the head of the batch that stands first. Its size is 0 where the
// answer cuts the batch off, which a broker does with the last of an answer.
func head(in []byte) (b batch, err error) {
	if len(in) <= magicAt {
		return batch{}, nil
	}
	length := int64(int32(binary.BigEndian.Uint32(in[lengthAt:])))
	switch magic := in[magicAt]; {
	case magic < 2:
		return batch{}, fmt.Errorf("messages are stored in the format %d of Kafka before 0.11, which is not read: "+
			"let the topic's message.format.version be 0.11 or later and write them again", magic)
	case magic > 2:
		return batch{}, fmt.Errorf("%w: its format is %d, expected 2", errBatch, magic)
	case length < recordsAt-lengthEnd:
		return batch{}, fmt.Errorf("%w: its length is %d bytes", errBatch, length)
	case length > int64(len(in)-lengthEnd):
		return batch{}, nil
	}
	size := lengthEnd + int(length)
	b = batch{
		base:       int64(binary.BigEndian.Uint64(in)),
		attributes: int16(binary.BigEndian.Uint16(in[21:])),
		firstTime:  int64(binary.BigEndian.Uint64(in[27:])),
		maxTime:    int64(binary.BigEndian.Uint64(in[35:])),
		producer:   int64(binary.BigEndian.Uint64(in[43:])),
		count:      int(int32(binary.BigEndian.Uint32(in[57:]))),
		checksum:   binary.BigEndian.Uint32(in[crcAt:]),
		checked:    in[checkedAt:size],
		payload:    in[recordsAt:size],
		size:       size,
	}
	delta := int64(int32(binary.BigEndian.Uint32(in[23:])))
	b.last = b.base + delta
	if b.base < 0 || delta < 0 || b.last < 0 || b.last+1 < 0 || b.count < 0 {
		return batch{}, fmt.Errorf("%w: offset %d, %d offsets and %d records", errBatch, b.base, delta+1, b.count)
	}
	return b, nil
}

// check compares the checksum, CRC-32C.
func (b *batch) check() error {
	if sum := crc32.Checksum(b.checked, crc32.MakeTable(crc32.Castagnoli)); sum != b.checksum {
		return fmt.Errorf("%w: its checksum is %08x, its bytes have %08x", errBatch, b.checksum, sum)
	}
	return nil
}

func (b *batch) control() bool       { return b.attributes&controlBit != 0 }
func (b *batch) transactional() bool { return b.attributes&transactionalBit != 0 }

// time is the timestamp of a record, Unix milliseconds (KIP-32).
func (b *batch) time(delta int64) int64 {
	if b.attributes&appendTimeBit != 0 {
		return b.maxTime
	}
	return b.firstTime + delta
}

// whole looks over the batches of an answer: how many bytes of it are whole
// batches, and which offset stands behind the last of them, or next where that
// is further. What follows a damaged batch counts as whole, to be reported when it is read.
func whole(records []byte, next int64) (size int, after int64) {
	for size < len(records) {
		b, err := head(records[size:])
		if err != nil {
			return len(records), next
		}
		if b.size == 0 {
			break
		}
		next = max(next, b.last+1)
		size += b.size
	}
	return size, next
}
