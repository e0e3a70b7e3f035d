package barcode

// Lengths of the parts of an Intelligent Mail barcode, in digits.
const (
	TrackingLength   = 20
	MaxRoutingLength = 11
)

// IMb is an Intelligent Mail barcode: a tracking code of 20 digits and a routing code of 0, 5, 9 or 11 (USPS-B-3200, 2.1.3).
// It is a comparable value of 32 bytes. The zero IMb is not a barcode.
//
// Methods that return a slice return a part of the value itself: it is valid as long as the value is and must not be written to.
type IMb struct {
	digits [TrackingLength + MaxRoutingLength]byte
	length uint8
}

// NewIMb makes an IMb of its two parts. Blanks around them are dropped.
//
// The parts are checked in the order of the postal service's own encoders: length of the tracking code, its digits, its second digit
// (0 to 4), length of the routing code, its digits. The error is an *Error that wraps ErrTrackingLength, ErrTrackingDigit, ErrBarcodeID,
// ErrRoutingLength or ErrRoutingDigit.
func NewIMb(tracking, routing []byte) (IMb, error) {
	return joinParts(trimBlanks(tracking), trimBlanks(routing))
}

// ParseIMb reads 20, 25, 29 or 31 digits. Blanks around all of them are dropped. Errors are those of NewIMb.
func ParseIMb(digits []byte) (IMb, error) {
	digits = trimBlanks(digits)
	cut := min(len(digits), TrackingLength)
	return joinParts(digits[:cut], digits[cut:])
}

func joinParts(tracking, routing []byte) (IMb, error) {
	if err := checkTracking(tracking); err != nil {
		return IMb{}, err
	}
	if err := checkRouting(routing); err != nil {
		return IMb{}, err
	}
	m := IMb{length: uint8(TrackingLength + len(routing))}
	copy(m.digits[:], tracking)
	copy(m.digits[TrackingLength:], routing)
	return m, nil
}

func checkTracking(tracking []byte) error {
	if len(tracking) != TrackingLength {
		return &Error{ObjectIMb, PartTracking, 0, "20 digits", ErrTrackingLength}
	}
	if i := firstNonDigit(tracking); i >= 0 {
		return &Error{ObjectIMb, PartTracking, i + 1, "0 to 9", ErrTrackingDigit}
	}
	if tracking[1] > '4' {
		return &Error{ObjectIMb, PartBarcodeID, 2, "0 to 4", ErrBarcodeID}
	}
	return nil
}

func checkRouting(routing []byte) error {
	switch len(routing) {
	case 0, 5, 9, 11:
	default:
		return &Error{ObjectIMb, PartRouting, 0, "0, 5, 9 or 11 digits", ErrRoutingLength}
	}
	if i := firstNonDigit(routing); i >= 0 {
		return &Error{ObjectIMb, PartRouting, i + 1, "0 to 9", ErrRoutingDigit}
	}
	return nil
}

// IsZero reports whether m is the zero IMb, which is not a barcode.
func (m *IMb) IsZero() bool { return m.length == 0 }

// Digits returns all 20, 25, 29 or 31 digits.
func (m *IMb) Digits() []byte { return m.digits[:m.length] }

// AppendDigits appends all digits to dst.
func (m *IMb) AppendDigits(dst []byte) []byte { return append(dst, m.Digits()...) }

// Tracking returns the tracking code, 20 digits.
func (m *IMb) Tracking() []byte { return m.digits[:TrackingLength] }

// Routing returns the routing code: the ZIP code of the destination with 5, 9 or 11 digits, or nothing.
func (m *IMb) Routing() []byte { return m.digits[TrackingLength:max(TrackingLength, m.length)] }

// BarcodeID returns the barcode id, 2 digits.
func (m *IMb) BarcodeID() []byte { return m.digits[0:2] }

// STID returns the service type id, 3 digits.
func (m *IMb) STID() []byte { return m.digits[2:5] }

// MID returns the mailer id, 6 digits, or 9 where it begins with a 9; nil in a postal-made barcode.
// In reply mail that is traced by its routing code (ServiceType.TracedByRouting) there is none: use CustomerField.
func (m *IMb) MID() []byte {
	if m.PostalMade() {
		return nil
	}
	return m.digits[5 : 5+midLength(m.digits[5])]
}

// Serial returns the serial number: the 9 digits behind a MID of 6, the 6 behind a MID of 9; nil in a postal-made barcode.
func (m *IMb) Serial() []byte {
	if m.PostalMade() {
		return nil
	}
	return m.digits[5+midLength(m.digits[5]) : TrackingLength]
}

// CustomerField returns the 15 digits behind the STID. They hold MID and serial number, or what the subscriber of
// origin tracing has put there, or machine and time of a postal-made barcode.
func (m *IMb) CustomerField() []byte { return m.digits[5:TrackingLength] }

// Redirected reports whether the postal service put this barcode on in place of the mailer's (barcode id 93):
// STID, MID and serial number are the mailer's, the routing code is new.
func (m *IMb) Redirected() bool { return m.digits[0] == '9' && m.digits[1] == '3' }

// PostalMade reports whether the postal service made this barcode for a piece that had none (barcode id 94).
func (m *IMb) PostalMade() bool { return m.digits[0] == '9' && m.digits[1] == '4' }

// OEL returns what the barcode id says of the optional endorsement line on a flat.
func (m *IMb) OEL() OEL {
	if d := OEL(m.digits[0] - '0'); d <= OELMixedADC && m.digits[1] == '0' {
		return d
	}
	return OELNone
}

// OEL is the level of presort that a flat's optional endorsement line states: the first digit of the barcode id.
type OEL uint8

// The levels.
const (
	OELNone OEL = iota
	OELCarrierRoute
	OEL5Digit
	OEL3Digit
	OELADC
	OELMixedADC
)

// String returns "none", "carrier route", "5-digit", "3-digit", "ADC" or "mixed ADC".
func (o OEL) String() string {
	names := [...]string{"none", "carrier route", "5-digit", "3-digit", "ADC", "mixed ADC"}
	if int(o) < len(names) {
		return names[o]
	}
	return "unknown"
}
