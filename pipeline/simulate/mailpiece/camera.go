package mailpiece

import (
	"image"
	"math"
)

// Camera is how a sheet is photographed. Its zero value is a good picture of a straight sheet.
type Camera struct {
	Rotation float64 // of the sheet, degrees clockwise
	Skew     float64 // how far what is upright leans to the right, degrees
	Blur     float64 // standard deviation, pixels
	Noise    float64 // share of the pixels that are black or white at random
	Grain    float64 // standard deviation of each pixel, grey levels of 255
	Shade    float64 // how much darker one side is than the other, as a share
	Ink      float64 // how dark ink is: 0 or 1 is black, 0.3 a faint grey
}

// belt is the grey of what lies behind the sheet.
const belt = 45

// Photograph takes the picture of a sheet, large enough that all of it can be seen. Paper, noise and where the sheet lies to a fraction of a pixel
// follow from the seed.
func (s *Sheet) Photograph(seed uint64, c Camera) *image.Gray {
	r := &random{seed ^ 0x6d61696c}
	width, height := s.extent(c)
	picture := image.NewGray(image.Rect(0, 0, width, height))
	inked := make([]float32, width*height)
	s.project(inked, width, c, r.between(-0.5, 0.5), r.between(-0.5, 0.5))
	paper := newPaper(r)
	ink := float32(0.85)
	if c.Ink > 0 {
		ink *= float32(c.Ink)
	}
	light := newLight(c.Shade, r, width, height)
	for y := range height {
		for x := range width {
			share := inked[y*width+x]
			if share < 0 {
				inked[y*width+x] = belt
				continue
			}
			inked[y*width+x] = paper.at(x, y) * light.at(x, y) * (1 - ink*share)
		}
	}
	blur(inked, width, c.Blur)
	for i, grey := range inked {
		picture.Pix[i] = expose(grey, c, r)
	}
	return picture
}

// extent returns the size of the picture in pixels.
func (s *Sheet) extent(c Camera) (width, height int) {
	sin, cos := math.Sincos(c.Rotation * math.Pi / 180)
	sin, cos = math.Abs(sin), math.Abs(cos)
	columns, rows := float64(s.columns), float64(s.rows)
	columns += rows * math.Abs(math.Tan(c.Skew*math.Pi/180))
	return int(columns*cos+rows*sin) / dotsToPixel, int(columns*sin+rows*cos) / dotsToPixel
}

// project tells for each pixel which share of it is inked: of nine points of the sheet. Below 0: it does not show the sheet.
func (s *Sheet) project(inked []float32, width int, c Camera, dx, dy float64) {
	sin, cos := math.Sincos(c.Rotation * math.Pi / 180)
	lean := math.Tan(c.Skew * math.Pi / 180)
	centreX, centreY := float64(s.columns)/2, float64(s.rows)/2
	middleX, middleY := float64(width)/2-dx, float64(len(inked)/width)/2-dy
	for i := range inked {
		x, y := (float64(i%width)-middleX)*dotsToPixel, (float64(i/width)-middleY)*dotsToPixel
		sum, outside := 0, false
		for j := range dotsToPixel * dotsToPixel {
			px, py := x+float64(j%dotsToPixel)+0.5, y+float64(j/dotsToPixel)+0.5
			row := -px*sin + py*cos
			column := px*cos + py*sin + lean*row
			cx, cy := int(math.Floor(column+centreX)), int(math.Floor(row+centreY))
			if cx < 0 || cy < 0 || cx >= s.columns || cy >= s.rows {
				outside = true
				break
			}
			sum += int(s.ink[cy*s.columns+cx])
		}
		inked[i] = float32(sum) / (255 * dotsToPixel * dotsToPixel)
		if outside {
			inked[i] = -1
		}
	}
}

// expose makes the pixel of a grey: grain, then noise.
func expose(grey float32, c Camera, r *random) uint8 {
	bits := r.next()
	if c.Noise > 0 && float64(bits>>40) < c.Noise*(1<<24) {
		return uint8(-(bits & 1)) // 0 or 255
	}
	if c.Grain > 0 {
		// The sum of four even numbers of 0 to 255 is nearly normal, with a standard deviation of 147.8.
		sum := float32(bits&255+bits>>8&255+bits>>16&255+bits>>24&255) - 510
		grey += sum / 147.8 * float32(c.Grain)
	}
	return uint8(max(0, min(255, grey+0.5)))
}

// blur smooths with a bell of a standard deviation in pixels, rows and columns one after the other.
func blur(grey []float32, width int, deviation float64) {
	if deviation <= 0 {
		return
	}
	reach := int(math.Ceil(3 * deviation))
	bell, sum := make([]float32, 2*reach+1), float32(0)
	for i := range bell {
		at := float64(i-reach) / deviation
		bell[i] = float32(math.Exp(-at * at / 2))
		sum += bell[i]
	}
	height := len(grey) / width
	line := make([]float32, max(width, height))
	along := func(start, step, count int) {
		for i := range count {
			line[i] = grey[start+i*step]
		}
		for i := range count {
			value := float32(0)
			for j, weight := range bell {
				value += weight * line[max(0, min(count-1, i+j-reach))]
			}
			grey[start+i*step] = value / sum
		}
	}
	for y := range height {
		along(y*width, 1, width)
	}
	for x := range width {
		along(x, width, height)
	}
}
