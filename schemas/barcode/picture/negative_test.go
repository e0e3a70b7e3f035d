package picture_test

import (
	"fmt"
	"image"
	"testing"

	"github.com/stretchr/testify/require"

	"mailtrail/pipeline/simulate/mailpiece"
	"mailtrail/schemas/barcode/picture"
)

// Nothing is read where no Intelligent Mail barcode is.
func TestOtherMarks(t *testing.T) {
	for name, test := range map[string]struct {
		print   func(l *labels, s *mailpiece.Sheet)
		refused bool // something is told as refused
	}{
		"nothing": {print: func(*labels, *mailpiece.Sheet) {}},
		"text": {print: func(_ *labels, s *mailpiece.Sheet) {
			for i := range 9 {
				s.Text(mailpiece.Mono, 8, 0.1, 0.1+0.1*float64(i), "ILLINOIS MILLENNIUM |||||||||||||||||||||||||| HHHHHHHHHH")
			}
		}},
		"Code 128": {print: code128},
		"POSTNET": {refused: true, print: func(l *labels, s *mailpiece.Sheet) {
			for i := range 62 {
				height := 0.05 + 0.075*float64(l.IntN(2))
				s.Rectangle(0.5+float64(i)/22, 0.6-height, 0.52+float64(i)/22, 0.6)
			}
		}},
		"65 bars at random": {refused: true, print: func(l *labels, s *mailpiece.Sheet) {
			for i := range 65 {
				s.Rectangle(0.5+float64(i)/22, 0.4-0.048*float64(l.IntN(2)), 0.52+float64(i)/22, 0.45+0.048*float64(l.IntN(2)))
			}
		}},
		"a ruler": {print: func(_ *labels, s *mailpiece.Sheet) {
			for i := range 80 {
				s.Rectangle(0.1+float64(i)/22, 0.4, 0.12+float64(i)/22, 0.5)
			}
		}},
		"stripes": {print: func(_ *labels, s *mailpiece.Sheet) {
			for i := range 90 {
				s.Rectangle(float64(i)/22, 0, 0.02+float64(i)/22, 0.9)
			}
		}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			l, reader, refused := newLabels(11), picture.NewReader(nil), 0
			for _, noise := range []float64{0, 0.02, 0.06} {
				for range 3 {
					sheet := l.pressFor(t, 200).Blank(labelWidth, labelHeight)
					test.print(l, sheet)
					found, err := reader.Read(sheet.Photograph(l.Uint64(), l.camera(5, noise)))
					require.NoError(t, err)
					for _, one := range found {
						require.Error(t, one.Err, "%s", one.Bars)
						require.NotEmpty(t, one.Bars)
						refused++
					}
				}
			}
			require.Equal(t, test.refused, refused > 0, "%d refused", refused)
		})
	}
}

// code128 prints bars and spaces of one to four modules, as Code 128 and its kind have them.
func code128(l *labels, s *mailpiece.Sheet) {
	for x := 0.3; x < 3.6; {
		bar, space := 0.01*float64(1+l.IntN(4)), 0.01*float64(1+l.IntN(4))
		s.Rectangle(x, 0.1, x+bar, 0.7)
		x += bar + space
	}
	s.Text(mailpiece.Regular, 10, 0.6, 0.85, fmt.Sprintf("9400 1112 %d", l.IntN(9999)))
}

func TestNoiseAlone(t *testing.T) {
	l, reader := newLabels(12), picture.NewReader(nil)
	for range 4 {
		grey := image.NewGray(image.Rect(0, 0, 700, 300))
		for i := range grey.Pix {
			grey.Pix[i] = uint8(l.Uint32())
		}
		found, err := reader.Read(grey)
		require.NoError(t, err)
		require.Empty(t, found)
	}
}
