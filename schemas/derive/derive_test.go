package derive

import (
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"
	"mailtrail/schemas/barcode"
	"mailtrail/schemas/event"
	"mailtrail/schemas/retention"
)

func scan(t *testing.T, json string) *event.Scan {
	var s event.Scan
	require.Nil(t, s.DecodeJSON([]byte(json)), json)
	require.Nil(t, s.Check(), json)
	return &s
}

func TestFrom(t *testing.T) {
	tables, err := Builtin()
	require.NoError(t, err)
	bars, err := barcode.Encode([]byte("00270900123456000012"), []byte("10118112501"))
	require.NoError(t, err)
	upsideDown := make([]byte, len(bars))
	for i, c := range bars {
		upsideDown[len(bars)-1-i] = map[byte]byte{'A': 'D', 'D': 'A', 'F': 'F', 'T': 'T'}[c]
	}
	const when = `"scanDatetime":"2026-11-20T14:03:22.123-05:00","scanLocaleKey":"V19160"`
	cases := map[string]struct {
		json  string
		key   string
		code  string
		class string
		flags event.Flags
	}{
		"IMb":                      {`{"imb":"0027090012345600001210118112501",` + when + `}`, "F-900123456-000012", "0027090012345600001210118112501", retention.MailTracking, 0},
		"redirected piece":         {`{"imb":"9327090012345600001233101",` + when + `}`, "", "", retention.MailTracking, 0},
		"bars":                     {fmt.Sprintf(`{"bars":%q,%s}`, bars, when), "F-900123456-000012", "0027090012345600001210118112501", retention.MailTracking, 0},
		"bars upside down":         {fmt.Sprintf(`{"bars":%q,%s}`, upsideDown, when), "F-900123456-000012", "0027090012345600001210118112501", retention.MailTracking, event.UpsideDown},
		"unknown STID":             {`{"imb":"00999900123456000012",` + when + `}`, "999-900123456-000012", "00999900123456000012", retention.MailTracking, event.UnknownStid | event.UnclassifiedKind},
		"package":                  {`{"impb":"9400111206206406260787",` + when + `}`, "impb-9400111206206406260787", "9400111206206406260787", retention.PackageTracking, 0},
		"S10 letter":               {`{"s10":"RB123456785GB",` + when + `}`, "s10-RB123456785GB", "RB123456785GB", retention.MailTracking, 0},
		"S10 parcel":               {`{"s10":"CB123456785GB",` + when + `}`, "s10-CB123456785GB", "CB123456785GB", retention.PackageTracking, 0},
		"PLANET":                   {`{"planet":"401234567891","routingCode":"12345",` + when + `}`, "planet-401234567891", "401234567891", retention.Confirm, event.KeyNotUnique},
		"PLANET with a service":    {`{"planet":"40123456789191","specialService":"Registered",` + when + `}`, "planet-40123456789191", "40123456789191", retention.Confirm, event.KeyNotUnique},
		"explicit special service": {`{"s10":"RB123456785GB","specialService":"Registered",` + when + `}`, "s10-RB123456785GB", "RB123456785GB", retention.SpecialServiceTracking, 0},
		"parts as numbers":         {`{"imb":"0027000012345600001210118112501","imbStid":270,"imbMid":123,"imbSerialNumber":456000012,` + when + `}`, "", "", retention.MailTracking, 0},
		"unknown facility":         {`{"imb":"00270900123456000012","scanDatetime":"2026-11-20T14:03:22Z","scanLocaleKey":"ZZ9999"}`, "F-900123456-000012", "00270900123456000012", retention.MailTracking, event.UnknownFacility},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			var d Scan
			if err := tables.From(scan(t, c.json), Envelope{}, &d); err != nil {
				t.Fatal(err)
			}
			if c.key != "" {
				require.Equal(t, c.key, string(d.PieceKey))
				require.Equal(t, c.code, string(d.Code))
			}
			require.Equal(t, c.class, d.Class)
			require.Equal(t, c.flags, d.Flags)
		})
	}
}

func TestRedirectedPieceKeepsItsKey(t *testing.T) {
	tables, err := Builtin()
	require.NoError(t, err)
	const when = `"scanDatetime":"2026-11-20T14:03:22Z","machineId":"M"`
	var before, after Scan
	require.Nil(t, tables.From(scan(t, `{"imb":"0027090012345600001210118112501",`+when+`}`), Envelope{}, &before))
	require.Nil(t, tables.From(scan(t, `{"imb":"9327090012345600001233101",`+when+`}`), Envelope{}, &after))
	require.Equal(t, before.PieceKey, after.PieceKey)
}

