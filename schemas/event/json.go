package event

import (
	"unicode/utf16"
	"unicode/utf8"
)

// maxDepth bounds how deep a value that is skipped may be nested.
const maxDepth = 64

// DecodeJSON reads one event from a JSON object (RFC 8259). Field names are
// those of the table; fields that are not in it are counted and ignored. Null
// and the empty string mean that the field is absent. Whole numbers are taken
// where text is expected, as the feeds do both. On an error the Scan is as far as it got.
func (s *Scan) DecodeJSON(data []byte) *Error {
	r := jsonReader{data: data}
	if r.space(); r.at == len(data) {
		return &Error{Code: EmptyValue, Message: "an event is needed"}
	}
	if !r.take('{') {
		return notReadable(&r, "a JSON object")
	}
	if err := s.decodeMembers(&r); err != nil {
		return err
	}
	if r.space(); r.at != len(data) {
		return notReadable(&r, "the end of the event")
	}
	return nil
}

func (s *Scan) decodeMembers(r *jsonReader) *Error {
	if r.take('}') {
		return nil
	}
	for place := 0; ; place++ {
		r.space()
		f, err := s.memberName(r, place)
		if err != nil {
			return err
		}
		r.space()
		if f == NumFields {
			s.Unknown++
			if !r.skip() {
				return notReadable(r, "a JSON value")
			}
		} else if err := s.decodeValue(r, f); err != nil {
			return err
		}
		if r.take(',') {
			continue
		}
		if !r.take('}') {
			return notReadable(r, "a comma or the end of the object")
		}
		return nil
	}
}

// memberName reads the name of a member and the colon behind it. It returns
// NumFields for a name that is not in the table. The field that stood at this
// place in the event before is tried first.
func (s *Scan) memberName(r *jsonReader, place int) (Field, *Error) {
	if place < maxOrder {
		before := s.order[place]
		if name := &quotedNames[before]; name.begins(r.data[r.at:]) {
			r.at += len(name.text)
			return before, nil
		}
	}
	name, escaped, ok := r.text()
	if !ok {
		return 0, notReadable(r, "a field name in quotes")
	}
	if escaped {
		if name, ok = s.unescape(name); !ok {
			return 0, notReadable(r, "a valid escape in the field name")
		}
	}
	if !r.take(':') {
		return 0, notReadable(r, "a colon")
	}
	f, known := FieldByName(name)
	if !known {
		return NumFields, nil
	}
	if place < maxOrder {
		s.order[place] = f
	}
	return f, nil
}

// quotedNames are the fields' names as they begin a member of a JSON object.
var quotedNames = func() (names [NumFields]quotedName) {
	for f := range specs {
		names[f] = newQuotedName(specs[f].Name)
	}
	return names
}()

func (s *Scan) decodeValue(r *jsonReader, f Field) *Error {
	var text []byte
	switch c := r.peek(); {
	case c == '"':
		value, escaped, ok := r.text()
		if !ok {
			return notReadable(r, "the end of a text")
		}
		if escaped {
			if value, ok = s.unescape(value); !ok {
				return notReadable(r, "a valid escape")
			}
		}
		text = value
	case c == '-' || c-'0' <= 9:
		start := r.at
		if !r.number() {
			return notReadable(r, "a number")
		}
		var ok bool
		if text, ok = s.numberText(f, r.data[start:r.at]); !ok {
			return fieldError(f, WrongType, "text, or a whole number where the field is one")
		}
	case c == 'n':
		if !r.skip() {
			return notReadable(r, "null")
		}
	default:
		if !r.skip() {
			return notReadable(r, "a JSON value")
		}
		return fieldError(f, WrongType, "text, or a whole number where the field is one")
	}
	if len(text) == 0 {
		return nil
	}
	if s.Values[f] != nil {
		return fieldError(f, Repeated, "the field stands twice in the event")
	}
	s.Set(f, text)
	return nil
}

// numberText gives the text of a JSON number, with the zeros put back that a
// number cannot begin with.
func (s *Scan) numberText(f Field, number []byte) ([]byte, bool) {
	spec := &specs[f]
	if spec.Kind == Date || spec.Kind == Moment || firstNotDigit(number) >= 0 {
		return nil, false
	}
	if missing := spec.Pad - len(number); missing > 0 {
		start := len(s.scratch)
		for range missing {
			s.scratch = append(s.scratch, '0')
		}
		s.scratch = append(s.scratch, number...)
		return s.scratch[start:len(s.scratch):len(s.scratch)], true
	}
	return number, true
}

func notReadable(r *jsonReader, expected string) *Error {
	e := &Error{Code: NotReadable}
	e.Message = "expected " + expected + " at byte " + itoa(min(r.at, len(r.data))+1)
	return e
}

// unescape resolves the escapes of a JSON text into the Scan's own memory.
func (s *Scan) unescape(raw []byte) (text []byte, ok bool) {
	start := len(s.scratch)
	s.scratch, ok = appendUnescaped(s.scratch, raw)
	return s.scratch[start:len(s.scratch):len(s.scratch)], ok
}

// appendUnescaped resolves the escapes of a JSON text (RFC 8259 section 7)
// behind dst. A lone surrogate becomes U+FFFD.
func appendUnescaped(dst, raw []byte) ([]byte, bool) {
	for i := 0; i < len(raw); i++ {
		if raw[i] != '\\' {
			dst = append(dst, raw[i])
			continue
		}
		i++
		switch raw[i] {
		case '"', '\\', '/':
			dst = append(dst, raw[i])
		case 'b':
			dst = append(dst, '\b')
		case 'f':
			dst = append(dst, '\f')
		case 'n':
			dst = append(dst, '\n')
		case 'r':
			dst = append(dst, '\r')
		case 't':
			dst = append(dst, '\t')
		case 'u':
			r, ok := hex4(raw[i+1:])
			if !ok {
				return dst, false
			}
			i += 4
			if utf16.IsSurrogate(r) {
				low, pair := rune(0), false
				if len(raw) >= i+7 && raw[i+1] == '\\' && raw[i+2] == 'u' {
					low, pair = hex4(raw[i+3:])
				}
				if r = utf16.DecodeRune(r, low); pair && r != utf8.RuneError {
					i += 6
				}
			}
			dst = utf8.AppendRune(dst, r)
		default:
			return dst, false
		}
	}
	return dst, true
}

func hex4(text []byte) (rune, bool) {
	if len(text) < 4 {
		return 0, false
	}
	var r rune
	for _, c := range text[:4] {
		switch {
		case c-'0' <= 9:
			r = r<<4 | rune(c-'0')
		case c|0x20-'a' <= 5:
			r = r<<4 | rune(c|0x20-'a'+10)
		default:
			return 0, false
		}
	}
	return r, true
}
