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
	// A step of a dot to the right or down in the picture is so many dots on the sheet, in parts of 65,536.
	const part = 1 << 16
	step := func(x, y float64) (column, row int) {
		row = int(math.Round((y*cos - x*sin) * part))
		return int(math.Round((x*cos + y*sin + lean*(y*cos-x*sin)) * part)), row
	}
	rightX, rightY := step(1, 0)
	downX, downY := step(0, 1)
	middleX, middleY := float64(width)/2-dx, float64(len(inked)/width)/2-dy
	for y := range len(inked) / width {
		column, row := step(0.5-middleX*dotsToPixel, 0.5+(float64(y)-middleY)*dotsToPixel)
		column, row = column+s.columns*part/2, row+s.rows*part/2
		for x := range width {
			sum := 0
			for j := range dotsToPixel * dotsToPixel {
				down, right := j/dotsToPixel, j%dotsToPixel
				at, below := (column+right*rightX+down*downX)>>16, (row+right*rightY+down*downY)>>16
				if uint(at) >= uint(s.columns) || uint(below) >= uint(s.rows) {
					sum = -1
					break
				}
				sum += int(s.ink[below*s.columns+at])
			}
			inked[y*width+x] = float32(sum) / (255 * dotsToPixel * dotsToPixel)
			column, row = column+dotsToPixel*rightX, row+dotsToPixel*rightY
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
	for i := range bell {
		bell[i] /= sum
	}
	height := len(grey) / width
	line := make([]float32, width)
	for y := range height {
		row := grey[y*width : (y+1)*width]
		copy(line, row)
		for x := range row {
			row[x] = 0
			for j, weight := range bell {
				row[x] += weight * line[max(0, min(width-1, x+j-reach))]
			}
		}
	}
	across := make([]float32, len(grey))
	for y := range height {
		into := across[y*width : (y+1)*width]
		for j, weight := range bell {
			from := max(0, min(height-1, y+j-reach)) * width
			for x, value := range grey[from : from+width] {
				into[x] += weight * value
			}
		}
	}
	copy(grey, across)
}
