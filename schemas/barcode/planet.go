package barcode

// PLANET is a code of the retired CONFIRM service (until January 2013), which its records still hold: 12 or 14 digits on letters and flats.
//
//	outgoing mail   service type 2, subscriber 5, mailing 4 or 6, check digit
//	reply mail      service type 2, customer's own digits 9 or 11, check digit; the subscriber was told by the POSTNET code beside it
//
// It names a mailing rather than a piece. It is a comparable value. The zero PLANET is not a code. Slices that methods return are parts of it.
type PLANET struct {
	digits [14]byte
	length uint8
}

// originConfirm is the service type of Origin Confirm, on reply mail. No document at hand lists it, so it decides nothing but which of two readings
// of 12 digits is the likelier.
const originConfirm = "21"

// planetShortBar marks a digit in PLANET: two short bars of five.
const planetShortBar = 'S'

// ParsePLANET reads 12 or 14 digits; blanks around them are dropped. The error is an *Error that wraps ErrLength, ErrDigit or ErrCheckDigit.
func ParsePLANET(digits []byte) (PLANET, error) {
	digits = trimBlanks(digits)
	if len(digits) != 12 && len(digits) != 14 {
		return PLANET{}, &Error{ObjectPLANET, PartWhole, 0, "12 or 14 digits", ErrLength}
	}
	if i := firstNonDigit(digits); i >= 0 {
		return PLANET{}, &Error{ObjectPLANET, PartWhole, i + 1, "0 to 9", ErrDigit}
	}
	if !sumsToTen(digits) {
		return PLANET{}, &Error{ObjectPLANET, PartCheckDigit, 0, "the digit that makes the sum of all a multiple of ten", ErrCheckDigit}
	}
	p := PLANET{length: uint8(len(digits))}
	copy(p.digits[:], digits)
	return p, nil
}

// DecodePLANETBars reads 62 or 72 bars, letters L (long) and S (short), large or small. Errors are *Error values that wrap ErrBarCount,
// ErrBarLetter, ErrFrameBar, ErrDigitBars or ErrCheckDigit. Bars upside down cannot be told from others, since both heights are read as they are.
func DecodePLANETBars(bars []byte) (PLANET, error) {
	if len(bars) != twoStateBars(12) && len(bars) != twoStateBars(14) {
		return PLANET{}, &Error{ObjectPLANET, PartBars, 0, "62 or 72 bars", ErrBarCount}
	}
	var buffer [14]byte
	digits, fault := readTwoState(buffer[:0], bars, planetShortBar)
	if fault.Reason != nil {
		fault.Object = ObjectPLANET
		return PLANET{}, fail(fault)
	}
	return ParsePLANET(digits)
}

// IsZero reports whether p is the zero PLANET.
func (p *PLANET) IsZero() bool { return p.length == 0 }

// Digits returns all 12 or 14 digits.
func (p *PLANET) Digits() []byte { return p.digits[:p.length] }

// AppendBars appends the 62 or 72 bars to dst, letters L and S.
func (p *PLANET) AppendBars(dst []byte) []byte {
	return appendTwoState(dst, p.Digits(), planetShortBar)
}

// ServiceType returns the first two digits.
func (p *PLANET) ServiceType() []byte { return p.digits[0:2] }

// Outgoing reports whether the service type is one of Destination Confirm: 40 and 41 First-Class letters and flats, 42 and 43 Standard Mail,
// 44 and 45 Periodicals, 46 and 47 cards of First-Class and Standard Mail, 22 other items.
func (p *PLANET) Outgoing() bool {
	return p.digits[0] == '4' && p.digits[1] <= '7' || p.digits[0] == '2' && p.digits[1] == '2'
}

// Subscriber returns the 5 digits of the subscriber of outgoing mail; nil for other service types.
func (p *PLANET) Subscriber() []byte {
	if !p.Outgoing() {
		return nil
	}
	return p.digits[2:7]
}

// Customer returns the digits that the customer chose: 4 or 6 in outgoing mail, 9 or 11 in other mail.
func (p *PLANET) Customer() []byte {
	if p.IsZero() {
		return nil
	}
	return p.digits[2+len(p.Subscriber()) : p.length-1]
}

// CheckDigit returns the last digit.
func (p *PLANET) CheckDigit() byte { return p.digits[max(1, p.length)-1] }
