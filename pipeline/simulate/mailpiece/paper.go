package mailpiece

import "math"

// paper is the brightness of a sheet: a tone, clouds of two sizes, and fibres.
type paper struct {
	tone, cloud, fibre float32
	seed               uint64
}

func newPaper(r *random) paper {
	return paper{tone: float32(r.between(200, 240)), cloud: float32(r.between(2, 8)), fibre: float32(r.between(1, 4)), seed: r.next()}
}

// at returns the grey of the paper at a pixel.
func (p paper) at(x, y int) float32 {
	return p.tone + p.cloud*(p.clouds(x, y, 5)+p.clouds(x, y, 7)) + p.fibre*p.clouds(x+3*y, 4*y, 2)
}

// clouds is smooth noise of -1 to 1 that changes within 1<<size pixels.
func (p paper) clouds(x, y, size int) float32 {
	cell := 1 << size
	column, row := x>>size, y>>size
	right, down := float32(x&(cell-1))/float32(cell), float32(y&(cell-1))/float32(cell)
	above := p.corner(column, row, size)*(1-right) + p.corner(column+1, row, size)*right
	below := p.corner(column, row+1, size)*(1-right) + p.corner(column+1, row+1, size)*right
	return above*(1-down) + below*down
}

func (p paper) corner(column, row, size int) float32 {
	r := random{p.seed ^ uint64(column)<<32 ^ uint64(row)<<8 ^ uint64(size)}
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
