package barcode

import "unicode"

// Parsed is a barcode of a symbology that was told from the input. Only the field that Object names is set.
type Parsed struct {
	Object  Object
	IMb     IMb
	IMtb    IMtb
	IMcb    IMcb
	IMpb    IMpb
	S10     S10
	PLANET  PLANET
	POSTNET POSTNET

	UpsideDown bool // the input was the bars of an IMb, upside down
	// Ambiguous: another reading holds too: 20 digits that are an IMb and a package, IMpb.Ambiguous, or 12 digits that are a PLANET and a POSTNET.
	Ambiguous bool
}

// maxInput is more than the longest barcode in letters; what is longer is none.
const maxInput = 80

// Parse tells which barcode a text is and reads it. Spaces and hyphens of any kind, as people write them, are dropped.
//
//	65 letters A D F T ?                         bars of an IMb
//	99M and 18 letters or digits                 IMcb
//	13 characters with two letters at an end     S10
//	24 digits                                    IMtb
//	22, 26, 30, 34, 38 or 42 digits              IMpb
//	25, 29 or 31 digits                          IMb
//	6 or 10 digits                               POSTNET
//	12 digits                                    PLANET where the service type is one of Destination or Origin Confirm, else POSTNET
//	14 digits                                    PLANET
//	32, 52, 62 or 72 letters L S                 bars of a POSTNET or PLANET
//	20 digits                                    IMb where the barcode id is one in use (00, 01, 10 to 50 by tens, 93, 94), else a legacy IMpb
//
// A tracking code of 20 digits with another barcode id cannot be told from a mistyped package: who knows that it is an IMb uses ParseIMb.
// PLANET and POSTNET codes of 12 digits have one check digit: which of them it is cannot be told for certain (Ambiguous).
// The error is that of the symbology's parser, or an *Error that wraps ErrNotRecognised.
func Parse(text string) (Parsed, error) {
	var buffer [maxInput]byte
	s, ok := squeeze(buffer[:0], text)
	if !ok {
		return Parsed{}, notRecognised()
	}
	switch {
	case len(s) == 13 && (isLetter(s[0]) && isLetter(s[1]) || isLetter(s[11]) && isLetter(s[12])):
		return parsed(ObjectS10, func(p *Parsed) (err error) { p.S10, err = ParseS10(s); return })
	case len(s) >= len(imcbPrefix) && upper(s[2]) == 'M':
		return parsed(ObjectIMcb, func(p *Parsed) (err error) { p.IMcb, err = ParseIMcb(s); return })
	case looksLikeTwoState(s):
		return parseTwoState(s)
	case firstNonDigit(s) >= 0 && looksLikeBars(s):
		return parsed(ObjectIMb, func(p *Parsed) (err error) { p.IMb, p.UpsideDown, err = DecodeBars(s); return })
	case firstNonDigit(s) >= 0:
		return Parsed{}, notRecognised()
	default:
		return parseDigits(s)
	}
}

// Text returns all digits or characters of whatever was parsed, of an IMb its digits; of a legacy package of 20 digits with the 91 that was not
// written, and of a package without 420 and ZIP code. It is nil for the zero Parsed.
func (p *Parsed) Text() []byte {
	switch p.Object {
	case ObjectIMb:
		return p.IMb.Digits()
	case ObjectIMtb:
		return p.IMtb.Digits()
	case ObjectIMcb:
		return p.IMcb.Text()
	case ObjectIMpb:
		return p.IMpb.Construct()
	case ObjectS10:
		return p.S10.Text()
	case ObjectPLANET:
		return p.PLANET.Digits()
	case ObjectPOSTNET:
		return p.POSTNET.Digits()
	default:
		return nil
	}
}

func parseDigits(s []byte) (Parsed, error) {
	switch len(s) {
	case 20:
		return parse20(s)
	case 25, 29, 31:
		return parsed(ObjectIMb, func(p *Parsed) (err error) { p.IMb, err = ParseIMb(s); return })
	case 24:
		return parsed(ObjectIMtb, func(p *Parsed) (err error) { p.IMtb, err = ParseIMtb(s); return })
	case 22, 26, 30, 34, 38, 42:
		return parsed(ObjectIMpb, func(p *Parsed) (err error) {
			p.IMpb, err = ParseIMpb(s)
			p.Ambiguous = p.IMpb.Ambiguous()
			return
		})
	case 6, 10:
		return parsed(ObjectPOSTNET, func(p *Parsed) (err error) { p.POSTNET, err = ParsePOSTNET(s); return })
	case 12:
		return parse12(s)
	case 14:
		return parsed(ObjectPLANET, func(p *Parsed) (err error) { p.PLANET, err = ParsePLANET(s); return })
	default:
		return Parsed{}, notRecognised()
	}
}

