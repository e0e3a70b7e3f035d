package barcode

import (
	"strconv"
	"time"
)

// Field is a field of a barcode under the name of the feed, or what a reference table says of it.
type Field struct{ Name, Value string }

// Fields returns the fields of whatever was parsed, in the order in which they stand, then kind and pieceKey. What does not apply is left out.
// Of a STID it says what it stood for on the day of at (ServiceTypes.LookupAt); standing says where it was not in force, or is not known.
func (p *Parsed) Fields(types *ServiceTypes, special *SpecialServices, at time.Time) []Field {
	var list fieldList
	switch p.Object {
	case ObjectIMb:
		p.IMb.listFields(&list, types, at)
	case ObjectIMtb:
		list.add("destinationZip", p.IMtb.DestinationZIP())
		list.add("cin", p.IMtb.CIN())
		list.add("processingCode", []byte{p.IMtb.ProcessingCode()})
		list.add("mid", p.IMtb.MID())
		list.add("serialNumber", p.IMtb.Serial())
		list.add("labelType", []byte{p.IMtb.LabelType()})
	case ObjectIMcb:
		list.add("mid", p.IMcb.MID())
		list.add("serialNumber", p.IMcb.Serial())
	case ObjectIMpb:
		p.IMpb.listFields(&list, special)
	case ObjectS10:
		list.add("serviceIndicator", p.S10.ServiceIndicator())
		list.add("serialNumber", p.S10.Serial())
		list.add("checkDigit", []byte{p.S10.CheckDigit()})
		list.add("country", p.S10.Country())
	case ObjectPLANET:
		list.add("serviceType", p.PLANET.ServiceType())
		list.add("subscriber", p.PLANET.Subscriber())
		list.add("customer", p.PLANET.Customer())
		list.add("checkDigit", []byte{p.PLANET.CheckDigit()})
	case ObjectPOSTNET:
		list.add("routingCode", p.POSTNET.Routing())
		list.add("checkDigit", []byte{p.POSTNET.CheckDigit()})
	default:
		return nil
	}
	list.say("kind", p.Kind(types, special).String())
	key, note := p.AppendPieceKey(nil, types)
	list.add("pieceKey", key)
	if note&KeyNotUnique != 0 {
		list.say("pieceKeyNote", "not unique")
	}
	return list
}

type fieldList []Field

// add adds a field that is not empty.
func (l *fieldList) add(name string, value []byte) { l.say(name, string(value)) }

func (l *fieldList) say(name, value string) {
	if value != "" {
		*l = append(*l, Field{name, value})
	}
}

// unless adds a field whose value is not the one that goes without saying.
func (l *fieldList) unless(usual, name, value string) {
	if value != usual {
		l.say(name, value)
	}
}

func (m *IMb) listFields(list *fieldList, types *ServiceTypes, at time.Time) {
	list.add("barcodeId", m.BarcodeID())
	list.unless(OELNone.String(), "oel", m.OEL().String())
	if m.Redirected() {
		list.say("made", "redirected")
	}
	if m.PostalMade() {
		list.say("made", "postal")
	}
	list.add("stid", m.STID())
	service, standing := types.LookupAt(m.STID(), at)
	list.unless(StandingInForce.String(), "standing", standing.String())
	if standing != StandingUnknown {
		service.listFields(list)
	}
	mark, marked := m.PostalMark()
	switch {
	case marked:
		list.say("machineType", strconv.Itoa(mark.MachineType))
		list.say("machineNumber", strconv.Itoa(mark.MachineNumber))
		list.say("dayOfYear", strconv.Itoa(mark.DayOfYear))
		list.say("halfHour", strconv.Itoa(mark.HalfHour))
		list.say("sequence", strconv.Itoa(mark.Sequence))
	case m.PostalMade() || service.TracedByRouting():
		list.add("customerField", m.CustomerField())
	default:
		list.add("mid", m.MID())
		list.add("serialNumber", m.Serial())
	}
	list.add("routingCode", m.Routing())
}

func (s ServiceType) listFields(list *fieldList) {
	list.say("class", s.Class.String())
	list.unless(UseOrdinary.String(), "use", s.Use.String())
	if s.FullService {
		list.say("level", "full-service")
	} else {
		list.say("level", "basic")
	}
	if s.IVMTR {
		list.say("scans", "iv-mtr")
	}
	list.unless(ACSNone.String(), "acs", s.ACS.String())
	list.unless(CorrectionNotApplicable.String(), "correction", s.Correction.String())
}

func (p *IMpb) listFields(list *fieldList, special *SpecialServices) {
	list.add("destinationZip", p.DestinationZIP())
	list.add("applicationIdentifier", p.ApplicationIdentifier())
	list.add("serviceTypeCode", p.STC())
	if service, found := special.Lookup(p.STC()); found {
		list.say("specialService", service.String())
	}
	list.add("mid", p.MID())
	list.add("serialNumber", p.Serial())
	list.add("checkDigit", []byte{p.CheckDigit()})
}
