package derive

import (
	"errors"

	"mailtrail/schemas/barcode"
	"mailtrail/schemas/event"
)

// RepairLimit is the greatest damage that is repaired where events are read, in
// wrong bars as barcode.Repairer counts them: it takes a fraction of a
// millisecond. What is damaged more is repaired elsewhere, and comes again with a Repair.
const RepairLimit = 2

// repairer is made when the first damaged bars are met.
type repairer struct {
	*barcode.Repairer
	known *barcode.KnownSet // by which it settles
}

// repair finds the barcode behind damaged bars, or takes the one that was found before.
func (t *Tables) repair(bars []byte, told event.Repair, d *Scan) (m barcode.IMb, upsideDown bool, refused *event.Error) {
	if len(told.Mending) > 0 {
		m, upsideDown, changed, err := barcode.Mend(bars, told.Mending)
		if err != nil {
			return m, false, badBars(event.UnreadableBars, err)
		}
		d.RepairedBars, d.RepairConfidence = uint16(changed), told.Confidence
		return m, upsideDown, nil
	}
	if d.repairer.Repairer == nil || d.repairer.known != t.Known {
		d.repairer = repairer{barcode.NewRepairer(t.Known), t.Known}
	}
	found, err := d.repairer.Repair(bars, RepairLimit)
	switch {
	case err != nil:
		return m, false, badBars(event.UnreadableBars, err)
	case found.Outcome == barcode.OutcomeAmbiguous:
		return m, false, badBars(event.AmbiguousBars, errAmbiguous)
	}
	d.RepairedBars, d.RepairConfidence = uint16(found.Changed()), Confidence(&found)
	return found.IMb, found.UpsideDown, nil
}

var (
	errAmbiguous = errors.New("the bars are damaged, and several barcodes are equally near")
	errDisagrees = errors.New("the bars are damaged, and the nearest barcode does not agree with the parts beside it")
)

// Confidence is that of a repair in ten-thousandths, rounded down.
func Confidence(r *barcode.Repaired) uint16 { return uint16(r.Confidence * event.MaxConfidence) }

func badBars(reason event.Code, err error) *event.Error {
	return &event.Error{Field: event.Bars.String(), Code: reason, Message: err.Error()}
}
