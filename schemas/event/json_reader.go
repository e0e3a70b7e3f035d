package event

import (
	"bytes"
	"encoding/binary"
	"math/bits"
	"strconv"
)

// jsonReader walks over JSON text without copying it.
type jsonReader struct {
	data []byte
	at   int
}

func (r *jsonReader) space() {
	if r.at < len(r.data) && r.data[r.at] <= ' ' {
		r.spaces()
	}
}

func (r *jsonReader) spaces() {
	for r.at < len(r.data) {
		switch r.data[r.at] {
		case ' ', '\t', '\n', '\r':
			r.at++
		default:
			return
		}
	}
}

// peek returns the byte at the reader, 0 at the end.
func (r *jsonReader) peek() byte {
	if r.at < len(r.data) {
		return r.data[r.at]
	}
	return 0
}

// take skips white space and then c, and reports whether c was there.
func (r *jsonReader) take(c byte) bool {
	r.space()
	if r.peek() != c || r.at >= len(r.data) {
		return false
	}
	r.at++
	return true
}

// text reads a text in quotes and returns what stands between them, as it
// stands; escaped tells that it holds backslashes.
func (r *jsonReader) text() (raw []byte, escaped, ok bool) {
	data, start := r.data, r.at+1
	if start > len(data) || data[r.at] != '"' {
		return nil, false, false
	}
	for i := start; ; {
		for i+8 <= len(data) {
			marks := endsText(binary.LittleEndian.Uint64(data[i:]))
			if marks != 0 {
				i += bits.TrailingZeros64(marks) / 8
				break
			}
			i += 8
		}
		if i >= len(data) {
			r.at = len(data)
			return nil, false, false
		}
		switch c := data[i]; {
		case c == '"':
			r.at = i + 1
			return data[start:i], escaped, true
		case c == '\\':
			escaped = true
			i += 2
		case c < 0x20:
			r.at = i
			return nil, false, false
		default:
			i++
		}
	}
}

// number skips a number (RFC 8259 section 6).
func (r *jsonReader) number() bool {
	if r.peek() == '-' {
		r.at++
	}
	if r.peek() == '0' {
		r.at++
	} else if !r.digits() {
		return false
	}
	if r.peek() == '.' {
		r.at++
		if !r.digits() {
			return false
		}
	}
	if c := r.peek(); c == 'e' || c == 'E' {
		r.at++
		if c := r.peek(); c == '+' || c == '-' {
			r.at++
		}
		return r.digits()
	}
	return true
}

func (r *jsonReader) digits() bool {
	start := r.at
	for r.peek()-'0' <= 9 {
		r.at++
	}
	return r.at > start
}

// skip passes over one value of any kind and reports whether it was one.
func (r *jsonReader) skip() bool { return r.skipAt(0) }

func (r *jsonReader) skipAt(depth int) bool {
	r.space()
	switch c := r.peek(); {
	case c == '"':
		_, _, ok := r.text()
		return ok
	case c == '-' || c-'0' <= 9:
		return r.number()
	case c == 't':
		return r.word("true")
	case c == 'f':
		return r.word("false")
	case c == 'n':
		return r.word("null")
	case depth == maxDepth:
		return false
	case c == '{':
		return r.skipList('}', depth, true)
	case c == '[':
		return r.skipList(']', depth, false)
	}
	return false
}

func (r *jsonReader) skipList(end byte, depth int, named bool) bool {
	r.at++
	if r.take(end) {
		return true
	}
	for {
		if named {
			r.space()
			if _, _, ok := r.text(); !ok || !r.take(':') {
				return false
			}
		}
		if !r.skipAt(depth + 1) {
			return false
		}
		if r.take(',') {
			continue
		}
		return r.take(end)
	}
}

func (r *jsonReader) word(word string) bool {
	if !bytes.HasPrefix(r.data[r.at:], []byte(word)) {
		return false
	}
	r.at += len(word)
	return true
}

func itoa(n int) string { return strconv.Itoa(n) }
