package derive

import (
	"mailtrail/schemas/barcode"
	"mailtrail/schemas/event"
	"mailtrail/schemas/retention"
)

// FromImage fills d from what was told of a picture. Without a barcode, or with
// bars that cannot be read for certain, d has no object, piece key and code:
// the picture is one of a piece that is not known yet.
func (t *Tables) FromImage(e *event.ImageEvent, zone string, d *Scan) *event.Error {
	d.BeginMessage()
	d.PieceKey, d.Code, d.Object, d.Flags, d.RepairedBars, d.RepairConfidence = d.PieceKey[:0], nil, "", 0, 0, 0
	if _, one := e.Scan.Object(); one {
		_, err := t.object(&e.Scan, Envelope{Zone: zone}, d)
		switch {
		case err == nil:
		case err.Code == event.UnreadableBars || err.Code == event.AmbiguousBars:
			d.PieceKey, d.Code, d.Object = d.PieceKey[:0], nil, ""
		default:
			return err
		}
	}
	d.Class = retention.MailpieceImages
	if err := t.instant(&e.Scan, zone, d); err != nil {
		err.Field = event.CapturedDatetime
		return err
	}
	return nil
}

// MID is the mailer identifier in the barcode that d was filled from, empty
// where it has none: a postal-made barcode, reply mail that is traced by its
// routing code, and symbologies without one.
func (t *Tables) MID(d *Scan) string {
	switch d.Object {
	case event.IMb.String():
		m, err := barcode.ParseIMb(d.Code)
		if err != nil || m.PostalMade() {
			return ""
		}
		if service, known := t.ServiceTypes.Lookup(m.STID()); known && service.TracedByRouting() {
			return ""
		}
		return string(m.MID())
	case event.IMpb.String():
		p, err := barcode.ParseIMpb(d.Code)
		return midOf(p.MID, err)
	case event.IMtb.String():
		p, err := barcode.ParseIMtb(d.Code)
		return midOf(p.MID, err)
	case event.IMcb.String():
		p, err := barcode.ParseIMcb(d.Code)
		return midOf(p.MID, err)
	}
	return ""
}

func midOf(mid func() []byte, err error) string {
	if err != nil {
		return ""
	}
	return string(mid())
}
