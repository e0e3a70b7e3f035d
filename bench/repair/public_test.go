package repair

import (
	"fmt"
	"math/bits"
	"strings"

	"mailtrail/schemas/barcode"
)

// The best public method ("Bob Codes" in JavaScript and its ports): in every character that has no codeword, each of its bits is turned by
// itself; all combinations of what has one are decoded, unless there are more than 1,000; a single answer is taken.

// bars names the lower and the upper end of every bar by character and bit (USPS-B-3200, appendix B).
const bars = `
	H2/E3 B10/A0 J12/C8 F5/G11 I9/D1 A1/F12 C5/B8 E4/J11 G3/I10 D9/H6 F11/B4 I5/C12 J10/A2
	H1/G7 D6/E9 A3/I6 G4/C7 B1/J9 H10/F2 E0/D8 G2/A4 I11/B0 J8/D12 C6/H7 F1/E10 B12/G9
	H3/I0 F8/J7 E6/C10 D4/A5 I4/F7 H11/B9 G0/J6 A6/E8 C1/D2 F9/I12 E11/G1 J5/H4 D3/B2
	A7/C0 B3/E1 G10/D5 I7/J4 C11/F6 A8/H12 E2/I1 F10/D0 J3/A9 G5/C4 H8/B7 F0/E5 C3/A10
	G12/J2 D11/B6 I8/H9 F4/A11 B5/C2 J1/E12 I3/G6 H0/D7 E7/H5 A12/B11 C9/J0 G8/F3 D10/I2`

type end struct{ char, bit int }

var ends = readEnds()

func readEnds() (all [][2]end) {
	for _, bar := range strings.Fields(bars) {
		var lower, upper rune
		var b [2]int
		if _, err := fmt.Sscanf(bar, "%c%d/%c%d", &lower, &b[0], &upper, &b[1]); err != nil {
			panic(err)
		}
		all = append(all, [2]end{{int(lower - 'A'), b[0]}, {int(upper - 'A'), b[1]}})
	}
	return all
}

const (
	combinations = 1_000
	charBits     = 13
)

func repairPublicly(read []byte) (barcode.IMb, bool) {
	var chars [10]int
	for i, bar := range ends {
		if strings.IndexByte("DF", read[i]) >= 0 {
			chars[bar[0].char] |= 1 << bar[0].bit
		}
		if strings.IndexByte("AF", read[i]) >= 0 {
			chars[bar[1].char] |= 1 << bar[1].bit
		}
	}
	var options [10][]int
	count := 1
	for c, char := range chars {
		if legal(char) {
			options[c] = []int{char}
		} else {
			for bit := range charBits {
				if turned := char ^ 1<<bit; legal(turned) {
					options[c] = append(options[c], turned)
				}
			}
		}
		count *= len(options[c])
	}
	if count > combinations {
		return barcode.IMb{}, false
	}
	var found []barcode.IMb
	for combination := range count {
		for c := range chars {
			chars[c] = options[c][combination%len(options[c])]
			combination /= len(options[c])
		}
		if m, upsideDown, err := barcode.DecodeBars(draw(chars)); err == nil && !upsideDown {
			found = append(found, m)
		}
	}
	if len(found) != 1 {
		return barcode.IMb{}, false
	}
	return found[0], true
}

// legal reports whether a character has a codeword, itself or its complement.
func legal(char int) bool {
	n := bits.OnesCount(uint(char))
	return n == 2 || n == 5 || n == charBits-5 || n == charBits-2
}

func draw(chars [10]int) []byte {
	drawn := make([]byte, len(ends))
	for i, bar := range ends {
		lower, upper := chars[bar[0].char]>>bar[0].bit&1, chars[bar[1].char]>>bar[1].bit&1
		drawn[i] = "TDAF"[lower+2*upper]
	}
	return drawn
}
