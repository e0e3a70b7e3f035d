package barcode

import "math/bits"

// BarCount is the number of bars of an Intelligent Mail barcode.
const BarCount = 65

// Powers that cut a value of 102 bits into pieces of 64.
const (
	ten18      = 1_000_000_000_000_000_000
	codewords5 = codewords * codewords * codewords * codewords * codewords
)

// Where the routing codes of each length begin (USPS-B-3200, 2.2.1). A barcode without one has the value 0.
const (
	routing5  = 1
	routing9  = routing5 + 100_000
	routing11 = routing9 + 1_000_000_000
	routings  = routing11 + 100_000_000_000
)

// barLetters is the letter of a bar: T is the tracker alone, D has the lower end besides, A the upper, F both.
const barLetters = "TDAF"

// Encode returns the bars of a tracking code and a routing code as letters A, D, F and T. Errors are those of NewIMb.
func Encode(tracking, routing []byte) (bars [BarCount]byte, err error) {
	m, err := NewIMb(tracking, routing)
	if err != nil {
		return bars, err
	}
	return m.Bars(), nil
}

// Bars returns the bars as letters A, D, F and T, from the left. The zero IMb has none: 65 zero bytes.
func (m *IMb) Bars() (bars [BarCount]byte) {
	if m.IsZero() {
		return bars
	}
	hi, lo := m.value()
	return draw(characterize(split(hi, lo), crc(hi, lo)))
}

// characterize is steps 4 and 5 of USPS-B-3200, 2.2: the codewords take up the direction of reading and the CRC, and become characters.
func characterize(words [characters]uint16, check uint16) (chars [characters]uint16) {
	words[9] *= 2
	if check&0x400 != 0 {
		words[0] += codewordsA
	}
	for i, word := range words {
		chars[i] = characterOf[word]
		if check>>i&1 != 0 {
			chars[i] ^= allBits
		}
	}
	return chars
}

// draw is step 6: every bit of every character is one end of one bar.
func draw(chars [characters]uint16) (bars [BarCount]byte) {
	var state [ends]byte
	for c := range chars {
		for bit, end := range &endOf[c] {
			state[end] = byte(chars[c]>>bit) & 1
		}
	}
	for i := range bars {
		bars[i] = barLetters[state[2*i]|state[2*i+1]<<1]
	}
	return bars
}

// value is step 1: all digits as one number of 102 bits. The second digit counts in fives, the others in tens.
func (m *IMb) value() (hi, lo uint64) {
	head := m.routingValue()
	head = head*10 + uint64(m.digits[0]-'0')
	head = head*5 + uint64(m.digits[1]-'0')
	hi, lo = bits.Mul64(head, ten18)
	lo, carry := bits.Add64(lo, decimal(m.digits[2:TrackingLength]), 0)
	return hi + carry, lo
}

func (m *IMb) routingValue() uint64 {
	routing := m.Routing()
	switch len(routing) {
	case 5:
		return decimal(routing) + routing5
	case 9:
		return decimal(routing) + routing9
	case 11:
		return decimal(routing) + routing11
	default:
		return 0
	}
}

// split is step 3: the value in codewords, J in base 636 at the low end, I to B in base 1365, A what is left.
func split(hi, lo uint64) (words [characters]uint16) {
	high, rest := hi/codewordsJ, hi%codewordsJ
	low, j := bits.Div64(rest, lo, codewordsJ)
	upper, lower := bits.Div64(high, low, codewords5)
	words[9] = uint16(j)
	for i := 8; i >= 4; i-- {
		words[i] = uint16(lower % codewords)
		lower /= codewords
	}
	for i := 3; i >= 1; i-- {
		words[i] = uint16(upper % codewords)
		upper /= codewords
	}
	words[0] = uint16(upper)
	return words
}
