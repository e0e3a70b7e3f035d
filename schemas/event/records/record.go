package records

import (
	"bytes"

	"mailtrail/schemas/event"
)

// Record is one record of a kind, checked. It is made to be used again.
type Record struct {
	Kind *Kind
	// values are the field's values by its place in the kind; none where it is absent.
	values [][][]byte
}

// Begin empties the record and makes it one of the kind.
func (r *Record) Begin(kind *Kind) {
	r.Kind = kind
	for len(r.values) < len(kind.Fields) {
		r.values = append(r.values, nil)
	}
	r.values = r.values[:len(kind.Fields)]
	for i := range r.values {
		r.values[i] = r.values[i][:0]
	}
}

// Forget lets go of the record's values, which may be personal.
func (r *Record) Forget() { *r = Record{} }

// DecodeJSON reads a record of the kind from a JSON object and checks it. Null,
// the empty text and the empty list mean that a field is absent. A field that
// the kind does not have is an error: what is not needed is not taken in. No
// error holds a value. On an error the record is as far as it got.
func (r *Record) DecodeJSON(kind *Kind, data []byte) *event.Error {
	r.Begin(kind)
	if err := event.Members(data, r.member); err != nil {
		return err
	}
	return r.complete()
}

func (r *Record) member(name []byte, value event.Value) *event.Error {
	place, err := r.place(name)
	if err != nil {
		return err
	}
	field := &r.Kind.Fields[place]
	switch {
	case value.Kind == event.NullValue:
		return nil
	case len(r.values[place]) > 0:
		return field.wrong(event.Repeated, "the field stands twice in the record")
	case value.Kind == event.ListValue && field.Many > 0:
		var failed *event.Error
		if broken := event.Items(value.Text, func(item event.Value) *event.Error {
			failed = r.add(field, place, item)
			return failed
		}); failed == nil && broken != nil {
			return broken
		}
		return failed
	}
	return r.add(field, place, value)
}

// place finds a field by its name.
func (r *Record) place(name []byte) (int, *event.Error) {
	if place, known := r.Kind.places[string(name)]; known {
		return place, nil
	}
	shown := shownName(name)
	if cardCodeNames.Match(name) {
		return 0, &event.Error{Field: shown, Code: CardCode, Message: "a card's security code is kept nowhere: leave the field out"}
	}
	return 0, &event.Error{Field: shown, Code: UnknownField, Message: "records of kind " + r.Kind.Name + " do not have the field, and what is not needed is not taken in: leave it out; `mailtrail records kinds " + r.Kind.Name + "` lists those that there are"}
}

// shownName is the name of an unknown field as an error may show it: one that has the form of a name. Anything else may be a value.
func shownName(name []byte) string {
	const longest = 64
	if len(name) > longest || !unknownName.Match(name) || forbidden("", name, true) != nil {
		return "(not a name)"
	}
	return string(name)
}

// add checks one value and keeps a copy of it.
func (r *Record) add(field *Field, place int, value event.Value) *event.Error {
	text := value.Text
	switch asks := types[field.Type].json; {
	case value.Kind == event.NullValue || value.Kind == event.TextValue && len(text) == 0:
		return nil
	case value.Kind == event.ObjectValue || value.Kind == event.ListValue:
		return field.wrong(event.WrongType, "expected %s", field.expects())
	case value.Kind != asks && value.Kind != event.TextValue:
		return field.wrong(event.WrongType, "expected %s", field.expects())
	}
	if most := max(field.Many, 1); len(r.values[place]) == most {
		return field.wrong(TooMany, "more than %d values", most)
	}
	if err := field.checkValue(text); err != nil {
		return err
	}
	r.values[place] = append(r.values[place], bytes.Clone(text))
	return nil
}

// expects names the JSON type of the field's values.
func (f *Field) expects() string {
	what := "a text"
	switch types[f.Type].json {
	case event.NumberValue:
		what = "a number"
	case event.BoolValue:
		what = "true or false"
	}
	if f.Many > 0 {
		what += ", or a list of such"
	}
	return what
}

// complete says which needed field is absent.
func (r *Record) complete() *event.Error {
	for i := range r.Kind.Fields {
		if field := &r.Kind.Fields[i]; field.Needed && len(r.values[i]) == 0 {
			return field.wrong(event.Missing, "it is needed in records of kind %s", r.Kind.Name)
		}
	}
	return nil
}

// Values returns the values of a field, none where it is absent. They are valid as long as the record.
func (r *Record) Values(name string) [][]byte {
	if place, known := r.Kind.places[name]; known {
		return r.values[place]
	}
	return nil
}

// CapturedAt is when what the record tells of happened, Unix milliseconds; false
// where it does not say. A date is its first moment, UTC: the strictest reading.
func (r *Record) CapturedAt() (unixMilli int64, ok bool) {
	k := r.Kind
	if k.captured < 0 || len(r.values[k.captured]) == 0 {
		return 0, false
	}
	text := r.values[k.captured][0]
	if k.Fields[k.captured].Type == Date {
		text = append(bytes.Clone(text), "T00:00:00Z"...)
	}
	m, ok := event.ParseMoment(text)
	return m.UnixMilli(), ok
}

// EachKey tells of every retrieval key that the record gives, with its value.
func (r *Record) EachKey(tell func(key string, value []byte)) {
	for i := range r.Kind.Fields {
		if key := r.Kind.Fields[i].Key; key != "" {
			for _, value := range r.values[i] {
				tell(key, value)
			}
		}
	}
}

// AppendJSON writes the record as a JSON object on one line, its fields in the
// order of the kind. DecodeJSON of it gives the same record.
func (r *Record) AppendJSON(dst []byte) []byte {
	dst = append(dst, '{')
	first := true
	for i := range r.Kind.Fields {
		values, field := r.values[i], &r.Kind.Fields[i]
		if len(values) == 0 {
			continue
		}
		if !first {
			dst = append(dst, ',')
		}
		first = false
		dst = append(append(append(dst, '"'), field.Name...), '"', ':')
		if field.Many == 0 {
			dst = field.appendValue(dst, values[0])
			continue
		}
		dst = append(dst, '[')
		for n, value := range values {
			if n > 0 {
				dst = append(dst, ',')
			}
			dst = field.appendValue(dst, value)
		}
		dst = append(dst, ']')
	}
	return append(dst, '}')
}

func (f *Field) appendValue(dst, value []byte) []byte {
	if types[f.Type].json != event.TextValue {
		return append(dst, value...)
	}
	dst = append(dst, '"')
	for _, c := range value {
		switch {
		case c == '"' || c == '\\':
			dst = append(dst, '\\', c)
		case c == '\n':
			dst = append(dst, '\\', 'n')
		case c == '\r':
			dst = append(dst, '\\', 'r')
		case c == '\t':
			dst = append(dst, '\\', 't')
		default: // other control characters are in no value
			dst = append(dst, c)
		}
	}
	return append(dst, '"')
}
