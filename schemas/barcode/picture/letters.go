package picture

import "math"

const (
	// doubtful is how near to the middle between ink and paper an end of a bar must be not to be told, where 1 is ink or paper itself.
	doubtful = 0.35
	// faint is how much of its neighbours' ink the tracker of a bar must have.
	faint = 0.4
	// leastSpread is how far ends with ink must be from ends without, as a share of the trackers' ink.
	leastSpread = 0.4
)

// reading is the bars of a comb.
type reading struct {
	letters [mostBars]byte
	// margin of a bar is how sure the less sure of its ends is: 0 half-way between ink and paper, 1 as the others are.
	margin [mostBars]float64
}

// read tells ascenders and descenders. It fails where bars cannot be told from others.
func (r *reading) read(h *heights, bars int) bool {
	var ends [2 * mostBars]float64
	// The fifth next to the tracker and that at the end are left out: there blur and the slope of the barcode blur what is ink.
	cut := max(1, h.bands.reach/5)
	for i := range bars {
		p := &h.profiles[i]
		ends[2*i] = float64(mean(p[h.bands.top-h.bands.reach+cut : h.bands.top-cut]))
		ends[2*i+1] = float64(mean(p[h.bands.bottom+cut : h.bands.bottom+h.bands.reach-cut]))
	}
	paper, ink := twoMeans(ends[:2*bars])
	if ink-paper < leastSpread {
		return false
	}
	middle, half := (paper+ink)/2, (ink-paper)/2
	for i := range bars {
		ascender, descender := (ends[2*i]-middle)/half, (ends[2*i+1]-middle)/half
		r.margin[i] = min(math.Abs(ascender), math.Abs(descender))
		r.letters[i] = letter(ascender > 0, descender > 0)
		if r.margin[i] < doubtful || mean(h.profiles[i][h.bands.top:h.bands.bottom]) < faint {
			r.letters[i] = '?'
		}
	}
	return true
}

func letter(ascender, descender bool) byte {
	switch {
	case ascender && descender:
		return 'F'
	case ascender:
		return 'A'
	case descender:
		return 'D'
	}
	return 'T'
}

// twoMeans parts values into low and high ones and returns the mean of each.
func twoMeans(values []float64) (low, high float64) {
	low, high = math.Inf(1), math.Inf(-1)
	for _, value := range values {
		low, high = min(low, value), max(high, value)
	}
	for range 10 {
		var sums, counts [2]float64
		for _, value := range values {
			side := 0
			if value > (low+high)/2 {
				side = 1
			}
			sums[side] += value
			counts[side]++
		}
		if counts[0] == 0 || counts[1] == 0 {
			break
		}
		low, high = sums[0]/counts[0], sums[1]/counts[1]
	}
	return low, high
}
