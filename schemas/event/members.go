package event

// ValueKind is what a JSON value is.
type ValueKind uint8

// The kinds of JSON values.
const (
	NullValue ValueKind = iota
	TextValue
	NumberValue
	BoolValue
	ListValue
	ObjectValue
)

// Value is a JSON value: of a text what it says, without quotes and escapes,
// of everything else the bytes as they stand.
type Value struct {
	Kind ValueKind
	Text []byte
}

// Members goes through the members of the JSON object (RFC 8259) that data
// is, in order, until visit returns an error. A name may come twice: that is
// for visit to find. Names and values are valid until visit returns.
func Members(data []byte, visit func(name []byte, value Value) *Error) *Error {
	r := jsonReader{data: data}
	if r.space(); r.at == len(data) {
		return &Error{Code: EmptyValue, Message: "an object is needed"}
	}
	if !r.take('{') {
		return notReadable(&r, "a JSON object")
	}
	if err := members(&r, visit); err != nil {
		return err
	}
	if r.space(); r.at != len(data) {
		return notReadable(&r, "the end of the object")
	}
	return nil
}

func members(r *jsonReader, visit func(name []byte, value Value) *Error) *Error {
	if r.take('}') {
		return nil
	}
	for {
		r.space()
		name, err := r.plainText("a field name in quotes")
		if err != nil {
			return err
		}
		if !r.take(':') {
			return notReadable(r, "a colon")
		}
		value, err := r.value()
		if err != nil {
			return err
		}
		if err := visit(name, value); err != nil {
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

// Items goes through the items of the JSON array that data is, as Members does.
func Items(data []byte, visit func(value Value) *Error) *Error {
	r := jsonReader{data: data}
	if !r.take('[') {
		return notReadable(&r, "a JSON array")
	}
	if r.take(']') {
		return nil
	}
	for {
		value, err := r.value()
		if err != nil {
			return err
		}
		if err := visit(value); err != nil {
			return err
		}
		if r.take(',') {
			continue
		}
		if !r.take(']') {
			return notReadable(&r, "a comma or the end of the array")
		}
		return nil
	}
}

// plainText reads a text in quotes and resolves its escapes.
func (r *jsonReader) plainText(expected string) ([]byte, *Error) {
	raw, escaped, ok := r.text()
	if !ok {
		return nil, notReadable(r, expected)
	}
	if escaped {
		if raw, ok = appendUnescaped(nil, raw); !ok {
			return nil, notReadable(r, "a valid escape")
		}
	}
	return raw, nil
}

func (r *jsonReader) value() (v Value, err *Error) {
	r.space()
	start := r.at
	switch c := r.peek(); {
	case c == '"':
		v.Kind = TextValue
		v.Text, err = r.plainText("the end of a text")
		return v, err
	case c == 'n':
		v.Kind = NullValue
	case c == 't' || c == 'f':
		v.Kind = BoolValue
	case c == '[':
		v.Kind = ListValue
	case c == '{':
		v.Kind = ObjectValue
	default:
		v.Kind = NumberValue
	}
	if !r.skip() {
		return v, notReadable(r, "a JSON value")
	}
	v.Text = r.data[start:r.at]
	return v, nil
}
