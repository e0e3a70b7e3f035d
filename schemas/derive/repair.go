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

const (
	// mostWrong is the greatest number of wrong bars of an answer that the known set
	// does not hold. Of reads with more, a quarter lies nearer to a barcode that nobody
	// printed, and bars that are no barcode at all do too (bench/README.md).
	mostWrong = 3
	// leastConfidence is that of an answer ten times more probable than all else.
	leastConfidence = 10.0 / 11
)

// Takes reports whether an event gets its barcode by the repair. What is not taken
// is as good as ambiguous: other barcodes known, it may become clear.
func Takes(r *barcode.Repaired) bool {
	return r.Outcome != barcode.OutcomeAmbiguous && r.Confidence >= leastConfidence && (r.Wrong <= mostWrong || r.Known)
}

// maxSearches bounds the searches in one message, each half a millisecond at most: a
// batch of nothing but damaged reads must not keep a partition for minutes. Those
// beyond it are repaired elsewhere, as those that are damaged more. It counts, and
// asks no clock, so that a message becomes the same whenever it is read.
const maxSearches = 5_000

// repairer is made when the first damaged bars are met.
type repairer struct {
	*barcode.Repairer
	known    *barcode.KnownSet // by which it settles
	searches int               // in the message
}

// BeginMessage tells that the events from here on stand in another message.
func (d *Scan) BeginMessage() { d.repairer.searches = 0 }

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
		d.repairer.Repairer, d.repairer.known = barcode.NewRepairer(t.Known), t.Known
	}
	if d.repairer.searches++; d.repairer.searches > maxSearches {
		return m, false, badBars(event.UnreadableBars, errTooMany)
	}
	found, err := d.repairer.Repair(bars, RepairLimit)
	switch {
	case err != nil:
		return m, false, badBars(event.UnreadableBars, err)
	case !Takes(&found):
		return m, false, badBars(event.AmbiguousBars, errAmbiguous)
	}
	d.RepairedBars, d.RepairConfidence = uint16(found.Changed()), Confidence(&found)
	return found.IMb, found.UpsideDown, nil
}

var (
	errAmbiguous = errors.New("the bars are damaged, and no barcode is clearly the nearest")
	errTooMany   = errors.New("the bars are damaged, as are those of too many events of this message")
	errDisagrees = errors.New("the bars are damaged, and the nearest barcode does not agree with the parts beside it")
)

// Confidence is that of a repair in ten-thousandths, rounded down.
func Confidence(r *barcode.Repaired) uint16 { return uint16(r.Confidence * event.MaxConfidence) }

func badBars(reason event.Code, err error) *event.Error {
	return &event.Error{Field: event.Bars.String(), Code: reason, Message: err.Error()}
}
