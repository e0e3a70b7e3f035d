package barcode

import (
	"fmt"
	"image"
)

// Dimensions of the bars (USPS-B-3200, 2.3.1), in thousandths of an inch. The middle of each range is the nominal dimension.
// Ascenders and descenders lie half-way between tracker and full bar, so their range of 0.082 to 0.111 inch follows.
const (
	minBarsPerInch, maxBarsPerInch = 20, 24
	minBarWidth, maxBarWidth       = 15, 25
	minTracker, maxTracker         = 39, 57
	minFullBar, maxFullBar         = 125, 165

	clearEnds  = 125 // left and right of the bars
	clearSides = 28  // above and below

	mils = 1000 // to the inch
)

// MaxDotsPerInch is the highest resolution for which layouts are made.
const MaxDotsPerInch = 4800

// exactDotsPerInch is a unit in which all nominal dimensions are whole numbers: 1000 to a pitch of 22 bars to the inch.
const exactDotsPerInch = 22000

// Layout is the geometry of a printed Intelligent Mail barcode in whole dots of a printer or screen. All bars are equally wide and equally far
// apart, since every one stands on whole dots and the pitch is rounded once for all; each dimension is the one nearest to the nominal that
// keeps within the tolerances of the specification.
//
// A bar of a tracker alone has the height Tracker; an ascender adds Extension above it, a descender below, a full bar both.
type Layout struct {
	DotsPerInch int
	Pitch       int // from the left edge of a bar to that of the next
	BarWidth    int
	Tracker     int
	Extension   int
	ClearEnds   int // white to the left and to the right
	ClearSides  int // white above and below
}

// ExactLayout returns the nominal dimensions, 22 bars to the inch, in units of which 22,000 make an inch: for SVG.
func ExactLayout() Layout {
	layout, _ := fitLayout(exactDotsPerInch) // all nominal dimensions are whole numbers there
	return layout
}

// NewLayout returns the layout for a resolution: every one from 100 dots per inch to MaxDotsPerInch, and some below. The error is a
// *ResolutionError where whole dots cannot keep the tolerances, or the resolution is above MaxDotsPerInch.
func NewLayout(dotsPerInch int) (Layout, error) {
	if dotsPerInch > MaxDotsPerInch {
		return Layout{}, &ResolutionError{dotsPerInch, MaxDotsPerInch}
	}
	layout, ok := fitLayout(dotsPerInch)
	if !ok {
		return Layout{}, &ResolutionError{dotsPerInch, nextResolution(dotsPerInch)}
	}
	return layout, nil
}

// ResolutionError says that a resolution cannot show an Intelligent Mail barcode within its tolerances.
type ResolutionError struct {
	DotsPerInch int
	Nearest     int // that can
}

// Error returns one sentence, as in "72 dots per inch cannot ...; try 80".
func (e *ResolutionError) Error() string {
	if e.DotsPerInch > MaxDotsPerInch {
		return fmt.Sprintf("%d dots per inch are more than the %d that are drawn; try %d", e.DotsPerInch, MaxDotsPerInch, e.Nearest)
	}
	return fmt.Sprintf("%d dots per inch cannot keep the tolerances of USPS-B-3200 (20 to 24 bars per inch, 0.015 to 0.025 inch wide, 0.125 to 0.165 high, "+
		"trackers 0.039 to 0.057) in whole dots; try %d", e.DotsPerInch, e.Nearest)
}

// nextResolution returns the lowest resolution above one that cannot be used that can.
func nextResolution(dotsPerInch int) int {
	for next := max(dotsPerInch, 0) + 1; ; next++ {
		if _, ok := fitLayout(next); ok {
			return next
		}
	}
}

// fitLayout finds whole dots for every dimension. It fails where one has none.
func fitLayout(dotsPerInch int) (Layout, bool) {
	l := Layout{
		DotsPerInch: dotsPerInch,
		ClearEnds:   roundUp(clearEnds*dotsPerInch, mils),
		ClearSides:  roundUp(clearSides*dotsPerInch, mils),
	}
	pitchOK, widthOK := false, false
	// The pitch nearest to 1/22 inch lies within 1/24 and 1/20, or no whole number does.
	l.Pitch, pitchOK = nearestWhole(2*dotsPerInch, minBarsPerInch+maxBarsPerInch, roundUp(dotsPerInch, maxBarsPerInch), dotsPerInch/minBarsPerInch)
	l.BarWidth, widthOK = nearestWhole((minBarWidth+maxBarWidth)*dotsPerInch, 2*mils, roundUp(minBarWidth*dotsPerInch, mils), maxBarWidth*dotsPerInch/mils)
	return l, pitchOK && widthOK && l.fitHeights()
}

// fitHeights finds the tracker and the extension whose heights, alone and together, deviate least from the nominal ones.
func (l *Layout) fitHeights() bool {
	least := -1
	for tracker := roundUp(minTracker*l.DotsPerInch, mils); tracker <= maxTracker*l.DotsPerInch/mils; tracker++ {
		lowest, highest := roundUp(minFullBar*l.DotsPerInch, mils)-tracker, maxFullBar*l.DotsPerInch/mils-tracker
		extension, ok := nearestWhole((minFullBar+maxFullBar)*l.DotsPerInch-2*mils*tracker, 4*mils, roundUp(lowest, 2), highest/2)
		if !ok {
			continue
		}
		deviation := abs(2*mils*tracker-(minTracker+maxTracker)*l.DotsPerInch) +
			abs(2*mils*(tracker+2*extension)-(minFullBar+maxFullBar)*l.DotsPerInch)
		if least < 0 || deviation < least {
			least, l.Tracker, l.Extension = deviation, tracker, extension
		}
	}
	return least >= 0
}

// Width returns the width of the picture, clear zones and all, in dots.
func (l Layout) Width() int { return 2*l.ClearEnds + (BarCount-1)*l.Pitch + l.BarWidth }

// Height returns the height of the picture without a readable line, clear zones and all, in dots.
func (l Layout) Height() int { return 2*l.ClearSides + l.Tracker + 2*l.Extension }

// bar returns where the i-th bar, from 0, of a letter stands: its left edge, its top and its height.
func (l Layout) bar(i int, letter byte) (left, top, height int) {
	left, top, height = l.ClearEnds+i*l.Pitch, l.ClearSides+l.Extension, l.Tracker
	if letter == 'A' || letter == 'F' {
		top, height = top-l.Extension, height+l.Extension
	}
	if letter == 'D' || letter == 'F' {
		height += l.Extension
	}
	return left, top, height
}

// Rectangles returns where the bars of a barcode stand, in dots from the upper left corner of the clear zones: for who draws elsewhere than
// SVG and PNG do. m must not be the zero IMb.
func (l Layout) Rectangles(m *IMb) (bars [BarCount]image.Rectangle) {
	for i, letter := range m.Bars() {
		left, top, height := l.bar(i, letter)
		bars[i] = image.Rect(left, top, left+l.BarWidth, top+height)
	}
	return bars
}

// nearestWhole returns the whole number nearest to n/d within lowest and highest. It fails where there is none.
func nearestWhole(n, d, lowest, highest int) (int, bool) {
	return max(lowest, min(highest, (2*n+d)/(2*d))), lowest <= highest && highest > 0
}

func roundUp(n, d int) int { return (n + d - 1) / d }

func abs(n int) int { return max(n, -n) }
