package mailpiece_test

import (
	"bytes"
	"image"
	_ "image/jpeg"
	_ "image/png"
	"testing"

	"github.com/stretchr/testify/require"
	_ "golang.org/x/image/tiff"

	"mailtrail/pipeline/simulate/mailpiece"
	"mailtrail/schemas/barcode"
)

func sampleIMb(t *testing.T) *barcode.IMb {
	m, err := barcode.ParseIMb([]byte("0027090234567812345612345678901"))
	require.NoError(t, err)
	return &m
}

func newPress(t *testing.T, dotsPerInch int) *mailpiece.Press {
	press, err := mailpiece.NewPress(dotsPerInch)
	require.NoError(t, err)
	return press
}

var usual = mailpiece.Camera{Rotation: 2, Noise: 0.01, Blur: 0.6, Grain: 2, Shade: 0.2}

func TestTheSameSeedMakesTheSamePicture(t *testing.T) {
	first, second := newPress(t, 100), newPress(t, 100)
	m := sampleIMb(t)
	second.Letter(9, m).Photograph(9, usual) // what was printed before leaves nothing behind
	for seed := range uint64(6) {
		want := first.Letter(seed, m).Photograph(seed, usual)
		require.Equal(t, want.Pix, second.Letter(seed, m).Photograph(seed, usual).Pix, "seed %d", seed)
		require.NotEqual(t, want.Pix, second.Letter(seed, nil).Photograph(seed, usual).Pix, "seed %d without a barcode", seed)
		require.NotEqual(t, want.Pix, second.Letter(seed, m).Photograph(seed+1, usual).Pix, "seed %d, another picture", seed)
	}
}

func TestFiles(t *testing.T) {
	press := newPress(t, 200)
	for seed := range uint64(3) {
		picture := press.Letter(seed, sampleIMb(t)).Photograph(seed, mailpiece.Camera{Rotation: 1, Blur: 0.6, Grain: 3})
		for _, format := range []mailpiece.Format{mailpiece.JPEG, mailpiece.PNG, mailpiece.TIFF} {
			file, err := mailpiece.Encode(picture, format)
			require.NoError(t, err)
			require.Greater(t, len(file), 2_000, "%s", format)
			require.Less(t, len(file), 80_000, "%s", format)
			read, name, err := image.Decode(bytes.NewReader(file))
			require.NoError(t, err)
			require.Equal(t, string(format), "image/"+name)
			require.Equal(t, picture.Bounds(), read.Bounds())
		}
	}
	_, err := mailpiece.Encode(image.NewGray(image.Rect(0, 0, 1, 1)), "image/gif")
	require.ErrorContains(t, err, `format "image/gif": expected image/jpeg, image/png or image/tiff`)
}

func TestBarsStandWhereTheyShould(t *testing.T) {
	press := newPress(t, 200)
	sheet := press.Blank(4, 1)
	width, height := sheet.IMb(0.5, 0.4, sampleIMb(t), mailpiece.Bars{})
	require.InDelta(t, 0.25+64./22+0.02, width, 0.001)
	require.InDelta(t, 0.145+0.056, height, 0.001)
	picture := sheet.Photograph(1, mailpiece.Camera{})
	dark := 0
	for y := 1; y < picture.Rect.Dy()-1; y++ { // the belt may show at the edge
		for x := 1; x < picture.Rect.Dx()-1; x++ {
			inside := x > 120 && x < 712 && y > 83 && y < 117 // 0.5 + 0.125 inch to the right, 0.4 + 0.028 down
			if picture.GrayAt(x, y).Y < 100 {
				dark++
				require.True(t, inside, "%d, %d", x, y)
			}
		}
	}
	// 65 trackers of four by ten pixels, and about as many extensions.
	require.InDelta(t, 65*4*10*2, dark, 1000)
}

func TestResolutionIsChecked(t *testing.T) {
	_, err := mailpiece.NewPress(20)
	require.ErrorContains(t, err, "20 dots per inch: expected 50 to 1200")
}
