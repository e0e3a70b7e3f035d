package event

import (
	"bytes"
	"encoding/json"
	"io"
	"testing"
	"unicode/utf8"

	"github.com/stretchr/testify/require"
)

func TestDecodeJSON(t *testing.T) {
	tests := []struct {
		name, event string
		values      map[Field]string
		unknown     int
		code        Code
		field       Field
	}{
		{name: "text", event: `{"imb":"123","machineId":"a b"}`, values: map[Field]string{IMb: "123", MachineID: "a b"}},
		{name: "whole numbers as text", event: `{"machineId":17,"scanEventCode":918}`, values: map[Field]string{MachineID: "17", ScanEventCode: "918"}},
		{name: "zeros that a number cannot begin with", event: `{"scanFacilityZip":501,"imbStid":40}`, values: map[Field]string{ScanFacilityZip: "00501", IMbStid: "040"}},
		{name: "absent", event: `{"imb":null,"bars":""}`, values: map[Field]string{}},
		{name: "absent and then there", event: `{"imb":"","imb":"1"}`, values: map[Field]string{IMb: "1"}},
		{name: "escapes", event: `{"machi\u006eeId":"\"\\\/\b\f\n\r\té😀\ud83dx"}`, values: map[Field]string{MachineID: "\"\\/\b\f\n\r\té😀\ufffdx"}},
		{name: "unknown fields", event: `{"x":{"imb":"1"},"y":[1,{}],"imb":"2","z":-1.5e3,"w":true}`, values: map[Field]string{IMb: "2"}, unknown: 4},
		{name: "twice", event: `{"imb":"1","imb":"1"}`, code: Repeated, field: IMb},
		{name: "fraction", event: `{"imb":1.5}`, code: WrongType, field: IMb},
		{name: "negative", event: `{"pieceCount":-1}`, code: WrongType, field: PieceCount},
		{name: "exponent", event: `{"pieceCount":1e3}`, code: WrongType, field: PieceCount},
		{name: "number for a date", event: `{"stcDate":20261120}`, code: WrongType, field: StcDate},
		{name: "truth", event: `{"imb":true}`, code: WrongType, field: IMb},
		{name: "object", event: `{"imb":{}}`, code: WrongType, field: IMb},
		{name: "nothing", event: "", code: EmptyValue, field: NumFields},
		{name: "blank", event: " \n", code: EmptyValue, field: NumFields},
		{name: "array", event: `[]`, code: NotReadable, field: NumFields},
		{name: "number", event: `1`, code: NotReadable, field: NumFields},
		{name: "breaks off", event: `{"imb":"1"`, code: NotReadable, field: NumFields},
		{name: "something behind", event: `{} {}`, code: NotReadable, field: NumFields},
		{name: "leading zero", event: `{"imb":01}`, code: NotReadable, field: NumFields},
		{name: "bad escape", event: `{"imb":"\x"}`, code: NotReadable, field: NumFields},
		{name: "bad number of a character", event: `{"imb":"\u00g0"}`, code: NotReadable, field: NumFields},
		{name: "control character", event: "{\"imb\":\"\x01\"}", code: NotReadable, field: NumFields},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			var s Scan
			err := s.DecodeJSON([]byte(test.event))
			if test.code != "" {
				require.NotNil(t, err)
				require.Equal(t, test.code, err.Code)
				if test.field != NumFields {
					require.Equal(t, test.field.String(), err.Field)
				}
				return
			}
			require.Nil(t, err)
			require.Equal(t, test.values, valuesOf(&s))
			require.Equal(t, test.unknown, s.Unknown)
		})
	}
}

func valuesOf(s *Scan) map[Field]string {
	values := map[Field]string{}
	for f, text := range s.Values {
		if text != nil {
			values[Field(f)] = string(text)
		}
	}
	return values
}

// FuzzDecodeJSON compares with encoding/json: on valid flat objects both read
// the same fields, and what encoding/json cannot read is not read, but for
// escapes in texts that are ignored.
func FuzzDecodeJSON(f *testing.F) {
	for _, seed := range []string{goodEvent, `{"imb":null,"x":"é\ud83d","bars":""}`, `{"pieceCount":12,"scanFacilityZip":501}`, `{"imb":"1","imb":"2"}`, `{"stcDate":5}`, "{}", `{"a":[1,{"b":2}],"c":tru`, `{"machineId":"\/\b\n"}`} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		var s Scan
		err := s.DecodeJSON(data)
		if !json.Valid(data) {
			if err == nil {
				require.Contains(t, string(data), `\`, "not JSON, but read")
			}
			return
		}
		want, code, flat := decodeWithStandardLibrary(data)
		if !flat || !utf8.Valid(data) {
			return
		}
		if code != "" {
			require.NotNil(t, err)
			require.Equal(t, code, err.Code)
			return
		}
		require.Nil(t, err)
		require.Equal(t, want, valuesOf(&s))
	})
}

// decodeWithStandardLibrary says the same as DecodeJSON with encoding/json's
// tokens. flat is false for anything but an object of plain values.
func decodeWithStandardLibrary(data []byte) (values map[Field]string, code Code, flat bool) {
	d := json.NewDecoder(bytes.NewReader(data))
	d.UseNumber()
	if start, _ := d.Token(); start != json.Delim('{') {
		return nil, "", false
	}
	values = map[Field]string{}
	for d.More() {
		name, _ := d.Token()
		value, err := d.Token()
		if err == io.EOF {
			return nil, "", false
		}
		if _, nested := value.(json.Delim); nested {
			return nil, "", false
		}
		f, known := FieldByName([]byte(name.(string)))
		if !known || code != "" {
			continue
		}
		var text string
		switch v := value.(type) {
		case string:
			text = v
		case json.Number:
			if text = padded(f, v.String()); text == "" {
				code = WrongType
			}
		case bool:
			code = WrongType
		}
		if text == "" {
			continue
		}
		if _, twice := values[f]; twice {
			code = Repeated
		}
		values[f] = text
	}
	return values, code, true
}

// padded gives a whole number as the field's text, nothing where it is not one.
func padded(f Field, number string) string {
	spec := f.Spec()
	for _, c := range number {
		if c < '0' || c > '9' {
			return ""
		}
	}
	if spec.Kind == Date || spec.Kind == Moment {
		return ""
	}
	for len(number) < spec.Pad {
		number = "0" + number
	}
	return number
}
