package barcode

import (
	"bytes"
	"cmp"
	"fmt"
)

// MaxRepair is the highest limit of Repair: the number of wrong bars beyond which chance alone puts a barcode near any 65 bars.
const MaxRepair = 4

// What damage counts against the limit, in tenths of a wrong bar. An unknown bar says where it is and leaves four states to try, two bits
// to search where a wrong bar leaves between six and seven. One bar lost or one too many may be at any place and shifts all behind it.
const (
	wrongCost   = 10
	unknownCost = 3
	shiftCost   = 20
)

// plainCost is the damage up to which nothing but the bars decides between barcodes.
const plainCost = 2 * wrongCost

// MaxCandidates is the length of the longest list of candidates.
const MaxCandidates = 8

// Outcome is what came of a repair.
type Outcome uint8

// The outcomes.
const (
	OutcomeRefused   Outcome = iota // no barcode is near enough
	OutcomeOK                       // the bars are those of a barcode
	OutcomeRepaired                 // one barcode is the answer
	OutcomeAmbiguous                // several barcodes are equally near: there is no answer, but a list
)

// String returns "refused", "ok", "repaired" or "ambiguous".
func (o Outcome) String() string {
	names := [...]string{"refused", "ok", "repaired", "ambiguous"}
	if int(o) < len(names) {
		return names[o]
	}
	return "unknown"
}

// Candidate is a barcode near the bars that were read.
type Candidate struct {
	IMb        IMb
	UpsideDown bool    // the bars are those of this barcode read upside down
	Known      bool    // the known set holds it
	Wrong      int     // known bars that differ from it
	Confidence float64 // the probability that this is what was printed
}

// Repaired is the answer of Repair. Its zero value is a refusal.
//
// Methods that return a slice return a part of the value itself: it is valid as long as the value is and must not be written to.
type Repaired struct {
	Outcome    Outcome
	IMb        IMb  // the answer; the zero IMb where there is none
	UpsideDown bool // the bars were read upside down
	Known      bool // the known set holds the answer

	Wrong   int // bars that were read as another state; of an ambiguous read those of its nearest candidate
	Unknown int // bars that were not known
	Lost    int // 1: 64 bars were read, so one was put in
	Surplus int // 1: 66 bars were read, so one was taken out

	RunnerUp   int     // wrong bars of the nearest other barcode; -1: it has more than Searched
	Searched   int     // every barcode with up to so many wrong bars was looked at
	Confidence float64 // the probability that the answer is what was printed, after Misread; 0 where there is none

	candidates [MaxCandidates]Candidate
	length     int
}

// Changed returns the number of bars that the repair changed, filled in, put in or took out.
func (r *Repaired) Changed() int { return r.Wrong + r.Unknown + r.Lost + r.Surplus }

// Candidates returns what an ambiguous read may be, the most probable first: the first MaxCandidates of them.
func (r *Repaired) Candidates() []Candidate { return r.candidates[:r.length] }

// Repairer finds the barcode behind damaged bars. It holds what a search needs, so that repairing does not allocate; it is not safe
// for concurrent use. Make one for each worker.
type Repairer struct {
	known  *KnownSet
	search search

	found    []finding
	dropped  float64 // weight of what found had no room for
	byLength bool    // the length of the routing code counts

	// What is searched.
	damage     damage
	upsideDown bool
	wrong      int
}

// NewRepairer returns a Repairer that settles ties by the known set, or one without, where known is nil.
func NewRepairer(known *KnownSet) *Repairer {
	r := &Repairer{known: known, found: make([]finding, 0, maxFindings)}
	r.search.report = r.report
	return r
}

// Repair returns the barcode that is nearest to the bars: the one with the fewest wrong bars among all barcodes, read upright and upside
// down. Bars are letters A, D, F and T, large or small, and "?" for a bar that could not be read, which is no wrong bar whatever it was.
// 64 bars are tried with one more at every place, 66 with one less.
//
// The limit, 0 to MaxRepair, is the greatest damage that is repaired, in wrong bars. An unknown bar counts as three tenths of one, and
// one bar lost or one too many as two. The higher, the longer it may take: with 2 a fraction of a millisecond, with 4 milliseconds.
//
// The search is exact: it finds every barcode up to one wrong bar beyond the nearest. Where two are equally near the read is ambiguous;
// nothing is guessed. Two things may yet decide between barcodes: a known set (see KnownSet), and, where the damage is more than two wrong
// bars, the length of the routing code: 30 % of the mail is taken to have none or a short one, but of all barcodes, and so of those that
// are near by chance, hardly any. What is ten times more probable than every other that was found is then the answer;
// Confidence also weighs those that were not.
//
// The error says why a read was refused. It is an *Error that wraps ErrBarLetter, ErrBarCount (other than 64 to 66 bars) or
// ErrBeyondRepair (no barcode within the limit); the last two wrap ErrUnreadable.
func (r *Repairer) Repair(bars []byte, limit int) (Repaired, error) {
	var state [ends]byte
	if readEnds(&state, bars) {
		if m, upsideDown, ok := decodeEitherWay(&state); ok {
			return r.undamaged(m, upsideDown), nil
		}
	}
	var err error
	if r.damage, err = inspect(bars); err != nil {
		return Repaired{}, err
	}
	searched, ok := r.findNear(bars, min(limit, MaxRepair))
	if !ok {
		return Repaired{}, errBeyondRepair
	}
	return r.judge(searched, limit), nil
}

