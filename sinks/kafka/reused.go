package kafka

import (
	"errors"
	"io"
	"slices"
)

// reused is a buffer of bytes that is filled again and again without being
// made anew. What was once needed for one large batch is not held forever.
type reused struct {
	bytes []byte
	roomy int // how many times in a row little of the capacity was used
}

const (
	// roomyBytes is what a buffer may hold whether it is used or not.
	roomyBytes = 256 << 10
	// roomyTimes is how many times a buffer may be at least four times too large before it is let go.
	roomyTimes = 64
)

// empty makes the buffer ready to be filled.
func (b *reused) empty() {
	if cap(b.bytes) <= roomyBytes || len(b.bytes) > cap(b.bytes)/4 {
		b.roomy = 0
	} else if b.roomy++; b.roomy == roomyTimes {
		*b = reused{}
	}
	b.bytes = b.bytes[:0]
}

// growBytes is how much a buffer grows at once while it is not known that as many bytes will really come.
const growBytes = 1 << 20

// read fills the empty buffer with size bytes. It grows as bytes come, so that
// a wrong size alone costs no memory.
func (b *reused) read(from io.Reader, size int) error {
	b.empty()
	for len(b.bytes) < size {
		if len(b.bytes) == cap(b.bytes) {
			b.bytes = slices.Grow(b.bytes, min(size-len(b.bytes), max(len(b.bytes), growBytes)))
		}
		end := min(cap(b.bytes), size)
		n, err := io.ReadFull(from, b.bytes[len(b.bytes):end])
		b.bytes = b.bytes[:len(b.bytes)+n]
		if errors.Is(err, io.EOF) {
			return io.ErrUnexpectedEOF
		}
		if err != nil {
			return err
		}
	}
	return nil
}
