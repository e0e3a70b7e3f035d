package records

import (
	"bytes"
	"unicode"
)

// Normal is the form in which values of retrieval keys are compared: without
// regard to case, and with one space where there is any white space between words.
func Normal(value []byte) []byte {
	return bytes.ToLower(bytes.Join(bytes.FieldsFunc(value, unicode.IsSpace), []byte{' '}))
}
