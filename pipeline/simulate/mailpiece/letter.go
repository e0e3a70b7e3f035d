package mailpiece

import (
	"fmt"
	"strings"

	"mailtrail/schemas/barcode"
)

// Words of which addresses are made. None is a person's or a place's.
var (
	senders    = []string{"EXAMPLE WIDGETS INC", "SAMPLE SAVINGS BANK", "THE PLACEHOLDER SOCIETY", "SPECIMEN UTILITIES", "DUMMY DATA CO-OP", "MOCKUP MAIL ORDER"}
	recipients = []string{"SAMPLE RECIPIENT", "EXAMPLE HOUSEHOLD", "CURRENT RESIDENT", "ACCOUNTS PAYABLE", "TEST ADDRESSEE", "SPECIMEN READER"}
	streets    = []string{"EXAMPLE ST", "SAMPLE AVE", "PLACEHOLDER BLVD", "SPECIMEN LN", "MOCKUP RD", "TEMPLATE CT"}
	towns      = []string{"SAMPLETOWN", "EXAMPLE CITY", "SPECIMEN FALLS", "MOCKUP SPRINGS", "PLACEHOLDER"}
	lines      = []string{"ELECTRONIC SERVICE REQUESTED", "RETURN SERVICE REQUESTED", "ADDRESS SERVICE REQUESTED"}
)

// sizes are a postcard, a small envelope and a number 10 envelope, inches.
var sizes = [][2]float64{{6, 4.25}, {6.5, 3.625}, {9.5, 4.125}}

// Letter prints a mailpiece: return address, address block, postage, and the barcode in the address block or below it, in dimensions within the
// tolerances. Without a barcode (nil) the rest is the same.
func (p *Press) Letter(seed uint64, m *barcode.IMb) *Sheet {
	r := &random{seed}
	size := pick(r, sizes)
	s := p.Blank(size[0], size[1])
	s.returnAddress(r)
	if r.chance(0.6) {
		s.permit(s.Width-1.25, 0.25, r)
	} else {
		s.stamped(s.Width-1.2, 0.25, r)
	}
	left, top := s.Width*r.between(0.33, 0.4), s.Height*r.between(0.46, 0.52)
	bars := someBars(r)
	lower := r.chance(0.3)
	switch {
	case m == nil:
	case lower: // the barcode clear zone of the lower right corner: DMM 202.5
		s.IMb(s.Width-r.between(4, 4.5), s.Height-r.between(0.3, 0.4), m, bars)
	default:
		_, height := s.IMb(left-0.12, top, m, bars)
		top += height
	}
	s.addressBlock(r, left, top, m)
	return s
}

func (s *Sheet) returnAddress(r *random) {
	for i, text := range []string{pick(r, senders), fmt.Sprintf("PO BOX %d", 100*(1+r.below(9))), pick(r, towns) + " US 00000"} {
		s.Text(Regular, 7, 0.3, 0.35+0.12*float64(i), text)
	}
}

func (s *Sheet) addressBlock(r *random, left, top float64, m *barcode.IMb) {
	zip := "00000"
	if m != nil && len(m.Routing()) >= len(zip) {
		zip = string(m.Routing()[:len(zip)])
	}
	typeface, points := pick(r, []Typeface{Regular, Mono}), r.between(9.5, 11.5)
	text := []string{
		pick(r, recipients),
		fmt.Sprintf("%d %s", 1+r.below(9999), pick(r, streets)),
		pick(r, towns) + " US " + zip,
	}
	if r.chance(0.5) {
		text = append([]string{strings.Repeat("*", 8) + "AUTO**5-DIGIT " + zip}, text...)
	}
	if r.chance(0.4) {
		s.Text(Regular, 7, 0.3, 0.9, pick(r, lines))
	}
	const pointsPerInch, leading = 72, 1.2
	for i, line := range text {
		s.Text(typeface, roundPoints(points), left, top+float64(i+1)*points*leading/pointsPerInch, line)
	}
}

// roundPoints keeps the number of faces small.
func roundPoints(points float64) float64 { return float64(int(points*2)) / 2 }
