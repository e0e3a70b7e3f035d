package event

import (
	"encoding/json"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestMembersOfAnObject(t *testing.T) {
	var found []string
	err := Members([]byte(` {"a":"x\u00e4","b" : -1.5e3,"c":[1,"y",null],"d":{"e":true},"f":false,"g":null} `), func(name []byte, value Value) *Error {
		found = append(found, string(name)+" "+string(value.Text))
		return nil
	})
	require.Nil(t, err)
	require.Equal(t, []string{"a xä", "b -1.5e3", `c [1,"y",null]`, `d {"e":true}`, "f false", "g null"}, found)
	for text, want := range map[string]string{
		"":            "an object is needed",
		"[]":          "a JSON object at byte 1",
		`{"a":1`:      "a comma or the end of the object at byte 7",
		`{"a"}`:       "a colon at byte 5",
		`{"a":}`:      "a JSON value at byte 6",
		`{"a":1} 2`:   "the end of the object at byte 9",
		`{"a":"\x"}`:  "a valid escape at byte 10",
		`{"\u12":1}`:  "a valid escape at byte 8",
		`{"a":"b`:     "the end of a text at byte 8",
		`{"a":1,,}`:   "a field name in quotes at byte 8",
		`{"a":[1,2}}`: "a JSON value at byte 10",
	} {
		err := Members([]byte(text), func([]byte, Value) *Error { return nil })
		require.NotNil(t, err, text)
		require.Contains(t, err.Message, want, text)
	}
	stop := &Error{Code: WrongType}
	require.Equal(t, stop, Members([]byte(`{"a":1}`), func([]byte, Value) *Error { return stop }))
	require.Nil(t, Items([]byte(`[]`), func(Value) *Error { return stop }))
	require.NotNil(t, Items([]byte(`{}`), func(Value) *Error { return nil }))
}

func FuzzMembers(f *testing.F) {
	for _, seed := range []string{`{}`, `{"a":1}`, `{"a":{"b":["c"]}}`, "{\"a\":\"\\ud83d\\ude00\"}"} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		members := 0
		if Members(data, func(_ []byte, value Value) *Error {
			members++
			if value.Kind == ListValue {
				return Items(value.Text, func(Value) *Error { return nil })
			}
			return nil
		}) != nil {
			return
		}
		var plain map[string]json.RawMessage
		if err := json.Unmarshal(data, &plain); err == nil && members < len(plain) {
			t.Fatalf("%d members, and %d by encoding/json", members, len(plain))
		}
	})
}
