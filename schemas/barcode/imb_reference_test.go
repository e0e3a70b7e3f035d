package barcode_test

import (
	"fmt"
	"math/big"
	"math/bits"
	"slices"
	"strings"
)

// A second encoder and decoder after USPS-B-3200, slow and written another way, that shares nothing with the package:
// big integers, the text of the specification's bar table, sorted lists in place of filled ones, a CRC bit by bit over a string.

const referenceBars = `
	H2/E3 B10/A0 J12/C8 F5/G11 I9/D1 A1/F12 C5/B8 E4/J11 G3/I10 D9/H6 F11/B4 I5/C12 J10/A2
	H1/G7 D6/E9 A3/I6 G4/C7 B1/J9 H10/F2 E0/D8 G2/A4 I11/B0 J8/D12 C6/H7 F1/E10 B12/G9
	H3/I0 F8/J7 E6/C10 D4/A5 I4/F7 H11/B9 G0/J6 A6/E8 C1/D2 F9/I12 E11/G1 J5/H4 D3/B2
	A7/C0 B3/E1 G10/D5 I7/J4 C11/F6 A8/H12 E2/I1 F10/D0 J3/A9 G5/C4 H8/B7 F0/E5 C3/A10
	G12/J2 D11/B6 I8/H9 F4/A11 B5/C2 J1/E12 I3/G6 H0/D7 E7/H5 A12/B11 C9/J0 G8/F3 D10/I2`

type reference struct {
	ends  [][2]place // lower and upper end of each bar
	table []int      // codeword to character
	words map[int]int
}

type place struct{ char, bit int }

func newReference() *reference {
	r := &reference{words: map[int]int{}}
	for _, bar := range strings.Fields(referenceBars) {
		var lower, upper rune
		var b [2]int
		if _, err := fmt.Sscanf(bar, "%c%d/%c%d", &lower, &b[0], &upper, &b[1]); err != nil {
			panic(err)
		}
		r.ends = append(r.ends, [2]place{{int(lower - 'A'), b[0]}, {int(upper - 'A'), b[1]}})
	}
	r.table = append(referenceCharacters(5), referenceCharacters(2)...)
	for word, char := range r.table {
		r.words[char] = word
	}
	return r
}

// referenceCharacters lists the pairs of mirror images by their smaller member, then the palindromes from the largest to the smallest.
func referenceCharacters(weight int) []int {
	var pairs, palindromes []int
	for c := range 8192 {
		mirrored := int(bits.Reverse16(uint16(c)) >> 3)
		switch {
		case bits.OnesCount(uint(c)) != weight:
		case c == mirrored:
			palindromes = append(palindromes, c)
		case c < mirrored:
			pairs = append(pairs, c, mirrored)
		}
	}
	slices.Reverse(palindromes)
	return append(pairs, palindromes...)
}

func bigInt(digits string) *big.Int {
	n, ok := new(big.Int).SetString("0"+digits, 10)
	if !ok {
		panic("not digits")
	}
	return n
}

// offset is what a routing code of this length is counted from.
func offset(length int) *big.Int {
	return bigInt(map[int]string{0: "0", 5: "1", 9: "100001", 11: "1000100001"}[length])
}

func referenceCRC(v *big.Int) int {
	register := 0x7FF
	for _, bit := range fmt.Sprintf("%0102b", v) {
		top := register >> 10
		register = register << 1 & 0x7FF
		if top != int(bit-'0') {
			register ^= 0xF35 & 0x7FF
		}
	}
	return register
}

func (r *reference) encode(tracking, routing string) string {
	v := new(big.Int).Add(bigInt(routing), offset(len(routing)))
	for i, digit := range tracking {
		base := int64(10)
		if i == 1 {
			base = 5
		}
		v.Mul(v, big.NewInt(base)).Add(v, big.NewInt(int64(digit-'0')))
	}
	crc := referenceCRC(v)

	words := make([]int, 10)
	rest := new(big.Int)
	for i := 9; i >= 0; i-- {
		base := int64(1365)
		if i == 9 {
			base = 636
		}
		v.DivMod(v, big.NewInt(base), rest)
		words[i] = int(rest.Int64())
	}
	words[9] *= 2
	if crc >= 1024 {
		words[0] += 659
	}
	chars := make([]int, 10)
	for i, word := range words {
		chars[i] = r.table[word]
		if crc>>i%2 == 1 {
			chars[i] = 8191 - chars[i]
		}
	}
	var bars strings.Builder
	for _, end := range r.ends {
		lower := chars[end[0].char] >> end[0].bit % 2
		upper := chars[end[1].char] >> end[1].bit % 2
		bars.WriteByte([]byte{'T', 'A', 'D', 'F'}[2*lower+upper])
	}
	return bars.String()
}

// decode returns ok false for bars that are no barcode this way up.
func (r *reference) decode(bars string) (tracking, routing string, ok bool) {
	chars := make([]int, 10)
	for i, end := range r.ends {
		if strings.ContainsRune("DF", rune(bars[i])) {
			chars[end[0].char] += 1 << end[0].bit
		}
		if strings.ContainsRune("AF", rune(bars[i])) {
			chars[end[1].char] += 1 << end[1].bit
		}
	}
	crc, v := 0, new(big.Int)
	words := make([]int, 10)
	for i, char := range chars {
		word, straight := r.words[char]
		if !straight {
			word, ok = r.words[8191-char]
			if !ok {
				return "", "", false
			}
			crc += 1 << i
		}
		words[i] = word
	}
	if words[0] > 658 {
		words[0] -= 659
		crc += 1024
	}
	if words[0] > 658 || words[9]%2 == 1 || words[9] > 1270 {
		return "", "", false
	}
	for i, word := range words {
		base := int64(1365)
		if i == 9 {
			base, word = 636, word/2
		}
		v.Mul(v, big.NewInt(base)).Add(v, big.NewInt(int64(word)))
	}
	if referenceCRC(v) != crc {
		return "", "", false
	}
	digits := make([]byte, 20)
	rest := new(big.Int)
	for i := 19; i >= 0; i-- {
		base := int64(10)
		if i == 1 {
			base = 5
		}
		v.DivMod(v, big.NewInt(base), rest)
		digits[i] = '0' + byte(rest.Int64())
	}
	for _, length := range []int{11, 9, 5} {
		if v.Cmp(offset(length)) >= 0 {
			routing = fmt.Sprintf("%0*d", length, new(big.Int).Sub(v, offset(length)))
			return string(digits), routing, len(routing) == length
		}
	}
	return string(digits), "", true
}
