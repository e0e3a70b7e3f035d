package event

import (
	"testing"

	"github.com/stretchr/testify/require"
)

const pictureTold = `{"imb":"0027090012345600001210118112501","capturedDatetime":"2026-11-20T14:03:22.123-05:00","machineId":"DBCS-0421","side":"front","weight":{"g":12}}`

func TestImageEventIsRead(t *testing.T) {
	var e ImageEvent
	require.Nil(t, e.DecodeJSON([]byte(pictureTold)))
	require.Nil(t, e.Check())
	require.Equal(t, "front", e.Side)
	require.Equal(t, int64(1_795_201_402_123), e.Scan.Time.UnixMilli())
	require.Equal(t, 1, e.Scan.Unknown, "of the fields only weight is not known")
	require.Nil(t, e.DecodeJSON([]byte(` { "capturedDatetime" : "2026-11-20T14:03:22" , "scanLocaleKey":"V19160" } `)), "neither barcode nor side: a picture all the same")
	require.Nil(t, e.Check())
	require.Empty(t, e.Side, "what the event before told is gone")
	_, one := e.Scan.Object()
	require.False(t, one)
}

func TestImageEventSaysWhatIsWrong(t *testing.T) {
	for name, c := range map[string]struct {
		text, field string
		code        Code
	}{
		"no JSON":         {`imb=1`, "", NotReadable},
		"cut off":         {pictureTold[:60], "", NotReadable},
		"no time":         {`{"machineId":"M"}`, CapturedDatetime, Missing},
		"a time of day":   {`{"machineId":"M","capturedDatetime":"14:03"}`, CapturedDatetime, NotTime},
		"a number":        {`{"machineId":"M","capturedDatetime":1795201402}`, CapturedDatetime, WrongType},
		"two times":       {`{"machineId":"M","capturedDatetime":"2026-11-20T14:03:22Z","capturedDatetime":"2026-11-20T14:03:22Z"}`, CapturedDatetime, Repeated},
		"no place":        {`{"capturedDatetime":"2026-11-20T14:03:22Z"}`, "machineId", Missing},
		"another side":    {`{"machineId":"M","capturedDatetime":"2026-11-20T14:03:22Z","side":"inside"}`, Side, UnknownSide},
		"two barcodes":    {`{"machineId":"M","capturedDatetime":"2026-11-20T14:03:22Z","imb":"00270900123456000012","s10":"RR123456785US"}`, "imb", ManyObjects},
		"a short barcode": {`{"machineId":"M","capturedDatetime":"2026-11-20T14:03:22Z","imb":"12"}`, "imb", WrongLength},
	} {
		t.Run(name, func(t *testing.T) {
			var e ImageEvent
			err := e.DecodeJSON([]byte(c.text))
			if err == nil {
				err = e.Check()
			}
			require.NotNil(t, err)
			require.Equal(t, c.code, err.Code, err.Message)
			require.Equal(t, c.field, err.Field)
		})
	}
}

func FuzzImageEvent(f *testing.F) {
	f.Add([]byte(pictureTold))
	f.Add([]byte(`{"capturedDatetime":"","side":null,"machineId":"\u0041"}`))
	f.Fuzz(func(t *testing.T, data []byte) {
		var e ImageEvent
		if e.DecodeJSON(data) != nil || e.Check() != nil {
			return
		}
		if e.captured == nil || e.Scan.Unknown < 0 {
			t.Fatalf("an event that passed has a time, and no fewer fields than none: %+v", e)
		}
	})
}
