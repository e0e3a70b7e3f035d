package mailpiece

import (
	"math"

	"mailtrail/schemas/barcode"
)

// unitsPerInch are those of barcode.ExactLayout.
const unitsPerInch = 22000

// Bars is how a printer makes an Intelligent Mail barcode. Its zero value prints the nominal dimensions of USPS-B-3200, 2.3.1.
type Bars struct {
	Layout barcode.Layout // in units of which 22,000 make an inch; zero: barcode.ExactLayout
	Spread float64        // by how much ink widens every bar on each side, inches; below 0 it is too thin
}

// someBars draws dimensions within the tolerances of USPS-B-3200, 2.3.1: 20 to 24 bars an inch, 0.015 to 0.025 inch wide, trackers of 0.039 to
// 0.057 inch, full bars of 0.125 to 0.165.
func someBars(r *random) Bars {
	units := func(low, high float64) int { return int(unitsPerInch * r.between(low, high)) }
	layout := barcode.ExactLayout()
	layout.Pitch, layout.BarWidth = units(1./24, 1./20), units(0.016, 0.024)
	layout.Tracker = units(0.040, 0.056)
	layout.Extension = (units(0.127, 0.163) - layout.Tracker) / 2
	return Bars{Layout: layout, Spread: r.between(-0.001, 0.001)}
}

// IMb prints an Intelligent Mail barcode. left and top are the corner of its clear zones. It returns their width and height.
func (s *Sheet) IMb(left, top float64, m *barcode.IMb, how Bars) (width, height float64) {
	layout := how.Layout
	if layout.Pitch == 0 {
		layout = barcode.ExactLayout()
	}
	for _, bar := range layout.Rectangles(m) {
		s.Rectangle(
			left+float64(bar.Min.X)/unitsPerInch-how.Spread, top+float64(bar.Min.Y)/unitsPerInch-how.Spread,
			left+float64(bar.Max.X)/unitsPerInch+how.Spread, top+float64(bar.Max.Y)/unitsPerInch+how.Spread,
		)
	}
	return float64(layout.Width()) / unitsPerInch, float64(layout.Height()) / unitsPerInch
}

// permit prints a permit imprint: the box that says that postage was paid. It is an inch wide.
func (s *Sheet) permit(left, top float64, r *random) {
	const width, line = 1.0, 0.11
	lines := []string{pick(r, []string{"PRSRT STD", "FIRST-CLASS", "NONPROFIT ORG"}), "U.S. POSTAGE", "PAID", "SAMPLE CITY US", "PERMIT NO 000"}
	s.Frame(left, top, left+width, top+line*float64(len(lines))+0.08, 0.008)
	for i, text := range lines {
		s.Text(Regular, 6, left+0.1, top+0.12+line*float64(i), text)
	}
}

// stamped prints a postage stamp of 0.9 by 1 inch, a perforated edge and hills, and the cancellation over it.
func (s *Sheet) stamped(left, top float64, r *random) {
	const width, height, hole = 0.9, 1.0, 0.06
	for at := 0.0; at < width; at += hole {
		s.disc((left+at)*s.dots, top*s.dots, 0.012*s.dots)
		s.disc((left+at)*s.dots, (top+height)*s.dots, 0.012*s.dots)
	}
	for at := 0.0; at < height; at += hole {
		s.disc(left*s.dots, (top+at)*s.dots, 0.012*s.dots)
		s.disc((left+width)*s.dots, (top+at)*s.dots, 0.012*s.dots)
	}
	s.Frame(left+0.06, top+0.06, left+width-0.06, top+height-0.06, 0.006)
	phase := r.between(0, 6)
	for x := left + 0.08; x < left+width-0.08; x += 0.02 {
		hill := top + 0.6 + 0.12*math.Sin(7*x+phase)
		for y := hill; y < top+height-0.1; y += 0.02 {
			s.disc(x*s.dots, y*s.dots, 0.006*s.dots)
		}
	}
	s.Text(Bold, 9, left+0.12, top+0.24, "SAMPLE")
	s.cancellation(left-2.1, top+0.15, r)
}

// cancellation prints a round postmark and wavy lines to the right of it.
func (s *Sheet) cancellation(left, top float64, r *random) {
	const radius, line, waves, wave = 0.42, 0.02, 5, 0.13
	middle := top + radius
	for _, ring := range []float64{radius, radius - 0.1} {
		s.Curve(0.014, func(t float64) (x, y float64) {
			return left + radius + ring*math.Cos(2*math.Pi*t), middle + ring*math.Sin(2*math.Pi*t)
		})
	}
	s.Text(Regular, 6, left+0.16, middle-0.05, "SAMPLE P&DC")
	s.Text(Bold, 7, left+0.16, middle+0.08, pick(r, []string{"2 MAR AM", "17 JUN PM", "24 NOV PM"}))
	phase := r.between(0, 6)
	for i := range waves {
		s.Curve(line, func(t float64) (x, y float64) {
			x = left + 2*radius + 0.05 + 2.1*t
			return x, top + 0.12 + wave*float64(i) + 0.03*math.Sin(11*x+phase)
		})
	}
}
