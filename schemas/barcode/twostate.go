package barcode

// POSTNET and PLANET are drawn with bars of two heights: a tall frame bar, five bars for each digit, a tall frame bar. A digit has two tall bars
// of five in POSTNET, two short ones in PLANET (Domestic Mail Manual 204.1.2; Publication 197). The last digit makes the sum of all digits a
// multiple of ten.
//
// A bar is a letter: L long, S short.

const barsPerDigit = 5

// digitBars holds for each digit, one bit a bar from the left, the bars that differ from the rest: tall in POSTNET, short in PLANET.
// The weights of the bars are 7 4 2 1 0; 0 is written as 7+4.
var digitBars = [10]uint8{0b11000, 0b00011, 0b00101, 0b00110, 0b01001, 0b01010, 0b01100, 0b10001, 0b10010, 0b10100}

// twoStateBars returns the number of bars of so many digits.
func twoStateBars(digits int) int { return barsPerDigit*digits + 2 }

// appendTwoState appends the bars of the digits; marked is the letter of the two bars in each five.
func appendTwoState(dst, digits []byte, marked byte) []byte {
	dst = append(dst, 'L')
	for _, digit := range digits {
		for bit := barsPerDigit - 1; bit >= 0; bit-- {
			if digitBars[digit-'0']>>bit&1 != 0 {
				dst = append(dst, marked)
			} else {
				dst = append(dst, 'L'+'S'-marked)
			}
		}
	}
	return append(dst, 'L')
}

// readTwoState writes the digits of the bars to dst, which has room for them, and returns them. A fault without a reason is none.
func readTwoState(dst, bars []byte, marked byte) (digits []byte, fault Error) {
	for i, c := range bars {
		if upper(c) != 'L' && upper(c) != 'S' {
			return nil, Error{Part: PartBars, Place: i + 1, Expected: "L or S", Reason: ErrBarLetter}
		}
	}
	for _, frame := range [2]int{0, len(bars) - 1} {
		if upper(bars[frame]) != 'L' {
			return nil, Error{Part: PartBars, Place: frame + 1, Expected: "L, a frame bar", Reason: ErrFrameBar}
		}
	}
	for start := 1; start < len(bars)-1; start += barsPerDigit {
		digit := digitOfBars(bars[start:start+barsPerDigit], marked)
		if digit < 0 {
			return nil, Error{Part: PartBars, Place: start + 1, Expected: "five bars of a digit, two of them " + string(marked), Reason: ErrDigitBars}
		}
		dst = append(dst, '0'+byte(digit))
	}
	return dst, Error{}
}

// digitOfBars returns the digit that five bars stand for, or -1.
func digitOfBars(five []byte, marked byte) int {
	var pattern uint8
	for _, c := range five {
		pattern <<= 1
		if upper(c) == marked {
			pattern |= 1
		}
	}
	for digit, bars := range digitBars {
		if bars == pattern {
			return digit
		}
	}
	return -1
}

// sumsToTen reports whether the digits add up to a multiple of ten.
func sumsToTen(digits []byte) bool {
	sum := 0
	for _, c := range digits {
		sum += int(c - '0')
	}
	return sum%10 == 0
}
