package barcode_test

import (
	"encoding/csv"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"mailtrail/schemas/barcode"
)

// readVectors reads a file of the first folder shared/vectors above the working directory; without one the test is skipped.
func readVectors(t *testing.T, name string) []map[string]string {
	t.Helper()
	folder, err := os.Getwd()
	require.NoError(t, err)
	for {
		file, err := os.Open(filepath.Join(folder, "shared", "vectors", name))
		if err == nil {
			defer file.Close()
			return readTable(t, csv.NewReader(file))
		}
		parent := filepath.Dir(folder)
		if parent == folder {
			t.Skipf("no folder shared/vectors with %s above the working directory", name)
		}
		folder = parent
	}
}

func readTable(t *testing.T, r *csv.Reader) []map[string]string {
	t.Helper()
	records, err := r.ReadAll()
	require.NoError(t, err)
	var rows []map[string]string
	for _, record := range records[1:] {
		row := map[string]string{}
		for i, value := range record {
			row[records[0][i]] = value
		}
		rows = append(rows, row)
	}
	return rows
}

func TestUSPSBarcodesBothWays(t *testing.T) {
	rows := readVectors(t, "imb_vectors.csv")
	require.Len(t, rows, 8129)
	ref := newReference()
	for _, row := range rows {
		tracking, routing, bars := row["tracking"], row["routing"], row["bars"]
		encoded, err := barcode.Encode([]byte(tracking), []byte(routing))
		require.NoError(t, err)
		require.Equal(t, bars, string(encoded[:]))
		require.Equal(t, bars, ref.encode(tracking, routing), "the second implementation")

		m, upsideDown, err := barcode.DecodeBars([]byte(bars))
		require.NoError(t, err)
		require.False(t, upsideDown)
		require.Equal(t, tracking, string(m.Tracking()))
		require.Equal(t, routing, string(m.Routing()))

		turned, upsideDown, err := barcode.DecodeBars(upsideDownBars([]byte(bars)))
		require.NoError(t, err)
		require.True(t, upsideDown)
		require.Equal(t, m, turned)
	}
}

// uspsCode is the return code of the postal service's encoders for an error of ours.
func uspsCode(t *testing.T, err error) string {
	t.Helper()
	if err == nil {
		return "00"
	}
	var typed *barcode.Error
	require.ErrorAs(t, err, &typed)
	for reason, code := range map[error]string{
		barcode.ErrTrackingLength: "09", barcode.ErrTrackingDigit: "10", barcode.ErrBarcodeID: "11",
		barcode.ErrRoutingLength: "12", barcode.ErrRoutingDigit: "13",
	} {
		if errors.Is(err, reason) {
			return code
		}
	}
	return "none"
}

// uspsPart is the part that each return code of the postal service is about.
var uspsPart = map[string]barcode.Part{
	"09": barcode.PartTracking, "10": barcode.PartTracking, "11": barcode.PartBarcodeID, "12": barcode.PartRouting, "13": barcode.PartRouting,
}

// Every refusal has the error of its cause, which names the part, the place and what was expected there, and never what was read.
func TestUSPSRefusals(t *testing.T) {
	rows := readVectors(t, "imb_negative_vectors.csv")
	require.Len(t, rows, 1866)
	for _, row := range rows {
		_, err := barcode.Encode([]byte(row["tracking"]), []byte(row["routing"]))
		code := row["usps_return_code"]
		require.Equal(t, code, uspsCode(t, err), row)

		var typed *barcode.Error
		require.ErrorAs(t, err, &typed)
		require.Equal(t, uspsPart[code], typed.Part, row)
		require.NotEmpty(t, typed.Expected, row)
		if _, named, found := strings.Cut(row["message"], "No: "); found {
			part := map[string]string{"10": row["tracking"], "13": row["routing"]}[code]
			require.Equal(t, named[0], part[typed.Place-1], "the first character that is no digit: %v", row)
		}
		if len(row["tracking"]) > 3 {
			require.NotContains(t, err.Error(), row["tracking"], "an error never holds the input")
		}
	}
}

func TestPackageVectors(t *testing.T) {
	rows := readVectors(t, "package_vectors.csv")
	require.Len(t, rows, 48)
	for _, row := range rows {
		var err error
		if row["format"] == "S10" {
			_, err = barcode.ParseS10([]byte(row["normalised"]))
		} else {
			_, err = barcode.ParseIMpb([]byte(row["normalised"]))
		}
		require.Equal(t, row["expect"] == "valid", err == nil, "%v: %v", row, err)

		parsed, err := barcode.Parse(row["as_written"])
		require.Equal(t, row["expect"] == "valid", err == nil, "%v: %v", row, err)
		if err == nil && row["format"] != "S10" {
			require.Equal(t, barcode.ObjectIMpb, parsed.Object, row)
		}
	}
}
