package barcode_test

import (
	"bytes"
	"encoding/binary"
	"encoding/xml"
	"errors"
	"image"
	"image/png"
	"math"
	"math/rand/v2"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"mailtrail/schemas/barcode"
)

// drawn is a bar as it was found in a picture, in inches from the upper left corner.
type drawn struct{ left, top, right, bottom float64 }

// requireGeometry checks what was found against USPS-B-3200, 2.3.1, and returns the bars as letters.
func requireGeometry(t *testing.T, bars []drawn, width, height float64) string {
	t.Helper()
	require.Len(t, bars, 65)
	within := func(what string, value, lowest, highest float64) {
		t.Helper()
		const rounding = 1e-4 // inches: a PNG says its resolution in whole dots per metre
		require.True(t, value >= lowest-rounding && value <= highest+rounding, "%s: %g, not %g to %g", what, value, lowest, highest)
	}
	upper, lower := height, 0.0 // of the trackers: what every bar covers
	top, bottom := height, 0.0
	for _, bar := range bars {
		top, bottom = min(top, bar.top), max(bottom, bar.bottom)
	}
	upper, lower = 0, height
	for _, bar := range bars {
		upper, lower = max(upper, bar.top), min(lower, bar.bottom)
	}
	within("tracker", lower-upper, 0.039, 0.057)
	within("full bar", bottom-top, 0.125, 0.165)
	within("ascender", lower-top, 0.082, 0.111)
	within("descender", bottom-upper, 0.082, 0.111)
	within("length", bars[64].right-bars[0].left, 2.667, 3.225)
	within("clear zone on the left", bars[0].left, 0.125, 0.2)
	within("clear zone on the right", width-bars[64].right, 0.125, 0.2)
	within("clear zone above", top, 0.028, 0.05)
	within("clear zone below", height-bottom, 0.028, 0.05)

	var letters []byte
	for i, bar := range bars {
		within("bar width", bar.right-bar.left, 0.015, 0.025)
		if i > 0 {
			within("space", bar.left-bars[i-1].right, 0.012, 0.040)
			within("bars per inch", 1/(bar.left-bars[i-1].left), 20-0.05, 24+0.05)
		}
		const half = 0.01 // an ascender or descender adds more, rounding less
		letters = append(letters, "TADF"[btoi(upper-bar.top > half)+2*btoi(bar.bottom-lower > half)])
	}
	return string(letters)
}

func btoi(b bool) int {
	if b {
		return 1
	}
	return 0
}

// readPNG finds the bars in a picture: columns of black from the top down to the first white row below black.
func readPNG(t *testing.T, file []byte) (bars []drawn, width, height float64, below image.Image) {
	t.Helper()
	at := bytes.Index(file, []byte("pHYs"))
	require.Equal(t, 8+25+4, at, "the resolution stands right behind the header")
	perMetre := binary.BigEndian.Uint32(file[at+4:])
	require.Equal(t, perMetre, binary.BigEndian.Uint32(file[at+8:]))
	require.Equal(t, byte(1), file[at+12])
	inch := float64(perMetre) * 0.0254

	decoded, err := png.Decode(bytes.NewReader(file))
	require.NoError(t, err)
	picture := decoded.(*image.Paletted)
	size := picture.Bounds()
	black := func(x, y int) bool { return picture.ColorIndexAt(x, y) != 0 }
	blackRow := func(y int) bool {
		for x := range size.Dx() {
			if black(x, y) {
				return true
			}
		}
		return false
	}
	top := 0
	for !blackRow(top) {
		top++
	}
	bottom := top
	for bottom < size.Dy() && blackRow(bottom) {
		bottom++
	}
	end := bottom // of the white below
	for end < size.Dy() && !blackRow(end) {
		end++
	}
	for x := 0; x < size.Dx(); x++ {
		first, last := -1, -1
		for y := top; y < bottom; y++ {
			if black(x, y) {
				if first < 0 {
					first = y
				}
				require.True(t, last < 0 || last == y-1, "a bar is in one piece")
				last = y
			}
		}
		if first < 0 {
			continue
		}
		bar := drawn{float64(x) / inch, float64(first) / inch, float64(x+1) / inch, float64(last+1) / inch}
		if n := len(bars); n > 0 && math.Abs(bars[n-1].right-bar.left) < 1e-9 {
			require.InDelta(t, bars[n-1].top, bar.top, 1e-9, "a bar is a rectangle")
			require.InDelta(t, bars[n-1].bottom, bar.bottom, 1e-9)
			bars[n-1].right = bar.right
			continue
		}
		bars = append(bars, bar)
	}
	return bars, float64(size.Dx()) / inch, float64(end) / inch, picture.SubImage(image.Rect(0, end, size.Dx(), size.Dy()))
}

