package barcode_test

import (
	"bytes"
	"errors"
	"fmt"
	"image/png"
	"time"

	"mailtrail/schemas/barcode"
)

func ExampleEncode() {
	bars, err := barcode.Encode([]byte("01234567094987654321"), []byte("01234567891"))
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Printf("%s\n", bars)
	// Output: AADTFFDFTDADTAADAATFDTDDAAADDTDTTDAFADADDDTFFFDDTTTADFAAADFTDAADA
}

func ExampleDecodeBars() {
	m, upsideDown, err := barcode.DecodeBars([]byte("AADTFFDFTDADTAADAATFDTDDAAADDTDTTDAFADADDDTFFFDDTTTADFAAADFTDAADA"))
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Printf("%s %s %v\n", m.Tracking(), m.Routing(), upsideDown)
	// Output: 01234567094987654321 01234567891 false
}

func ExampleDecodeBars_unreadable() {
	_, _, err := barcode.DecodeBars([]byte("AADTFFDFTDADTAADAATFDTDDAA?DDTDTTDAFADADDDTFFFDDTTTADFAAADFTDAADA"))
	fmt.Println(err)
	fmt.Println(errors.Is(err, barcode.ErrUnreadable))
	// Output:
	// IMb: bars: place 27: unreadable bars: a bar is not known; expected A, D, F or T
	// true
}

func ExampleParseIMb() {
	m, err := barcode.ParseIMb([]byte("0027090234567812345612345678901"))
	if err != nil {
		fmt.Println(err)
		return
	}
	service, known := barcode.BuiltinServiceTypes().Lookup(m.STID())
	fmt.Printf("MID %s, serial number %s, ZIP code %s\n", m.MID(), m.Serial(), m.Routing()[:5])
	fmt.Printf("%s, Full-Service %v, scans %v (%v)\n", service.Class, service.FullService, service.IVMTR, known)
	// Output:
	// MID 902345678, serial number 123456, ZIP code 12345
	// first-class, Full-Service true, scans true (true)
}

// A redirected piece gets a new barcode with another routing code; its piece key stays.
func ExampleIMb_AppendPieceKey() {
	types := barcode.BuiltinServiceTypes()
	for _, digits := range []string{"0027090234567812345612345678901", "9327090234567812345610118112501"} {
		m, err := barcode.ParseIMb([]byte(digits))
		if err != nil {
			fmt.Println(err)
			return
		}
		key, _ := m.AppendPieceKey(nil, types)
		fmt.Printf("%s\n", key)
	}
	// Output:
	// F-902345678-123456
	// F-902345678-123456
}

func ExampleParse() {
	for _, text := range []string{"9407 3000 0000 0000 0000 03", "RB 123 456 785 GB", "9400 1112 0620 6406 2607 88", "0027090234567812345"} {
		p, err := barcode.Parse(text)
		if err != nil {
			fmt.Println(err)
			continue
		}
		fmt.Println(p.Object, p.Kind(barcode.BuiltinServiceTypes(), barcode.BuiltinSpecialServices()))
	}
	// Output:
	// IMpb special service
	// S10 mail
	// IMpb: check digit: wrong check digit; expected the check digit of the construct
	// no known form; expected 65 bars, or digits: 20, 25, 29 or 31 (IMb), 24 (IMtb), 22, 26, 30, 34, 38 or 42 (IMpb), 6, 10 or 12 (POSTNET), 12 or 14 (PLANET), or 13 characters (S10), or 21 that begin with 99M (IMcb)
}

// Two bars were read wrongly and one not at all.
func ExampleRepairer_Repair() {
	repairer := barcode.NewRepairer(nil)
	answer, err := repairer.Repair([]byte("FADTFFDFTDADTAADAATFDTDDAA?DDTDTTDAFADADDDTFFFDDTTTADFAAADFTDAADF"), barcode.MaxRepair)
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(answer.Outcome, answer.Wrong, "wrong", answer.Unknown, "unknown")
	fmt.Printf("%s %s\n", answer.IMb.Tracking(), answer.IMb.Routing())
	// Output:
	// repaired 2 wrong 1 unknown
	// 01234567094987654321 01234567891
}

func ExampleParsed_Fields() {
	p, err := barcode.Parse("420 78745 9400 1112 0620 6406 2607 87")
	if err != nil {
		fmt.Println(err)
		return
	}
	for _, field := range p.Fields(barcode.BuiltinServiceTypes(), barcode.BuiltinSpecialServices(), time.Now()) {
		fmt.Println(field.Name, field.Value)
	}
	// Output:
	// destinationZip 78745
	// applicationIdentifier 94
	// serviceTypeCode 001
	// mid 206206
	// serialNumber 40626078
	// checkDigit 7
	// kind package
	// pieceKey impb-9400111206206406260787
}

// A table of one's own, in which a STID was given a new meaning on a day.
func ExampleServiceTypes_LookupAt() {
	types, err := barcode.ParseServiceTypes([]byte(`
effective 2026-01-01
source    an example
270  marketing    -  full  iv  -  none  -           2026-01-01
270  first-class  -  full  iv  -  none  2026-01-01  -
`))
	if err != nil {
		fmt.Println(err)
		return
	}
	for _, year := range []int{2025, 2026} {
		service, standing := types.LookupAt([]byte("270"), time.Date(year, 7, 1, 0, 0, 0, 0, time.UTC))
		fmt.Println(year, service.Class, standing)
	}
	_, standing := types.LookupAt([]byte("999"), time.Now())
	fmt.Println(standing)
	// Output:
	// 2025 marketing in force
	// 2026 first-class in force
	// unknown
}

func ExampleNewLayout() {
	for _, dotsPerInch := range []int{72, 203} {
		layout, err := barcode.NewLayout(dotsPerInch)
		if err != nil {
			fmt.Println(err)
			continue
		}
		fmt.Printf("bars %d dots wide, %d apart, %d to %d high\n", layout.BarWidth, layout.Pitch, layout.Tracker, layout.Tracker+2*layout.Extension)
	}
	// Output:
	// 72 dots per inch cannot keep the tolerances of USPS-B-3200 (20 to 24 bars per inch, 0.015 to 0.025 inch wide, 0.125 to 0.165 high, trackers 0.039 to 0.057) in whole dots; try 80
	// bars 4 dots wide, 9 apart, 10 to 30 high
}

func ExampleLayout_PNG() {
	m, err := barcode.ParseIMb([]byte("0027090234567812345612345678901"))
	if err != nil {
		fmt.Println(err)
		return
	}
	layout, err := barcode.NewLayout(600)
	if err != nil {
		fmt.Println(err)
		return
	}
	file, err := layout.PNG(&m, true) // with the digits below
	if err != nil {
		fmt.Println(err)
		return
	}
	picture, err := png.DecodeConfig(bytes.NewReader(file))
	fmt.Println(picture.Width, "x", picture.Height, err)
	// Output: 1890 x 180 <nil>
}

func ExamplePLANET_Subscriber() {
	p, err := barcode.ParsePLANET([]byte("401234567891"))
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Printf("%s %s %s\n", p.ServiceType(), p.Subscriber(), p.Customer())
	fmt.Printf("%s\n", p.AppendBars(nil))
	// Output:
	// 40 12345 6789
	// LLSLLSSSLLLLLLSSLLSLSLLSSLLSLLSLSLSLLSSLLSLLLSSLLSLSLSLLLLLSSL
}
