package barcode

import (
	"math"
	"slices"
)

// Misread is the model of the camera behind every confidence: each bar by itself is read as one of its three other states with this
// probability, evenly. All barcodes are equally probable before the read, and so are both ways up; what else counts, Repair says.
//
// A camera that is better than this makes answers more certain than they say.
const Misread = 0.01

// wrongRatio is how much less probable each further wrong bar makes a barcode.
const wrongRatio = Misread / 3 / (1 - Misread)

// likelihood returns how probable a read with so many wrong bars is, in proportion to one with none.
func likelihood(wrong int) float64 { return math.Pow(wrongRatio, float64(wrong)) }

// longestShare is the part of the mail whose routing code is expected to have 11 digits; the three other lengths share the rest evenly.
// Most mail that machines sort is addressed that far. What matters is that barcodes without a routing code, or with a shorter one, are there
// at all: chance hardly ever makes one.
const longestShare = 0.7

// lengthPrior returns how probable a barcode is before the read by the length of its routing code, in proportion to what it would be if
// all barcodes were equally probable.
func lengthPrior(m *IMb) float64 {
	share := (1 - longestShare) / 3
	if len(m.Routing()) == MaxRoutingLength {
		share = longestShare
	}
	return share * routings / math.Pow10(len(m.Routing()))
}

// barcodesPerLegal is the share of barcodes among all that is legal character by character: J has one of its 636 codewords, complemented
// or not, the others have any.
var barcodesPerLegal = routings * 50 * 1e18 / (2 * codewordsJ * math.Pow(2*codewords, characters-1))

// undamagedConfidence is the confidence in bars that need no repair. No barcode has another with one wrong bar; on average it has 0.17
// with two.
const undamagedConfidence = 1 / (1 + 0.17*wrongRatio*wrongRatio)

// clearOdds is how many times more probable than every other the answer must be. Where only the bars decide, one wrong bar more makes a
// barcode 297 times less probable, so nothing but equally near ones is ambiguous.
const clearOdds = 10

// unseen estimates the weight of all barcodes beyond the search: from the legal sets of changes that were met in its last step, on which
// each further step has so many more as there are bars left to change in three ways.
func (r *Repairer) unseen(searched int) float64 {
	weight, sets := 0.0, float64(r.search.legal)
	for wrong := searched + 1; wrong <= searched+4; wrong++ {
		sets *= 3 * float64(BarCount-r.damage.unknown-wrong+1) / float64(wrong)
		weight += sets * likelihood(wrong)
	}
	return weight * barcodesPerLegal
}

// judge makes an answer of what was found.
func (r *Repairer) judge(searched, limit int) Repaired {
	d := r.damage
	slices.SortFunc(r.found, byWeight)
	total := r.dropped + r.unseen(searched)
	for i := range r.found {
		total += r.found[i].weight
	}
	first := &r.found[0]
	answer := Repaired{
		Outcome: OutcomeRepaired, Unknown: d.unknown, Lost: d.lost, Surplus: d.surplus,
		Wrong: first.wrong, RunnerUp: r.runnerUp(), Searched: searched,
	}
	rivals := 1
	for rivals < len(r.found) && r.found[rivals].weight*clearOdds > first.weight {
		rivals++
	}
	if rivals == 1 && first.wrong <= d.allowance(limit) {
		answer.IMb, answer.UpsideDown, answer.Known, answer.Confidence = first.imb, first.upsideDown, first.known, first.weight/total
		return answer
	}
	answer.Outcome = OutcomeAmbiguous
	answer.length = min(max(rivals, 2), len(r.found), MaxCandidates)
	for i := range answer.length {
		f := &r.found[i]
		answer.candidates[i] = Candidate{f.imb, f.upsideDown, f.known, f.wrong, f.weight / total}
	}
	return answer
}

// runnerUp returns the wrong bars of the nearest barcode but the most probable one.
func (r *Repairer) runnerUp() int {
	least := -1
	for i := 1; i < len(r.found); i++ {
		if least < 0 || r.found[i].wrong < least {
			least = r.found[i].wrong
		}
	}
	return least
}
