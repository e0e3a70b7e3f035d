package barcode

import "strings"

// S10 is an identifier of the Universal Postal Union's standard S10: two letters, eight digits, a check digit, the country of origin.
// It is a comparable value. The zero S10 is not an identifier. Slices that methods return are parts of the value.
type S10 struct {
	text [13]byte
}

// ParseS10 reads 13 characters; small letters are read as large ones, blanks around them are dropped. The error is an *Error that wraps
// ErrLength, ErrLetter, ErrDigit, ErrCheckDigit or ErrCountry.
func ParseS10(text []byte) (S10, error) {
	text = trimBlanks(text)
	var s S10
	if len(text) != len(s.text) {
		return S10{}, &Error{ObjectS10, PartWhole, 0, "13 characters", ErrLength}
	}
	for i, c := range text {
		s.text[i] = upper(c)
	}
	for i, c := range s.ServiceIndicator() {
		if !isUpper(c) {
			return S10{}, &Error{ObjectS10, PartServiceIndicator, i + 1, "a letter", ErrLetter}
		}
	}
	if i := firstNonDigit(s.Serial()); i >= 0 {
		return S10{}, &Error{ObjectS10, PartSerial, i + 1, "0 to 9", ErrDigit}
	}
	if check := s10CheckDigit(s.Serial()); s.text[10] != check {
		return S10{}, &Error{ObjectS10, PartCheckDigit, 0, "the check digit of the serial number", ErrCheckDigit}
	}
	if !countryExists(s.text[11], s.text[12]) {
		return S10{}, &Error{ObjectS10, PartCountry, 0, "a country of ISO 3166-1, two letters", ErrCountry}
	}
	return s, nil
}

// s10CheckDigit returns the check digit of eight digits: weights 8 6 4 2 3 5 9 7, 11 less the sum modulo 11, 0 for 10 and 5 for 11.
func s10CheckDigit(serial []byte) byte {
	sum := 0
	for i, weight := range [8]int{8, 6, 4, 2, 3, 5, 9, 7} {
		sum += int(serial[i]-'0') * weight
	}
	switch c := 11 - sum%11; c {
	case 10:
		return '0'
	case 11:
		return '5'
	default:
		return '0' + byte(c)
	}
}

// IsZero reports whether s is the zero S10.
func (s *S10) IsZero() bool { return s.text[0] == 0 }

// Text returns all 13 characters.
func (s *S10) Text() []byte { return s.text[:] }

// ServiceIndicator returns the two letters in front, as in RB.
func (s *S10) ServiceIndicator() []byte { return s.text[0:2] }

// Serial returns the eight digits without the check digit.
func (s *S10) Serial() []byte { return s.text[2:10] }

// CheckDigit returns the digit behind the serial number.
func (s *S10) CheckDigit() byte { return s.text[10] }

// Country returns the country of origin, two letters of ISO 3166-1.
func (s *S10) Country() []byte { return s.text[11:13] }

// countries holds for each first letter the second letters of the countries of ISO 3166-1 alpha-2 (249 of them, 2024), which S10 uses.
var countries = [26]string{
	0:         "DEFGILMOQRSTUWXZ",
	'B' - 'A': "ABDEFGHIJLMNOQRSTVWYZ",
	'C' - 'A': "ACDFGHIKLMNORUVWXYZ",
	'D' - 'A': "EJKMOZ",
	'E' - 'A': "CEGHRST",
	'F' - 'A': "IJKMOR",
	'G' - 'A': "ABDEFGHILMNPQRSTUWY",
	'H' - 'A': "KMNRTU",
	'I' - 'A': "DELMNOQRST",
	'J' - 'A': "EMOP",
	'K' - 'A': "EGHIMNPRWYZ",
	'L' - 'A': "ABCIKRSTUVY",
	'M' - 'A': "ACDEFGHKLMNOPQRSTUVWXYZ",
	'N' - 'A': "ACEFGILOPRUZ",
	'O' - 'A': "M",
	'P' - 'A': "AEFGHKLMNRSTWY",
	'Q' - 'A': "A",
	'R' - 'A': "EOSUW",
	'S' - 'A': "ABCDEGHIJKLMNORSTVXYZ",
	'T' - 'A': "CDFGHJKLMNORTVWZ",
	'U' - 'A': "AGMSYZ",
	'V' - 'A': "ACEGINU",
	'W' - 'A': "FS",
	'Y' - 'A': "ET",
	'Z' - 'A': "AMW",
}

func countryExists(first, second byte) bool {
	return isUpper(first) && strings.IndexByte(countries[first-'A'], second) >= 0
}
