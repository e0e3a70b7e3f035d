package mailpiece

import (
	"bytes"
	"fmt"
	"image"
	"image/color"
	"image/jpeg"
	"image/png"

	"golang.org/x/image/tiff"
)

// Format is a form of picture files.
type Format string

// The formats: what POST /v1/images takes.
const (
	JPEG Format = "image/jpeg" // grey
	PNG  Format = "image/png"  // black and white
	TIFF Format = "image/tiff" // black and white
)

// quality makes a picture of a letter about 40 kB.
const quality = 40

// Encode makes the file of a picture. Of a letter at 200 dots per inch it has some 20 to 80 kB; to stay near that, PNG and TIFF are black and
// white, as many machines send them.
func Encode(picture *image.Gray, format Format) ([]byte, error) {
	var file bytes.Buffer
	var err error
	switch format {
	case JPEG:
		err = jpeg.Encode(&file, picture, &jpeg.Options{Quality: quality})
	case PNG:
		err = png.Encode(&file, twoTone(picture))
	case TIFF:
		err = tiff.Encode(&file, twoTone(picture), &tiff.Options{Compression: tiff.Deflate})
	default:
		return nil, fmt.Errorf("mailpiece: format %q: expected %s, %s or %s", format, JPEG, PNG, TIFF)
	}
	if err != nil {
		return nil, fmt.Errorf("mailpiece: %s: %w", format, err)
	}
	return file.Bytes(), nil
}

// twoTone makes black of what is darker than half.
func twoTone(picture *image.Gray) *image.Paletted {
	two := image.NewPaletted(picture.Bounds(), color.Palette{color.Black, color.White})
	for y := range picture.Bounds().Dy() {
		row := picture.Pix[y*picture.Stride:][:picture.Bounds().Dx()]
		for x, grey := range row {
			two.Pix[y*two.Stride+x] = grey >> 7
		}
	}
	return two
}
