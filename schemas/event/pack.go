package event

import (
	"encoding/binary"

	"github.com/cespare/xxhash/v2"
)

// Numbers are sorted and merged at a fraction of what texts take, so what
// nearly every row has is stored as numbers. What does not fit such a number
// lies as text in the column more. The table's aliases give the texts back.

const (
	serialBits = 50 // hold the 15 digits of MID and serial number
	hashed     = 1 << 63
	// firstClass is the kind of a key that begins with the class letter A; those below are STIDs.
	firstClass = 1000
)

// PieceNumber returns the number by which the rows of a piece are sorted and
// found. For a key CLASS-MID-SERIAL or STID-MID-SERIAL it says all that the key
// does: the STID, or 1000 and the class letter counted from A, in the bits from
// 50 on, and below them MID and serial number as one number. For any other key
// it is a hash (XXH64) with the highest bit set.
func PieceNumber(key []byte) uint64 {
	if number, ok := packKey(key); ok {
		return number
	}
	return xxhash.Sum64(key) | hashed
}

func packKey(key []byte) (uint64, bool) {
	var kind uint64
	switch {
	case len(key) == 1+17 && key[0] >= 'A' && key[0] <= 'Z':
		kind = firstClass + uint64(key[0]-'A')
	case len(key) == 3+17 && firstNotDigit(key[:3]) < 0:
		kind = decimal(key[:3])
	default:
		return 0, false
	}
	// -MID-SERIAL: a MID has 9 digits where it begins with 9, else 6.
	tail := key[len(key)-17:]
	mid := 6
	if tail[1] == '9' {
		mid = 9
	}
	first, second := tail[1:1+mid], tail[2+mid:]
	if tail[0] != '-' || tail[1+mid] != '-' || !allDigits(first) || !allDigits(second) {
		return 0, false
	}
	serial := decimal(first)
	for range second {
		serial *= 10
	}
	return kind<<serialBits | serial + decimal(second), true
}

// decimal reads digits.
func decimal(digits []byte) (n uint64) {
	if len(digits) >= 8 {
		n = eightDigits(binary.LittleEndian.Uint64(digits))
		digits = digits[8:]
	}
	for _, c := range digits {
		n = n*10 + uint64(c-'0')
	}
	return n
}

const (
	headLength     = 5  // barcode identifier and STID, digits (USPS-B-3200)
	trackingLength = 20 // tracking code

	routingBits       = 37 // hold 11 digits
	routingLengthBits = 3
)

// packMarks returns what an Intelligent Mail barcode says besides the MID and
// serial number that the piece's number has: from bit 40 on the barcode
// identifier and STID, then 1 to 4 for a routing code of 0, 5, 9 or 11 digits,
// then the routing code. ok is false where the number has others.
func packMarks(piece uint64, digits []byte) (marks uint64, ok bool) {
	if piece&hashed != 0 || len(digits) < trackingLength || piece&(1<<serialBits-1) != decimal(digits[headLength:trackingLength]) {
		return 0, false
	}
	routing := digits[trackingLength:]
	var length uint64
	switch len(routing) {
	case 0:
		length = 1
	case 5:
		length = 2
	case 9:
		length = 3
	case 11:
		length = 4
	default:
		return 0, false
	}
	return decimal(digits[:headLength])<<(routingBits+routingLengthBits) | length<<routingBits | decimal(routing), true
}

// tagBytes is how many bytes an idTag of 20 hexadecimal digits takes.
const tagBytes = 10

// packTag puts an idTag of 20 decimal or upper-case hexadecimal digits into
// bytes. ok is false for any other, and for one of zeros only, which stand for none.
func packTag(tag []byte) (packed [tagBytes]byte, ok bool) {
	if len(tag) != 2*tagBytes {
		return packed, false
	}
	for i := range packed {
		high, low := hexValue[tag[2*i]], hexValue[tag[2*i+1]]
		if high|low > 0xf {
			return [tagBytes]byte{}, false
		}
		packed[i] = high<<4 | low
	}
	return packed, packed != [tagBytes]byte{}
}

// hexValue is the value of a decimal or upper-case hexadecimal digit, 0xff of any other byte.
var hexValue = func() (values [256]byte) {
	for i := range values {
		values[i] = 0xff
	}
	for value, digit := range []byte("0123456789ABCDEF") {
		values[digit] = byte(value)
	}
	return values
}()
