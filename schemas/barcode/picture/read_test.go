package picture_test

import (
	"image"
	"math"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"

	"mailtrail/pipeline/simulate/mailpiece"
	"mailtrail/schemas/barcode"
	"mailtrail/schemas/barcode/picture"
)

// What is read may be fewer than all, as the table says; wrong it may never be (read asserts that).
func TestPictures(t *testing.T) {
	for name, test := range map[string]struct {
		dotsPerInch int
		turned      float64
		camera      mailpiece.Camera
		pictures    int
		right       int // at least
	}{
		"as the machines take them":  {200, 5, mailpiece.Camera{Noise: 0.02}, 20, 20},
		"three times the noise":      {200, 5, mailpiece.Camera{Noise: 0.06}, 20, 20},
		"turned further":             {200, 9, mailpiece.Camera{Noise: 0.02}, 10, 10},
		"leaning":                    {200, 5, mailpiece.Camera{Noise: 0.02, Skew: 4}, 6, 6},
		"leaning to the left":        {200, 5, mailpiece.Camera{Noise: 0.02, Skew: -4}, 6, 6},
		"badly blurred":              {200, 5, mailpiece.Camera{Noise: 0.02, Blur: 1.4}, 8, 8},
		"faint ink":                  {200, 5, mailpiece.Camera{Noise: 0.01, Ink: 0.3}, 8, 7},
		"faint ink in noise":         {200, 5, mailpiece.Camera{Noise: 0.06, Ink: 0.3}, 12, 0},
		"a quarter of all is noise":  {200, 5, mailpiece.Camera{Noise: 0.25}, 8, 3},
		"sharp and without noise":    {200, 5, mailpiece.Camera{Blur: 0.01}, 6, 6},
		"low resolution":             {100, 5, mailpiece.Camera{Noise: 0.01, Blur: 0.5}, 12, 11},
		"low resolution, much noise": {100, 5, mailpiece.Camera{Noise: 0.06, Blur: 0.5}, 24, 8},
		"lowest resolution":          {80, 5, mailpiece.Camera{Noise: 0.03, Blur: 0.4}, 24, 5},
		"high resolution":            {400, 5, mailpiece.Camera{Noise: 0.02}, 2, 2},
		"highest resolution":         {1200, 5, mailpiece.Camera{Noise: 0.02}, 1, 1},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			l, reader, right := newLabels(7), picture.NewReader(nil), 0
			for range test.pictures {
				camera := l.camera(test.turned, test.camera.Noise)
				camera.Skew, camera.Ink = test.camera.Skew, test.camera.Ink
				if test.camera.Blur > 0 {
					camera.Blur = test.camera.Blur
				}
				grey, printed := l.draw(t, scene{dotsPerInch: test.dotsPerInch, camera: camera})
				right += len(read(t, reader, grey, printed))
			}
			require.GreaterOrEqual(t, right, test.right)
		})
	}
}

func TestPlaceAndAngle(t *testing.T) {
	l, reader := newLabels(2), picture.NewReader(nil)
	for _, angle := range []float64{0, 4.5, -4.5, 180, 176, -177, 90, -90, 94, -87} {
		s := scene{dotsPerInch: 200, camera: l.camera(0, 0.01)}
		s.camera.Rotation = angle
		sheet := l.pressFor(t, 200).Blank(labelWidth, labelHeight)
		m := l.imb(t)
		sheet.IMb(barsLeft, barsTop, &m, mailpiece.Bars{})
		grey := sheet.Photograph(3, s.camera)
		found := read(t, reader, grey, []barcode.IMb{m})
		require.Len(t, found, 1, "turned by %g", angle)
		one := found[0]
		require.InDelta(t, 0, math.Remainder(one.Angle-angle, 360), 0.5, "turned by %g", angle)
		require.InDelta(t, 200./22, one.Pitch, 0.1)
		const left, right, top, bottom = barsLeft + 0.125, barsLeft + 0.125 + 64./22 + 0.02, barsTop + 0.028, barsTop + 0.028 + 0.145
		for i, corner := range [][2]float64{{left, top}, {right, top}, {right, bottom}, {left, bottom}} {
			want := place(grey, s, corner[0], corner[1])
			require.InDelta(t, want.X, one.Corners[i].X, 3, "turned by %g: corner %d", angle, i)
			require.InDelta(t, want.Y, one.Corners[i].Y, 3, "turned by %g: corner %d", angle, i)
		}
	}
}

func TestSeveralBarcodes(t *testing.T) {
	l, reader := newLabels(3), picture.NewReader(nil)
	grey, printed := l.draw(t, scene{dotsPerInch: 200, camera: l.camera(5, 0.02), bars: 5})
	found := read(t, reader, grey, printed)
	require.Len(t, found, 5)
	for i, one := range found {
		require.Equal(t, printed[i], one.Repaired.IMb, "from above to below")
	}
}

