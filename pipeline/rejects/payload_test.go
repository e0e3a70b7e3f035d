package rejects

import (
	"encoding/json"
	"testing"

	"github.com/stretchr/testify/require"
	"google.golang.org/protobuf/encoding/protowire"

	"mailtrail/schemas/event"
)

func protoMessage(value []byte) *event.Message {
	return &event.Message{Value: value, Headers: []event.Header{
		{Key: event.ContentTypeHeader, Value: []byte(event.ProtoType)}, {Key: event.SealHeader, Value: []byte(event.NoSeal)}}}
}

func TestPayloadOfJSON(t *testing.T) {
	p := readPayload(&event.Message{Value: []byte(` {"imb": "<1>"}`)})
	require.Equal(t, ` {"imb": "<1>"}`, string(p.Events[0]))
	require.Empty(t, p.Rest)
	p = readPayload(&event.Message{Value: []byte(`{"imb": `)})
	require.Equal(t, `{"imb": `, string(p.Rest))
	require.Empty(t, p.Events)
}

func TestPayloadOfProtobufHasTheFieldsJSONNames(t *testing.T) {
	var scan event.Scan
	require.Nil(t, scan.DecodeJSON([]byte(`{"imb":"0027090012345600001210118112501","scanDatetime":"2026-11-20T14:03:22.123-05:00","machineId":"A&B","pieceCount":7}`)))
	require.Nil(t, scan.Check())
	p := readPayload(protoMessage(scan.AppendProto(nil)))
	require.Empty(t, p.Rest)
	require.Len(t, p.Events, 1)
	require.Equal(t, `{"imb":"0027090012345600001210118112501","scanDatetime":"2026-11-20T14:03:22.123-05:00","machineId":"A&B","pieceCount":7}`, string(p.Events[0]))
}

func TestPayloadThatBreaksOff(t *testing.T) {
	whole := event.WrapProto(protowire.AppendString(protowire.AppendTag(nil, 15, protowire.BytesType), "DBCS"))
	notUTF8 := event.WrapProto(protowire.AppendBytes(protowire.AppendTag(nil, 15, protowire.BytesType), []byte("\xff")))
	p := readPayload(protoMessage(append(append(append([]byte{}, whole...), notUTF8...), "\x0a\x7fx"...)))
	require.Len(t, p.Events, 2)
	require.JSONEq(t, `{"machineId":"DBCS"}`, string(p.Events[0]))
	want := append(append(append([]byte{}, whole[2:]...), notUTF8[2:]...), "\x0a\x7fx"...)
	require.Equal(t, want, p.Rest, "what the JSON may not hold is in the rest: neither event is good")
}

func FuzzReadPayload(f *testing.F) {
	f.Add([]byte(`{"imb":"1"}`), false)
	f.Add(event.WrapProto([]byte("\x0a\x01a")), true)
	f.Add([]byte("\x0a\x7fx"), true)
	f.Add([]byte{}, true)
	f.Fuzz(func(t *testing.T, value []byte, proto bool) {
		m := &event.Message{Value: value}
		if proto {
			m = protoMessage(value)
		}
		p := readPayload(m)
		for _, e := range p.Events {
			require.True(t, json.Valid(e), "%s", e)
		}
		if len(p.Events) == 0 && !proto {
			require.Equal(t, value, p.Rest)
		}
		if n := countEvents(m); n > 1 {
			require.Len(t, scanEvents(value), int(n))
			require.Len(t, p.Events, int(n))
		}
	})
}
