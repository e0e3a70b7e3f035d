package reference

import (
	"fmt"
	"strings"
	"time"
)

// Day reads a day, YYYY-MM-DD, as midnight UTC. The error is a *TableError.
func Day(line int, field, value string) (time.Time, error) {
	day, err := time.Parse(time.DateOnly, value)
	if err != nil {
		return time.Time{}, &TableError{line, field, value, "a day, YYYY-MM-DD"}
	}
	return day, nil
}

// Code reads a code of so many digits, which is its place in a table. The error is a *TableError.
func Code(line int, field, value string, lengths ...int) (int, error) {
	for _, length := range lengths {
		if number, ok := decimal(value); ok && len(value) == length {
			return number, nil
		}
	}
	return 0, &TableError{line, field, value, fmt.Sprintf("%v digits", lengths)}
}

// decimal is the number of at most nine digits and nothing else.
func decimal(digits string) (number int, ok bool) {
	if len(digits) > 9 {
		return 0, false
	}
	for _, c := range []byte(digits) {
		if c < '0' || c > '9' {
			return 0, false
		}
		number = 10*number + int(c-'0')
	}
	return number, true
}

// Number reads a whole number from least to greatest, with nothing around it. The error is a *TableError.
func Number(line int, field, value string, least, greatest int) (int, error) {
	number, ok := decimal(value)
	if !ok || value == "" || number < least || number > greatest {
		return 0, &TableError{line, field, value, fmt.Sprintf("a whole number from %d to %d", least, greatest)}
	}
	return number, nil
}

// Word returns the place of value in words, of which those that are empty do not count. The error is a *TableError.
func Word[T ~uint8](line int, field, value string, words []string) (T, error) {
	for i, word := range words {
		if word == value && word != "" {
			return T(i), nil
		}
	}
	return 0, &TableError{line, field, value, "one of " + strings.TrimSpace(strings.Join(words, " "))}
}

// WordOf returns the i-th of words, or "unknown".
func WordOf[T ~uint8](i T, words []string) string {
	if int(i) < len(words) && words[i] != "" {
		return words[i]
	}
	return "unknown"
}
