package event

import (
	"bytes"
	"encoding/json"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"google.golang.org/protobuf/encoding/protowire"
	"pgregory.net/rapid"
)

const goodEvent = `{"imb":"0027090012345600001210118112501","scanDatetime":"2026-11-20T14:03:22.123-05:00","machineId":"DBCS-0421"}`

func TestSplit(t *testing.T) {
	tests := []struct {
		name   string
		form   Form
		body   string
		events []string
		push   Push
	}{
		{name: "one event", body: goodEvent, events: []string{goodEvent}},
		{name: "white space and a byte order mark", body: "\ufeff \r\n\t{\"a\" : 1} \n", events: []string{`{"a" : 1}`}},
		{name: "array", body: `[{"a":1}, {"a":[{"b":"]"}]} ,5]`, events: []string{`{"a":1}`, `{"a":[{"b":"]"}]}`, `5`}},
		{name: "empty array", body: `[ ]`},
		{name: "lines", form: LinesForm, body: "{\"a\":1}\r\n\n  \n not json\n{}", events: []string{`{"a":1}`, `not json`, `{}`}},
		{name: "envelope", body: `{"msgGrpId":"G 1","msgSerNbr":2,"totMsgCnt":3,"recCnt":2,"totRecCnt":9,"events":[{},{"a":1}]}`,
			events: []string{`{}`, `{"a":1}`}, push: Push{Group: "G 1", Part: Part{2, 3}}},
		{name: "envelope with its numbers after the events, as text and in another case", body: `{"Events":[{}],"MSGGRPID":77,"msgsernbr":"02","TotMsgCnt":"10","recCnt":"1"}`,
			events: []string{`{}`}, push: Push{Group: "77", Part: Part{2, 10}}},
		{name: "envelope without numbers", body: `{"events":[]}`},
		{name: "envelope without events", body: `{"events":null,"recCnt":0}`},
		{name: "part outside of its total", body: `{"events":[],"msgSerNbr":4,"totMsgCnt":3}`, push: Push{Odd: true}},
		{name: "part without a total", body: `{"events":[],"msgSerNbr":4}`, push: Push{Odd: true}},
		{name: "another number of events", body: `{"events":[{}],"recCnt":2}`, events: []string{`{}`}, push: Push{Odd: true}},
		{name: "group that is too long", body: `{"events":[],"msgGrpId":"` + strings.Repeat("g", maxPushGroup+1) + `"}`, push: Push{Odd: true}},
		{name: "group that is no text", body: `{"events":[],"msgGrpId":{"a":1}}`},
		{name: "batch", form: ProtoForm, body: "\x0a\x03\x0a\x01A\x0a\x00", events: []string{"\x0a\x01A", ""}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			var b Body
			require.Nil(t, b.Split(test.form, []byte(test.body), 10))
			require.Equal(t, test.events, textOf(b.Events))
			require.Equal(t, test.push, b.Push)
		})
	}
}

func textOf(events [][]byte) (texts []string) {
	for _, e := range events {
		texts = append(texts, string(e))
	}
	return texts
}

func TestSplitRefusesTheWholeBody(t *testing.T) {
	tests := []struct {
		name    string
		form    Form
		body    string
		code    Code
		message string
		events  int
	}{
		{"empty", JSONForm, " \n", EmptyValue, "empty", 0},
		{"empty lines", LinesForm, "\n\n", EmptyValue, "empty", 0},
		{"empty batch", ProtoForm, "", EmptyValue, "empty", 0},
		{"batch of nothing known", ProtoForm, "\x10\x01", NotReadable, "no events", 0},
		{"batch that breaks off", ProtoForm, "\x0a\x00\x0a\x05A", NotReadable, "3 bytes left", 1},
		{"text", JSONForm, `"a"`, NotReadable, "at byte 1", 0},
		{"array that breaks off", JSONForm, `[{"a":1},{"b`, NotReadable, "at byte 13", 1},
		{"array without a comma", JSONForm, `[{} {}]`, NotReadable, "at byte 5", 1},
		{"array that ends with a comma", JSONForm, `[{},]`, NotReadable, "at byte 5", 1},
		{"two objects", JSONForm, "{}\n{}", NotReadable, "application/x-ndjson) at byte 4", 1},
		{"envelope that breaks off", JSONForm, `{"events":[{}],`, NotReadable, "at byte 16", 1},
		{"envelope with events that are no array", JSONForm, `{"events":{}}`, NotReadable, "at byte 11", 0},
		{"envelope with two lists", JSONForm, `{"events":[],"events":[]}`, NotReadable, "at byte 23", 0},
		{"too many", JSONForm, `[1,2,3,4]`, TooManyEvents, "more than 3", 3},
		{"too many lines", LinesForm, "1\n2\n3\n4", TooManyEvents, "more than 3", 3},
		{"too many in a batch", ProtoForm, "\x0a\x00\x0a\x00\x0a\x00\x0a\x00", TooManyEvents, "more than 3", 3},
		{"nested too deep", JSONForm, strings.Repeat("[", 100_000), NotReadable, "at byte", 0},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			var b Body
			err := b.Split(test.form, []byte(test.body), 3)
			require.NotNil(t, err)
			require.Equal(t, test.code, err.Code)
			require.Contains(t, err.Message, test.message)
			require.Len(t, b.Events, test.events)
		})
	}
}

