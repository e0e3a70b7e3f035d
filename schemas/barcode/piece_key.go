package barcode

// KeyNote says what to know about a piece key.
type KeyNote uint8

// The notes; they combine.
const (
	KeyNotUnique          KeyNote = 1 << iota // other pieces rightly bear the same key
	KeyUnknownServiceType                     // the table does not know the STID, so the key holds the STID instead of its class
)

// Prefixes that keep the symbologies apart. A class letter or the digits of a STID never look like one of them.
const (
	postalMadeKey = "pimb-"
	replyKey      = "reply-"
	imtbKey       = "imtb-"
	imcbKey       = "imcb-"
	impbKey       = "impb-"
	s10Key        = "s10-"
	planetKey     = "planet-"
	postnetKey    = "postnet-"
)

// MaxPieceKey is the length of the longest piece key, in bytes: reply mail with STID, customer field and routing code.
const MaxPieceKey = len(replyKey) + 3 + 1 + 15 + 1 + MaxRoutingLength

// AppendPieceKey appends the key of the piece to dst; see the package page for its forms. The barcode id and the routing code are no part of
// it (except the routing code of reply mail without a MID), so a redirected piece keeps its key.
func (m *IMb) AppendPieceKey(dst []byte, types *ServiceTypes) ([]byte, KeyNote) {
	if m.PostalMade() {
		return append(append(dst, postalMadeKey...), m.Tracking()...), 0
	}
	service, known := types.Lookup(m.STID())
	if !known {
		return m.appendRawKey(dst), KeyUnknownServiceType
	}
	if service.TracedByRouting() {
		return m.appendReplyKey(dst), KeyNotUnique
	}
	var note KeyNote
	if service.Use == UseStatic {
		note = KeyNotUnique
	}
	return m.appendMailerKey(append(dst, classLetters[service.Class])), note
}

// appendRawKey is the form for a STID that no table knew.
func (m *IMb) appendRawKey(dst []byte) []byte { return m.appendMailerKey(append(dst, m.STID()...)) }

func (m *IMb) appendMailerKey(dst []byte) []byte {
	dst = append(append(dst, '-'), m.MID()...)
	return append(append(dst, '-'), m.Serial()...)
}

func (m *IMb) appendReplyKey(dst []byte) []byte {
	dst = append(append(dst, replyKey...), m.STID()...)
	dst = append(append(dst, '-'), m.CustomerField()...)
	return append(append(dst, '-'), m.Routing()...)
}

// LookupKeys returns every key under which scans of the piece may be stored: the one of today's table and, where that goes by class or is of
// reply mail, the one that was stored while no table knew the STID.
func (m *IMb) LookupKeys(types *ServiceTypes) []string {
	key, note := m.AppendPieceKey(nil, types)
	if m.PostalMade() || note&KeyUnknownServiceType != 0 {
		return []string{string(key)}
	}
	return []string{string(key), string(m.appendRawKey(nil))}
}

// AppendPieceKey appends the key of the package to dst. It is equal with and without 420 and ZIP code, and for both legacy forms.
func (p *IMpb) AppendPieceKey(dst []byte) []byte {
	return append(append(dst, impbKey...), p.Construct()...)
}

// AppendPieceKey appends the key of the item to dst.
func (s *S10) AppendPieceKey(dst []byte) []byte { return append(append(dst, s10Key...), s.Text()...) }

// AppendPieceKey appends the key of the handling unit to dst.
func (t *IMtb) AppendPieceKey(dst []byte) []byte {
	return append(append(dst, imtbKey...), t.Digits()...)
}

// AppendPieceKey appends the key of the container to dst.
func (c *IMcb) AppendPieceKey(dst []byte) []byte { return append(append(dst, imcbKey...), c.Text()...) }

// AppendPieceKey appends the key of the code to dst: all pieces of a mailing bear it (KeyNotUnique).
func (p *PLANET) AppendPieceKey(dst []byte) []byte {
	return append(append(dst, planetKey...), p.Digits()...)
}

// AppendPieceKey appends the key of the code to dst: all pieces for an address bear it (KeyNotUnique).
func (p *POSTNET) AppendPieceKey(dst []byte) []byte {
	return append(append(dst, postnetKey...), p.Digits()...)
}

// AppendPieceKey appends the key of whatever was parsed to dst; nothing for the zero Parsed.
func (p *Parsed) AppendPieceKey(dst []byte, types *ServiceTypes) ([]byte, KeyNote) {
	switch p.Object {
	case ObjectIMb:
		return p.IMb.AppendPieceKey(dst, types)
	case ObjectIMtb:
		return p.IMtb.AppendPieceKey(dst), 0
	case ObjectIMcb:
		return p.IMcb.AppendPieceKey(dst), 0
	case ObjectIMpb:
		return p.IMpb.AppendPieceKey(dst), 0
	case ObjectS10:
		return p.S10.AppendPieceKey(dst), 0
	case ObjectPLANET:
		return p.PLANET.AppendPieceKey(dst), KeyNotUnique
	case ObjectPOSTNET:
		return p.POSTNET.AppendPieceKey(dst), KeyNotUnique
	default:
		return dst, 0
	}
}

// LookupKeys returns every key under which scans of what was parsed may be stored.
func (p *Parsed) LookupKeys(types *ServiceTypes) []string {
	if p.Object == ObjectUnknown {
		return nil
	}
	if p.Object == ObjectIMb {
		return p.IMb.LookupKeys(types)
	}
	key, _ := p.AppendPieceKey(nil, types)
	return []string{string(key)}
}

// Kind returns the kind of whatever was parsed.
func (p *Parsed) Kind(types *ServiceTypes, special *SpecialServices) Kind {
	switch p.Object {
	case ObjectIMb:
		return p.IMb.Kind(types)
	case ObjectIMtb:
		return p.IMtb.Kind()
	case ObjectIMcb:
		return p.IMcb.Kind()
	case ObjectIMpb:
		return p.IMpb.Kind(special)
	case ObjectS10:
		return p.S10.Kind()
	case ObjectPLANET:
		return p.PLANET.Kind()
	case ObjectPOSTNET:
		return p.POSTNET.Kind()
	default:
		return KindUnknown
	}
}
