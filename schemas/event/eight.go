package event

import "encoding/binary"

// Texts are looked at eight bytes at a time, each byte in its place of a
// 64-bit word; most fields are one to four such words.

const (
	ones  = 0x0101010101010101 // 1 in every byte
	highs = 0x8080808080808080 // the highest bit of every byte
)

// allASCII reports whether no byte is 0x80 or above.
func allASCII(text []byte) bool {
	for len(text) >= 8 {
		if binary.LittleEndian.Uint64(text)&highs != 0 {
			return false
		}
		text = text[8:]
	}
	var all byte
	for _, c := range text {
		all |= c
	}
	return all < 0x80
}

// allDigits reports whether every byte is a decimal digit.
func allDigits(text []byte) bool {
	for len(text) >= 8 {
		word := binary.LittleEndian.Uint64(text)
		// 0x30 to 0x3f have the upper half of a digit; adding 6 carries those above '9' out of it.
		if word&(0xf0*ones) != '0'*ones || (word+6*ones)&(0xf0*ones) != '0'*ones {
			return false
		}
		text = text[8:]
	}
	for _, c := range text {
		if c-'0' > 9 {
			return false
		}
	}
	return true
}

// eightDigits reads eight decimal digits: neighbours become numbers of two
// digits, these numbers of four, and these one of eight.
func eightDigits(word uint64) uint64 {
	word &= 0x0f * ones
	word = word*10 + word>>8
	word = (word&0x00ff00ff00ff00ff)*100 + word>>16&0x00ff00ff00ff00ff
	return (word&0xffff)*10000 + word>>32&0xffff
}

// endsText has the highest bit set in the lowest byte of the word that ends a
// JSON text or needs a look: a quote, a backslash or a control character. Bytes
// above it may be marked wrongly, since the subtractions borrow from them.
func endsText(word uint64) uint64 {
	quote, backslash := word^('"'*ones), word^('\\'*ones)
	return ((quote-ones)&^quote | (backslash-ones)&^backslash | (word-0x20*ones)&^word) & highs
}

// quotedName is a field's name as it begins a member of a JSON object: in
// quotes, with a colon behind. Most are compared by four words, which costs half
// of a call to compare bytes.
type quotedName struct {
	text string
	// The first two words of the text and the last two, which overlap them where it is short.
	head, tail [2]uint64
	inWords    bool // the text is from 16 to 32 bytes long
}

func newQuotedName(name string) quotedName {
	q := quotedName{text: `"` + name + `":`}
	if n := len(q.text); n >= 16 && n <= 32 {
		text := []byte(q.text)
		q.inWords = true
		q.head = [2]uint64{binary.LittleEndian.Uint64(text), binary.LittleEndian.Uint64(text[8:])}
		q.tail = [2]uint64{binary.LittleEndian.Uint64(text[n-16:]), binary.LittleEndian.Uint64(text[n-8:])}
	}
	return q
}

// begins reports whether data begins with the name.
func (q *quotedName) begins(data []byte) bool {
	n := len(q.text)
	if len(data) < n {
		return false
	}
	if !q.inWords {
		return string(data[:n]) == q.text
	}
	return binary.LittleEndian.Uint64(data) == q.head[0] && binary.LittleEndian.Uint64(data[8:]) == q.head[1] &&
		binary.LittleEndian.Uint64(data[n-16:]) == q.tail[0] && binary.LittleEndian.Uint64(data[n-8:]) == q.tail[1]
}
