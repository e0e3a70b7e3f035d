package picture_test

import (
	"fmt"
	"image"
	"math"
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/require"

	"mailtrail/pipeline/simulate/mailpiece"
	"mailtrail/schemas/barcode"
	"mailtrail/schemas/barcode/picture"
)

// scene is a label of 4 by 0.9 inches with a barcode between two lines of text, and how it is photographed.
type scene struct {
	dotsPerInch int
	camera      mailpiece.Camera
	bars        int // barcodes; 1 if not said
}

// labels draws random scenes.
type labels struct {
	*rand.Rand
	press map[int]*mailpiece.Press
}

func newLabels(seed uint64) *labels {
	return &labels{rand.New(rand.NewPCG(seed, 1)), map[int]*mailpiece.Press{}}
}

func (l *labels) pressFor(t testing.TB, dotsPerInch int) *mailpiece.Press {
	if l.press[dotsPerInch] == nil {
		press, err := mailpiece.NewPress(dotsPerInch)
		require.NoError(t, err)
		l.press[dotsPerInch] = press
	}
	return l.press[dotsPerInch]
}

func (l *labels) imb(t testing.TB) barcode.IMb {
	digits := make([]byte, barcode.TrackingLength+[]int{0, 5, 9, 11}[l.IntN(4)])
	for i := range digits {
		digits[i] = '0' + byte(l.IntN(10))
	}
	digits[1] = '0' + byte(l.IntN(5))
	m, err := barcode.ParseIMb(digits)
	require.NoError(t, err)
	return m
}

// dimensions are within the tolerances of USPS-B-3200, 2.3.1, in units of which 22,000 make an inch.
func (l *labels) dimensions() mailpiece.Bars {
	layout := barcode.ExactLayout()
	layout.Pitch = 917 + l.IntN(1100-917)
	layout.BarWidth = 350 + l.IntN(530-350)
	layout.Tracker = 880 + l.IntN(1232-880)
	layout.Extension = (2800 + l.IntN(3580-2800) - layout.Tracker) / 2
	return mailpiece.Bars{Layout: layout, Spread: (l.Float64() - 0.5) * 0.002}
}

const (
	labelWidth, labelHeight = 4.0, 0.9
	barsLeft, barsTop       = 0.4, 0.32
)

func (l *labels) draw(t testing.TB, s scene) (*image.Gray, []barcode.IMb) {
	count := max(1, s.bars)
	sheet := l.pressFor(t, s.dotsPerInch).Blank(labelWidth, labelHeight*float64(count))
	var printed []barcode.IMb
	for i := range count {
		m, top := l.imb(t), labelHeight*float64(i)
		sheet.Text(mailpiece.Regular, 10, 0.6, top+0.16, "SAMPLE ADDRESS SERVICE")
		sheet.Text(mailpiece.Mono, 10, 0.6, top+0.78, fmt.Sprintf("%d SAMPLE ILLINOIS", l.IntN(9999)))
		sheet.IMb(barsLeft, top+barsTop, &m, l.dimensions())
		printed = append(printed, m)
	}
	return sheet.Photograph(l.Uint64(), s.camera), printed
}

// camera is one as in a machine: turned by up to so many degrees, with that share of noise.
func (l *labels) camera(most, noise float64) mailpiece.Camera {
	return mailpiece.Camera{Rotation: (l.Float64()*2 - 1) * most, Noise: noise, Blur: 0.7, Grain: 3, Shade: 0.3 * l.Float64()}
}

// read returns the barcodes that were read, and asserts that each was printed.
func read(t testing.TB, reader *picture.Reader, grey *image.Gray, printed []barcode.IMb) (right []picture.Found) {
	found, err := reader.Read(grey)
	require.NoError(t, err)
	for _, one := range found {
		if one.Err != nil {
			require.ErrorIs(t, one.Err, barcode.ErrUnreadable)
			continue
		}
		require.Contains(t, printed, one.Repaired.IMb, "%s was never printed", one.Repaired.IMb.Digits())
		require.Positive(t, one.Repaired.Confidence)
		require.Len(t, one.Bars, barcode.BarCount)
		right = append(right, one)
	}
	return right
}

// place returns where a point of a sheet, in inches, lies in its picture.
func place(grey *image.Gray, s scene, x, y float64) picture.Point {
	sin, cos := math.Sincos(s.camera.Rotation * math.Pi / 180)
	dots := float64(s.dotsPerInch)
	x, y = (x-labelWidth/2)*dots, (y-labelHeight*float64(max(1, s.bars))/2)*dots
	return picture.Point{X: float64(grey.Rect.Dx())/2 + x*cos - y*sin - 0.5, Y: float64(grey.Rect.Dy())/2 + x*sin + y*cos - 0.5}
}
