package kafka

import (
	"fmt"

	"mailtrail/schemas/event"
)

// read takes records of the batch into the piece until one of them ends.
func (p *pieces) read() error {
	for p.count > 0 {
		if p.told() >= pieceOffsets {
			return nil
		}
		rest, err := p.record()
		if err != nil {
			return fmt.Errorf("record %d of %d in the batch at offset %d: %w", p.batch.count-p.count+1, p.batch.count, p.batch.base, err)
		}
		p.left = rest
		p.count--
	}
	if len(p.left) > 0 {
		return fmt.Errorf("%w: %d bytes follow the records of the batch at offset %d", errBatch, len(p.left), p.batch.base)
	}
	p.out.Next = max(p.out.Next, p.batch.last+1)
	return nil
}

// record takes one record into the piece, unless it stands before the offset
// that was asked for: a broker sends whole batches. It returns what follows it.
func (p *pieces) record() (rest []byte, err error) {
	size, at := varint(p.left, 0)
	if size < 1 || at > len(p.left) || size > int64(len(p.left)-at) {
		return nil, errBatch
	}
	body, rest := p.left[at:at+int(size)], p.left[at+int(size):]
	timeDelta, at := varint(body, 1) // behind the attributes, which have no meaning yet
	delta, at := varint(body, at)
	key, at := varbytes(body, at)
	value, at := varbytes(body, at)
	numHeaders, at := varint(body, at)
	if at > len(body) || delta < 0 || delta > p.batch.last-p.batch.base || numHeaders < 0 {
		return nil, errBatch
	}
	first := len(p.headers)
	for place := 0; numHeaders > 0; numHeaders-- {
		var name, content []byte
		name, at = varbytes(body, at)
		content, at = varbytes(body, at)
		if at > len(body) {
			return nil, errBatch
		}
		p.headers = append(p.headers, event.Header{Key: p.names.of(place, name), Value: content})
		place++
	}
	if at != len(body) {
		return nil, errBatch
	}
	if offset := p.batch.base + delta; offset >= p.out.Next {
		p.tell(offset, p.batch.time(timeDelta), key, value, first)
	}
	return rest, nil
}

// tell adds an offset to the piece; its headers are those from the first on.
func (p *pieces) tell(offset, time int64, key, value []byte, first int) {
	o := &p.out
	o.Next = offset + 1
	switch {
	case p.batch.control():
		o.Control = append(o.Control, offset)
		if len(key) >= 4 && key[2] == 0 && key[3] == 0 { // version int16, type int16: 0 is abort
			p.aborted.ended(p.batch.producer)
		}
	case p.skipping:
		o.Aborted = append(o.Aborted, offset)
	default:
		m := event.Message{Topic: p.topic, Partition: p.partition, Offset: offset, Time: time, Key: key, Value: value}
		if last := len(p.headers); last > first {
			m.Headers = p.headers[first:last:last]
		}
		o.Messages = append(o.Messages, m)
	}
}

// varint reads the number at a place, in zigzag form, and returns the place
// behind it; one behind the end of b where b does not hold it, and then always.
func varint(b []byte, at int) (n int64, next int) {
	if at < len(b) && b[at] < 0x80 {
		return int64(b[at]>>1) ^ -int64(b[at]&1), at + 1
	}
	return longVarint(b, at)
}

func longVarint(b []byte, at int) (n int64, next int) {
	var u uint64
	for shift := 0; shift < 64 && at < len(b); shift += 7 {
		c := b[at]
		at++
		u |= uint64(c&0x7f) << shift
		if c < 0x80 {
			return int64(u>>1) ^ -int64(u&1), at
		}
	}
	return 0, len(b) + 1
}

// varbytes reads bytes behind their number; nil where that is negative.
func varbytes(b []byte, at int) (content []byte, next int) {
	n, at := varint(b, at)
	if n < 0 {
		return nil, at
	}
	if at > len(b) || n > int64(len(b)-at) {
		return nil, len(b) + 1
	}
	end := at + int(n)
	return b[at:end:end], end
}

// names gives headers their names without making a string for each: a topic
// has few, and mostly in the same order.
type names struct{ seen []string }

const (
	maxNames     = 32
	maxNameBytes = 64
)

// of returns the name of the header at a place of its message.
func (n *names) of(place int, name []byte) string {
	if place < len(n.seen) && n.seen[place] == string(name) {
		return n.seen[place]
	}
	for _, seen := range n.seen {
		if seen == string(name) {
			return seen
		}
	}
	if len(n.seen) == maxNames || len(name) > maxNameBytes {
		return string(name)
	}
	n.seen = append(n.seen, string(name))
	return n.seen[len(n.seen)-1]
}
