// Package derive tells what follows from a scan event and the reference
// tables alone: the barcode behind the bars, the key of the piece, the instant
// behind a local time, the retention class. It is pure: no clock, no I/O.
package derive

import (
	"bytes"

	"mailtrail/schemas/barcode"
	"mailtrail/schemas/event"
	"mailtrail/schemas/facility"
	"mailtrail/schemas/retention"
)

// Tables are the reference tables that decide. They never change once made.
type Tables struct {
	ServiceTypes    *barcode.ServiceTypes
	SpecialServices *barcode.SpecialServices
	Facilities      *facility.Table
	// Known are barcodes that are expected in the mail: they settle which one damaged
	// bars are. nil: none are known.
	Known *barcode.KnownSet
}

// Builtin returns the tables that come with the program.
func Builtin() (*Tables, error) {
	facilities, err := facility.Builtin()
	if err != nil {
		return nil, err
	}
	return &Tables{
		ServiceTypes: barcode.BuiltinServiceTypes(), SpecialServices: barcode.BuiltinSpecialServices(), Facilities: facilities,
	}, nil
}

// Envelope is what came beside an event and counts for what follows from it.
type Envelope struct {
	// Zone is the IANA name of the device's configured time zone, empty where it has none;
	// it serves local times at places without a known zone.
	Zone string
	// Repair is how the bars were repaired before; without a Mending they were not.
	Repair event.Repair
}

// Scan is what follows from one scan event. It is made to be used again.
type Scan struct {
	// Object is the symbology of the barcode, in lower case as in JSON.
	Object string
	// PieceKey is the key of the piece; see package barcode.
	PieceKey []byte
	// Code is the text of the barcode; of bars the digits of the Intelligent Mail barcode
	// that they are. It is valid as long as the event.
	Code []byte
	// UnixMilli is the instant of the scan, ShiftMinutes the local clock's
	// distance from UTC, east positive.
	UnixMilli    int64
	ShiftMinutes int16
	// Class is the retention class.
	Class string
	Flags event.Flags
	// RepairedBars is how many bars were damaged, and RepairConfidence the probability
	// that Code is what was printed, in ten-thousandths; both 0 where none was damaged.
	RepairedBars, RepairConfidence uint16

	digits   []byte // memory for Code
	repairer repairer
}

// From fills d from a checked event. An error has the stage event.DeriveStage.
func (t *Tables) From(s *event.Scan, e Envelope, d *Scan) *event.Error {
	d.PieceKey, d.Flags, d.RepairedBars, d.RepairConfidence = d.PieceKey[:0], 0, 0, 0
	kind, err := t.object(s, e, d)
	if err != nil {
		return err
	}
	if err := t.instant(s, e.Zone, d); err != nil {
		return err
	}
	class, certain := retention.Classify(kind, s.Has(event.SpecialService))
	d.Class = class
	if !certain {
		d.Flags |= event.UnclassifiedKind
	}
	return nil
}

func (t *Tables) object(s *event.Scan, e Envelope, d *Scan) (retention.Kind, *event.Error) {
	object, _ := s.Object()
	d.Object = object.String()
	text := s.Values[object]
	d.Code = text
	switch object {
	case event.IMb:
		return t.imb(s, text, d)
	case event.Bars:
		return t.bars(s, text, e.Repair, d)
	case event.IMpb:
		p, err := barcode.ParseIMpb(text)
		if err != nil {
			return 0, badBarcode(object, err)
		}
		d.PieceKey = p.AppendPieceKey(d.PieceKey)
		return kind(p.Kind(t.SpecialServices)), nil
	case event.S10:
		p, err := barcode.ParseS10(text)
		if err != nil {
			return 0, badBarcode(object, err)
		}
		d.PieceKey = p.AppendPieceKey(d.PieceKey)
		return kind(p.Kind()), nil
	case event.PLANET:
		p, err := barcode.ParsePLANET(text)
		if err != nil {
			return 0, badBarcode(object, err)
		}
		d.PieceKey = p.AppendPieceKey(d.PieceKey)
		d.Flags |= event.KeyNotUnique // it names a mailing
		return retention.ConfirmRecord, nil
	case event.IMtb:
		p, err := barcode.ParseIMtb(text)
		if err != nil {
			return 0, badBarcode(object, err)
		}
		d.PieceKey = p.AppendPieceKey(d.PieceKey)
		return kind(p.Kind()), agree(s, []part{
			{event.IMtbDestinationZip, p.DestinationZIP()}, {event.IMtbCin, p.CIN()}, {event.IMtbProcessingCode, []byte{p.ProcessingCode()}},
			{event.IMtbMid, p.MID()}, {event.IMtbSerialNumber, p.Serial()},
		})
	}
	p, err := barcode.ParseIMcb(text)
	if err != nil {
		return 0, badBarcode(object, err)
	}
	d.PieceKey = p.AppendPieceKey(d.PieceKey)
	return kind(p.Kind()), agree(s, []part{{event.IMcbMid, p.MID()}, {event.IMcbSerialNumber, p.Serial()}})
}

