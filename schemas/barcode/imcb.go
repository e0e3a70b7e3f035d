package barcode

// IMcb is an Intelligent Mail container barcode: 21 characters on the placard of a container, "99M", MID and serial number.
// It is a comparable value. The zero IMcb is not a barcode. Slices that methods return are parts of the value.
type IMcb struct {
	text [21]byte
}

const imcbPrefix = "99M"

// ParseIMcb reads 21 characters; small letters are read as large ones, blanks around them are dropped. The error is an *Error that wraps
// ErrLength, ErrPrefix, ErrDigit (in the MID) or ErrAlphanumeric (in the serial number).
func ParseIMcb(text []byte) (IMcb, error) {
	text = trimBlanks(text)
	var c IMcb
	if len(text) != len(c.text) {
		return IMcb{}, &Error{ObjectIMcb, PartWhole, 0, "21 characters", ErrLength}
	}
	for i, char := range text {
		c.text[i] = upper(char)
	}
	if string(c.text[:len(imcbPrefix)]) != imcbPrefix {
		return IMcb{}, &Error{ObjectIMcb, PartPrefix, 0, imcbPrefix, ErrPrefix}
	}
	if i := firstNonDigit(c.MID()); i >= 0 {
		return IMcb{}, &Error{ObjectIMcb, PartMID, i + 1, "0 to 9", ErrDigit}
	}
	for i, char := range c.Serial() {
		if !isDigit(char) && !isUpper(char) {
			return IMcb{}, &Error{ObjectIMcb, PartSerial, i + 1, "a letter or a digit", ErrAlphanumeric}
		}
	}
	return c, nil
}

// IsZero reports whether c is the zero IMcb.
func (c *IMcb) IsZero() bool { return c.text[0] == 0 }

// Text returns all 21 characters.
func (c *IMcb) Text() []byte { return c.text[:] }

// MID returns the mailer id, 6 digits, or 9 where it begins with a 9.
func (c *IMcb) MID() []byte { return c.text[3 : 3+midLength(c.text[3])] }

// Serial returns the serial number: 12 letters and digits behind a MID of 6, 9 behind a MID of 9.
func (c *IMcb) Serial() []byte { return c.text[3+midLength(c.text[3]):] }
