package event

import (
	"fmt"
	"math"
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
	if err := s.checkFields(); err != nil {
		return err
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
	return s.checkPlace()
}

func (s *Scan) checkFields() *Error {
	for f := range s.present.all() {
		if err := s.checkField(f); err != nil {
			return err
		}
	}
	return nil
}

func (s *Scan) checkPlace() *Error {
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

// Earliest is the earliest moment, Unix milliseconds, at which the scan can have been, as far as it was read: it tells of one
// that was refused, too. ok is false where no time was read.
func (s *Scan) Earliest() (unixMilli int64, ok bool) {
	m, ok := ParseMoment(s.Values[ScanDatetime])
	if !ok && s.hasUnixMilli && s.checkUnixTime() == nil {
		m, ok = s.Time, true
	}
	return m.Earliest(), ok
}

func (s *Scan) objectError() *Error {
	for _, f := range Objects {
		if s.Values[f] != nil {
			return fieldError(f, ManyObjects, "only one of imb, bars, imtb, imcb, impb, s10, planet may name the object")
		}
	}
	return fieldError(IMb, Missing, "one of imb, bars, imtb, imcb, impb, s10, planet is needed")
}

func (s *Scan) checkField(f Field) *Error {
	text, bound := s.Values[f], &bounds[f]
	if len(text) > int(bound.max) {
		return fieldError(f, TooLong, "%d bytes, at most %d", len(text), bound.max)
	}
	switch bound.kind {
	case Digits:
		if !allDigits(text) {
			return fieldError(f, NotDigits, "digits only; something else at place %d", firstNotDigit(text)+1)
		}
	case Letters:
		if i := firstNotLetter(text, f == Bars); i >= 0 {
			return fieldError(f, NotLetters, "letters and digits only; something else at place %d", i+1)
		}
	case Count:
		n, ok := parseCount(text)
		if !ok {
			return fieldError(f, NotCount, "a whole number from 0 to 4294967295")
		}
		s.numbers[f] = n
	case Date:
		days, ok := parseDate(text)
		if !ok || days > math.MaxUint16 {
			return fieldError(f, NotTime, "a date YYYY-MM-DD between 1970-01-01 and 2149-06-06")
		}
		s.numbers[f] = uint32(days)
	case Moment:
		m, ok := ParseMoment(text)
		if !ok {
			return fieldError(f, NotTime, "an RFC 3339 date and time between 1970 and 2199, such as 2026-11-20T14:03:22.123-05:00")
		}
		if f == ScanDatetime {
			s.Time = m
		}
	case Text:
		if !allASCII(text) && !utf8.Valid(text) {
			return fieldError(f, NotUTF8, "UTF-8 text")
		}
	}
	if bound.lengths != 0 && bound.lengths>>len(text)&1 == 0 {
		return fieldError(f, WrongLength, "%d characters, expected one of %v", len(text), specs[f].Lengths)
	}
	return nil
}

// bound is what Check asks of a field, in a form that fits the processor's cache.
type bound struct {
	lengths uint64 // bit n: length n is allowed; 0: all are
	max     uint8
	kind    Kind
}

var bounds = func() (all [NumFields]bound) {
	for f := range specs {
		all[f].max, all[f].kind = uint8(specs[f].Max), specs[f].Kind
		for _, length := range specs[f].Lengths {
			all[f].lengths |= 1 << length
		}
	}
	return all
}()

// parseCount reads a decimal number of 32 bits.
func parseCount(text []byte) (uint32, bool) {
	n := uint64(0)
	for _, c := range text {
		if c-'0' > 9 {
			return 0, false
		}
		if n = n*10 + uint64(c-'0'); n > math.MaxUint32 {
			return 0, false
		}
	}
	return uint32(n), len(text) > 0
}

func firstNotDigit(text []byte) int {
	for i, c := range text {
		if c-'0' > 9 {
			return i
		}
	}
	return -1
}

// firstNotLetter returns the place of the first byte that is neither an ASCII
// letter nor a digit, -1 where there is none. The bars of a barcode may hold
// '?' for one that could not be read.
func firstNotLetter(text []byte, bars bool) int {
	for i, c := range text {
		if !isLetter[c] && !(bars && c == '?') {
			return i
		}
	}
	return -1
}

var isLetter = func() (letters [256]bool) {
	for c := range letters {
		letters[c] = c >= '0' && c <= '9' || c >= 'A' && c <= 'Z' || c >= 'a' && c <= 'z'
	}
	return letters
}()
