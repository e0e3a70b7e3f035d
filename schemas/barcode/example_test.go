package barcode_test

import (
	"errors"
	"fmt"

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