// ErrBeyondRepair is the reason for which Repair refuses bars that it cannot put right. It wraps ErrUnreadable.
var ErrBeyondRepair = fmt.Errorf("%w: no barcode is near enough", ErrUnreadable)

var errBeyondRepair = &Error{ObjectIMb, PartBars, 0, "bars of a barcode, few of them wrong", ErrBeyondRepair}

// undamaged answers for the bars of a barcode. It is certain whatever the known set holds.
func (r *Repairer) undamaged(m IMb, upsideDown bool) Repaired {
	return Repaired{
		Outcome: OutcomeOK, IMb: m, UpsideDown: upsideDown, Known: r.known.Contains(&m), RunnerUp: -1, Confidence: undamagedConfidence,
	}
}

// damage is what a look at the bars tells of them.
type damage struct{ unknown, lost, surplus int }

func inspect(bars []byte) (damage, error) {
	var d damage
	for _, letter := range bars {
		switch letterEnds[letter] {
		case noBar:
			return d, refuseBars(bars)
		case unknownBar:
			d.unknown++
		}
	}
	switch len(bars) {
	case BarCount:
	case BarCount - 1:
		d.lost = 1
	case BarCount + 1:
		d.surplus = 1
	default:
		return d, refuseBars(bars)
	}
	return d, nil
}

// allowance returns how many wrong bars a limit leaves room for, or -1.
func (d damage) allowance(limit int) int {
	left := wrongCost*limit - d.cost(0)
	if left < 0 {
		return -1
	}
	return left / wrongCost
}

// cost returns the damage with so many wrong bars, in tenths of one.
func (d damage) cost(wrong int) int {
	return wrongCost*wrong + unknownCost*d.unknown + shiftCost*(d.lost+d.surplus)
}

// findNear fills found with all barcodes up to one wrong bar beyond the nearest, which must be within the limit.
func (r *Repairer) findNear(bars []byte, limit int) (searched int, ok bool) {
	r.found, r.dropped = r.found[:0], 0
	last, end := r.damage.allowance(limit), r.damage.allowance(MaxRepair)
	for wrong := 0; wrong <= last; wrong++ {
		r.searchAll(bars, wrong)
		searched = wrong
		if len(r.found) > 0 && !ok {
			ok, last = true, min(wrong+1, end)
		}
	}
	return searched, ok
}

// searchAll looks for barcodes with exactly so many wrong bars in every view of the bars.
func (r *Repairer) searchAll(bars []byte, wrong int) {
	r.search.legal = 0
	r.wrong = wrong
	for _, r.upsideDown = range [...]bool{false, true} {
		for place := range 1 + r.damage.lost*(BarCount-1) + r.damage.surplus*BarCount {
			r.search.see(bars, place, r.upsideDown)
			r.search.descend(wrong)
		}
	}
}

// finding is a barcode that was found, and its weight: how probable it is in proportion to the others.
type finding struct {
	imb               IMb
	upsideDown, known bool
	wrong             int
	weight            float64
}

// maxFindings is the room for findings. More lie near only where most of the bars are unknown; then the lightest are dropped.
const maxFindings = 64

// report takes in a barcode. One that was found before was as near or nearer then.
func (r *Repairer) report(m IMb) {
	for i := range r.found {
		if r.found[i].imb == m {
			return
		}
	}
	if len(r.found) == 0 {
		r.byLength = r.damage.cost(r.wrong) > plainCost
	}
	known := r.known.Contains(&m)
	f := finding{m, r.upsideDown, known, r.wrong, r.known.prior(known) * likelihood(r.wrong)}
	if r.byLength {
		f.weight *= lengthPrior(&m)
	}
	if len(r.found) < maxFindings {
		r.found = append(r.found, f)
		return
	}
	lightest := 0
	for i := range r.found {
		if r.found[i].weight < r.found[lightest].weight {
			lightest = i
		}
	}
	if r.found[lightest].weight < f.weight {
		r.found[lightest], f = f, r.found[lightest]
	}
	r.dropped += f.weight
}

// byWeight puts the most probable first; the digits make the order of equals the same every time.
func byWeight(a, b finding) int {
	return cmp.Or(cmp.Compare(b.weight, a.weight), bytes.Compare(a.imb.Digits(), b.imb.Digits()))
}