func TestFromRejects(t *testing.T) {
	tables, err := Builtin()
	require.NoError(t, err)
	const when = `"scanDatetime":"2026-11-20T14:03:22-05:00","machineId":"M"`
	cases := map[string]struct {
		json, field string
		code        event.Code
	}{
		"second digit":        {`{"imb":"05270900123456000012",` + when + `}`, "imb", event.BadBarcode},
		"check digit":         {`{"impb":"9400111206206406260788",` + when + `}`, "impb", event.BadBarcode},
		"no such country":     {`{"s10":"RB123456785XX",` + when + `}`, "s10", event.BadBarcode},
		"bars lost":           {`{"bars":"ATFATTDTTADTAATTDTDTATTDAFDDFADFDFTFFFFFTATFAAAATDFFTDAADFTFDTD",` + when + `}`, "bars", event.UnreadableBars},
		"another MID":         {`{"imb":"00270900123456000012","imbMid":"900123457",` + when + `}`, "imbMid", event.Contradiction},
		"another routing":     {`{"imb":"0027090012345600001210118","imbRoutingCode":"10119",` + when + `}`, "imbRoutingCode", event.Contradiction},
		"tray's other MID":    {`{"imtb":"101182441900123456000011","imtbMid":"900123457",` + when + `}`, "imtbMid", event.Contradiction},
		"local time nowhere":  {`{"imb":"00270900123456000012","scanDatetime":"2026-11-20T14:03:22","machineId":"M"}`, "scanDatetime", event.UnknownZone},
		"local at a stranger": {`{"imb":"00270900123456000012","scanDatetime":"2026-11-20T14:03:22","scanLocaleKey":"ZZ9999"}`, "scanDatetime", event.UnknownZone},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			var d Scan
			err := tables.From(scan(t, c.json), Envelope{}, &d)
			require.NotNil(t, err)
			require.Equal(t, c.code, err.Code)
			require.Equal(t, c.field, err.Field)
			require.NotContains(t, err.Error(), "900123456", "an error text must not hold the barcode")
		})
	}
}

func TestLocalTimes(t *testing.T) {
	tables, err := Builtin()
	require.NoError(t, err)
	cases := map[string]struct {
		fields, zone string
		utc          string
		shift        int16
		flags        event.Flags
	}{
		"New York, winter":        {`"scanDatetime":"2026-11-20T14:03:22.123","scanFacilityZip":"10199"`, "", "2026-11-20T19:03:22.123Z", -300, 0},
		"New York, summer":        {`"scanDatetime":"2026-07-20T14:03:22","scanFacilityZip":"10199"`, "", "2026-07-20T18:03:22Z", -240, 0},
		"autumn hour, earlier":    {`"scanDatetime":"2026-11-01T01:30:00","scanFacilityZip":"10199"`, "", "2026-11-01T05:30:00Z", -240, event.AmbiguousTime},
		"spring hour":             {`"scanDatetime":"2026-03-08T02:30:00","scanFacilityZip":"10199"`, "", "2026-03-08T07:30:00Z", -240, event.NonexistentTime},
		"Phoenix has no summer":   {`"scanDatetime":"2026-07-20T12:00:00","scanFacilityZip":"85026"`, "", "2026-07-20T19:00:00Z", -420, 0},
		"device's zone":           {`"scanDatetime":"2026-11-20T12:00:00","machineId":"M"`, "America/Chicago", "2026-11-20T18:00:00Z", -360, event.DeviceZone},
		"the facility's is first": {`"scanDatetime":"2026-11-20T12:00:00","scanFacilityZip":"10199"`, "America/Chicago", "2026-11-20T17:00:00Z", -300, 0},
		"an offset is believed":   {`"scanDatetime":"2026-11-20T12:00:00+02:00","scanFacilityZip":"10199"`, "", "2026-11-20T10:00:00Z", 120, 0},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			var d Scan
			s := scan(t, `{"imb":"00270900123456000012",`+c.fields+`}`)
			if err := tables.From(s, Envelope{Zone: c.zone}, &d); err != nil {
				t.Fatal(err)
			}
			want, ok := event.ParseMoment([]byte(c.utc))
			require.True(t, ok)
			require.Equal(t, want.UnixMilli(), d.UnixMilli)
			require.Equal(t, c.shift, d.ShiftMinutes)
			require.Equal(t, c.flags, d.Flags)
			instant, known := tables.Instant(s, c.zone)
			require.True(t, known)
			require.Equal(t, d.UnixMilli, instant)
		})
	}
}
