package picture

// pulse is a dark place in a line of greys, as a bar makes it.
type pulse struct {
	centre, width float32
	depth         float32 // from the lower of its edges' highs to its low
}

const (
	// leastDepth is the least difference of greys that makes a pulse, of 255.
	leastDepth = 10
	// depthShare is how deep a pulse must be as a share of its neighbours' depth. Half of that is what noise may do to a bar.
	depthShare = 0.45
	// forgotten is how much of the neighbours' depth is forgotten at each pixel: half of it in 34.
	forgotten = 0.02
)

// appendPulses appends the dark pulses of a line, whose greys are from 0 to 255*scale. What is dark is told from the turning points of the line: it
// must fall and rise again by as much as its surroundings do, so uneven light and blur do not matter. The edges of a pulse lie half-way up.
func appendPulses(dst []pulse, line []float32, scale float32) []pulse {
	if len(line) == 0 {
		return dst
	}
	least := leastDepth * scale
	depth := float32(0)
	high, low := line[0], line[0] // the last turning points, or how far the line has come
	before, lowAt := high, 0      // the high before the low, and where the low is
	rising, pending := true, false
	for x, grey := range line {
		depth -= forgotten * depth
		turn := max(least, depthShare*depth)
		switch {
		case rising && grey > high:
			high = grey
		case rising && high-grey > turn:
			if pending {
				dst = append(dst, pulseAt(line, lowAt, before, high))
			}
			before, low, lowAt, rising = high, grey, x, false
		case rising:
		case grey < low:
			low, lowAt = grey, x
		case grey-low > turn:
			depth = max(depth, before-low)
			high, rising, pending = grey, true, true
		}
	}
	if rising && pending {
		dst = append(dst, pulseAt(line, lowAt, before, high))
	}
	return dst
}

// pulseAt measures the pulse around a low between two highs.
func pulseAt(line []float32, lowAt int, before, behind float32) pulse {
	low := line[lowAt]
	half := (before + low) / 2
	left := lowAt
	for left > 0 && line[left] < half {
		left--
	}
	from := float32(left)
	if rise := line[left] - line[min(left+1, lowAt)]; rise > 0 {
		from += (line[left] - half) / rise
	}
	half = (behind + low) / 2
	right := lowAt
	for right < len(line)-1 && line[right] < half {
		right++
	}
	to := float32(right)
	if rise := line[right] - line[max(right-1, lowAt)]; rise > 0 {
		to -= (line[right] - half) / rise
	}
	return pulse{(from + to) / 2, to - from, min(before, behind) - low}
}
