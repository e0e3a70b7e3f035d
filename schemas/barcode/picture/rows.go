package picture

import "math"

// Pitches that are looked for at one scale, in pixels. Each scale is half of the one before, so all pitches from leastPitch on are covered.
const (
	leastPitch = 3.4
	mostPitch  = 8.4
)

const (
	// unevenness is how far the space between two pulses may be from the pitch of their run, as a share of it.
	unevenness = 0.3
	// leastRun is how many pulses make a run: an upright row crosses eleven trackers of a barcode that is turned by 5 degrees, and noise may
	// cost one in the middle.
	leastRun = 5
)

// run is some pulses at an equal pitch in one row, and, where it is the first of its group, all of the group.
type run struct {
	first, behind int32 // its pulses in the row's
	pitch         float32
	parent        int32 // index of a run of the same group that is nearer to the first; its own where it is the first
	sums          sums
}

// sums are what the line through a group's pulses follows from. Each pulse weighs as much as its run is long, since only trackers stand in long
// runs: short ones are chance neighbours among ascenders, descenders and text, and would turn the line.
type sums struct {
	pulses, weight, x, y, xx, xy float64
	pitch                        float64
	left, right                  float32
}

func (s *sums) add(other *sums) {
	s.pulses += other.pulses
	s.weight += other.weight
	s.x += other.x
	s.y += other.y
	s.xx += other.xx
	s.xy += other.xy
	s.pitch += other.pitch
	s.left, s.right = min(s.left, other.left), max(s.right, other.right)
}

// seed is where a barcode may be: a line through the middle of its bars.
type seed struct {
	level       int     // scale
	x, y        float64 // middle of the pulses
	slope       float64
	pitch       float64 // along the row
	left, right float64
	pulses      float64
}

// rowsKept is how many rows before the present one are remembered: a row may be lost to noise.
const rowsKept = 3

// rowFinder finds groups of runs, row by row.
type rowFinder struct {
	line   []float32
	pulses [rowsKept][]pulse
	rows   [rowsKept][2]int // first and behind in runs
	runs   []run
}

// find appends the seeds of one scale.
func (f *rowFinder) find(dst []seed, p *plane, level int) []seed {
	f.runs = f.runs[:0]
	f.rows = [rowsKept][2]int{}
	if p.width < leastPitch*leastRun || p.height < 3 {
		return dst
	}
	if cap(f.line) < p.width {
		f.line = make([]float32, p.width)
	}
	for y := 1; y < p.height-1; y++ {
		f.row(p, y)
	}
	return f.seeds(dst, level)
}

// row finds the runs of a row, together with its neighbours, and joins them with those of the rows before.
func (f *rowFinder) row(p *plane, y int) {
	line := f.line[:p.width]
	above, here, below := p.row(y-1), p.row(y), p.row(y+1)
	for x := range line {
		line[x] = float32(int(above[x]) + int(here[x]) + int(below[x]))
	}
	slot := y % rowsKept
	pulses := appendPulses(f.pulses[slot][:0], line, 3)
	f.pulses[slot] = pulses
	first := len(f.runs)
	for from := 0; from+1 < len(pulses); {
		behind := runFrom(pulses, from)
		if behind-from >= leastRun {
			f.runs = append(f.runs, newRun(pulses, from, behind, y, int32(len(f.runs))))
		}
		from = max(from+1, behind-1)
	}
	f.rows[slot] = [2]int{first, len(f.runs)}
	for before := 1; before < rowsKept; before++ {
		f.join(slot, (slot+rowsKept-before)%rowsKept)
	}
}

// runFrom returns the pulse behind the run that begins with a pulse.
func runFrom(pulses []pulse, from int) int {
	pitch := pulses[from+1].centre - pulses[from].centre
	if pitch < leastPitch*(1-unevenness) || pitch > mostPitch*(1+unevenness) {
		return from + 1
	}
	at := from + 2
	for ; at < len(pulses); at++ {
		space := pulses[at].centre - pulses[at-1].centre
		if space < pitch*(1-unevenness) || space > pitch*(1+unevenness) {
			break
		}
		pitch = (pulses[at].centre - pulses[from].centre) / float32(at-from)
	}
	if pitch < leastPitch || pitch > mostPitch {
		return from + 1
	}
	return at
}