// TestFormsAgree writes the same events in every form and wants the same events back.
func TestFormsAgree(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var want []Scan
		var objects []json.RawMessage
		var batch []byte
		for range rapid.IntRange(1, 20).Draw(t, "events") {
			object, raw := drawEvent(t)
			objects = append(objects, object)
			batch = protowire.AppendTag(batch, batchEventsNumber, protowire.BytesType)
			batch = protowire.AppendBytes(batch, raw)
			var s Scan
			require.Nil(t, s.DecodeProto(raw))
			want = append(want, s)
		}
		array, err := json.MarshalIndent(objects, " ", rapid.SampledFrom([]string{"", "\t"}).Draw(t, "indent"))
		require.NoError(t, err)
		lines := make([][]byte, len(objects))
		for i := range objects {
			lines[i] = objects[i]
		}
		bodies := []struct {
			form Form
			data []byte
		}{
			{JSONForm, array},
			{JSONForm, slicesConcat([]byte(`{"msgGrpId":"1","events":`), array, []byte(`}`))},
			{LinesForm, bytes.Join(lines, []byte("\n"))},
			{LinesForm, append(bytes.Join(lines, []byte("\r\n\r\n")), '\n')},
			{ProtoForm, batch},
		}
		if len(objects) == 1 {
			bodies = append(bodies, struct {
				form Form
				data []byte
			}{JSONForm, objects[0]})
		}
		var b Body
		var s Scan
		for _, body := range bodies {
			require.Nil(t, b.Split(body.form, body.data, 20))
			require.Len(t, b.Events, len(want))
			for i := range b.Events {
				require.Nil(t, b.Decode(i, &s))
				require.Equal(t, want[i].Values, s.Values)
			}
		}
	})
}

func slicesConcat(parts ...[]byte) []byte { return bytes.Join(parts, nil) }

// drawEvent makes fields that need not pass Check, as JSON and as a ScanEvent.
func drawEvent(t *rapid.T) (object json.RawMessage, raw []byte) {
	fields := map[string]any{}
	for range rapid.IntRange(0, 6).Draw(t, "fields") {
		f := Field(rapid.IntRange(0, int(NumFields)-1).Draw(t, "field"))
		if _, twice := fields[f.String()]; twice {
			continue
		}
		number := protowire.Number(f.Spec().Number)
		if f.Spec().Kind == Count {
			n := rapid.Uint32().Draw(t, "count")
			fields[f.String()] = rapid.SampledFrom([]any{n, strconv.FormatUint(uint64(n), 10)}).Draw(t, "number or text")
			raw = protowire.AppendTag(raw, number, protowire.VarintType)
			raw = protowire.AppendVarint(raw, uint64(n))
			continue
		}
		text := rapid.StringN(1, 20, 60).Draw(t, "text")
		fields[f.String()] = text
		raw = protowire.AppendTag(raw, number, protowire.BytesType)
		raw = protowire.AppendString(raw, text)
	}
	object, err := json.Marshal(fields)
	require.NoError(t, err)
	return object, raw
}

// FuzzSplit wants no panic, pieces of the body in their order, and for JSON the
// judgement of encoding/json.
func FuzzSplit(f *testing.F) {
	for form := range 4 {
		for _, seed := range []string{goodEvent, "[" + goodEvent + "]", goodEvent + "\n" + goodEvent, "\x0a\x03\x0a\x01A", `{"events":[{}],"recCnt":1}`, `[1,"a\"]",{"b":[]}]`, "\ufeff{}"} {
			f.Add(uint8(form), []byte(seed))
		}
	}
	f.Fuzz(func(t *testing.T, form uint8, data []byte) {
		var b Body
		err := b.Split(Form(form%4), data, 50)
		at := 0
		for _, raw := range b.Events {
			found := bytes.Index(data[at:], raw)
			require.GreaterOrEqual(t, found, 0, "an event is not a piece of the body")
			at += found + len(raw)
			var s Scan
			_ = s.DecodeJSON(raw)
		}
		if Form(form%4) != JSONForm || (err != nil && err.Code == TooManyEvents) {
			return
		}
		data = bytes.TrimPrefix(data, []byte("\ufeff"))
		var list []json.RawMessage
		if json.Unmarshal(data, &list) == nil && list != nil && shallow(data) {
			require.Nil(t, err)
			require.Len(t, b.Events, len(list))
			for i := range list {
				require.Equal(t, string(list[i]), string(b.Events[i]))
			}
		}
	})
}

// shallow tells that no value is nested deeper than is read.
func shallow(data []byte) bool {
	return bytes.Count(data, []byte("["))+bytes.Count(data, []byte("{")) < maxDepth
}
