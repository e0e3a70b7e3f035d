package derive

import (
	"testing"

	"github.com/stretchr/testify/require"
	"mailtrail/schemas/event"
	"mailtrail/schemas/retention"
)

func TestFromImage(t *testing.T) {
	tables, err := Builtin()
	require.NoError(t, err)
	const rest = `"capturedDatetime":"2026-11-20T14:03:22.123-05:00","machineId":"DBCS-0421"}`
	for name, c := range map[string]struct{ told, object, key, mid string }{
		"IMb":                {`{"imb":"0027090012345600001210118112501",` + rest, "imb", "F-900123456-000012", "900123456"},
		"nothing readable":   {`{` + rest, "", "", ""},
		"bars beyond repair": {`{"bars":"?????????????????????????????????????????????????????????????????",` + rest, "", "", ""},
		"international":      {`{"s10":"RR123456785US",` + rest, "s10", "s10-RR123456785US", ""},
		"postal-made":        {`{"imb":"94270900123456000012",` + rest, "imb", "pimb-94270900123456000012", ""},
	} {
		t.Run(name, func(t *testing.T) {
			var e event.ImageEvent
			require.Nil(t, e.DecodeJSON([]byte(c.told)))
			require.Nil(t, e.Check())
			d := Scan{Object: "before", PieceKey: []byte("before"), Code: []byte("before")}
			require.Nil(t, tables.FromImage(&e, "", &d))
			require.Equal(t, []string{c.object, c.key, c.mid}, []string{d.Object, string(d.PieceKey), tables.MID(&d)})
			require.Equal(t, c.object == "", d.Code == nil)
			require.Equal(t, retention.MailpieceImages, d.Class)
			require.Equal(t, int64(1_795_201_402_123), d.UnixMilli)
		})
	}
	var e event.ImageEvent
	require.Nil(t, e.DecodeJSON([]byte(`{"capturedDatetime":"2026-11-20T14:03:22","machineId":"M"}`)))
	require.Nil(t, e.Check())
	wrong := tables.FromImage(&e, "", &Scan{})
	require.Equal(t, &event.Error{Field: "capturedDatetime", Code: event.UnknownZone, Message: wrong.Message}, wrong, "a local time of nowhere")
	require.Nil(t, tables.FromImage(&e, "America/New_York", &Scan{}), "the device's own zone tells it")
}
