package mailpiece

import "math"

// paperSide is the side of the square of paper that is made, pixels; it is laid side by side.
const paperSide = 1 << 9

// paper is the brightness of a sheet: a tone, clouds of two sizes, and fibres.
type paper []float32

func newPaper(r *random) paper {
	tone, cloud, fibre := float32(r.between(200, 240)), float32(r.between(2, 8)), float32(r.between(1, 4))
	noise := noise{r.next()}
	p := make(paper, paperSide*paperSide)
	for i := range p {
		x, y := i%paperSide, i/paperSide
		p[i] = tone + cloud*(noise.at(x, y, 5)+noise.at(x, y, 7)) + fibre*noise.at(x+3*y, 4*y, 2)
	}
	return p
}

// at returns the grey of the paper at a pixel.
func (p paper) at(x, y int) float32 { return p[y%paperSide*paperSide+x%paperSide] }

// noise is smooth noise.
type noise struct{ seed uint64 }

// at returns noise of -1 to 1 that changes within 1<<size pixels.
func (n noise) at(x, y, size int) float32 {
	cell := 1 << size
	column, row := x>>size, y>>size
	right, down := float32(x&(cell-1))/float32(cell), float32(y&(cell-1))/float32(cell)
	above := n.corner(column, row, size)*(1-right) + n.corner(column+1, row, size)*right
	below := n.corner(column, row+1, size)*(1-right) + n.corner(column+1, row+1, size)*right
	return above*(1-down) + below*down
}

// corner returns the noise of the corner of a cell. It comes again where paper is laid side by side.
func (n noise) corner(column, row, size int) float32 {
	cells := paperSide >> size
	r := random{n.seed ^ uint64(column%cells)<<32 ^ uint64(row%cells)<<8 ^ uint64(size)}
	return float32(int64(r.next())) / (1 << 63)
}

// light is how bright a lamp makes each place: a slope in some direction.
type light struct{ right, down, base float32 }

func newLight(shade float64, r *random, width, height int) light {
	sin, cos := math.Sincos(r.between(0, 2*math.Pi))
	across := math.Abs(cos)*float64(width) + math.Abs(sin)*float64(height)
	l := light{right: float32(shade * cos / across), down: float32(shade * sin / across), base: 1}
	l.base -= max(0, l.right*float32(width)) + max(0, l.down*float32(height)) // nowhere above 1
	return l
}

func (l light) at(x, y int) float32 { return l.base + l.right*float32(x) + l.down*float32(y) }
