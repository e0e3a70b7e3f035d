package barcode

// IMpb is an Intelligent Mail package barcode: the digits of a GS1-128 symbol, [420 and the destination's ZIP code] and a construct that
// begins with an application identifier (AI):
//
//	92  STC 3, MID 9, serial number 7 or 11, check digit           22 or 26 digits   commercial mailers
//	93  STC 3, MID 6, serial number 10 or 14, check digit          22 or 26          commercial mailers
//	94  STC 3, source 2, MID 9 or 6, serial number, check digit    22, 26 or 30      postage bought online
//	95  STC 3, channel, device, day and number 16, check digit     22 or 26          post office counters
//	91  STC 2, customer 9, serial number 8, check digit            22, or 20 without its 91   legacy
//
// It is a comparable value. The zero IMpb is not a barcode. Slices that methods return are parts of the value.
type IMpb struct {
	construct [maxConstruct]byte // with the application identifier, also where it was not written
	length    uint8
	zip       [9]byte
	zipLength uint8
	ambiguous bool
}

const (
	maxConstruct    = 30
	legacyShort     = 20
	legacyAI        = "91"
	postalCodeAI    = "420"
	postalCodeAndZ5 = len(postalCodeAI) + 5
	postalCodeAndZ9 = len(postalCodeAI) + 9
)

// ParseIMpb reads digits as scanned or as printed: a construct with or without 420 and a ZIP code of 5 or 9 digits, or the legacy form of 20.
// Blanks around them are dropped.
//
// Behind 420 the ZIP code ends where an application identifier stands, that fits with the length, and the check digit holds. Where both lengths
// of the ZIP code pass, the one whose MID has the length of its AI is taken (a MID of 9 digits begins with a 9), then the ZIP code of 9 digits;
// Ambiguous tells.
//
// The error is an *Error that wraps ErrLength, ErrDigit, ErrApplicationIdentifier or ErrCheckDigit.
func ParseIMpb(digits []byte) (IMpb, error) {
	digits = trimBlanks(digits)
	if i := firstNonDigit(digits); i >= 0 {
		return IMpb{}, &Error{ObjectIMpb, PartWhole, i + 1, "0 to 9", ErrDigit}
	}
	if len(digits) == legacyShort {
		return parseLegacyShort(digits)
	}
	if len(digits) > len(postalCodeAI) && string(digits[:len(postalCodeAI)]) == postalCodeAI {
		return parseRouted(digits)
	}
	p, fault := readConstruct(digits)
	if fault.Reason != nil {
		return IMpb{}, fail(fault)
	}
	return p, nil
}

// parseLegacyShort reads 20 digits. Some mailers count the unseen 91 in the check digit, some do not.
func parseLegacyShort(digits []byte) (IMpb, error) {
	p := IMpb{length: uint8(len(legacyAI) + legacyShort)}
	copy(p.construct[:], legacyAI)
	copy(p.construct[len(legacyAI):], digits)
	if !checks(p.Construct()) && !checks(digits) {
		return IMpb{}, &Error{ObjectIMpb, PartCheckDigit, 0, "the check digit of the digits before it", ErrCheckDigit}
	}
	return p, nil
}

// parseRouted reads 420, a ZIP code and a construct.
func parseRouted(digits []byte) (IMpb, error) {
	short, shortFault := readBehindZIP(digits, postalCodeAndZ5)
	long, longFault := readBehindZIP(digits, postalCodeAndZ9)
	switch {
	case shortFault.Reason == nil && longFault.Reason == nil:
		long.ambiguous, short.ambiguous = true, true
		if short.midFitsAI() && !long.midFitsAI() {
			return short, nil
		}
		return long, nil
	case shortFault.Reason == nil:
		return short, nil
	case longFault.Reason == nil:
		return long, nil
	case longFault.Reason == ErrCheckDigit:
		return IMpb{}, fail(longFault) // nearer to a barcode than a reading without an application identifier
	default:
		return IMpb{}, fail(shortFault)
	}
}