// parse12 tells a PLANET code from a POSTNET code with delivery point: one check digit serves both.
func parse12(s []byte) (Parsed, error) {
	planet, err := ParsePLANET(s)
	if err != nil {
		return Parsed{}, err
	}
	if planet.Outgoing() || string(planet.ServiceType()) == originConfirm {
		return Parsed{Object: ObjectPLANET, PLANET: planet, Ambiguous: true}, nil
	}
	return parsed(ObjectPOSTNET, func(p *Parsed) (err error) { p.POSTNET, err = ParsePOSTNET(s); p.Ambiguous = true; return })
}

// parseTwoState reads bars of two heights. Of 62 bars the first digit tells: three long bars of five are PLANET, two POSTNET.
func parseTwoState(s []byte) (Parsed, error) {
	long := 0
	for _, c := range s[1 : 1+barsPerDigit] {
		if upper(c) == 'L' {
			long++
		}
	}
	if len(s) == twoStateBars(14) || len(s) == twoStateBars(12) && long > 2 {
		return parsed(ObjectPLANET, func(p *Parsed) (err error) { p.PLANET, err = DecodePLANETBars(s); return })
	}
	return parsed(ObjectPOSTNET, func(p *Parsed) (err error) { p.POSTNET, err = DecodePOSTNETBars(s); return })
}

// looksLikeTwoState reports whether the letters are bars of a POSTNET or PLANET, or nearly as many.
func looksLikeTwoState(s []byte) bool {
	for _, c := range s {
		if upper(c) != 'L' && upper(c) != 'S' {
			return false
		}
	}
	return len(s) > 2*barsPerDigit
}

// parse20 tells a tracking code without routing code from a legacy package.
func parse20(s []byte) (Parsed, error) {
	m, _ := ParseIMb(s)
	impb, err := ParseIMpb(s)
	if !m.IsZero() && barcodeIDInUse(&m) {
		return Parsed{Object: ObjectIMb, IMb: m, Ambiguous: err == nil}, nil
	}
	if err != nil {
		return Parsed{}, err
	}
	return Parsed{Object: ObjectIMpb, IMpb: impb, Ambiguous: !m.IsZero()}, nil
}

// barcodeIDInUse reports whether the barcode id is one that mail bears. 01 stands in all examples of USPS-B-3200.
func barcodeIDInUse(m *IMb) bool {
	id := string(m.BarcodeID())
	return id == "00" || id == "01" || m.OEL() != OELNone || m.Redirected() || m.PostalMade()
}

func parsed(object Object, read func(*Parsed) error) (Parsed, error) {
	p := Parsed{Object: object}
	if err := read(&p); err != nil {
		return Parsed{}, err
	}
	return p, nil
}

// squeeze drops spaces and hyphens. It fails for what is no ASCII and for what is too long to be a barcode.
func squeeze(dst []byte, text string) ([]byte, bool) {
	for _, r := range text {
		if unicode.IsSpace(r) || unicode.Is(unicode.Dash, r) {
			continue
		}
		if r > unicode.MaxASCII || len(dst) == maxInput {
			return nil, false
		}
		dst = append(dst, byte(r))
	}
	return dst, len(dst) > 0
}

// looksLikeBars reports whether at least half of the letters are bars, so that a wrong one is named and not the whole refused.
func looksLikeBars(s []byte) bool {
	bars := 0
	for _, c := range s {
		switch upper(c) {
		case 'A', 'D', 'F', 'T', '?':
			bars++
		}
	}
	return len(s) > BarCount/2 && bars > len(s)/2
}

func notRecognised() *Error {
	return &Error{ObjectUnknown, PartWhole, 0, "65 bars, or digits: 20, 25, 29 or 31 (IMb), 24 (IMtb), 22, 26, 30, 34, 38 or 42 (IMpb), " +
		"6, 10 or 12 (POSTNET), 12 or 14 (PLANET), or 13 characters (S10), or 21 that begin with 99M (IMcb)", ErrNotRecognised}
}
