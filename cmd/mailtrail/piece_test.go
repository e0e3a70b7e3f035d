package main

import (
	"bytes"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"mailtrail/schemas/barcode"
	"mailtrail/schemas/operation"
)

// keysOf are the piece keys of all readings.
func keysOf(t *testing.T, text string) (keys []string) {
	t.Helper()
	readings, err := readBarcode(text)
	require.NoError(t, err)
	for i := range readings {
		key, _ := readings[i].AppendPieceKey(nil, barcode.BuiltinServiceTypes())
		keys = append(keys, string(key))
	}
	return keys
}

func TestReadBarcode(t *testing.T) {
	for name, test := range map[string]struct {
		text string
		keys []string
	}{
		"IMb with routing code":                              {"0027090234567812345612345678901", []string{"F-902345678-123456"}},
		"IMb as people write it":                             {"00 270 902345678 123456 12345-6789", []string{"F-902345678-123456"}},
		"20 digits, an IMb alone":                            {"00270902345678123457", []string{"F-902345678-123457"}},
		"20 digits, a barcode id not used":                   {"03271790000523483742", []string{"M-790000-523483742"}},
		"20 digits, both":                                    {"0307 1790 0005 2348 3741", []string{"impb-9103071790000523483741", "R-790000-523483741"}},
		"20 digits, a package with a STID that nobody knows": {"7196 9010 7560 0307 7385", []string{"impb-9171969010756003077385", "969-010756-003077385"}},
		"IMpb":          {"9400 1112 0620 6406 2607 87", []string{"impb-9400111206206406260787"}},
		"IMpb with 420": {"420 78745 9400111206206406260787", []string{"impb-9400111206206406260787"}},
		"S10":           {"rb 123 456 785 gb", []string{"s10-RB123456785GB"}},
	} {
		t.Run(name, func(t *testing.T) {
			require.Equal(t, test.keys, keysOf(t, test.text))
		})
	}
}

func TestReadBars(t *testing.T) {
	readings, err := readBarcode("AADTF FDFTD ADTAADAATFDTDDAAADDTDTTDAFADADDDTFFFDDTTTADFAAADFTDAADA")
	require.NoError(t, err)
	require.Len(t, readings, 1)
	require.Equal(t, "01234567094987654321", string(readings[0].IMb.Tracking()))
}

func TestPieceWrongBarcode(t *testing.T) {
	for text, says := range map[string]string{
		"hello":                  "no known form",
		"9400111206206406260788": "IMpb: check digit",
		"0327090234567812345612": "IMpb: application identifier",
		"RB123456786GB":          "S10: check digit",
		"99111111111111111112":   "", // 20 digits that are neither
	} {
		got := mailtrail(nil, "piece", text)
		require.Equal(t, exitWrong, got.status, text)
		require.Contains(t, got.stderr, "not a barcode: ")
		require.Contains(t, got.stderr, says)
		require.NotContains(t, got.stderr, text, "an error holds no barcode")
		require.Empty(t, got.stdout)
	}
}

func TestNotKept(t *testing.T) {
	book, err := loadRules(newApp(surroundings{}).mustConfig(t), nil)
	require.NoError(t, err)
	now := time.Date(2026, 11, 23, 5, 0, 0, 0, time.UTC)
	readings, err := readBarcode("0307 1790 0005 2348 3741")
	require.NoError(t, err)
	require.EqualError(t, notKept(readings, book, now), "no scan of this piece is kept; "+
		"read as IMpb, its scans are of class package_tracking, which are kept for up to 90d: what there was from before 2026-08-26T00:00:00Z is destroyed; "+
		"read as IMb, its scans are of class mail_tracking, which are kept for up to 30d: what there was from before 2026-10-25T00:00:00Z is destroyed")
	readings, err = readBarcode("401234567891")
	require.NoError(t, err)
	require.ErrorContains(t, notKept(readings, book, now), "read as PLANET, its scans are of class confirm, which are kept for up to 30d")
}

// scanAt is a scan so many minutes before noon of 20 November 2026 in New York.
func scanAt(minutes int, code, eventType string) pieceScan {
	at := time.Date(2026, 11, 20, 12, 0, 0, 0, time.FixedZone("", -5*3600)).Add(-time.Duration(minutes) * time.Minute)
	return pieceScan{at: at, operation: operationName(operation.Builtin(), code, eventType, at), object: "imb", localeKey: "V19160", facility: "NEW YORK PDC", city: "NEW YORK", state: "NY", code: code, eventType: eventType}
}

