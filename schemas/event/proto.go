package event

import (
	_ "embed"
	"strconv"

	"google.golang.org/protobuf/encoding/protowire"
)

// Proto is the protobuf definition of ScanBatch and ScanEvent, for equipment
// that sends them.
//
//go:embed scan.proto
var Proto []byte

// Numbers of ScanEvent's fields that are not text of the table, and of ScanBatch's.
const (
	scanUnixMilliNumber     = 8
	scanOffsetMinutesNumber = 9
	batchEventsNumber       = 1
)

var byNumber = func() (fields [128]Field) {
	for i := range fields {
		fields[i] = NumFields
	}
	for f := range specs {
		fields[specs[f].Number] = Field(f)
	}
	return fields
}()

// Batch reads the events of a ScanBatch one by one.
type Batch struct {
	rest []byte
}

// NewBatch begins to read a ScanBatch.
func NewBatch(data []byte) Batch { return Batch{rest: data} }

// Next returns the bytes of the batch's next event, a ScanEvent. ok is false
// at the end. A batch that breaks off returns NotReadable together with all
// the bytes that are left, and ends there.
func (b *Batch) Next() (raw []byte, ok bool, err *Error) {
	for len(b.rest) > 0 {
		number, kind, n := consumeTag(b.rest)
		if n < 0 {
			return b.broken()
		}
		if number != batchEventsNumber || kind != protowire.BytesType {
			m := protowire.ConsumeFieldValue(number, kind, b.rest[n:])
			if m < 0 {
				return b.broken()
			}
			b.rest = b.rest[n+m:]
			continue
		}
		event, m := consumeBytes(b.rest[n:])
		if m < 0 {
			return b.broken()
		}
		b.rest = b.rest[n+m:]
		return event, true, nil
	}
	return nil, false, nil
}

// MaxBatchEvents is how many events a ScanBatch may have. One of the largest
// size (16 MiB) has as many where they are 67 bytes long.
const MaxBatchEvents = 250_000

// CountBatch counts the events of a ScanBatch, and stops counting beyond most.
func CountBatch(data []byte, most int) (events int) {
	for batch := NewBatch(data); events <= most; events++ {
		if _, ok, err := batch.Next(); !ok || err != nil {
			return events
		}
	}
	return events
}

func (b *Batch) broken() ([]byte, bool, *Error) {
	raw := b.rest
	b.rest = nil
	return raw, true, &Error{Code: NotReadable, Message: "the ScanBatch breaks off: " + itoa(len(raw)) + " bytes left that are not an event"}
}

// DecodeProto reads one event from a protobuf ScanEvent. On an error the Scan
// is as far as it got.
func (s *Scan) DecodeProto(data []byte) *Error {
	total := len(data)
	for len(data) > 0 {
		number, kind, n := consumeTag(data)
		if n < 0 {
			return brokenEvent(total - len(data))
		}
		data = data[n:]
		f := NumFields
		if number < protowire.Number(len(byNumber)) {
			f = byNumber[number]
		}
		var err *Error
		switch {
		case number == scanUnixMilliNumber || number == scanOffsetMinutesNumber:
			n, err = s.decodeProtoTime(number, kind, data)
		case f == NumFields:
			s.Unknown++
			n = protowire.ConsumeFieldValue(number, kind, data)
		default:
			n, err = s.decodeProtoField(f, kind, data)
		}
		if err != nil {
			return err
		}
		if n < 0 {
			return brokenEvent(total - len(data))
		}
		data = data[n:]
	}
	return nil
}

// consumeTag is protowire.ConsumeTag without the field numbers that no message
// can have, which are a sign of bytes that are something else. Tags of one and
// two bytes, which are all of ours, take a third of its time.
func consumeTag(data []byte) (protowire.Number, protowire.Type, int) {
	if len(data) > 1 && data[0] >= 1<<3 {
		switch {
		case data[0] < 0x80:
			return protowire.Number(data[0] >> 3), protowire.Type(data[0] & 7), 1
		case data[1] < 0x80 && data[1] > 0:
			tag := uint64(data[0]&0x7f) | uint64(data[1])<<7
			return protowire.Number(tag >> 3), protowire.Type(tag & 7), 2
		}
	}
	number, kind, n := protowire.ConsumeTag(data)
	if number > protowire.MaxValidNumber {
		return 0, 0, -1
	}
	return number, kind, n
}

