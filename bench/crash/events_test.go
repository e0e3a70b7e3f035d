package crash

import (
	"testing"

	"github.com/stretchr/testify/require"

	"mailtrail/schemas/event"
	"mailtrail/schemas/retention"
)

func TestEventsIn(t *testing.T) {
	proto := event.Header{Key: event.ContentTypeHeader, Value: []byte(event.ProtoType)}
	json := event.Header{Key: event.ContentTypeHeader, Value: []byte(event.JSONType)}
	seal := event.Header{Key: event.SealHeader, Value: []byte(event.Seal{Class: retention.Rejects}.Text())}
	// A sealed payload begins with MTS1, which protobuf reads as most of a field that it does not know.
	two, none := "MTS1\x00\n\x00\n\x00", "MTS1\x00"
	for name, test := range map[string]struct {
		value   string
		headers []event.Header
		want    uint64
	}{
		"JSON":                       {`{}`, []event.Header{json}, 1},
		"a ScanBatch":                {two, []event.Header{proto}, 2},
		"sealed, as two events":      {two, []event.Header{proto, seal}, 1},
		"sealed, as no event at all": {none, []event.Header{proto, seal}, 1},
		"sealed JSON":                {two, []event.Header{json, seal}, 1},
	} {
		require.Equal(t, test.want, eventsIn(&event.Message{Value: []byte(test.value), Headers: test.headers}), name)
	}
}
