package barcode

import "math/bits"

// DecodeBars reads 65 bars, letters A, D, F and T, large or small. Bars that are no barcode are tried upside down too
// (no encoding of the postal service's own cases reads as a barcode both ways).
//
// Decoding never corrects: a changed bar is an error, not another barcode. Errors are *Error values that wrap ErrBarLetter for a letter
// that no bar has, or ErrUnreadable as one of ErrBarCount (other than 65 bars), ErrBarUnknown (a "?" among them, which stands for a bar
// that could not be read) and ErrNoBarcode.
func DecodeBars(bars []byte) (m IMb, upsideDown bool, err error) {
	var state [ends]byte
	if !readEnds(&state, bars) {
		return IMb{}, false, refuseBars(bars)
	}
	m, upsideDown, ok := decodeEitherWay(&state)
	if !ok {
		return IMb{}, false, errNoBarcode
	}
	return m, upsideDown, nil
}

// What a stream of damaged reads meets for most of them is made once.
var (
	errNoBarcode = &Error{ObjectIMb, PartBars, 0, "bars of one barcode", ErrNoBarcode}
	errBarCount  = &Error{ObjectIMb, PartBars, 0, "65 bars", ErrBarCount}
)

func decodeEitherWay(state *[ends]byte) (m IMb, upsideDown, ok bool) {
	if m, ok := decodeEnds(state); ok {
		return m, false, true
	}
	turn(state)
	m, ok = decodeEnds(state)
	return m, ok, ok
}

// Entries of letterEnds besides the ends of a bar: 1 the lower, 2 the upper, 3 both.
const (
	unknownBar = 4
	noBar      = 8
)

// letterEnds is what each byte says of a bar; a table, since branches on what cannot be foretold are dear.
var letterEnds = makeLetterEnds()

func makeLetterEnds() (table [256]uint8) {
	for c := range table {
		table[c] = noBar
	}
	for i, letter := range []byte(barLetters) {
		table[letter], table[letter-'A'+'a'] = uint8(i), uint8(i)
	}
	table['?'] = unknownBar
	return table
}

// readEnds tells for each bar whether it has a lower and an upper end. It fails where these are not 65 bars, all of them known.
func readEnds(state *[ends]byte, bars []byte) bool {
	if len(bars) != BarCount {
		return false
	}
	var all uint8
	for i, letter := range bars {
		end := letterEnds[letter]
		state[2*i], state[2*i+1] = end&1, end>>1&1
		all |= end
	}
	return all < unknownBar
}

// refuseBars says why these are not 65 bars: first for a letter that is none, then for their number, then for one that is not known.
func refuseBars(bars []byte) error {
	unknown := 0
	for i, letter := range bars {
		switch letterEnds[letter] {
		case noBar:
			return &Error{ObjectIMb, PartBars, i + 1, "A, D, F or T", ErrBarLetter}
		case unknownBar:
			if unknown == 0 {
				unknown = i + 1
			}
		}
	}
	if len(bars) != BarCount {
		return errBarCount
	}
	return &Error{ObjectIMb, PartBars, unknown, "A, D, F or T", ErrBarUnknown}
}

// turn turns the bars upside down.
func turn(state *[ends]byte) {
	for i, j := 0, ends-1; i < j; i, j = i+1, j-1 {
		state[i], state[j] = state[j], state[i]
	}
}

// decodeEnds undoes steps 6 to 1 of USPS-B-3200, 2.2.
func decodeEnds(state *[ends]byte) (IMb, bool) {
	var patterns [characters]uint16
	for c := range patterns {
		pattern := 0
		for bit, end := range &endOf[c] {
			pattern |= int(state[end]) << bit
		}
		if codewordOf[pattern] == noCodeword {
			return IMb{}, false
		}
		patterns[c] = uint16(pattern)
	}
	return decodePatterns(&patterns)
}

// decodePatterns undoes steps 5 to 1 for ten characters as they are drawn, each of which must have a codeword.
func decodePatterns(patterns *[characters]uint16) (IMb, bool) {
	var words [characters]uint16
	var check uint16
	for c, pattern := range patterns {
		word := codewordOf[pattern&allBits]
		check |= word >> 15 << c
		words[c] = word &^ complemented
	}
	if words[0] >= codewordsA {
		words[0] -= codewordsA
		check |= 0x400
	}
	if words[9]%2 != 0 || words[9] >= 2*codewordsJ {
		return IMb{}, false // too large an A needs no look: it makes a value beyond the largest routing code
	}
	words[9] /= 2
	hi, lo := join(words)
	if crc(hi, lo) != check {
		return IMb{}, false
	}
	return fromValue(hi, lo)
}

// join undoes split.
func join(words [characters]uint16) (hi, lo uint64) {
	var upper, lower uint64
	for _, word := range words[:4] {
		upper = upper*codewords + uint64(word)
	}
	for _, word := range words[4:9] {
		lower = lower*codewords + uint64(word)
	}
	hi, lo = bits.Mul64(upper, codewords5)
	lo, carry := bits.Add64(lo, lower, 0)
	hi += carry

	high := hi * codewordsJ
	hi, lo = bits.Mul64(lo, codewordsJ)
	lo, carry = bits.Add64(lo, uint64(words[9]), 0)
	return hi + high + carry, lo
}

// fromValue undoes value, for values below 2 to the 103. It fails where more is left than the largest routing code.
func fromValue(hi, lo uint64) (IMb, bool) {
	var m IMb
	head, tail := bits.Div64(hi, lo, ten18)
	putDecimal(m.digits[2:TrackingLength], tail)
	m.digits[1] = '0' + byte(head%5)
	head /= 5
	m.digits[0] = '0' + byte(head%10)
	return m, m.setRouting(head / 10)
}

func (m *IMb) setRouting(value uint64) bool {
	length, first := 0, uint64(0)
	switch {
	case value == 0:
	case value < routing9:
		length, first = 5, routing5
	case value < routing11:
		length, first = 9, routing9
	case value < routings:
		length, first = 11, routing11
	default:
		return false
	}
	m.length = uint8(TrackingLength + length)
	putDecimal(m.digits[TrackingLength:m.length], value-first)
	return true
}
