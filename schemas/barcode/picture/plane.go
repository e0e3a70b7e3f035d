package picture

import "image"

// plane is a grey picture at one scale.
type plane struct {
	pix                   []uint8
	width, height, stride int
}

func planeOf(grey *image.Gray) plane {
	return plane{grey.Pix, grey.Rect.Dx(), grey.Rect.Dy(), grey.Stride}
}

// row returns the y-th row.
func (p *plane) row(y int) []uint8 { return p.pix[y*p.stride:][:p.width] }

// at returns the grey of a place between pixels, whose centres are whole numbers; beyond the edge that of the nearest pixel.
func (p *plane) at(x, y float32) float32 {
	x, y = max(0, min(x, float32(p.width-1))), max(0, min(y, float32(p.height-1)))
	left, top := min(int(x), p.width-2), min(int(y), p.height-2)
	right, down := x-float32(left), y-float32(top)
	upper := p.pix[top*p.stride+left:][:2]
	lower := p.pix[(top+1)*p.stride+left:][:2]
	above := float32(upper[0])*(1-right) + float32(upper[1])*right
	below := float32(lower[0])*(1-right) + float32(lower[1])*right
	return above*(1-down) + below*down
}

// halve returns the picture at half the scale, in memory that it may take. Pixel i of it is the mean of 2i and 2i+1.
func (p *plane) halve(memory []uint8) plane {
	half := plane{width: p.width / 2, height: p.height / 2, stride: p.width / 2}
	if size := half.width * half.height; cap(memory) < size {
		half.pix = make([]uint8, size)
	} else {
		half.pix = memory[:size]
	}
	for y := range half.height {
		upper, lower, into := p.row(2*y), p.row(2*y+1), half.row(y)
		for x := range into {
			into[x] = uint8((int(upper[2*x]) + int(upper[2*x+1]) + int(lower[2*x]) + int(lower[2*x+1]) + 2) / 4)
		}
	}
	return half
}
