package barcode

import "math/bits"

// The ten characters of 13 bits are called A to J in USPS-B-3200 and numbered 0 to 9 here.
const (
	characters    = 10
	characterBits = 13
	allBits       = 1<<characterBits - 1
	ends          = 2 * BarCount // every bar has a lower and an upper end, which is there or not

	codewords5of13 = 1287 // codewords below are characters with 5 bits of 13, those from here on characters with 2
	codewords      = 1365
	codewordsA     = 659 // codewords of character A, 0 to 658; 659 more when the eleventh bit of the CRC is set
	codewordsJ     = 636 // codewords of character J, of which only the doubles are used
)

// barOf tells where each bit of each character is drawn (USPS-B-3200, appendix B, turned around): a row is a character, a column a bit
// from the lowest, a positive number the upper end of that bar, a negative one its lower end. Bars count from 1.
var barOf = [characters][characterBits]int8{
	{+2, -6, +13, -16, +21, +30, -34, -40, -45, +48, +52, +56, -62},  // A
	{+22, -18, +39, -41, +11, -57, +54, +50, +7, +32, -2, +62, -26},  // B
	{+40, -35, +57, -52, +49, -7, -24, +17, +3, -63, +29, -44, +12},  // C
	{+47, +5, +35, -39, -30, +42, -15, +60, +20, -10, -65, -54, +23}, // D
	{-20, +41, -46, +1, -8, +51, -29, -61, +34, +15, +25, -37, +58},  // E
	{-51, -25, +19, +64, -56, -4, +44, +31, -28, -36, -47, -11, +6},  // F
	{-33, +37, -21, -9, -17, -49, +59, +14, -64, +26, -42, +4, -53},  // G
	{-60, -14, -1, -27, +38, +61, +10, +24, -50, +55, -19, -32, +45}, // H
	{+27, +46, +65, -59, -31, -12, +16, -43, -55, -5, +9, -22, +36},  // I
	{+63, -58, +53, -48, +43, -38, +33, +28, -23, +18, -13, +8, -3},  // J
}

// endOf is barOf as an index into the ends of the bars: 2 for each bar, the lower end first.
// Read from behind, the ends are those of the barcode turned upside down.
var endOf = makeEndOf()

func makeEndOf() (table [characters][characterBits]uint8) {
	for c, row := range barOf {
		for bit, bar := range row {
			if bar < 0 {
				table[c][bit] = uint8(2 * (-bar - 1))
			} else {
				table[c][bit] = uint8(2*(bar-1) + 1)
			}
		}
	}
	return table
}

// characterOf is the character of each codeword.
var characterOf = makeCharacterOf()

func makeCharacterOf() (table [codewords]uint16) {
	fillCharacters(table[:codewords5of13], 5)
	fillCharacters(table[codewords5of13:], 2)
	return table
}

// fillCharacters gives out the characters with so many bits (USPS-B-3200, 2.2.5): those that differ from their mirror image
// in pairs from the start, those that are their own mirror image from the end.
func fillCharacters(table []uint16, weight int) {
	start, end := 0, len(table)-1
	for c := uint16(0); c <= allBits; c++ {
		if bits.OnesCount16(c) != weight {
			continue
		}
		switch mirrored := bits.Reverse16(c) >> (16 - characterBits); {
		case mirrored == c:
			table[end] = c
			end--
		case mirrored > c:
			table[start], table[start+1] = c, mirrored
			start += 2
		}
	}
}

// Entries of codewordOf.
const (
	noCodeword   = 0xFFFF
	complemented = 0x8000 // the character is drawn with all bits turned, which is how it carries a bit of the CRC
)

// codewordOf is the codeword of each pattern of 13 bits, complemented where the pattern is, or noCodeword.
var codewordOf = makeCodewordOf()

func makeCodewordOf() *[1 << characterBits]uint16 {
	table := new([1 << characterBits]uint16)
	for i := range table {
		table[i] = noCodeword
	}
	for codeword, c := range characterOf {
		table[c] = uint16(codeword)
		table[c^allBits] = uint16(codeword) | complemented
	}
	return table
}

// The frame check sequence: a CRC of 11 bits over 102 (USPS-B-3200, 2.2.2), most significant bit first.
const (
	crcPolynomial = 0x735 // 0xF35 without its highest bit, which falls out
	crcStart      = 0x7FF
	crcMask       = 0x7FF
	crcLength     = 102
	crcBytes      = (crcLength + 7) / 8
)

// crcOfZero is the frame check sequence of 102 zero bits.
var crcOfZero = crcBits(crcStart, crcLength)

// crcOfByte is what each byte of a value turns in the frame check sequence, by its place from the lowest: the check is linear, so the bytes
// need not wait for each other.
var crcOfByte = makeCRCOfByte()

func makeCRCOfByte() *[crcBytes][256]uint16 {
	table := new([crcBytes][256]uint16)
	for b := range table[0] {
		table[0][b] = crcBits(uint16(b)<<3, 8)
		for i := 1; i < crcBytes; i++ {
			table[i][b] = crcBits(table[i-1][b], 8)
		}
	}
	return table
}

// crcBits shifts n zero bits into a register.
func crcBits(register uint16, n int) uint16 {
	for range n {
		carry := register & 0x400
		register = register << 1 & crcMask
		if carry != 0 {
			register ^= crcPolynomial
		}
	}
	return register
}

// crc returns the frame check sequence of the lowest 102 bits of hi:lo.
func crc(hi, lo uint64) uint16 {
	t := crcOfByte
	check := crcOfZero ^ t[0][byte(lo)] ^ t[1][byte(lo>>8)] ^ t[2][byte(lo>>16)] ^ t[3][byte(lo>>24)]
	check ^= t[4][byte(lo>>32)] ^ t[5][byte(lo>>40)] ^ t[6][byte(lo>>48)] ^ t[7][byte(lo>>56)]
	return check ^ t[8][byte(hi)] ^ t[9][byte(hi>>8)] ^ t[10][byte(hi>>16)] ^ t[11][byte(hi>>24)] ^ t[12][byte(hi>>32)&0x3F]
}
