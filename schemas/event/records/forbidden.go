package records

import (
	"regexp"
	"unicode"

	"mailtrail/schemas/event"
)

// What may stand nowhere: the full number of a payment card, a card's security
// code, a full Social Security number. The rules, and what they let pass:
//
//   - A card is 13 to 19 digits whose check digit holds (ISO/IEC 7812-1 annex B,
//     Luhn), written together or in groups with one mark or space between them,
//     with any digits of Unicode. Groups count as wholes: longer runs, as barcodes
//     of 20 digits and more are, hold no card.
//   - An SSN is AAA-GG-SSSS with marks or spaces between, or, in free text, nine
//     digits together, of a number that can have been issued (20 CFR 422.103: no
//     area 000, 666 or 900 on, no group 00, no serial 0000). Codes of nine digits
//     (customer ids, D-U-N-S) cannot be told from one and pass.
//   - A security code is 3 or 4 digits behind its name.
//
// A tenth of all numbers of these lengths pass Luhn, so a tracking number or a
// serial number of 13 to 19 digits in free text is refused now and then: it
// belongs into the field that is made for it.

// run is a run of digits in a text.
type run struct {
	digits []byte
	// apart is what stands between the run before and this one, "" for the first.
	apart string
}

// forbidden says whether the text holds one of them; free tells free text from a code.
func forbidden(field string, text []byte, free bool) *event.Error {
	if !holdsDigits(text) {
		return nil
	}
	runs := runsOf(string(text))
	switch {
	case holdsCard(runs):
		return &event.Error{Field: field, Code: CardNumber, Message: "it holds what can be the full number of a payment card: send a token and the last four digits, in their fields"}
	case securityCode.Match(text):
		return &event.Error{Field: field, Code: CardCode, Message: "it holds what can be a card's security code, which is kept nowhere: leave it out"}
	case holdsSSN(runs, free):
		return &event.Error{Field: field, Code: FullSSN, Message: "it holds what can be a full Social Security number: send the last four digits, in their field, and write a ZIP+4 with its hyphen"}
	}
	return nil
}

// mostLooked is how many bytes of no known form are looked through: each run of digits takes fifty of memory meanwhile.
const mostLooked = 64 << 10

// HoldsForbidden tells whether bytes of any form hold one of them, as far as
// that can be told: for what could not be read as a record. More than 64 KiB
// are taken to hold one without a look.
func HoldsForbidden(data []byte) bool {
	return len(data) > mostLooked || forbidden("", data, true) != nil
}

func holdsDigits(text []byte) bool {
	for _, c := range text {
		if c >= '0' && c <= '9' || c >= 0x80 {
			return true
		}
	}
	return false
}

// runsOf finds the runs of digits, Unicode's own ones among them.
func runsOf(text string) (runs []run) {
	var digits []byte
	between, start := "", 0 // what stands before the run
	inside := false
	for i, r := range text {
		value, ok := digitOf(r)
		switch {
		case ok && !inside:
			between, inside, digits = text[start:i], true, []byte{value}
		case ok:
			digits = append(digits, value)
		case inside:
			runs = append(runs, run{digits, between})
			inside, start = false, i
		}
	}
	if inside {
		runs = append(runs, run{digits, between})
	}
	return runs
}

// digitOf gives the value of a decimal digit of any script: its characters
// stand in tens, each from zero on (Unicode, general category Nd).
func digitOf(r rune) (byte, bool) {
	switch {
	case r >= '0' && r <= '9':
		return byte(r - '0'), true
	case r < 0x80 || !unicode.Is(unicode.Nd, r):
		return 0, false
	}
	for _, each := range unicode.Nd.R16 {
		if rune(each.Lo) <= r && r <= rune(each.Hi) {
			return byte((r - rune(each.Lo)) % 10), true
		}
	}
	for _, each := range unicode.Nd.R32 {
		if rune(each.Lo) <= r && r <= rune(each.Hi) {
			return byte((r - rune(each.Lo)) % 10), true
		}
	}
	return 0, false
}

// joins tells whether what stands between two runs may stand within one number.
func joins(apart string) bool {
	marks := []rune(apart)
	if len(marks) == 0 || len(marks) > 3 {
		return false
	}
	seen := 0 // marks that are no spaces
	for _, r := range marks {
		switch {
		case unicode.IsSpace(r) || unicode.Is(unicode.Cf, r):
		case unicode.Is(unicode.Pd, r) || r == '.' || r == '_' || r == '/' || r == '*' || r == '·' || r == '−':
			seen++
		default:
			return false
		}
	}
	return seen <= 1
}

const (
	shortestCard, longestCard = 13, 19
	maxGroups                 = longestCard
)

// holdsCard looks at each stretch of whole runs that has the length of a card's number.
func holdsCard(runs []run) bool {
	var digits [longestCard]byte
	for first := range runs {
		n := 0
		for i := first; i < len(runs) && i-first < maxGroups; i++ {
			if i > first && !joins(runs[i].apart) || n+len(runs[i].digits) > longestCard {
				break
			}
			n += copy(digits[n:], runs[i].digits)
			if n >= shortestCard && luhn(digits[:n]) {
				return true
			}
		}
	}
	return false
}

// luhn tells whether the last digit is the check digit of those before it.
func luhn(digits []byte) bool {
	sum := 0
	for i := range digits {
		d := int(digits[len(digits)-1-i])
		if i%2 == 1 {
			if d *= 2; d > 9 {
				d -= 9
			}
		}
		sum += d
	}
	return sum%10 == 0
}

// holdsSSN looks for three runs of 3, 2 and 4 digits, and in free text for one of nine.
func holdsSSN(runs []run, free bool) bool {
	for i, r := range runs {
		if free && len(r.digits) == 9 && issued(r.digits) {
			return true
		}
		if i+2 < len(runs) && len(r.digits) == 3 && len(runs[i+1].digits) == 2 && len(runs[i+2].digits) == 4 && joins(runs[i+1].apart) && joins(runs[i+2].apart) {
			if issued(append(append(append([]byte{}, r.digits...), runs[i+1].digits...), runs[i+2].digits...)) {
				return true
			}
		}
	}
	return false
}

// issued tells whether nine digits can be an SSN.
func issued(digits []byte) bool {
	area := int(digits[0])*100 + int(digits[1])*10 + int(digits[2])
	group := int(digits[3])*10 + int(digits[4])
	serial := int(digits[5])*1000 + int(digits[6])*100 + int(digits[7])*10 + int(digits[8])
	return area != 0 && area != 666 && area < 900 && group != 0 && serial != 0
}

// securityCode is a card's security code behind one of its names.
var securityCode = regexp.MustCompile(`(?i)(\b|_)(cvv2?|cvc2?|cvn2?|csc|cav2?|card[ -]?(security|verification)[ -]?(code|number|value)|security[ -]code)\W{0,3}(\b(is|no|number|code)\b\W{0,3})?\d{3,4}\b`)

// cardCodeNames are how a field for a card's security code is called.
var cardCodeNames = regexp.MustCompile(`(?i)^(card)?_?-?(cvv2?|cvc2?|cvn2?|csc|cid|cav2?|(card)?[ _-]?(security|verification)[ _-]?(code|number|value))$`)
