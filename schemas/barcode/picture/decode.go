package picture

import (
	"bytes"
	"errors"
	"fmt"
	"image"
	"image/color"
	"image/draw"
	"image/jpeg"
	"image/png"

	"golang.org/x/image/tiff"
)

// ErrNotPicture is the reason of a file that is none of the forms that Decode knows.
var ErrNotPicture = errors.New("not a picture")

// form is a form of picture files, told by how the file begins.
type form struct {
	name   string
	begins []string
	config func([]byte) (image.Config, error)
	decode func([]byte) (image.Image, error)
}

func forms() []form {
	return []form{
		{"TIFF", []string{"II*\x00", "MM\x00*"},
			func(file []byte) (image.Config, error) { return tiff.DecodeConfig(bytes.NewReader(file)) },
			func(file []byte) (image.Image, error) { return tiff.Decode(bytes.NewReader(file)) }},
		{"PNG", []string{"\x89PNG\r\n\x1a\n"},
			func(file []byte) (image.Config, error) { return png.DecodeConfig(bytes.NewReader(file)) },
			func(file []byte) (image.Image, error) { return png.Decode(bytes.NewReader(file)) }},
		{"JPEG", []string{"\xff\xd8\xff"},
			func(file []byte) (image.Config, error) { return jpeg.DecodeConfig(bytes.NewReader(file)) },
			func(file []byte) (image.Image, error) { return jpeg.Decode(bytes.NewReader(file)) }},
	}
}

// Decode reads a picture file: TIFF (without compression, CCITT group 3 and 4, LZW, Deflate or PackBits; of several pictures the first), PNG or
// JPEG, in black and white, grey or colour, of which the brightness is taken. What is transparent is white.
//
// The header is looked at first, so that a file that claims an enormous picture costs nothing. The error wraps ErrNotPicture, ErrTooLarge, or what
// is wrong within the file.
func Decode(file []byte) (*image.Gray, error) {
	for _, form := range forms() {
		for _, begin := range form.begins {
			if bytes.HasPrefix(file, []byte(begin)) {
				return form.read(file)
			}
		}
	}
	return nil, fmt.Errorf("%w: expected TIFF, PNG or JPEG", ErrNotPicture)
}

func (f *form) read(file []byte) (*image.Gray, error) {
	config, err := f.config(file)
	if err != nil {
		return nil, fmt.Errorf("header of the %s: %w", f.name, err)
	}
	if err := CheckSize(config.Width, config.Height); err != nil {
		return nil, err
	}
	picture, err := f.decode(file)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", f.name, err)
	}
	return greyOf(picture), nil
}

// greyOf returns the brightness of a picture.
func greyOf(picture image.Image) *image.Gray {
	switch p := picture.(type) {
	case *image.Gray:
		return p
	case *image.YCbCr:
		return &image.Gray{Pix: p.Y, Stride: p.YStride, Rect: p.Rect}
	case *image.Paletted:
		return greyOfPalette(p)
	}
	grey := image.NewGray(picture.Bounds())
	draw.Draw(grey, grey.Rect, image.White, image.Point{}, draw.Src)
	draw.Draw(grey, grey.Rect, picture, grey.Rect.Min, draw.Over)
	return grey
}

func greyOfPalette(p *image.Paletted) *image.Gray {
	var greys [256]uint8
	for i, entry := range p.Palette {
		red, green, blue, alpha := entry.RGBA()
		const opaque = 0xffff
		clear := opaque - alpha
		greys[i] = color.GrayModel.Convert(color.RGBA64{uint16(red + clear), uint16(green + clear), uint16(blue + clear), opaque}).(color.Gray).Y
	}
	grey := image.NewGray(p.Rect)
	for y := range p.Rect.Dy() {
		from, into := p.Pix[y*p.Stride:][:p.Rect.Dx()], grey.Pix[y*grey.Stride:]
		for x, index := range from {
			into[x] = greys[index]
		}
	}
	return grey
}
