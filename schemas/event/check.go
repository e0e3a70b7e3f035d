package event

import (
	"fmt"
	"slices"
	"strconv"
	"unicode/utf8"
)

// Code says in one word what is wrong with an event. The list is closed and
// part of the public interface.
type Code string

// What can be wrong with an event when it is read (stage "decode").
const (
	// NotReadable: the bytes are not an event of the stated content type.
	NotReadable Code = "not_readable"
	// EmptyValue: the message has no bytes.
	EmptyValue Code = "empty_value"
	// WrongType: a field's value is of another JSON or protobuf type.
	WrongType Code = "wrong_type"
	// Repeated: a field stands twice in one event.
	Repeated Code = "repeated_field"
	// Missing: a needed field is absent.
	Missing Code = "missing_field"
	// TooLong: a text is longer than the field allows.
	TooLong Code = "too_long"
	// WrongLength: a text does not have one of the field's lengths.
	WrongLength Code = "wrong_length"
	// NotDigits: something else than digits stands in a field of digits.
	NotDigits Code = "not_digits"
	// NotLetters: something else than ASCII letters and digits stands in the field.
	NotLetters Code = "not_letters"
	// NotUTF8: a text is not UTF-8.
	NotUTF8 Code = "not_utf8"
	// NotTime: a date or time is not of the form that is needed.
	NotTime Code = "not_a_time"
	// NotCount: a number does not fit 32 bits.
	NotCount Code = "not_a_count"
	// ManyObjects: more than one field names the scanned object.
	ManyObjects Code = "many_objects"
)

// Error says what is wrong with an event: which field, in one word and in a
// sentence. It never holds the field's value, which may be personal data.
type Error struct {
	// Field is the JSON name of the field, empty where the whole event is meant.
	Field string
	Code  Code
	// Message says what was expected.
	Message string
}

// Error implements error.
func (e *Error) Error() string {
	if e.Field == "" {
		return string(e.Code) + ": " + e.Message
	}
	return string(e.Code) + ": field " + e.Field + ": " + e.Message
}

func fieldError(f Field, code Code, format string, args ...any) *Error {
	return &Error{Field: f.String(), Code: code, Message: fmt.Sprintf(format, args...)}
}

// Check says what is wrong with the event as an event: lengths, digits, times
// and needed fields. It returns nil for a good event and fills s.Time. Whether
// the barcode is valid and agrees with its parts is not asked here.
func (s *Scan) Check() *Error {
	for f := range s.Values {
		if s.Values[f] == nil {
			continue
		}
		if err := s.checkField(Field(f)); err != nil {
			return err
		}
	}
	if _, ok := s.Object(); !ok {
		return s.objectError()
	}
	if s.hasUnixMilli {
		if err := s.checkUnixTime(); err != nil {
			return err
		}
	} else if s.Values[ScanDatetime] == nil {
		return fieldError(ScanDatetime, Missing, "the time of the scan is needed")
	}
	if s.Values[MachineID] == nil && s.Values[ScanLocaleKey] == nil && s.Values[ScanFacilityZip] == nil {
		return fieldError(MachineID, Missing, "one of machineId, scanLocaleKey, scanFacilityZip is needed")
	}
	return nil
}

// checkUnixTime takes the time that a ScanEvent gave in numbers, within the
// same bounds as one in text.
func (s *Scan) checkUnixTime() *Error {
	const first, last = 0, 7_258_118_400_000 // 1970-01-01 and 2200-01-01 on the local clock
	wall := s.unixMilli + s.unixOffset*60_000
	switch {
	case s.Values[ScanDatetime] != nil:
		return fieldError(ScanDatetime, Repeated, "either scanDatetime or scan_unix_ms, not both")
	case s.unixOffset <= -24*60 || s.unixOffset >= 24*60:
		return fieldError(ScanDatetime, NotTime, "scan_offset_minutes within a day")
	case wall < first || wall >= last:
		return fieldError(ScanDatetime, NotTime, "scan_unix_ms between 1970 and 2199")
	}
	s.Time = Moment64{WallMilli: wall, OffsetMinutes: int16(s.unixOffset), HasOffset: true}
	return nil
}

func (s *Scan) objectError() *Error {
	for _, f := range Objects {
		if s.Values[f] != nil {
			return fieldError(f, ManyObjects, "only one of imb, bars, imtb, imcb, impb, s10 may name the object")
		}
	}
	return fieldError(IMb, Missing, "one of imb, bars, imtb, imcb, impb, s10 is needed")
}

func (s *Scan) checkField(f Field) *Error {
	text, spec := s.Values[f], &specs[f]
	if len(text) > spec.Max {
		return fieldError(f, TooLong, "%d bytes, at most %d", len(text), spec.Max)
	}
	switch spec.Kind {
	case Digits:
		if i := firstNotDigit(text); i >= 0 {
			return fieldError(f, NotDigits, "digits only; something else at place %d", i+1)
		}
	case Letters:
		// The bars of a barcode may hold '?' for one that could not be read.
		if i := firstNotLetter(text); i >= 0 && !(f == Bars && text[i] == '?') {
			return fieldError(f, NotLetters, "letters and digits only; something else at place %d", i+1)
		}
	case Count:
		if _, err := strconv.ParseUint(string(text), 10, 32); err != nil {
			return fieldError(f, NotCount, "a whole number from 0 to 4294967295")
		}
	case Date:
		if _, ok := parseDate(text); !ok {
			return fieldError(f, NotTime, "a date YYYY-MM-DD between 1970 and 2199")
		}
	case Moment:
		m, ok := ParseMoment(text)
		if !ok {
			return fieldError(f, NotTime, "an RFC 3339 date and time between 1970 and 2199, such as 2026-11-20T14:03:22.123-05:00")
		}
		if f == ScanDatetime {
			s.Time = m
		}
	case Text:
		if !isASCII(text) && !utf8.Valid(text) {
			return fieldError(f, NotUTF8, "UTF-8 text")
		}
	}
	if spec.Lengths != nil && !slices.Contains(spec.Lengths, len(text)) {
		return fieldError(f, WrongLength, "%d characters, expected one of %v", len(text), spec.Lengths)
	}
	return nil
}

func firstNotDigit(text []byte) int {
	for i, c := range text {
		if c-'0' > 9 {
			return i
		}
	}
	return -1
}

func firstNotLetter(text []byte) int {
	for i, c := range text {
		if c-'0' > 9 && c|0x20-'a' > 'z'-'a' {
			return i
		}
	}
	return -1
}

func isASCII(text []byte) bool {
	for _, c := range text {
		if c >= utf8.RuneSelf {
			return false
		}
	}
	return true
}