func TestHeadline(t *testing.T) {
	noon := scanAt(0, "", "").at
	predicted, shared, other, repaired := scanAt(10, "918", "A"), scanAt(10, "918", "A"), scanAt(20, "07", "A"), scanAt(10, "918", "A")
	repaired.repaired, repaired.confidence = 2, 0.9987
	predicted.predicted, shared.shared, other.object = "2026-11-22", true, "impb"
	for name, test := range map[string]struct {
		scans []pieceScan
		want  string
	}{
		"one scan": {[]pieceScan{scanAt(10, "919", "A")},
			"Last seen at NEW YORK PDC, NEW YORK NY (V19160), 2026-11-20 11:50:00 -05:00, 10m 0s ago: delivery point sequence, pass 2 (919).\n1 scan."},
		"assumed since": {[]pieceScan{scanAt(5, "874", "S"), scanAt(90, "777", "A"), scanAt(200, "", "")},
			"Last seen at NEW YORK PDC, NEW YORK NY (V19160), 2026-11-20 10:30:00 -05:00, 1h 30m ago: scanned (777).\n" +
				"Since then assumed at NEW YORK PDC, NEW YORK NY (V19160), 2026-11-20 11:55:00 -05:00, 5m 0s ago: container unloaded (874).\n" +
				"3 scans, the first on 2026-11-20 08:40:00 -05:00."},
		"never seen": {[]pieceScan{scanAt(0, "01", "L")},
			"Never seen. The newest event is logical: NEW YORK PDC, NEW YORK NY (V19160), 2026-11-20 12:00:00 -05:00, 0s ago: delivered (01).\n1 scan."},
		"predicted": {[]pieceScan{predicted},
			"Last seen at NEW YORK PDC, NEW YORK NY (V19160), 2026-11-20 11:50:00 -05:00, 10m 0s ago: delivery point sequence, pass 1 (918).\n1 scan. Predicted delivery, as the feed says: 2026-11-22."},
		"repaired": {[]pieceScan{repaired},
			"Last seen at NEW YORK PDC, NEW YORK NY (V19160), 2026-11-20 11:50:00 -05:00, 10m 0s ago: delivery point sequence, pass 1 (918).\n1 scan." +
				" There its barcode was read from bars of which 2 were damaged; it is right with a probability of 99.87 %."},
		"shared and two readings": {[]pieceScan{shared, other},
			"Last seen at NEW YORK PDC, NEW YORK NY (V19160), 2026-11-20 11:50:00 -05:00, 10m 0s ago: delivery point sequence, pass 1 (918).\n2 scans, the first on 2026-11-20 11:40:00 -05:00." +
				" Other pieces may rightly bear this barcode. The number has two readings, and there are scans of both: --format json tells them apart."},
	} {
		t.Run(name, func(t *testing.T) { require.Equal(t, test.want, headline(test.scans, noon)) })
	}
}

func TestPlace(t *testing.T) {
	for want, scan := range map[string]pieceScan{
		"NEW YORK PDC, NEW YORK NY (V19160)": scanAt(0, "", ""),
		"BOSTON MA (02210)":                  {facility: "BOSTON", city: "BOSTON", state: "MA", zip: "02210"},
		"BOSTON PDC (V1)":                    {facility: "BOSTON PDC", localeKey: "V1", zip: "02210"},
		"02210":                              {zip: "02210"},
		"an unnamed place":                   {machine: "DBCS-1"},
	} {
		require.Equal(t, want, scan.place())
	}
}

func TestWriteScans(t *testing.T) {
	scan := scanAt(0, "918", "A")
	scan.class, scan.predicted = "mail_tracking", "2026-11-22"
	scan.repaired, scan.confidence = 2, 0.9987
	var out bytes.Buffer
	require.NoError(t, writeScans(&out, "json", []pieceScan{scan}))
	require.JSONEq(t, `{"scanDatetime":"2026-11-20T12:00:00.000-05:00","object":"imb","scanLocaleKey":"V19160","scanFacilityName":"NEW YORK PDC",
		"scanFacilityCity":"NEW YORK","scanFacilityState":"NY","scanFacilityZip":"","machineId":"","scanEventCode":"918",
		"scanEventDescription":"delivery point sequence, pass 1","handlingEventType":"A","mailClassDescription":"",
		"predictedDeliveryDate":"2026-11-22","retention_class":"mail_tracking",
		"repairedBars":2,"repairConfidence":0.9987}`, out.String())
}
