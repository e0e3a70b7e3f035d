package kafka

import (
	"fmt"

	"mailtrail/schemas/event"
)

// pieces hands out the records of an answer in pieces that a processor's cache
// can hold: a piece ends with the batch at which it has become large enough.
// All that it hands out is used again for the next piece.
type pieces struct {
	topic     string
	partition int32

	answer  answer
	rest    []byte // whole batches of the answer that are not begun
	aborted aborted

	batch    batch  // that is being read
	skipping bool   // its transaction was taken back
	left     []byte // its records that are not read
	count    int    // how many these are

	out     Fetched
	headers []event.Header
	plain   reused // decompressed records
	inflate inflater
	names   names
}

// Bounds at which a piece ends. One batch of records comes in one piece
// however large it is decompressed, but not however many records it has.
const (
	pieceBytes   = 1 << 20
	pieceOffsets = 8192
)

func newPieces(topic string, partition int32) pieces {
	return pieces{topic: topic, partition: partition, inflate: inflater{limit: maxBatchBytes}}
}

// begin starts with an answer that was parsed into p.answer, to a fetch from
// the offset on, and returns the offset to go on with after it.
func (p *pieces) begin(from int64) (next int64, err error) {
	records := p.answer.records
	size, next := whole(records, from)
	if size == 0 && len(records) > 0 {
		return 0, fmt.Errorf("%w: it cuts the first batch of records off", errAnswer)
	}
	p.rest, p.left, p.count = records[:size], nil, 0
	p.aborted.begin(p.answer.aborted)
	return next, nil
}

// clear forgets the answer.
func (p *pieces) clear() { p.rest, p.left, p.count = nil, nil, 0 }

// done reports whether all of the answer is handed out.
func (p *pieces) done() bool { return len(p.rest) == 0 && p.count == 0 }

// next returns the next piece, of the records from the offset on. What stands
// before a record or a batch that is damaged still comes.
func (p *pieces) next(from int64) (*Fetched, error) {
	o := &p.out
	o.Messages, o.Control, o.Aborted = o.Messages[:0], o.Control[:0], o.Aborted[:0]
	o.Next, o.Start, o.End = from, p.answer.start, p.answer.end()
	p.headers = p.headers[:0]
	if err := p.fill(); err != nil && o.Next == from {
		return nil, err
	}
	return o, nil
}

func (p *pieces) fill() error {
	if p.count > 0 { // alone, since what was decompressed for it stays until it ends
		return p.read()
	}
	p.plain.empty()
	for len(p.rest) > 0 && len(p.plain.bytes) < pieceBytes {
		if err := p.open(); err != nil {
			return err
		}
		if err := p.read(); err != nil || p.count > 0 {
			return err
		}
	}
	return nil
}

// told is how many offsets the piece tells about.
func (p *pieces) told() int { return len(p.out.Messages) + len(p.out.Control) + len(p.out.Aborted) }

// open begins the next batch.
func (p *pieces) open() error {
	b, err := head(p.rest)
	if err != nil {
		return err
	}
	if err := b.check(); err != nil {
		return fmt.Errorf("offset %d: %w", b.base, err)
	}
	records := b.payload
	if codec := b.attributes & codecBits; codec != 0 {
		before := len(p.plain.bytes)
		if p.plain.bytes, err = p.inflate.append(p.plain.bytes, b.payload, codec); err != nil {
			return fmt.Errorf("decompress the batch of records at offset %d: %w", b.base, err)
		}
		records = p.plain.bytes[before:]
	}
	p.aborted.reached(b.base)
	p.batch, p.left, p.count = b, records, b.count
	p.skipping = b.transactional() && p.aborted.holds(b.producer)
	p.rest = p.rest[b.size:]
	return nil
}
