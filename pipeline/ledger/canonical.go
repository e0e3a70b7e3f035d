package ledger

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"unicode"
	"unicode/utf8"
)

// ErrNotCanonical is wrapped by the error for bytes that are not the one encoding of what they say.
var ErrNotCanonical = errors.New("not in canonical form")

// canonical encodes a value as RFC 8785 JSON. That it is, rests on three things: the structs here declare their fields in
// the order of their names, plainText keeps out the few characters that encoding/json writes otherwise, and all numbers
// are integers below 2^53.
func canonical(value any) ([]byte, error) {
	var out bytes.Buffer
	encoder := json.NewEncoder(&out)
	encoder.SetEscapeHTML(false)
	if err := encoder.Encode(value); err != nil {
		return nil, err
	}
	return bytes.TrimSuffix(out.Bytes(), []byte("\n")), nil
}

// decodeCanonical decodes into a pointer to a struct of this package, and refuses what canonical would write otherwise:
// spaces, another order, unknown or repeated fields, other escapes.
func decodeCanonical(content []byte, into any) error {
	decoder := json.NewDecoder(bytes.NewReader(content))
	decoder.DisallowUnknownFields()
	if err := decoder.Decode(into); err != nil {
		return fmt.Errorf("%w: %s", ErrNotCanonical, withoutContent(err))
	}
	again, err := canonical(into)
	if err != nil || !bytes.Equal(content, again) {
		return fmt.Errorf("%w: expected it as RFC 8785 writes it, from the first byte to the last", ErrNotCanonical)
	}
	return nil
}

// withoutContent says where JSON breaks off, without quoting what stands there.
func withoutContent(err error) string {
	if syntax, ok := errors.AsType[*json.SyntaxError](err); ok {
		return fmt.Sprintf("it is no JSON at byte %d", syntax.Offset)
	}
	if wrong, ok := errors.AsType[*json.UnmarshalTypeError](err); ok {
		return fmt.Sprintf("field %s has another type than expected", wrong.Field)
	}
	return "it is not the JSON that is expected here"
}

// plainText wants text that has one encoding and cannot steer a terminal.
func plainText(name, value string) error {
	if len(value) > maxText {
		return fmt.Errorf("%s: %d bytes; expected at most %d", name, len(value), maxText)
	}
	if !utf8.ValidString(value) {
		return fmt.Errorf("%s: expected UTF-8", name)
	}
	for _, r := range value {
		if unicode.IsControl(r) || unicode.Is(unicode.Cf, r) || unicode.Is(unicode.Zl, r) || unicode.Is(unicode.Zp, r) {
			return fmt.Errorf("%s: expected no control characters", name)
		}
	}
	return nil
}
