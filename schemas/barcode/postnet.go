package barcode

// POSTNET is the retired routing barcode of letters: a ZIP code of 5, 9 or 11 digits (ZIP, ZIP+4, delivery point) and a check digit.
// It says where a piece goes, not which one it is. It is a comparable value. The zero POSTNET is not a code. Slices that methods return are parts of it.
type POSTNET struct {
	digits [MaxRoutingLength + 1]byte
	length uint8
}

// postnetTallBar marks a digit in POSTNET: two tall bars of five.
const postnetTallBar = 'L'

// ParsePOSTNET reads 6, 10 or 12 digits; blanks around them are dropped. The error is an *Error that wraps ErrLength, ErrDigit or ErrCheckDigit.
func ParsePOSTNET(digits []byte) (POSTNET, error) {
	digits = trimBlanks(digits)
	if len(digits) != 6 && len(digits) != 10 && len(digits) != 12 {
		return POSTNET{}, &Error{ObjectPOSTNET, PartWhole, 0, "a ZIP code of 5, 9 or 11 digits and a check digit", ErrLength}
	}
	if i := firstNonDigit(digits); i >= 0 {
		return POSTNET{}, &Error{ObjectPOSTNET, PartWhole, i + 1, "0 to 9", ErrDigit}
	}
	if !sumsToTen(digits) {
		return POSTNET{}, &Error{ObjectPOSTNET, PartCheckDigit, 0, "the digit that makes the sum of all a multiple of ten", ErrCheckDigit}
	}
	p := POSTNET{length: uint8(len(digits))}
	copy(p.digits[:], digits)
	return p, nil
}

// DecodePOSTNETBars reads 32, 52 or 62 bars, letters L (long) and S (short), large or small. Errors are those of DecodePLANETBars.
func DecodePOSTNETBars(bars []byte) (POSTNET, error) {
	if len(bars) != twoStateBars(6) && len(bars) != twoStateBars(10) && len(bars) != twoStateBars(12) {
		return POSTNET{}, &Error{ObjectPOSTNET, PartBars, 0, "32, 52 or 62 bars", ErrBarCount}
	}
	var buffer [12]byte
	digits, fault := readTwoState(buffer[:0], bars, postnetTallBar)
	if fault.Reason != nil {
		fault.Object = ObjectPOSTNET
		return POSTNET{}, fail(fault)
	}
	return ParsePOSTNET(digits)
}

// IsZero reports whether p is the zero POSTNET.
func (p *POSTNET) IsZero() bool { return p.length == 0 }

// Digits returns all 6, 10 or 12 digits.
func (p *POSTNET) Digits() []byte { return p.digits[:p.length] }

// AppendBars appends the 32, 52 or 62 bars to dst, letters L and S.
func (p *POSTNET) AppendBars(dst []byte) []byte {
	return appendTwoState(dst, p.Digits(), postnetTallBar)
}

// Routing returns the ZIP code, 5, 9 or 11 digits.
func (p *POSTNET) Routing() []byte { return p.digits[:max(1, p.length)-1] }

// CheckDigit returns the last digit.
func (p *POSTNET) CheckDigit() byte { return p.digits[max(1, p.length)-1] }
