package picture

import (
	"math"
	"slices"
)

// axis is a line through the middle of a barcode, at one scale. A place on it is told by the distance from its origin, in pixels; one beside it by
// the distance below, where below is to the right of who walks along the line.
type axis struct {
	plane    *plane
	x, y     float64 // origin
	cos, sin float64 // direction
}

func (a *axis) at(along, below float64) (x, y float64) {
	return a.x + along*a.cos - below*a.sin, a.y + along*a.sin + below*a.cos
}

func (a *axis) grey(along, below float64) float32 {
	x, y := a.at(along, below)
	return a.plane.at(float32(x), float32(y))
}

// shift moves the axis downwards and turns it.
func (a *axis) shift(below, turn float64) {
	a.x, a.y = a.at(0, below)
	angle := math.Atan2(a.sin, a.cos) + turn
	a.sin, a.cos = math.Sincos(angle)
}

// hit is a bar that was met.
type hit struct {
	index int
	at    float64
}

// comb is bars at an even pitch along an axis. The first has the index 0.
type comb struct {
	axis
	bars  int
	hits  int        // bars that were met where they should be
	curve [4]float64 // place of a bar as a polynomial of its index: of 2 i/(bars-1) - 1
	pitch float64
}

// place returns the place of the i-th bar, or between bars.
func (c *comb) place(i float64) float64 {
	u := 2*i/float64(c.bars-1) - 1
	return c.curve[0] + u*(c.curve[1]+u*(c.curve[2]+u*c.curve[3]))
}

const (
	// mostBars and fewestBars are how many bars a comb may have to be a barcode, which has 65.
	mostBars, fewestBars = 68, 60
	// somePart is how many bars show where the axis runs, while it is not known well.
	somePart = 20
	// mostMissed is how many bars in a row may be missing within a barcode.
	mostMissed = 3
	// nearBar is how far from its place a bar may be, as a share of the pitch.
	nearBar = 0.35
)

// tracker follows bars along an axis.
type tracker struct {
	line   []float32
	pulses []pulse
	hits   []hit
	depths []float32
}

// follow finds the bars along an axis, from a place near one of them to both ends. It fails where they are fewer than that or more than a
// barcode has, or not evenly spaced.
func (t *tracker) follow(a axis, pitch float64, fewest int) (comb, bool) {
	from, to := a.reach(mostBars * pitch)
	t.scan(&a, from, to, pitch)
	t.dropShallow(from, pitch)
	start, ok := t.start(from, pitch)
	if !ok {
		return comb{}, false
	}
	t.hits = append(t.hits[:0], hit{0, t.centre(start, from)})
	t.walk(start, from, pitch, 1)
	t.walk(start, from, pitch, -1)
	first, last := 0, 0
	for _, h := range t.hits {
		first, last = min(first, h.index), max(last, h.index)
	}
	c := comb{axis: a, bars: last - first + 1, hits: len(t.hits)}
	if c.bars < fewest || c.bars > mostBars || 10*c.hits < 8*c.bars {
		return comb{}, false
	}
	for i := range t.hits {
		t.hits[i].index -= first
	}
	return c, t.smooth(&c)
}

// reach returns how far the axis runs within the picture to both sides, at most so far.
func (a *axis) reach(most float64) (from, to float64) {
	from, to = -most, most
	for _, side := range [...]struct{ at, step, size float64 }{{a.x, a.cos, float64(a.plane.width - 1)}, {a.y, a.sin, float64(a.plane.height - 1)}} {
		if math.Abs(side.step) < 1e-9 {
			continue
		}
		one, other := -side.at/side.step, (side.size-side.at)/side.step
		from, to = max(from, min(one, other)), min(to, max(one, other))
	}
	return from, to
}

// scan reads the line along the axis, as wide as the lowest trackers allow, and finds its pulses.
func (t *tracker) scan(a *axis, from, to, pitch float64) {
	t.line, t.pulses = t.line[:0], t.pulses[:0]
	reach := pitch * 0.3
	steps := int(math.Ceil(reach))
	for along := from; along <= to; along++ {
		sum := float32(0)
		for i := -steps; i <= steps; i++ {
			sum += a.grey(along, reach*float64(i)/float64(steps))
		}
		t.line = append(t.line, sum/float32(2*steps+1))
	}
	if len(t.line) > 2 && pitch > 6 {
		calm(t.line)
	}
	t.pulses = appendPulses(t.pulses, t.line, 1)
}

