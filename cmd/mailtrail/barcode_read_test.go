package main

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"mailtrail/pipeline/simulate/mailpiece"
	"mailtrail/schemas/barcode"
)

// photographs writes pictures of mailpieces, one without a barcode and one whose bars are none among them.
func photographs(t *testing.T) (folder string) {
	folder = t.TempDir()
	press, err := mailpiece.NewPress(200)
	require.NoError(t, err)
	write := func(name string, sheet *mailpiece.Sheet, camera mailpiece.Camera, format mailpiece.Format) {
		file, err := mailpiece.Encode(sheet.Photograph(1, camera), format)
		require.NoError(t, err)
		require.NoError(t, os.WriteFile(filepath.Join(folder, name), file, 0o600))
	}
	m, err := barcode.ParseIMb([]byte(sampleTracking + "01234567891"))
	require.NoError(t, err)
	two, err := barcode.ParseIMb([]byte(sampleTracking))
	require.NoError(t, err)

	write("letter.tiff", press.Letter(1, &m), mailpiece.Camera{Rotation: 3, Blur: 0.6, Grain: 3}, mailpiece.TIFF)
	write("letter.jpeg", press.Letter(2, &m), mailpiece.Camera{Rotation: -2, Blur: 0.6, Grain: 3}, mailpiece.JPEG)
	write("upside-down.png", press.Letter(3, &m), mailpiece.Camera{Rotation: 178}, mailpiece.PNG)
	write("without.png", press.Letter(4, nil), mailpiece.Camera{}, mailpiece.PNG)

	sheet := press.Blank(4, 1.2)
	sheet.IMb(0.4, 0.2, &m, mailpiece.Bars{})
	sheet.IMb(0.4, 0.8, &two, mailpiece.Bars{})
	write("two.png", sheet, mailpiece.Camera{}, mailpiece.PNG)
	sheet = press.Blank(4, 0.6)
	sheet.IMb(0.4, 0.2, &m, mailpiece.Bars{})
	sheet.Rectangle(0.5, 0.23, 3.5, 0.27) // all ascenders joined
	write("spoilt.png", sheet, mailpiece.Camera{}, mailpiece.PNG)
	require.NoError(t, os.WriteFile(filepath.Join(folder, "text.png"), []byte(sampleBars), 0o600))
	return folder
}

func TestBarcodeRead(t *testing.T) {
	t.Chdir(photographs(t))
	const whole = sampleTracking + " 01234567891"
	for name, test := range map[string]struct {
		args   []string
		stdout string
		stderr string
	}{
		"a TIFF":       {[]string{"letter.tiff"}, whole + "\n", ""},
		"a JPEG":       {[]string{"letter.jpeg"}, whole + "\n", ""},
		"upside down":  {[]string{"upside-down.png"}, whole + "\n", ""},
		"two barcodes": {[]string{"two.png"}, whole + "\n" + sampleTracking + "\n", ""},
		"several files": {[]string{"two.png", "absent.png", "letter.tiff", "without.png", "text.png"},
			"two.png: " + whole + "\ntwo.png: " + sampleTracking + "\n" +
				"absent.png: refused: open absent.png: no such file or directory\n" +
				"letter.tiff: " + whole + "\n" +
				"without.png: refused: no Intelligent Mail barcode in the picture\n" +
				"text.png: refused: not a picture: expected TIFF, PNG or JPEG\n",
			"of 6 answers 3 refused"},
		"no barcode as JSON": {[]string{"--format", "json", "without.png"},
			`{"input":"without.png","status":"refused","error":"no Intelligent Mail barcode in the picture"}` + "\n", "of 1 answers 1 refused"},
	} {
		t.Run(name, func(t *testing.T) {
			got := feeding("", append([]string{"barcode", "read"}, test.args...)...)
			require.Equal(t, test.stdout, got.stdout)
			require.Contains(t, got.stderr, test.stderr)
			require.Equal(t, test.stderr != "", got.status == exitFailed, got.stderr)
		})
	}
	file, err := os.ReadFile("letter.jpeg")
	require.NoError(t, err)
	for _, args := range [][]string{{"barcode", "read"}, {"barcode", "read", "-"}} {
		require.Equal(t, whole+"\n", feeding(string(file), args...).stdout, "from standard input")
	}
	require.Equal(t, exitWrong, feeding("", "barcode", "read", "--known", "absent.txt", "letter.tiff").status)
}

func TestBarcodeReadAsJSON(t *testing.T) {
	folder := photographs(t)
	read := func(name string) (answer struct {
		object
		Read    string
		Corners [][2]float64
		Angle   float64
		Pitch   float64
		Turned  bool `json:"upsideDown"`
	}) {
		got := feeding("", "barcode", "read", "--format", "json", filepath.Join(folder, name))
		require.Equal(t, 1, strings.Count(got.stdout, "\n"), got.stdout)
		require.NoError(t, json.Unmarshal([]byte(got.stdout), &answer), got.stdout)
		require.Len(t, answer.Corners, 4)
		require.InDelta(t, 200./22, answer.Pitch, 1)
		return answer
	}
	right := read("letter.jpeg")
	require.Equal(t, "ok", right.Status)
	require.Equal(t, sampleTracking+"01234567891", right.Imb)
	require.Equal(t, routedBars, right.Bars)
	require.Greater(t, right.Confidence, 0.99)
	require.InDelta(t, -2, right.Angle, 0.5)
	require.Greater(t, right.Corners[1][0], right.Corners[0][0]+400)
	require.Empty(t, right.Read)

	turned := read("upside-down.png")
	require.True(t, turned.Turned)
	require.InDelta(t, 178, turned.Angle, 0.5)
	require.Less(t, turned.Corners[1][0], turned.Corners[0][0]-400)

	spoilt := read("spoilt.png")
	require.Equal(t, "refused", spoilt.Status)
	require.Len(t, spoilt.Read, barcode.BarCount)
	require.NotEmpty(t, spoilt.Error)
	require.Empty(t, spoilt.Imb)
}
