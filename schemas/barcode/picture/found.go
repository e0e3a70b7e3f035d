package picture

import (
	"fmt"
	"image"
	"math"

	"mailtrail/schemas/barcode"
)

// Point is a place in the picture, in pixels. The centre of the upper left pixel is 0, 0 (of an image with other bounds: its own corner).
type Point struct{ X, Y float64 }

// Found is a barcode in a picture.
type Found struct {
	// Bars are the letters A, D, F and T as they stand in the picture, read from left to right (where they stand one above the other, from below
	// to above), and "?" where a bar could not be told. Their number is 65 unless Err says otherwise.
	Bars []byte
	// Repaired is the barcode that they are: its outcome, what was repaired and the confidence. An answer needs Err to be nil.
	Repaired barcode.Repaired
	// Err says why there is no barcode: an error of barcode.Repairer, ErrAmbiguous or ErrUnlike.
	Err error

	// Corners are the upper left, upper right, lower right and lower left end of the bars, as the barcode itself stands.
	Corners [4]Point
	// Angle is how far the barcode is turned clockwise, in degrees from -180 to 180; near 180 it is upside down.
	Angle float64
	// Pitch is the distance between bars in pixels: the resolution is about 22 times that.
	Pitch float64
}

// Reasons of this package for which bars are no answer, besides those of barcode.Repairer. All wrap barcode.ErrUnreadable.
var (
	ErrAmbiguous = fmt.Errorf("%w: several barcodes are equally near", barcode.ErrUnreadable) // Repaired.Candidates has them
	ErrUnlike    = fmt.Errorf("%w: the nearest barcode differs where the bars are plain", barcode.ErrUnreadable)
)

// mostDamage is the limit of repair. Two wrong bars, or six unknown ones, leave so much of the check that one in 16,000 random reads would pass:
// up to there nothing but the bars decides.
const mostDamage = 2

// plainly is how sure an end of a bar must be to speak against an answer, where 1 is ink or paper itself.
const plainly = 0.8

// decode finds the barcode of the bars that were read.
func (r *Reader) decode(bars *reading, count int) Found {
	letters := append([]byte(nil), bars.letters[:count]...)
	if count != barcode.BarCount {
		return r.decodeWindows(letters)
	}
	found := Found{Bars: letters}
	found.Repaired, found.Err = r.repair(letters)
	if found.Err == nil && bars.against(letters, &found.Repaired) > 1 {
		found.Repaired, found.Err = barcode.Repaired{}, ErrUnlike
	}
	return found
}

func (r *Reader) repair(letters []byte) (barcode.Repaired, error) {
	repaired, err := r.repairer.Repair(letters, mostDamage)
	if err == nil && repaired.Outcome == barcode.OutcomeAmbiguous {
		err = ErrAmbiguous
	}
	return repaired, err
}

// against counts the bars that are plainly others than those of an answer.
func (r *reading) against(letters []byte, answer *barcode.Repaired) (count int) {
	printed := answer.IMb.Bars()
	if answer.UpsideDown {
		printed = turned(printed)
	}
	for i, letter := range letters {
		if letter != '?' && letter != printed[i] && r.margin[i] > plainly {
			count++
		}
	}
	return count
}

// turned turns bars upside down.
func turned(bars [barcode.BarCount]byte) (back [barcode.BarCount]byte) {
	for i, letter := range bars {
		switch letter {
		case 'A':
			letter = 'D'
		case 'D':
			letter = 'A'
		}
		back[barcode.BarCount-1-i] = letter
	}
	return back
}

// decodeWindows reads bars of which some at the ends were not seen, or are marks beside the barcode: 65 of them, or all of them with unknown bars
// before and behind. An answer counts where it is the only one and no bar that was seen differs from it.
func (r *Reader) decodeWindows(letters []byte) Found {
	found := Found{Bars: letters, Err: &barcode.Error{
		Object: barcode.ObjectIMb, Part: barcode.PartBars, Expected: fmt.Sprintf("65 bars, not %d", len(letters)), Reason: barcode.ErrBarCount,
	}}
	missing := max(0, barcode.BarCount-len(letters))
	padded := make([]byte, 0, 2*missing+len(letters))
	padded = appendUnknown(append(appendUnknown(padded, missing), letters...), missing)
	for from := range len(padded) - barcode.BarCount + 1 {
		window := padded[from : from+barcode.BarCount]
		repaired, err := r.repair(window)
		if err != nil || repaired.Wrong > 0 {
			continue
		}
		if found.Err == nil && found.Repaired.IMb != repaired.IMb {
			return Found{Bars: letters, Err: ErrAmbiguous}
		}
		found = Found{Bars: window, Repaired: repaired}
	}
	return found
}

func appendUnknown(dst []byte, count int) []byte {
	for range count {
		dst = append(dst, '?')
	}
	return dst
}

// place tells where the barcode stands in the picture. scale is the pixels of the picture to one of the comb's plane.
func (f *Found) place(c *comb, h *heights, scale float64) {
	step := c.pitch / samplesToPitch
	above := (float64(h.bands.top-h.bands.reach) - 0.5 - halfSamples) * step
	below := (float64(h.bands.bottom+h.bands.reach) - 0.5 - halfSamples) * step
	left, right := c.place(0)-0.22*c.pitch, c.place(float64(c.bars-1))+0.22*c.pitch
	for i, corner := range [4][2]float64{{left, above}, {right, above}, {right, below}, {left, below}} {
		x, y := c.at(corner[0], corner[1])
		f.Corners[i] = Point{scale*(x+0.5) - 0.5, scale*(y+0.5) - 0.5}
	}
	f.Pitch = scale * c.pitch
	f.Angle = math.Atan2(c.sin, c.cos) * 180 / math.Pi
	if f.Repaired.UpsideDown {
		f.Corners[0], f.Corners[1], f.Corners[2], f.Corners[3] = f.Corners[2], f.Corners[3], f.Corners[0], f.Corners[1]
		f.Angle += 180
		if f.Angle > 180 {
			f.Angle -= 360
		}
	}
}

func (f *Found) shift(by image.Point) {
	for i := range f.Corners {
		f.Corners[i].X += float64(by.X)
		f.Corners[i].Y += float64(by.Y)
	}
}

// covers reports whether a place lies on the barcode, or within a pitch of it.
func (f *Found) covers(x, y float64) bool {
	for i, corner := range f.Corners {
		next := f.Corners[(i+1)%4]
		length := math.Hypot(next.X-corner.X, next.Y-corner.Y)
		// Walking clockwise, what is inside is to the right.
		if (next.X-corner.X)*(y-corner.Y)-(next.Y-corner.Y)*(x-corner.X) < -f.Pitch*length {
			return false
		}
	}
	return true
}

// settle adds a barcode to those found. Of two at one place the one that was read stays, of two that were not the first.
func settle(found []Found, one Found) []Found {
	x, y := one.middle()
	for i := range found {
		if !found[i].covers(x, y) {
			continue
		}
		if one.Err == nil && found[i].Err != nil {
			found[i] = one
		}
		return found
	}
	return append(found, one)
}

func (f *Found) middle() (x, y float64) {
	for _, corner := range f.Corners {
		x, y = x+corner.X/4, y+corner.Y/4
	}
	return x, y
}
