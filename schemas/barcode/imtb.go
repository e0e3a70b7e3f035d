package barcode

// IMtb is an Intelligent Mail tray barcode: 24 digits on the label of a tray, tub or sack.
// It is a comparable value. The zero IMtb is not a barcode. Slices that methods return are parts of the value.
type IMtb struct {
	digits [24]byte
}

// ParseIMtb reads 24 digits; blanks around them are dropped. The error is an *Error that wraps ErrLength or ErrDigit.
func ParseIMtb(digits []byte) (IMtb, error) {
	digits = trimBlanks(digits)
	var t IMtb
	if len(digits) != len(t.digits) {
		return IMtb{}, &Error{ObjectIMtb, PartWhole, 0, "24 digits", ErrLength}
	}
	if i := firstNonDigit(digits); i >= 0 {
		return IMtb{}, &Error{ObjectIMtb, PartWhole, i + 1, "0 to 9", ErrDigit}
	}
	copy(t.digits[:], digits)
	return t, nil
}

// IsZero reports whether t is the zero IMtb.
func (t *IMtb) IsZero() bool { return t.digits[0] == 0 }

// Digits returns all 24 digits.
func (t *IMtb) Digits() []byte { return t.digits[:] }

// DestinationZIP returns the 5 digits of the ZIP code to which the handling unit goes.
func (t *IMtb) DestinationZIP() []byte { return t.digits[0:5] }

// CIN returns the content identifier number, 3 digits: class and presort of what is inside.
func (t *IMtb) CIN() []byte { return t.digits[5:8] }

// ProcessingCode returns the digit that says how the handling unit is worked.
func (t *IMtb) ProcessingCode() byte { return t.digits[8] }

// MID returns the mailer id, 6 digits, or 9 where it begins with a 9.
func (t *IMtb) MID() []byte { return t.digits[9 : 9+midLength(t.digits[9])] }

// Serial returns the serial number: 8 digits behind a MID of 6, 5 behind a MID of 9.
func (t *IMtb) Serial() []byte { return t.digits[9+midLength(t.digits[9]) : 23] }

// LabelType returns the last digit.
func (t *IMtb) LabelType() byte { return t.digits[23] }
