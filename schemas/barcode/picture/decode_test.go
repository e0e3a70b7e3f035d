package picture_test

import (
	"bytes"
	"encoding/binary"
	"image"
	"image/color"
	"image/jpeg"
	"image/png"
	"testing"

	"github.com/stretchr/testify/require"
	"golang.org/x/image/tiff"

	"mailtrail/pipeline/simulate/mailpiece"
	"mailtrail/schemas/barcode/picture"
)

func encodePNG(t testing.TB, p image.Image) []byte {
	var file bytes.Buffer
	require.NoError(t, png.Encode(&file, p))
	return file.Bytes()
}

func TestDecodeForms(t *testing.T) {
	l := newLabels(21)
	grey, printed := l.draw(t, scene{dotsPerInch: 200, camera: l.camera(3, 0)})
	colour := image.NewRGBA(grey.Rect)
	for y := range grey.Rect.Dy() {
		for x := range grey.Rect.Dx() {
			level := grey.GrayAt(x, y).Y
			colour.Set(x, y, color.RGBA{level, level / 2, level, 255})
		}
	}
	files := map[string][]byte{"grey PNG": encodePNG(t, grey), "colour PNG": encodePNG(t, colour)}
	for name, compression := range map[string]tiff.CompressionType{"plain TIFF": tiff.Uncompressed, "Deflate TIFF": tiff.Deflate} {
		var file bytes.Buffer
		require.NoError(t, tiff.Encode(&file, grey, &tiff.Options{Compression: compression}))
		files[name] = file.Bytes()
	}
	var file bytes.Buffer
	require.NoError(t, jpeg.Encode(&file, colour, nil))
	files["colour JPEG"] = file.Bytes()
	for _, format := range []mailpiece.Format{mailpiece.JPEG, mailpiece.PNG, mailpiece.TIFF} {
		encoded, err := mailpiece.Encode(grey, format)
		require.NoError(t, err)
		files["a mailpiece as "+string(format)] = encoded
	}
	for name, file := range files {
		t.Run(name, func(t *testing.T) {
			decoded, err := picture.Decode(file)
			require.NoError(t, err)
			require.Equal(t, grey.Rect, decoded.Rect)
			require.Len(t, read(t, picture.NewReader(nil), decoded, printed), 1)
		})
	}
}

// Black ink on nothing is black ink on white.
func TestTransparentIsWhite(t *testing.T) {
	for name, p := range map[string]interface {
		image.Image
		Set(x, y int, c color.Color)
	}{
		"palette": image.NewPaletted(image.Rect(0, 0, 2, 1), color.Palette{color.Transparent, color.Black}),
		"RGBA":    image.NewNRGBA(image.Rect(0, 0, 2, 1)),
	} {
		p.Set(1, 0, color.Black)
		grey, err := picture.Decode(encodePNG(t, p))
		require.NoError(t, err, name)
		require.Equal(t, []uint8{255, 0}, grey.Pix, name)
	}
}

func TestDecodeRefuses(t *testing.T) {
	good := encodePNG(t, image.NewGray(image.Rect(0, 0, 100, 100)))
	var plain bytes.Buffer
	require.NoError(t, tiff.Encode(&plain, image.NewGray(image.Rect(0, 0, 100, 100)), nil))
	bomb := bytes.Clone(good)
	binary.BigEndian.PutUint32(bomb[16:], 60_000) // width and height of the header; its check sum is looked at first, so it is made anew
	binary.BigEndian.PutUint32(bomb[20:], 60_000)
	binary.BigEndian.PutUint32(bomb[29:], pngCheckSum(bomb[12:29]))
	for name, test := range map[string]struct {
		file []byte
		is   error
		says string
	}{
		"nothing":           {nil, picture.ErrNotPicture, "expected TIFF, PNG or JPEG"},
		"text":              {[]byte("AADTFFDFTDADTAADAATFDTDDAAADDTDTTDAFADADDDTFFFDDTTTADFAAADFTDAADA"), picture.ErrNotPicture, "expected TIFF, PNG or JPEG"},
		"a GIF":             {[]byte("GIF89a\x01\x00\x01\x00"), picture.ErrNotPicture, "expected TIFF, PNG or JPEG"},
		"a bomb":            {bomb, picture.ErrTooLarge, "60000 by 60000 pixels; expected at most 20000 a side"},
		"half a PNG":        {good[:len(good)/2], nil, "PNG: "},
		"the head of a PNG": {good[:8], nil, "header of the PNG: "},
		"half a TIFF":       {plain.Bytes()[:plain.Len()/2], nil, "header of the TIFF: "},
		"half a JPEG":       {[]byte("\xff\xd8\xff\xe0\x00\x10JFIF"), nil, "header of the JPEG: "},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := picture.Decode(test.file)
			require.ErrorContains(t, err, test.says)
			if test.is != nil {
				require.ErrorIs(t, err, test.is)
			}
		})
	}
}