// readBehindZIP reads the construct that begins at offset. A fault without a reason is none.
func readBehindZIP(digits []byte, offset int) (p IMpb, fault Error) {
	if len(digits) <= offset {
		return IMpb{}, wrongLength
	}
	p, fault = readConstruct(digits[offset:])
	if fault.Reason == nil {
		p.zipLength = uint8(copy(p.zip[:], digits[len(postalCodeAI):offset]))
	}
	return p, fault
}

// readConstruct reads a construct by itself. A fault without a reason is none; it is a value, since one of two readings behind 420 always has one.
func readConstruct(digits []byte) (p IMpb, fault Error) {
	if len(digits) < 22 || len(digits) > maxConstruct {
		return IMpb{}, wrongLength
	}
	if digits[0] != '9' || digits[1] < '1' || digits[1] > '5' {
		return IMpb{}, Error{ObjectIMpb, PartApplicationIdentifier, 0, "91 to 95", ErrApplicationIdentifier}
	}
	switch ai := digits[1]; {
	case len(digits) == 22:
	case len(digits) == 26 && ai != '1':
	case len(digits) == 30 && ai == '4':
	default:
		return IMpb{}, wrongLength
	}
	if !checks(digits) {
		return IMpb{}, Error{ObjectIMpb, PartCheckDigit, 0, "the check digit of the construct", ErrCheckDigit}
	}
	p.length = uint8(copy(p.construct[:], digits))
	return p, Error{}
}

// fail makes an error of a fault; apart, so that only a fault that is returned is allocated.
func fail(fault Error) error { return &fault }

var wrongLength = Error{ObjectIMpb, PartWhole, 0, "20, 22, 26 or 30 digits, or 420, a ZIP code of 5 or 9 digits and 22, 26 or 30 digits", ErrLength}

func checks(digits []byte) bool { return mod10(digits[:len(digits)-1]) == digits[len(digits)-1] }

// IsZero reports whether p is the zero IMpb.
func (p *IMpb) IsZero() bool { return p.length == 0 }

// Construct returns the digits from the application identifier to the check digit, without 420 and ZIP code.
// The legacy form of 20 digits is returned with its 91.
func (p *IMpb) Construct() []byte { return p.construct[:p.length] }

// DestinationZIP returns the ZIP code behind 420, 5 or 9 digits, or nothing.
func (p *IMpb) DestinationZIP() []byte { return p.zip[:p.zipLength] }

// ApplicationIdentifier returns 91 to 95.
func (p *IMpb) ApplicationIdentifier() []byte { return p.construct[0:2] }

// STC returns the service type code: 3 digits, or 2 of the legacy form.
func (p *IMpb) STC() []byte { return p.construct[2:p.stcEnd()] }

// MID returns the mailer id, 9 or 6 digits; the customer's number of 9 digits in the legacy form; nil for AI 95, which has none.
func (p *IMpb) MID() []byte {
	start, end := p.mid()
	if start == end {
		return nil
	}
	return p.construct[start:end]
}

// Serial returns what stands between the MID and the check digit; for AI 95 what stands behind the STC.
func (p *IMpb) Serial() []byte {
	if p.IsZero() {
		return nil
	}
	_, end := p.mid()
	return p.construct[end : p.length-1]
}

// CheckDigit returns the last digit.
func (p *IMpb) CheckDigit() byte { return p.construct[max(1, p.length)-1] }

// Ambiguous reports whether the ZIP code behind 420 could have had the other length too.
func (p *IMpb) Ambiguous() bool { return p.ambiguous }

func (p *IMpb) stcEnd() int {
	if p.construct[1] == '1' {
		return 4
	}
	return 5
}

// mid returns where the MID begins and ends.
func (p *IMpb) mid() (start, end int) {
	switch p.construct[1] {
	case '1':
		return 4, 13
	case '2':
		return 5, 14
	case '3':
		return 5, 11
	case '4':
		return 7, 7 + midLength(p.construct[7])
	default:
		return 5, 5
	}
}

// midFitsAI reports whether a MID of AI 92 is one of 9 digits and one of AI 93 one of 6.
func (p *IMpb) midFitsAI() bool {
	switch p.construct[1] {
	case '2':
		return midLength(p.construct[5]) == 9
	case '3':
		return midLength(p.construct[5]) == 6
	default:
		return true
	}
}
