package picture

import "math"

// Samples across the axis: twelve to a pitch, over five pitches.
const (
	samplesToPitch = 12
	halfSamples    = 30
	samples        = 2*halfSamples + 1
)

// profile is how dark a bar is beside the axis, above it first, relative to the paper on both sides of it. Ink is about 1 when it is scaled.
type profile [samples]float32

// bands are where the parts of bars lie, in samples: the tracker from top to bottom, and how far ascender and descender go beyond.
type bands struct {
	top, bottom, reach int
}

// heights reads the profile of every bar.
type heights struct {
	profiles [mostBars]profile
	gaps     [mostBars + 1]profile
	mean     profile
	bands    bands
}

// read measures the profiles of a comb and scales them by the ink that its trackers have nearby. It fails where there is none.
func (h *heights) read(c *comb) bool {
	step := c.pitch / samplesToPitch
	for i := range c.bars + 1 {
		here := c.place(float64(i) - 0.5)
		for j := range samples {
			below := float64(j-halfSamples) * step
			h.gaps[i][j] = (c.grey(here-0.08*c.pitch, below) + c.grey(here+0.08*c.pitch, below)) / 2
		}
	}
	for i := range c.bars {
		here := c.place(float64(i))
		for j := range samples {
			below := float64(j-halfSamples) * step
			ink := (c.grey(here-0.11*c.pitch, below) + c.grey(here, below) + c.grey(here+0.11*c.pitch, below)) / 3
			h.profiles[i][j] = (h.gaps[i][j]+h.gaps[i+1][j])/2 - ink
		}
	}
	h.average(c.bars)
	if !h.findBands() {
		return false
	}
	return h.scale(c.bars)
}

func (h *heights) average(bars int) {
	h.mean = profile{}
	for i := range bars {
		for j, dark := range h.profiles[i] {
			h.mean[j] += dark / float32(bars)
		}
	}
}

// findBands fits five steps to the mean profile: paper, ascenders, trackers, descenders, paper. USPS-B-3200, 2.3.1 allows trackers of 0.78 to
// 1.37 pitches, and 0.81 to 1.51 pitches between their ends and those of a full bar.
func (h *heights) findBands() bool {
	var sums, squares [samples + 1]float64
	for j, dark := range h.mean {
		sums[j+1] = sums[j] + float64(dark)
		squares[j+1] = squares[j] + float64(dark)*float64(dark)
	}
	least, found := math.Inf(1), false
	for tracker := 8; tracker <= 18; tracker++ {
		for reach := 8; reach <= 19; reach++ {
			for top := halfSamples - 18; top+tracker <= halfSamples+18; top++ {
				edges := [6]int{0, top - reach, top, top + tracker, top + tracker + reach, samples}
				if edges[1] < 0 || edges[4] > samples {
					continue
				}
				if unlike, ok := stepError(&sums, &squares, &edges); ok && unlike < least {
					least, found = unlike, true
					h.bands = bands{top, top + tracker, reach}
				}
			}
		}
	}
	return found
}

// stepError returns how far a profile is from steps with these edges. It fails where trackers are not the darkest, or paper not the lightest.
func stepError(sums, squares *[samples + 1]float64, edges *[6]int) (unlike float64, ok bool) {
	var level [5]float64
	for i := range level {
		from, to := edges[i], edges[i+1]
		if from == to {
			continue
		}
		sum, count := sums[to]-sums[from], float64(to-from)
		level[i] = sum / count
		unlike += squares[to] - squares[from] - sum*sum/count
	}
	return unlike, level[2] > level[1] && level[2] > level[3] && level[1] >= level[0] && level[3] >= level[4] && level[2] > leastInk
}

// leastInk is the least difference between paper and ink, of 255 levels.
const leastInk = 8

// scale divides the profiles by the ink of the trackers around them.
func (h *heights) scale(bars int) bool {
	const around = 8
	var ink [mostBars]float32
	for i := range bars {
		ink[i] = mean(h.profiles[i][h.bands.top:h.bands.bottom])
	}
	for i := range bars {
		nearby := mean(ink[max(0, i-around):min(bars, i+around+1)])
		if nearby <= leastInk/2 {
			return false
		}
		for j := range h.profiles[i] {
			h.profiles[i][j] /= nearby
		}
	}
	h.average(bars)
	return true
}

func mean(values []float32) float32 {
	sum := float32(0)
	for _, value := range values {
		sum += value
	}
	return sum / float32(len(values))
}

// lean returns how far below the axis the trackers lie, in samples, and by how many more at the last bar than at the first: by least squares over
// groups of bars, each of which is moved to where its mean profile is most like that of all.
func (h *heights) lean(bars int) (offset, slope float64) {
	const groups, furthest = 8, 10
	n, x, y, xx, xy := 0.0, 0.0, 0.0, 0.0, 0.0
	for g := range groups {
		from, to := g*bars/groups, (g+1)*bars/groups
		var group profile
		for _, one := range h.profiles[from:to] {
			for j, dark := range one {
				group[j] += dark
			}
		}
		best, moved := float32(math.Inf(-1)), 0
		for by := -furthest; by <= furthest; by++ {
			like := float32(0)
			for j := max(0, -by); j < min(samples, samples-by); j++ {
				like += group[j+by] * (h.mean[j] - 0.3)
			}
			if like > best {
				best, moved = like, by
			}
		}
		at := float64(from+to)/float64(2*bars) - 0.5
		n, x, y, xx, xy = n+1, x+at, y+float64(moved), xx+at*at, xy+at*float64(moved)
	}
	slope = (n*xy - x*y) / (n*xx - x*x)
	middle := float64(h.bands.top+h.bands.bottom)/2 - halfSamples - 0.5
	return middle + (y-slope*x)/n, slope
}
