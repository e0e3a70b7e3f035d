package service

import "mailtrail/schemas/reference"

// Exclusion is why a piece is not in service measurement. The list is closed: every piece is either measured or has one of these reasons, the
// first that holds.
type Exclusion uint8

// The reasons.
const (
	Measured         Exclusion = iota
	NoPieceScan                // nothing but assumed events: the piece itself was never seen
	NotUnique                  // several pieces may bear the barcode
	ClassNotMeasured           // the class has no standard, or is not told
	Redirected                 // forwarded to another address
	Returned                   // on its way back to the sender
	Undeliverable              // nobody to deliver to
	NoStart                    // no start of the clock
	NoStop                     // no delivery and no final machine run: under way, or lost
	StopBeforeStart            // delivered before its clock starts
	NoDestination              // no routing code
	NoOrigin                   // no scan at the origin tells the ZIP Code
	NoStandard                 // the table has no standard for the pair and day
	numExclusions              // of reasons and none
)

var exclusionWords = []string{
	"measured", "no-piece-scan", "not-unique", "class-not-measured", "redirected", "returned", "undeliverable", "no-start", "no-stop",
	"stop-before-start", "no-destination", "no-origin", "no-standard",
}

// String returns the word of reports, as in "no-start"; "measured" for none.
func (e Exclusion) String() string { return reference.WordOf(e, exclusionWords) }

// Exclusions returns all reasons, for documents and tests.
func Exclusions() (all []Exclusion) {
	for e := Measured + 1; e < numExclusions; e++ {
		all = append(all, e)
	}
	return all
}