// consumeBytes is protowire.ConsumeBytes, faster for what is shorter than 128 bytes.
func consumeBytes(data []byte) ([]byte, int) {
	if len(data) > 0 && data[0] < 0x80 {
		if n := 1 + int(data[0]); n <= len(data) {
			return data[1:n:n], n
		}
	}
	return protowire.ConsumeBytes(data)
}

func brokenEvent(at int) *Error {
	return &Error{Code: NotReadable, Message: "the ScanEvent breaks off at byte " + itoa(at+1)}
}

func (s *Scan) decodeProtoTime(number protowire.Number, kind protowire.Type, data []byte) (int, *Error) {
	if kind != protowire.VarintType {
		return 0, fieldError(ScanDatetime, WrongType, "scan_unix_ms and scan_offset_minutes are varints")
	}
	v, n := protowire.ConsumeVarint(data)
	if n < 0 {
		return n, nil
	}
	if number == scanUnixMilliNumber {
		s.unixMilli, s.hasUnixMilli = int64(v), true
	} else {
		s.unixOffset = protowire.DecodeZigZag(v)
	}
	return n, nil
}

func (s *Scan) decodeProtoField(f Field, kind protowire.Type, data []byte) (int, *Error) {
	var text []byte
	var n int
	if specs[f].Kind == Count {
		if kind != protowire.VarintType {
			return 0, fieldError(f, WrongType, "a varint")
		}
		var v uint64
		v, n = protowire.ConsumeVarint(data)
		start := len(s.scratch)
		s.scratch = strconv.AppendUint(s.scratch, v, 10)
		text = s.scratch[start:len(s.scratch):len(s.scratch)]
	} else {
		if kind != protowire.BytesType {
			return 0, fieldError(f, WrongType, "text")
		}
		text, n = consumeBytes(data)
	}
	if n < 0 || len(text) == 0 {
		return n, nil
	}
	if s.Values[f] != nil {
		return 0, fieldError(f, Repeated, "the field stands twice in the event")
	}
	s.Set(f, text)
	return n, nil
}

// AppendProto appends the event to dst as an entry of a ScanBatch. The event
// must have passed Check.
func (s *Scan) AppendProto(dst []byte) []byte {
	dst = protowire.AppendTag(dst, batchEventsNumber, protowire.BytesType)
	dst = protowire.AppendVarint(dst, uint64(s.protoSize()))
	for f := range s.present.all() {
		text := s.Values[f]
		if f == ScanDatetime && s.Time.HasOffset {
			continue
		}
		number := protowire.Number(specs[f].Number)
		if specs[f].Kind == Count {
			dst = protowire.AppendTag(dst, number, protowire.VarintType)
			dst = protowire.AppendVarint(dst, uint64(s.Count(f)))
			continue
		}
		dst = protowire.AppendTag(dst, number, protowire.BytesType)
		dst = protowire.AppendBytes(dst, text)
	}
	if s.Time.HasOffset {
		dst = protowire.AppendTag(dst, scanUnixMilliNumber, protowire.VarintType)
		dst = protowire.AppendVarint(dst, uint64(s.Time.UnixMilli()))
		dst = protowire.AppendTag(dst, scanOffsetMinutesNumber, protowire.VarintType)
		dst = protowire.AppendVarint(dst, protowire.EncodeZigZag(int64(s.Time.OffsetMinutes)))
	}
	return dst
}

func (s *Scan) protoSize() (size int) {
	for f := range s.present.all() {
		text := s.Values[f]
		if f == ScanDatetime && s.Time.HasOffset {
			continue
		}
		size += protowire.SizeTag(protowire.Number(specs[f].Number))
		if specs[f].Kind == Count {
			size += protowire.SizeVarint(uint64(s.Count(f)))
		} else {
			size += protowire.SizeBytes(len(text))
		}
	}
	if s.Time.HasOffset {
		size += protowire.SizeTag(scanUnixMilliNumber) + protowire.SizeVarint(uint64(s.Time.UnixMilli()))
		size += protowire.SizeTag(scanOffsetMinutesNumber) + protowire.SizeVarint(protowire.EncodeZigZag(int64(s.Time.OffsetMinutes)))
	}
	return size
}

// WrapProto makes a ScanBatch of one raw ScanEvent, as Batch.Next returned it.
func WrapProto(raw []byte) []byte {
	dst := make([]byte, 0, len(raw)+1+protowire.SizeVarint(uint64(len(raw))))
	dst = protowire.AppendTag(dst, batchEventsNumber, protowire.BytesType)
	return protowire.AppendBytes(dst, raw)
}