func (t *Tables) imb(s *event.Scan, digits []byte, d *Scan) (retention.Kind, *event.Error) {
	m, err := barcode.ParseIMb(digits)
	if err != nil {
		return 0, badBarcode(event.IMb, err)
	}
	return t.piece(s, &m, d)
}

func (t *Tables) bars(s *event.Scan, bars []byte, told event.Repair, d *Scan) (retention.Kind, *event.Error) {
	m, upsideDown, err := barcode.DecodeBars(bars)
	if err != nil {
		var refused *event.Error
		if m, upsideDown, refused = t.repair(bars, told, d); refused != nil {
			return 0, refused
		}
	}
	if upsideDown {
		d.Flags |= event.UpsideDown
	}
	d.Object = event.IMb.String()
	d.digits = append(append(d.digits[:0], m.Tracking()...), m.Routing()...)
	d.Code = d.digits
	kind, refused := t.piece(s, &m, d)
	if refused != nil && d.RepairedBars > 0 {
		// It is the repair that is wrong: other barcodes known, it may be another.
		refused = badBars(event.UnreadableBars, errDisagrees)
	}
	return kind, refused
}

func (t *Tables) piece(s *event.Scan, m *barcode.IMb, d *Scan) (retention.Kind, *event.Error) {
	var note barcode.KeyNote
	d.PieceKey, note = m.AppendPieceKey(d.PieceKey, t.ServiceTypes)
	if note&barcode.KeyNotUnique != 0 {
		d.Flags |= event.KeyNotUnique
	}
	if note&barcode.KeyUnknownServiceType != 0 {
		d.Flags |= event.UnknownStid
	}
	return kind(m.Kind(t.ServiceTypes)), agree(s, []part{
		{event.IMbTrackingCode, m.Tracking()}, {event.IMbStid, m.STID()}, {event.IMbMid, m.MID()},
		{event.IMbSerialNumber, m.Serial()}, {event.IMbRoutingCode, m.Routing()},
	})
}

// part is a part of a barcode and the field in which a feed may send it too.
type part struct {
	field event.Field
	truth []byte
}

// agree checks the parts that a feed sends beside the barcode. Zeros at the
// front do not count, since some feeds send the parts as numbers.
func agree(s *event.Scan, parts []part) *event.Error {
	for _, p := range parts {
		said := s.Values[p.field]
		if said != nil && !bytes.Equal(bytes.TrimLeft(said, "0"), bytes.TrimLeft(p.truth, "0")) {
			return &event.Error{Field: p.field.String(), Code: event.Contradiction, Message: "the field does not agree with the barcode"}
		}
	}
	return nil
}

// instant finds the instant of the scan: a local time is that of the facility,
// or else of the device's own zone.
func (t *Tables) instant(s *event.Scan, zone string, d *Scan) *event.Error {
	locale, zip := s.Values[event.ScanLocaleKey], s.Values[event.ScanFacilityZip]
	place, known := t.Facilities.ZoneOf(locale, zip)
	if !known && (locale != nil || zip != nil) {
		d.Flags |= event.UnknownFacility
	}
	if s.Time.HasOffset {
		d.UnixMilli, d.ShiftMinutes = s.Time.UnixMilli(), s.Time.OffsetMinutes
		return nil
	}
	if place == facility.NoZone && zone != "" {
		if own, err := t.Facilities.ZoneByName(zone); err == nil {
			place = own
			d.Flags |= event.DeviceZone
		}
	}
	unixMilli, shift, doubt := t.Facilities.LocalToUTC(place, facility.LocalTime(s.Time.WallMilli))
	switch doubt {
	case facility.Unresolved:
		return &event.Error{Field: event.ScanDatetime.String(), Code: event.UnknownZone,
			Message: "a local time needs a facility with a known time zone or a device with a configured one"}
	case facility.Ambiguous:
		d.Flags |= event.AmbiguousTime
	case facility.Nonexistent:
		d.Flags |= event.NonexistentTime
	}
	d.UnixMilli, d.ShiftMinutes = unixMilli, shift
	return nil
}

func badBarcode(object event.Field, err error) *event.Error {
	return &event.Error{Field: object.String(), Code: event.BadBarcode, Message: err.Error()}
}

// kind names a barcode's kind as the retention schedule does.
func kind(k barcode.Kind) retention.Kind {
	switch k {
	case barcode.KindMail:
		return retention.Mail
	case barcode.KindPackage:
		return retention.Package
	case barcode.KindSpecialService:
		return retention.SpecialService
	}
	return retention.UnknownKind
}

// Instant returns the instant of a checked event, Unix milliseconds. known is
// false for a local time where neither place nor device has a known zone.
func (t *Tables) Instant(s *event.Scan, zone string) (unixMilli int64, known bool) {
	var d Scan
	if err := t.instant(s, zone, &d); err != nil {
		return 0, false
	}
	return d.UnixMilli, true
}