// readSVG finds the bars in an SVG document: the rectangles of its last path.
func readSVG(t *testing.T, file []byte) (bars []drawn, width, height float64, text string) {
	t.Helper()
	var document struct {
		Width   string `xml:"width,attr"`
		Height  string `xml:"height,attr"`
		ViewBox string `xml:"viewBox,attr"`
		Paths   []struct {
			Drawing string `xml:"d,attr"`
		} `xml:"path"`
		Text string `xml:"text"`
	}
	require.NoError(t, xml.Unmarshal(file, &document))
	require.Equal(t, 1, bytes.Count(file, []byte("\n")), "a document is one line")
	number := func(s string) float64 {
		n, err := strconv.ParseFloat(s, 64)
		require.NoError(t, err)
		return n
	}
	box := strings.Fields(document.ViewBox)
	width, height = number(strings.TrimSuffix(document.Width, "in")), number(strings.TrimSuffix(document.Height, "in"))
	unit := width / number(box[2])
	require.InEpsilon(t, unit, height/number(box[3]), 1e-5, "both directions have one scale")
	for piece := range strings.SplitSeq(strings.TrimPrefix(document.Paths[1].Drawing, "M"), "M") {
		v := strings.FieldsFunc(piece, func(r rune) bool { return strings.ContainsRune(" hvz", r) })
		require.Len(t, v, 5)
		require.Equal(t, "-"+v[2], v[4])
		left, top := number(v[0])*unit, number(v[1])*unit
		bars = append(bars, drawn{left, top, left + number(v[2])*unit, top + number(v[3])*unit})
	}
	return bars, width, height, document.Text
}

func TestPrintedGeometry(t *testing.T) {
	r := rand.New(rand.NewPCG(11, 12))
	for _, dotsPerInch := range []int{80, 96, 100, 120, 150, 180, 200, 203, 240, 300, 305, 360, 400, 600, 720, 1200, 2540} {
		layout, err := barcode.NewLayout(dotsPerInch)
		require.NoError(t, err)
		m := randomIMb(t, r)
		want := m.Bars()
		for _, readable := range []bool{false, true} {
			file, err := layout.PNG(&m, readable)
			require.NoError(t, err)
			bars, width, height, below := readPNG(t, file)
			require.Equal(t, string(want[:]), requireGeometry(t, bars, width, height), "%d dots per inch", dotsPerInch)
			require.Equal(t, readable, !below.Bounds().Empty())

			bars, width, height, text := readSVG(t, layout.SVG(&m, readable))
			if readable {
				height = 0.03 + bars[0].bottom // the line below begins after the clear zone, which the SVG does not show
				for _, bar := range bars {
					height = max(height, 0.03+bar.bottom)
				}
			}
			require.Equal(t, string(want[:]), requireGeometry(t, bars, width, height), "%d dots per inch", dotsPerInch)
			require.Equal(t, readable, text != "")
		}
	}
}

func TestExactLayout(t *testing.T) {
	require.Equal(t, barcode.Layout{DotsPerInch: 22000, Pitch: 1000, BarWidth: 440, Tracker: 1056, Extension: 1067, ClearEnds: 2750, ClearSides: 616}, barcode.ExactLayout())
	m, err := barcode.ParseIMb([]byte(sampleTracking + "01234567891"))
	require.NoError(t, err)
	bars, width, height, text := readSVG(t, barcode.ExactLayout().SVG(&m, false))
	require.Equal(t, specSamples[3].bars, requireGeometry(t, bars, width, height))
	require.Empty(t, text)
	_, _, _, text = readSVG(t, barcode.ExactLayout().SVG(&m, true))
	require.Equal(t, "01 234 567094 987654321 01234567891", text)

	_, err = barcode.ExactLayout().PNG(&m, false)
	var resolution *barcode.ResolutionError
	require.ErrorAs(t, err, &resolution)
}

