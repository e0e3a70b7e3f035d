package event

import (
	"bytes"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

const (
	confirmIMb    = "10199,893,11/20/2026 14:03:22,12345678901,00270900123456000012"
	confirmPLANET = "10199,918,11/20/2026 03:00:00,12345      ,401234567891"
)

func TestConfirmFile(t *testing.T) {
	var body Body
	var s Scan
	text := "\ufeff" + confirmIMb + "\r\n\r\n  \n" + confirmPLANET + "\n" + `"10199","893","11/20/2026 14:03:22","           ","00270900123456000012"` + "\n10199, 893, 11/20/2026 14:03:22, ,40123456789123"
	require.Nil(t, body.Split(ConfirmForm, []byte(text), 10))
	require.Len(t, body.Events, 4)
	for i, want := range []map[Field]string{
		{ScanFacilityZip: "10199", ScanEventCode: "893", ScanDatetime: "2026-11-20T14:03:22", IMb: "0027090012345600001212345678901"},
		{ScanFacilityZip: "10199", ScanEventCode: "918", ScanDatetime: "2026-11-20T03:00:00", PLANET: "401234567891", RoutingCode: "12345"},
		{ScanFacilityZip: "10199", ScanEventCode: "893", ScanDatetime: "2026-11-20T14:03:22", IMb: "00270900123456000012"},
		{ScanFacilityZip: "10199", ScanEventCode: "893", ScanDatetime: "2026-11-20T14:03:22", PLANET: "40123456789123"},
	} {
		require.Nil(t, body.Decode(i, &s))
		require.Nil(t, s.Check())
		got := map[Field]string{}
		for f := range NumFields {
			if s.Has(f) {
				got[f] = string(s.Values[f])
			}
		}
		require.Equal(t, want, got)
		require.False(t, s.Time.HasOffset, "the time is the facility's own")
		line, _ := body.Place(i, "")
		require.Equal(t, []int{1, 4, 5, 6}[i], line)
	}
	require.Equal(t, TooManyEvents, body.Split(ConfirmForm, []byte(text), 3).Code)
	require.Equal(t, EmptyValue, body.Split(ConfirmForm, []byte(" \r\n"), 3).Code)
}

// What is wrong with a line is said with its field, and from that its column is known.
func TestConfirmErrors(t *testing.T) {
	for line, want := range map[string]struct {
		code   Code
		field  string
		column int
	}{
		"hello":                          {NotReadable, "", 0},
		confirmIMb + ",":                 {NotReadable, "", 0},
		"ZIP,OP,DATE,ROUTING,BARCODE":    {NotDigits, "scanFacilityZip", 1},
		"1019,893,11/20/2026 14:03:22,,": {WrongLength, "scanFacilityZip", 1},
		"101990000,893,11/20/2026 14:03:22,,00270900123456000012":  {WrongLength, "scanFacilityZip", 1},
		",893,11/20/2026 14:03:22,,00270900123456000012":           {Missing, "scanFacilityZip", 1},
		"10199,89A,11/20/2026 14:03:22,,00270900123456000012":      {NotDigits, "scanEventCode", 2},
		"10199,93,11/20/2026 14:03:22,,00270900123456000012":       {WrongLength, "scanEventCode", 2},
		"10199,893,,,00270900123456000012":                         {Missing, "scanDatetime", 3},
		"10199,893,2026-11-20 14:03:22,,00270900123456000012":      {NotTime, "scanDatetime", 3},
		"10199,893,20/11/2026 14:03:22,,00270900123456000012":      {NotTime, "scanDatetime", 3},
		"10199,893,11/20/2026 14:03:60,,00270900123456000012":      {NotTime, "scanDatetime", 3},
		"10199,893,11/20/26 14:03:22,,00270900123456000012":        {NotTime, "scanDatetime", 3},
		"10199,893,11/20/2026 14:03:22,1234,00270900123456000012":  {WrongLength, "routingCode", 4},
		"10199,893,11/20/2026 14:03:22,1234a,401234567891":         {NotDigits, "routingCode", 4},
		"10199,893,11/20/2026 14:03:22,12345,":                     {Missing, "imb", 5},
		"10199,893,11/20/2026 14:03:22,,0027090012345600001212345": {WrongLength, "imb", 5},
		"10199,893,11/20/2026 14:03:22,,0027090012345600001x":      {NotDigits, "imb", 5},
	} {
		var body Body
		var s Scan
		require.Nil(t, body.Split(ConfirmForm, []byte("\n"+line), 10))
		err := body.Decode(0, &s)
		require.NotNil(t, err, line)
		require.Equal(t, want.code, err.Code, line)
		require.Equal(t, want.field, err.Field, line)
		at, column := body.Place(0, err.Field)
		require.Equal(t, []int{2, want.column}, []int{at, column}, line)
		require.NotContains(t, err.Error(), "0027090", "an error holds no barcode")
	}
	var body Body
	require.Nil(t, body.Split(ConfirmForm, []byte(confirmPLANET), 1))
	_, column := body.Place(0, "planet")
	require.Equal(t, 5, column)
	require.Nil(t, body.Split(LinesForm, []byte("{}"), 1))
	line, column := body.Place(0, "imb")
	require.Zero(t, line+column)
}

// A line that is taken says after a way over Kafka what it said before, and nothing that did not stand in it.
func FuzzDecodeConfirm(f *testing.F) {
	f.Add([]byte(confirmIMb))
	f.Add([]byte(confirmPLANET))
	f.Add([]byte(`"10199","893","11/20/2026 14:03:22"," ","00270900123456000012"`))
	f.Fuzz(func(t *testing.T, line []byte) {
		var s, again Scan
		if s.DecodeConfirm(line) != nil {
			return
		}
		if err := s.Check(); err != nil {
			t.Fatalf("a line was read that is no event: %v", err)
		}
		columns := strings.Split(string(line), ",")
		require.Contains(t, columns[0], string(s.Values[ScanFacilityZip]))
		require.Contains(t, columns[1], string(s.Values[ScanEventCode]))
		routing := append(bytes.Clone(s.Values[RoutingCode]), s.Values[IMb]...)
		if s.Has(IMb) {
			require.Contains(t, columns[4], string(routing[:trackingLength]))
			routing = routing[trackingLength:]
		} else {
			require.Contains(t, columns[4], string(s.Values[PLANET]))
		}
		require.Contains(t, columns[3], string(routing))

		batch := NewBatch(s.AppendProto(nil))
		raw, ok, broken := batch.Next()
		require.True(t, ok)
		require.Nil(t, broken)
		require.Nil(t, again.DecodeProto(raw))
		for field := range NumFields {
			require.Equal(t, string(s.Values[field]), string(again.Values[field]), field)
		}
	})
}
