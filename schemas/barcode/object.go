package barcode

// Object names a symbology, and with it the kind of mail object that bears it.
type Object uint8

// The symbologies.
const (
	ObjectUnknown Object = iota
	ObjectIMb            // Intelligent Mail barcode: a piece (letter, flat, card)
	ObjectIMtb           // Intelligent Mail tray barcode: a handling unit
	ObjectIMcb           // Intelligent Mail container barcode: a container
	ObjectIMpb           // Intelligent Mail package barcode: a package
	ObjectS10            // Universal Postal Union S10: an international item
	ObjectPLANET         // PLANET code: a mailing of the retired CONFIRM service
	ObjectPOSTNET        // POSTNET code: an address
)

// String returns the name in use in the field: "IMb", "IMtb", "IMcb", "IMpb", "S10", "PLANET", "POSTNET".
func (o Object) String() string {
	switch o {
	case ObjectIMb:
		return "IMb"
	case ObjectIMtb:
		return "IMtb"
	case ObjectIMcb:
		return "IMcb"
	case ObjectIMpb:
		return "IMpb"
	case ObjectS10:
		return "S10"
	case ObjectPLANET:
		return "PLANET"
	case ObjectPOSTNET:
		return "POSTNET"
	default:
		return "unknown"
	}
}

// Kind is what a barcode says of how long records about its bearer may be kept.
type Kind uint8

// The kinds. KindUnknown means that the barcode alone does not tell.
const (
	KindUnknown Kind = iota
	KindMail
	KindPackage
	KindSpecialService
)

// String returns "unknown", "mail", "package" or "special service".
func (k Kind) String() string {
	switch k {
	case KindMail:
		return "mail"
	case KindPackage:
		return "package"
	case KindSpecialService:
		return "special service"
	default:
		return "unknown"
	}
}

// Kind returns KindMail for a service type that the table knows and for a postal-made barcode, else KindUnknown.
func (m *IMb) Kind(types *ServiceTypes) Kind {
	if m.PostalMade() {
		return KindMail
	}
	if _, known := types.Lookup(m.STID()); known {
		return KindMail
	}
	return KindUnknown
}

// Kind returns KindMail: handling units are trays, tubs and sacks of letters and flats.
func (t *IMtb) Kind() Kind { return KindMail }

// Kind returns KindMail.
func (c *IMcb) Kind() Kind { return KindMail }

// Kind returns KindSpecialService where the service type code is in the table, else KindPackage.
func (p *IMpb) Kind(special *SpecialServices) Kind {
	if _, found := special.Lookup(p.STC()); found {
		return KindSpecialService
	}
	return KindPackage
}

// Kind goes by the first letter: L, M, Q, R, U, V are letters (R too: registered letters), C, E, H packages, all others unknown.
func (s *S10) Kind() Kind {
	switch s.text[0] {
	case 'L', 'M', 'Q', 'R', 'U', 'V':
		return KindMail
	case 'C', 'E', 'H':
		return KindPackage
	default:
		return KindUnknown
	}
}

// Kind returns KindMail.
func (p *PLANET) Kind() Kind { return KindMail }

// Kind returns KindMail.
func (p *POSTNET) Kind() Kind { return KindMail }
