// Package operation says what the code of a scan means for the journey of a piece: which phase it is in, and whether the clock of service
// measurement starts or stops. It is pure; a file in the form of codes.txt may replace the table at run time.
package operation

import "mailtrail/schemas/reference"

// Phase is a part of the journey of a piece.
type Phase uint8

// The phases, in the order of a journey. The last three are what happens to mail that cannot be delivered as it is.
const (
	PhaseUnknown Phase = iota
	PhaseDocumented
	PhaseAcceptance
	PhaseOrigin
	PhaseTransport
	PhaseDestination
	PhaseDelivery
	PhaseDelivered
	PhaseForwarding
	PhaseReturn
	PhaseUndeliverable
)

var phaseWords = []string{
	"", "documented", "acceptance", "origin", "transport", "destination", "delivery", "delivered", "forwarding", "return", "undeliverable",
}

// String returns the word of the table, as in "destination"; "unknown" for a code that the table does not know.
func (p Phase) String() string { return reference.WordOf(p, phaseWords) }

// Undelivers reports whether a scan of this phase says that an earlier delivery does not stand: the piece is on its way again or back.
func (p Phase) Undelivers() bool {
	return p >= PhaseForwarding || p >= PhaseAcceptance && p <= PhaseDestination
}

// Clock is what a scan does to the clock of service measurement.
type Clock uint8

// What it does.
const (
	ClockRuns  Clock = iota // neither
	ClockStart              // acceptance or documented arrival
	ClockLast               // final machine run: the last mile is estimated from it
	ClockStop               // delivered, or the attempt that counts as such
)

var clockWords = []string{"-", "start", "last", "stop"}

// String returns the word of the table, as in "start"; "-" for neither.
func (c Clock) String() string { return reference.WordOf(c, clockWords) }

// Evidence is how an event is known (handlingEventType of IV-MTR). The three are never merged.
type Evidence uint8

// The kinds of evidence.
const (
	Actual  Evidence = iota // somebody or something scanned the piece
	Assumed                 // its container was scanned
	Logical                 // told by where the carrier's scanner was
	Other                   // a type that no source explains
)

// EvidenceOf reads a handlingEventType; a scan without one is actual.
func EvidenceOf(eventType string) Evidence {
	switch eventType {
	case "", "A":
		return Actual
	case "S":
		return Assumed
	case "L":
		return Logical
	}
	return Other
}

// String returns "actual", "assumed", "logical" or "other".
func (e Evidence) String() string {
	return reference.WordOf(e, []string{"actual", "assumed", "logical", "other"})
}

// Operation is what a code means.
type Operation struct {
	Phase Phase
	Clock Clock
	// Stated tells that a public source says so; else the code was placed by the scheme after which codes are numbered.
	Stated bool
	// Name is for people.
	Name string
}