func newRun(pulses []pulse, from, behind, y int, index int32) run {
	count := behind - from
	pitch := (pulses[behind-1].centre - pulses[from].centre) / float32(count-1)
	r := run{first: int32(from), behind: int32(behind), pitch: pitch, parent: index}
	weight := float64(count)
	r.sums = sums{pulses: float64(count), left: pulses[from].centre, right: pulses[behind-1].centre}
	for _, one := range pulses[from:behind] {
		x := float64(one.centre)
		r.sums.weight += weight
		r.sums.pitch += weight * float64(pitch)
		r.sums.x += weight * x
		r.sums.y += weight * float64(y)
		r.sums.xx += weight * x * x
		r.sums.xy += weight * x * float64(y)
	}
	return r
}

// join makes one group of runs of two rows that stand above each other.
func (f *rowFinder) join(here, there int) {
	other := f.rows[there][0]
	for i := f.rows[here][0]; i < f.rows[here][1]; i++ {
		for other < f.rows[there][1] && f.right(other, there) < f.left(i, here) {
			other++
		}
		for j := other; j < f.rows[there][1] && f.left(j, there) <= f.right(i, here); j++ {
			if f.aligned(i, here, j, there) {
				f.unite(int32(i), int32(j))
			}
		}
	}
}

func (f *rowFinder) left(i, row int) float32  { return f.pulses[row][f.runs[i].first].centre }
func (f *rowFinder) right(i, row int) float32 { return f.pulses[row][f.runs[i].behind-1].centre }

// aligned reports whether at least three pulses of one run stand above pulses of the other, and most of those that could.
func (f *rowFinder) aligned(i, row, j, otherRow int) bool {
	a, b := &f.runs[i], &f.runs[j]
	if ratio := a.pitch / b.pitch; ratio < 0.85 || ratio > 1.18 {
		return false
	}
	ours, theirs := f.pulses[row][a.first:a.behind], f.pulses[otherRow][b.first:b.behind]
	hits, could, k := 0, 0, 0
	for _, one := range ours {
		for k < len(theirs)-1 && theirs[k].centre < one.centre-a.pitch/2 {
			k++
		}
		away := float32(math.Abs(float64(theirs[k].centre - one.centre)))
		if away <= a.pitch/2 {
			could++
		}
		if away <= a.pitch*0.3 {
			hits++
		}
	}
	return hits >= 3 && 4*hits >= 3*could
}

func (f *rowFinder) top(i int32) int32 {
	for f.runs[i].parent != i {
		f.runs[i].parent = f.runs[f.runs[i].parent].parent
		i = f.runs[i].parent
	}
	return i
}

func (f *rowFinder) unite(i, j int32) {
	i, j = f.top(i), f.top(j)
	if i == j {
		return
	}
	i, j = min(i, j), max(i, j)
	f.runs[j].parent = i
	f.runs[i].sums.add(&f.runs[j].sums)
}

const (
	// leastPulses is how many pulses a group must have, and leastBars how many pitches it must be wide, to be looked at.
	leastPulses = 14
	leastBars   = 7
)

// seeds appends a seed for each group that is large enough.
func (f *rowFinder) seeds(dst []seed, level int) []seed {
	for i := range f.runs {
		s := &f.runs[i].sums
		if f.runs[i].parent != int32(i) || s.pulses < leastPulses {
			continue
		}
		pitch := s.pitch / s.weight
		if float64(s.right-s.left) < leastBars*pitch {
			continue
		}
		x, y := s.x/s.weight, s.y/s.weight
		slope := (s.xy - s.x*y) / (s.xx - s.x*x)
		if math.Abs(slope) > mostSlope {
			continue
		}
		dst = append(dst, seed{level, x, y, slope, pitch, float64(s.left), float64(s.right), s.pulses})
	}
	return dst
}

// mostSlope is that of 15 degrees: more than rows of trackers can be followed at.
const mostSlope = 0.27