// A part of an image keeps the coordinates of the whole, as parts of images do in Go.
func TestPartOfAnImage(t *testing.T) {
	l, reader := newLabels(4), picture.NewReader(nil)
	whole, printed := l.draw(t, scene{dotsPerInch: 200, camera: l.camera(2, 0.01), bars: 2})
	found := read(t, reader, whole, printed)
	require.Len(t, found, 2)
	part := whole.SubImage(image.Rect(10, whole.Rect.Dy()/2, whole.Rect.Dx()-10, whole.Rect.Dy())).(*image.Gray)
	again := read(t, reader, part, printed)
	require.Len(t, again, 1)
	require.Equal(t, found[1].Repaired.IMb, again[0].Repaired.IMb)
	require.InDelta(t, found[1].Corners[0].Y, again[0].Corners[0].Y, 1)
	require.InDelta(t, found[1].Corners[0].X, again[0].Corners[0].X, 1)
}

func TestBlackAndWhite(t *testing.T) {
	l, reader, right := newLabels(5), picture.NewReader(nil), 0
	for range 10 {
		grey, printed := l.draw(t, scene{dotsPerInch: 200, camera: l.camera(5, 0.01)})
		for i, level := range grey.Pix {
			grey.Pix[i] = uint8(int8(level) >> 7) // 0 below 128, 255 from there on
		}
		right += len(read(t, reader, grey, printed))
	}
	require.Equal(t, 10, right)
}

// Bars that ink or a scratch made others are unknown, repaired or refused: never another barcode.
func TestDamage(t *testing.T) {
	l, reader := newLabels(6), picture.NewReader(nil)
	outcomes := map[barcode.Outcome]int{}
	for i := range 60 {
		m := l.imb(t)
		sheet := l.pressFor(t, 200).Blank(labelWidth, labelHeight)
		sheet.IMb(barsLeft, barsTop, &m, l.dimensions())
		for range i % 20 { // blots beside trackers, some large enough to be an ascender or a descender
			x, y := 0.55+2.9*l.Float64(), barsTop+0.028+0.145*l.Float64()
			sheet.Rectangle(x, y, x+0.01+0.02*l.Float64(), y+0.02+0.04*l.Float64())
		}
		found, err := reader.Read(sheet.Photograph(l.Uint64(), l.camera(5, 0.02)))
		require.NoError(t, err)
		for _, one := range found {
			if one.Err == nil {
				require.Equal(t, m, one.Repaired.IMb)
			}
			outcomes[one.Repaired.Outcome]++
		}
	}
	require.Greater(t, outcomes[barcode.OutcomeRepaired], 10)
	require.Greater(t, outcomes[barcode.OutcomeRefused], 3)
}

func TestKnownSetSettles(t *testing.T) {
	l := newLabels(8)
	m := l.imb(t)
	known, err := barcode.ParseKnownSet([]byte("effective 2026-01-01\nsource test\n" + string(m.MID()) + "\n"))
	require.NoError(t, err)
	sheet := l.pressFor(t, 200).Blank(labelWidth, labelHeight)
	sheet.IMb(barsLeft, barsTop, &m, mailpiece.Bars{})
	sheet.Rectangle(0.6, barsTop, 0.62, barsTop+0.1)
	found := read(t, picture.NewReader(known), sheet.Photograph(1, l.camera(2, 0)), []barcode.IMb{m})
	require.Len(t, found, 1)
	require.True(t, found[0].Repaired.Known)
}

func TestSizes(t *testing.T) {
	reader := picture.NewReader(nil)
	for _, size := range []image.Point{{1, 1}, {2, 1}, {1, 500}, {3, 3}, {500, 2}, {700, 5}, {5, 700}} {
		found, err := reader.Read(image.NewGray(image.Rectangle{Max: size}))
		require.NoError(t, err)
		require.Empty(t, found)
	}
	_, err := reader.Read(image.NewGray(image.Rectangle{}))
	require.ErrorContains(t, err, "0 by 0 pixels; expected at least one")
	for _, size := range [][2]int{{picture.MaxSide + 1, 1}, {1, math.MaxInt}, {picture.MaxSide, picture.MaxSide}} {
		require.ErrorIs(t, picture.CheckSize(size[0], size[1]), picture.ErrTooLarge)
	}
	require.NoError(t, picture.CheckSize(10_000, 4_000))
}

// The same picture gives the same answer, whatever was read before.
func TestReaderKeepsNothing(t *testing.T) {
	l, used := newLabels(9), picture.NewReader(nil)
	for range 4 {
		grey, printed := l.draw(t, scene{dotsPerInch: 150, camera: l.camera(5, 0.05), bars: 2})
		before := slices.Clone(grey.Pix)
		want, err := picture.NewReader(nil).Read(grey)
		require.NoError(t, err)
		got, err := used.Read(grey)
		require.NoError(t, err)
		require.Equal(t, want, got)
		require.Equal(t, before, grey.Pix, "the picture is not written to")
		read(t, used, grey, printed)
	}
}