func TestReadableLineOfAPostalMadeBarcode(t *testing.T) {
	m, err := barcode.ParseIMb([]byte("9400910001323040000112345"))
	require.NoError(t, err)
	_, _, _, text := readSVG(t, barcode.ExactLayout().SVG(&m, true))
	require.Equal(t, "94 009 100013230400001 12345", text)
}

// Every resolution either keeps all tolerances or is refused with one that does.
func TestEveryResolution(t *testing.T) {
	var refused []int
	for dotsPerInch := -1; dotsPerInch <= barcode.MaxDotsPerInch+1; dotsPerInch++ {
		l, err := barcode.NewLayout(dotsPerInch)
		if err != nil {
			var resolution *barcode.ResolutionError
			require.ErrorAs(t, err, &resolution)
			_, err := barcode.NewLayout(resolution.Nearest)
			require.NoError(t, err)
			refused = append(refused, dotsPerInch)
			continue
		}
		for _, d := range []struct {
			name            string
			dots            int
			lowest, highest float64 // inches
		}{
			{"pitch", l.Pitch, 1.0 / 24, 1.0 / 20},
			{"bar width", l.BarWidth, 0.015, 0.025},
			{"tracker", l.Tracker, 0.039, 0.057},
			{"full bar", l.Tracker + 2*l.Extension, 0.125, 0.165},
			{"ascender", l.Tracker + l.Extension, 0.082, 0.111},
			{"length", 64*l.Pitch + l.BarWidth, 2.667, 3.225},
			{"space", l.Pitch - l.BarWidth, 0.012, 0.040},
			{"clear ends", l.ClearEnds, 0.125, 0.2},
			{"clear sides", l.ClearSides, 0.028, 0.05},
		} {
			inches := float64(d.dots) / float64(dotsPerInch)
			require.True(t, inches >= d.lowest-1e-9 && inches <= d.highest+1e-9, "%d dots per inch: %s %d dots, %g inches", dotsPerInch, d.name, d.dots, inches)
		}
	}
	require.Subset(t, refused, []int{-1, 0, 39, 49, 59, 72, 79, 97, 99})
	require.Equal(t, []int{99, barcode.MaxDotsPerInch + 1}, refused[len(refused)-2:], "from 100 on every resolution is drawn")
}

func TestResolutionsThatAreRefused(t *testing.T) {
	for dotsPerInch, text := range map[int]string{
		72:   "72 dots per inch cannot keep the tolerances of USPS-B-3200 (20 to 24 bars per inch, 0.015 to 0.025 inch wide, 0.125 to 0.165 high, trackers 0.039 to 0.057) in whole dots; try 80",
		9600: "9600 dots per inch are more than the 4800 that are drawn; try 4800",
	} {
		_, err := barcode.NewLayout(dotsPerInch)
		require.EqualError(t, err, text)
		require.True(t, errors.As(err, new(*barcode.ResolutionError)))
	}
}

// The readable line of a PNG shows the digits: the same digit looks the same everywhere, and two digits look different.
func TestReadableLineOfAPNG(t *testing.T) {
	layout, err := barcode.NewLayout(300)
	require.NoError(t, err)
	look := func(digits string) string {
		m, err := barcode.ParseIMb([]byte(digits))
		require.NoError(t, err)
		file, err := layout.PNG(&m, true)
		require.NoError(t, err)
		_, _, _, line := readPNG(t, file)
		picture := line.(*image.Paletted)
		var b strings.Builder
		for y := picture.Rect.Min.Y; y < picture.Rect.Max.Y; y++ {
			for x := picture.Rect.Min.X; x < picture.Rect.Max.X; x++ {
				b.WriteByte(" #"[picture.ColorIndexAt(x, y)])
			}
		}
		return b.String()
	}
	seen := map[string]bool{}
	for digit := '0'; digit <= '9'; digit++ {
		seen[look("00270123456"+strings.Repeat(string(digit), 9))] = true
	}
	require.Len(t, seen, 10)
	require.Equal(t, look("00270123456000000000"), look("00270123456000000000"))
}
