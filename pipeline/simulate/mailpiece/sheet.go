package mailpiece

import (
	"fmt"
	"image"
	"math"

	"golang.org/x/image/font"
	"golang.org/x/image/font/gofont/gobold"
	"golang.org/x/image/font/gofont/gomono"
	"golang.org/x/image/font/gofont/goregular"
	"golang.org/x/image/font/opentype"
	"golang.org/x/image/math/fixed"
)

// dotsToPixel is how many dots of the press make a pixel of the camera, in either direction.
const dotsToPixel = 3

// Resolutions of the camera for which there is a press, dots per inch. USPS machines take 200.
const (
	minDotsPerInch = 50
	maxDotsPerInch = 1200
)

// Typeface is one of those that the press has.
type Typeface int

// The typefaces.
const (
	Regular Typeface = iota
	Bold
	Mono
	typefaces
)

// Press prints sheets for a camera of one resolution. It is not safe for concurrent use.
type Press struct {
	dotsPerInch int // of the camera
	fonts       [typefaces]*opentype.Font
	faces       map[face]font.Face
	ink         []uint8
}

type face struct {
	typeface Typeface
	points   float64
}

// NewPress makes a press for a camera with so many dots per inch, 50 to 1200.
func NewPress(dotsPerInch int) (*Press, error) {
	if dotsPerInch < minDotsPerInch || dotsPerInch > maxDotsPerInch {
		return nil, fmt.Errorf("mailpiece: %d dots per inch: expected %d to %d", dotsPerInch, minDotsPerInch, maxDotsPerInch)
	}
	p := &Press{dotsPerInch: dotsPerInch, faces: map[face]font.Face{}}
	for i, file := range [typefaces][]byte{goregular.TTF, gobold.TTF, gomono.TTF} {
		parsed, err := opentype.Parse(file)
		if err != nil {
			return nil, fmt.Errorf("mailpiece: typeface: %w", err)
		}
		p.fonts[i] = parsed
	}
	return p, nil
}

// Sheet is a piece of paper and the ink on it. Places and lengths are inches from its upper left corner. It is valid until its press makes the
// next.
type Sheet struct {
	press         *Press
	Width, Height float64
	dots          float64 // to the inch
	columns, rows int
	ink           []uint8 // 255: black
}

// Blank returns a sheet without ink.
func (p *Press) Blank(width, height float64) *Sheet {
	dots := float64(p.dotsPerInch * dotsToPixel)
	s := &Sheet{press: p, Width: width, Height: height, dots: dots, columns: int(width * dots), rows: int(height * dots)}
	if size := s.columns * s.rows; cap(p.ink) < size {
		p.ink = make([]uint8, size)
	} else {
		p.ink = p.ink[:size]
		clear(p.ink)
	}
	s.ink = p.ink
	return s
}

// Rectangle prints a rectangle.
func (s *Sheet) Rectangle(left, top, right, bottom float64) {
	left, top, right, bottom = left*s.dots, top*s.dots, right*s.dots, bottom*s.dots
	for y := max(0, int(top)); y < min(s.rows, int(math.Ceil(bottom))); y++ {
		high := covered(y, top, bottom)
		row := s.ink[y*s.columns : (y+1)*s.columns]
		for x := max(0, int(left)); x < min(s.columns, int(math.Ceil(right))); x++ {
			row[x] = max(row[x], uint8(255*high*covered(x, left, right)))
		}
	}
}

// covered returns how much of the i-th dot lies between two places.
func covered(i int, from, to float64) float64 {
	return max(0, min(float64(i+1), to)-max(float64(i), from))
}

// Frame prints the outline of a rectangle.
func (s *Sheet) Frame(left, top, right, bottom, line float64) {
	s.Rectangle(left, top, right, top+line)
	s.Rectangle(left, bottom-line, right, bottom)
	s.Rectangle(left, top, left+line, bottom)
	s.Rectangle(right-line, top, right, bottom)
}

// Curve prints a line through the places that at tells for 0 to 1.
func (s *Sheet) Curve(line float64, at func(t float64) (x, y float64)) {
	const steps = 600
	for i := range steps + 1 {
		x, y := at(float64(i) / steps)
		s.disc(x*s.dots, y*s.dots, line*s.dots/2)
	}
}

func (s *Sheet) disc(x, y, radius float64) {
	for row := max(0, int(y-radius)); row <= min(s.rows-1, int(y+radius)); row++ {
		for column := max(0, int(x-radius)); column <= min(s.columns-1, int(x+radius)); column++ {
			if math.Hypot(float64(column)+0.5-x, float64(row)+0.5-y) <= radius {
				s.ink[row*s.columns+column] = 255
			}
		}
	}
}

// Text prints a line of text that begins at left and stands on base.
func (s *Sheet) Text(typeface Typeface, points, left, base float64, text string) {
	drawn := s.press.face(typeface, points)
	pen := fixed.Point26_6{X: fixed.Int26_6(left * s.dots * 64), Y: fixed.Int26_6(base * s.dots * 64)}
	for _, letter := range text {
		to, mask, from, advance, ok := drawn.Glyph(pen, letter)
		if glyph, grey := mask.(*image.Alpha); ok && grey {
			s.glyph(to, glyph, from)
		}
		pen.X += advance
	}
}

// glyph prints one letter.
func (s *Sheet) glyph(to image.Rectangle, letter *image.Alpha, from image.Point) {
	inside := to.Intersect(image.Rect(0, 0, s.columns, s.rows))
	for y := inside.Min.Y; y < inside.Max.Y; y++ {
		row := letter.Pix[letter.PixOffset(from.X+inside.Min.X-to.Min.X, from.Y+y-to.Min.Y):]
		for x := inside.Min.X; x < inside.Max.X; x++ {
			at := y*s.columns + x
			s.ink[at] = max(s.ink[at], row[x-inside.Min.X])
		}
	}
}

func (p *Press) face(typeface Typeface, points float64) font.Face {
	key := face{typeface, points}
	if made, ok := p.faces[key]; ok {
		return made
	}
	made, err := opentype.NewFace(p.fonts[typeface], &opentype.FaceOptions{Size: points, DPI: float64(p.dotsPerInch * dotsToPixel)})
	if err != nil {
		panic("mailpiece: " + err.Error()) // the library's only error is an option that it does not know
	}
	p.faces[key] = made
	return made
}
