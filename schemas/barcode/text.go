package barcode

// trimBlanks drops blanks around s: feeds pad fixed-width fields with them.
func trimBlanks(s []byte) []byte {
	for len(s) > 0 && s[0] == ' ' {
		s = s[1:]
	}
	for len(s) > 0 && s[len(s)-1] == ' ' {
		s = s[:len(s)-1]
	}
	return s
}

func isDigit(c byte) bool { return c-'0' < 10 }

func isUpper(c byte) bool { return c-'A' < 26 }

func isLetter(c byte) bool { return isUpper(upper(c)) }

func upper(c byte) byte {
	if c-'a' < 26 {
		return c - 'a' + 'A'
	}
	return c
}

// firstNonDigit returns the index of the first byte that is not a digit, or -1.
func firstNonDigit(s []byte) int {
	for i, c := range s {
		if !isDigit(c) {
			return i
		}
	}
	return -1
}

// decimal returns the value of at most 19 digits.
func decimal(digits []byte) uint64 {
	var v uint64
	for _, c := range digits {
		v = v*10 + uint64(c-'0')
	}
	return v
}

// putDecimal writes v with leading zeros over the whole of dst.
func putDecimal(dst []byte, v uint64) {
	for i := len(dst) - 1; i >= 0; i-- {
		dst[i] = '0' + byte(v%10)
		v /= 10
	}
}

// midLength returns the length of the mailer id that begins with the digit first: 9 digits from 900000000 on, 6 below (USPS-B-3200, 2.1.3).
func midLength(first byte) int {
	if first == '9' {
		return 9
	}
	return 6
}

// mod10 returns the check digit of the digits: weights 3, 1, 3, 1 ... from the right, what is missing to the next ten.
func mod10(digits []byte) byte {
	sum, weight := 0, 3
	for i := len(digits) - 1; i >= 0; i-- {
		sum += int(digits[i]-'0') * weight
		weight = 4 - weight
	}
	return '0' + byte((10-sum%10)%10)
}