// calm smooths a line over three pixels.
func calm(line []float32) {
	before := line[0]
	for i := 1; i+1 < len(line); i++ {
		here := line[i]
		line[i] = (before + 2*here + line[i+1]) / 4
		before = here
	}
}

// shallow is how deep a pulse must be to be a bar, as a share of the usual depth.
const shallow = 0.4

// dropShallow drops the pulses that are not as deep as bars near the origin are: noise in the clear zones.
func (t *tracker) dropShallow(from, pitch float64) {
	const around = 20 // pitches
	t.depths = t.depths[:0]
	for i, one := range t.pulses {
		if math.Abs(t.centre(i, from)) < around*pitch {
			t.depths = append(t.depths, one.depth)
		}
	}
	if len(t.depths) == 0 {
		return
	}
	slices.Sort(t.depths)
	least := shallow * t.depths[len(t.depths)*6/10]
	t.pulses = slices.DeleteFunc(t.pulses, func(one pulse) bool { return one.depth < least })
}

func (t *tracker) centre(i int, from float64) float64 { return from + float64(t.pulses[i].centre) }

// start returns the pulse nearest to the origin of which the neighbours have the pitch.
func (t *tracker) start(from, pitch float64) (best int, ok bool) {
	least := math.Inf(1)
	for i := 1; i+1 < len(t.pulses); i++ {
		left, right := t.centre(i, from)-t.centre(i-1, from), t.centre(i+1, from)-t.centre(i, from)
		away := math.Abs(t.centre(i, from))
		if away < least && math.Abs(left-pitch) < nearBar*pitch && math.Abs(right-pitch) < nearBar*pitch {
			best, least, ok = i, away, true
		}
	}
	return best, ok && least < 8*pitch
}

// walk follows the bars in one direction. The place of the next is told from phase and pitch, which follow the bars that are met.
func (t *tracker) walk(start int, from, pitch float64, direction int) {
	at, index := t.centre(start, from), 0
	space := pitch * float64(direction)
	for range 2 * mostBars {
		missed := t.missedBefore(start, from, at, space)
		if missed > mostMissed {
			return
		}
		for range missed {
			at += space
			index += direction
		}
		expected := at + space
		next := t.nearest(start, from, expected)
		off := t.centre(next, from) - expected
		at = expected + 0.6*off
		space += 0.08 * off
		space = math.Copysign(max(pitch*0.92, min(pitch*1.08, math.Abs(space))), space)
		index += direction
		start = next
		t.hits = append(t.hits, hit{index, t.centre(next, from)})
	}
}

// missedBefore tells how many bars are missing before the next that is there. A bar behind a gap counts if those behind it are there too.
func (t *tracker) missedBefore(start int, from, at, space float64) int {
	for missed := range mostMissed + 1 {
		ahead := 1
		if missed > 0 {
			ahead = 4
		}
		there := 0
		for i := range ahead {
			expected := at + space*float64(missed+1+i)
			if math.Abs(t.centre(t.nearest(start, from, expected), from)-expected) < nearBar*math.Abs(space) {
				there++
			}
		}
		if there == ahead {
			return missed
		}
	}
	return mostMissed + 1
}

// nearest returns the pulse nearest to a place, beginning from one near it.
func (t *tracker) nearest(start int, from, place float64) int {
	best := start
	for _, step := range [...]int{1, -1} {
		for i := start; i >= 0 && i < len(t.pulses); i += step {
			if math.Abs(t.centre(i, from)-place) > math.Abs(t.centre(best, from)-place) {
				break
			}
			best = i
		}
	}
	return best
}

// smooth lays a polynomial through the bars by least squares, so that noise at one of them does not matter, and checks that they are even.
func (t *tracker) smooth(c *comb) bool {
	c.curve = fitCubic(t.hits, c.bars, func(hit) bool { return true })
	c.pitch = 2 * c.curve[1] / float64(c.bars-1)
	c.curve = fitCubic(t.hits, c.bars, func(h hit) bool { return math.Abs(h.at-c.place(float64(h.index))) < 0.25*c.pitch })
	c.pitch = 2 * c.curve[1] / float64(c.bars-1)
	sum := 0.0
	for _, h := range t.hits {
		off := h.at - c.place(float64(h.index))
		sum += off * off
	}
	return c.pitch > 1 && math.Sqrt(sum/float64(len(t.hits))) < 0.16*c.pitch
}
