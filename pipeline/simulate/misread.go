package simulate

import (
	"mailtrail/schemas/barcode"
	"mailtrail/schemas/derive"
	"mailtrail/schemas/event"
)

// mostErased is the greatest number of bars that are not read in a read that is
// repaired in the stream.
const mostErased = 6

// damageWords name what was done to the bars, for the truth.
var damageWords = map[damage]string{oneWrong: "one wrong bar", twoWrong: "two wrong bars", threeWrong: "three wrong bars", erased: "bars not read"}

// misread is a read with damaged bars: the piece that the model knows, and what
// its repair must make of it. What the nearest barcode is follows from the bars
// alone; whether it is the piece, the model knows by itself.
type misread struct {
	damage    damage
	class     class
	piece     barcode.IMb
	bars      [barcode.BarCount]byte
	verdict   verdict
	replayed  bool        // it is rejected first, and stored by a replay
	storedAs  barcode.IMb // where that is another piece
	isAnother bool
}

// misread damages the bars of a mailpiece.
func (m *model) misread(o *object, d damage) misread {
	piece := mustIMb(o.text)
	read := misread{damage: d, class: o.class, piece: piece, bars: piece.Bars()}
	many := int(d-oneWrong) + 1
	if d == erased {
		many = 1 + int(m.chaos.below(mostErased))
	}
	for changed := 0; changed < many; {
		at := m.chaos.below(barcode.BarCount)
		printed := piece.Bars()
		if read.bars[at] != printed[at] {
			continue
		}
		read.bars[at] = '?'
		if d != erased {
			read.bars[at] = otherBar(printed[at], m.chaos.below(3))
		}
		changed++
	}
	read.judge(m.repairer)
	return read
}

// judge says what must become of the read: in the stream, and by the repair of
// rejects where the stream does not know.
func (r *misread) judge(repairer *barcode.Repairer) {
	found, err := repairer.Repair(r.bars[:], derive.RepairLimit)
	r.verdict = verdict{outcome: event.Rejected.String(), reason: event.UnreadableBars}
	taken := err == nil && derive.Takes(&found)
	if err == nil && !taken {
		r.verdict.reason = event.AmbiguousBars
	}
	if !taken {
		found, err = repairer.Repair(r.bars[:], barcode.MaxRepair)
		taken = err == nil && derive.Takes(&found)
		r.replayed = taken
	}
	if !taken {
		return
	}
	r.verdict = verdict{outcome: event.Stored.String()}
	if found.IMb != r.piece {
		r.storedAs, r.isAnother = found.IMb, true
	}
}

// atOnce reports whether the event is stored without a replay.
func (r *misread) atOnce() bool { return r.verdict.outcome == event.Stored.String() && !r.replayed }

// row is the read's line of the truth.
func (r *misread) row(door Door) Row {
	row := Row{
		Door: door, Outcome: r.verdict.outcome, Reason: string(r.verdict.reason), Damage: damageWords[r.damage],
		Bars: string(r.bars[:]), IMb: string(r.piece.Digits()), Replayed: r.replayed,
	}
	if r.verdict.outcome == event.Stored.String() {
		row.Class = classNames[r.class]
	}
	if r.isAnother {
		row.StoredAs = string(r.storedAs.Digits())
	}
	return row
}

// otherBar is one of the three states that the bar does not have.
func otherBar(bar byte, which int64) byte {
	const letters = "TDAF"
	for i := range letters {
		if letters[i] == bar {
			continue
		}
		if which == 0 {
			return letters[i]
		}
		which--
	}
	return bar
}

func mustIMb(digits []byte) barcode.IMb {
	piece, err := barcode.ParseIMb(digits)
	if err != nil {
		panic("simulate: the model made a barcode that is none: " + err.Error())
	}
	return piece
}
