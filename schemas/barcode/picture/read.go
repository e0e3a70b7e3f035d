package picture

import (
	"cmp"
	"errors"
	"fmt"
	"image"
	"math"
	"slices"

	"mailtrail/schemas/barcode"
)

// Limits of a picture. One of the largest flat (15 by 12 inches) at 400 dots per inch has 29 million pixels.
const (
	MaxSide   = 20_000     // pixels
	MaxPixels = 40_000_000 // width times height
)

// ErrTooLarge is the reason of a picture beyond MaxSide or MaxPixels.
var ErrTooLarge = errors.New("the picture is too large")

// CheckSize tells whether a picture of a size is read, before it is decoded. The error wraps ErrTooLarge, or says that there is nothing in it.
func CheckSize(width, height int) error {
	if width <= 0 || height <= 0 {
		return fmt.Errorf("the picture is %d by %d pixels; expected at least one", width, height)
	}
	if width > MaxSide || height > MaxSide || width*height > MaxPixels {
		return fmt.Errorf("%w: %d by %d pixels; expected at most %d a side and %d in all", ErrTooLarge, width, height, MaxSide, MaxPixels)
	}
	return nil
}

const (
	// mostFound is how many barcodes are told of one picture, and mostSeeds how many places are looked at: that bounds the time that a picture of
	// nothing but bars takes.
	mostFound = 64
	mostSeeds = 400
	// levels is how many scales are looked at: bars from 3.4 to 67 pixels apart, 75 to 1,400 dots per inch.
	levels = 4
)

// Reader finds and reads barcodes. It holds what that needs, for as large a picture as it has seen; it is not safe for concurrent use.
type Reader struct {
	repairer *barcode.Repairer
	rows     rowFinder
	tracker  tracker
	heights  heights
	seeds    []seed
	halves   [levels][]uint8
	planes   [levels]plane
}

// NewReader returns a Reader. A known set settles what the bars leave open, as it does for barcode.NewRepairer; nil: none.
func NewReader(known *barcode.KnownSet) *Reader {
	return &Reader{repairer: barcode.NewRepairer(known)}
}

// Read finds the Intelligent Mail barcodes in a picture, from above to below. Where none can be read, the picture is looked at from the side too. The
// answer is empty where there is nothing like a barcode. It fails only for a picture that CheckSize refuses.
func (r *Reader) Read(picture *image.Gray) ([]Found, error) {
	if err := CheckSize(picture.Rect.Dx(), picture.Rect.Dy()); err != nil {
		return nil, err
	}
	found := r.readAlong(picture, nil)
	if !slices.ContainsFunc(found, func(f Found) bool { return f.Err == nil }) {
		upright := len(found)
		found = r.readAlong(turnRight(picture), found)
		for i := range found[upright:] {
			found[upright+i].turnBack(picture.Rect.Dy())
		}
	}
	for i := range found {
		found[i].shift(picture.Rect.Min)
	}
	slices.SortFunc(found, func(a, b Found) int {
		return cmp.Or(cmp.Compare(a.Corners[0].Y, b.Corners[0].Y), cmp.Compare(a.Corners[0].X, b.Corners[0].X))
	})
	return found, nil
}

// readAlong appends the barcodes that lie along the rows, give or take some degrees.
func (r *Reader) readAlong(picture *image.Gray, found []Found) []Found {
	count := r.scale(picture)
	r.seeds = r.seeds[:0]
	for level := range count {
		r.seeds = r.rows.find(r.seeds, &r.planes[level], level)
	}
	slices.SortFunc(r.seeds, func(a, b seed) int {
		return cmp.Or(cmp.Compare(b.weight(), a.weight()), cmp.Compare(a.y, b.y), cmp.Compare(a.x, b.x))
	})
	var here []Found
	for i := range r.seeds[:min(len(r.seeds), mostSeeds)] {
		if one, ok := r.look(&r.seeds[i], here); ok && len(found)+len(here) < mostFound {
			here = settle(here, one)
		}
	}
	return append(found, here...)
}

// weight tells how likely a seed is a barcode: pulses of many rows, over the width of one.
func (s *seed) weight() float64 {
	return min((s.right-s.left)/s.pitch, barcode.BarCount) * math.Sqrt(s.pulses)
}

// scale makes the planes of all scales and returns how many there are.
func (r *Reader) scale(picture *image.Gray) int {
	r.planes[0] = planeOf(picture)
	for level := 1; level < levels; level++ {
		above := &r.planes[level-1]
		if above.width < 4*fewestBars || above.height < 4 {
			return level
		}
		r.planes[level] = above.halve(r.halves[level])
		r.halves[level] = r.planes[level].pix
	}
	return levels
}

// look reads the barcode that may be at a seed, at twice the scale at which it was found, unless it was read already.
func (r *Reader) look(s *seed, found []Found) (Found, bool) {
	level, zoom := s.level, 1.0
	if level > 0 {
		level, zoom = level-1, 2
	}
	p := &r.planes[level]
	if p.width < 2 || p.height < 2 {
		return Found{}, false
	}
	turned := math.Hypot(1, s.slope)
	a := axis{p, zoom*(s.x+0.5) - 0.5, zoom*(s.y+0.5) - 0.5, 1 / turned, s.slope / turned}
	scale := float64(int(1) << level)
	for i := range found {
		if found[i].Err == nil && found[i].covers(scale*(a.x+0.5)-0.5, scale*(a.y+0.5)-0.5) {
			return Found{}, false
		}
	}
	c, ok := r.settleAxis(a, s.pitch*zoom*turned)
	if !ok {
		return Found{}, false
	}
	var bars reading
	if !bars.read(&r.heights, c.bars) {
		return Found{}, false
	}
	one := r.decode(&bars, c.bars)
	one.place(&c, &r.heights, scale)
	return one, true
}

// settleAxis follows the bars and moves the axis into the middle of their trackers, until it stays there. What leaves the trackers is lost sight of,
// so a part of the bars must do at first.
func (r *Reader) settleAxis(a axis, pitch float64) (c comb, ok bool) {
	const rounds = 4
	for range rounds {
		if c, ok = r.tracker.follow(a, pitch, somePart); !ok || !r.heights.read(&c) {
			return c, false
		}
		offset, slope := r.heights.lean(c.bars)
		step := c.pitch / samplesToPitch
		turn := math.Atan2(slope*step, c.place(float64(c.bars-1))-c.place(0))
		a = c.axis
		a.x, a.y = a.at(c.place(float64(c.bars-1)/2), 0)
		a.shift(offset*step, turn)
		pitch = c.pitch
		if math.Abs(offset) < 1 && math.Abs(slope) < 1 {
			break
		}
	}
	return c, c.bars >= fewestBars
}
