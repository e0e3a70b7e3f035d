package barcode

import "mailtrail/schemas/reference"

// ServiceType is what a STID stands for.
type ServiceType struct {
	Class       Class
	Use         Use
	FullService bool // else basic or non-automation
	IVMTR       bool // the mailer gets scans
	ACS         ACS
	Correction  Correction
}

// TracedByRouting reports whether the barcode has no MID: reply mail whose subscriber is told by the routing code.
func (s ServiceType) TracedByRouting() bool {
	return s.Use == UseCourtesyZIP || s.Use == UsePermitZIP || s.Use == UseBusinessZIP
}

// Reply reports whether pieces with this service type travel back to the mailer.
func (s ServiceType) Reply() bool {
	return s.Class == ClassReply || s.Use >= UseBallotReturn && s.Use <= UseBallotUOCAVA
}

// Class is the class of mail. Its letter begins the piece key, so these values and letters never change.
type Class uint8

// The classes.
const (
	ClassUnknown Class = iota
	ClassFirst
	ClassMarketing
	ClassPeriodicals
	ClassBoundPrintedMatter
	ClassReply
	ClassPriority
	ClassShare
)

var classWords = []string{"", "first-class", "marketing", "periodicals", "bound-printed-matter", "reply", "priority", "share"}

const classLetters = "?FMPBRYS"

// String returns the word of the table, as in "first-class".
func (c Class) String() string { return reference.WordOf(c, classWords) }

// Use is what a service type is for within its class.
type Use uint8

// The uses.
const (
	UseOrdinary Use = iota
	UsePolitical
	UseBallot         // on its way out
	UseBallotReturn   // on its way back, as reply mail
	UseBallotBusiness // ... as Business Reply Mail
	UseBallotPermit   // ... as Permit Reply Mail
	UseBallotUOCAVA   // ... of citizens overseas
	UseCourtesyMID    // reply mail with MID and serial number
	UsePermitMID
	UseBusinessMID
	UseCourtesyZIP // reply mail told by its routing code
	UsePermitZIP
	UseBusinessZIP
	UseFlatRate
	UseUnique // each piece its own barcode
	UseStatic // all pieces the same barcode
)

var useWords = []string{
	"-", "political", "ballot", "ballot-return", "ballot-business", "ballot-permit", "ballot-uocava",
	"courtesy-mid", "permit-mid", "business-mid", "courtesy-zip", "permit-zip", "business-zip", "flat-rate", "unique", "static",
}

// String returns the word of the table, as in "political"; "-" for ordinary.
func (u Use) String() string { return reference.WordOf(u, useWords) }

// ACS is the kind of address correction service.
type ACS uint8

// The kinds.
const (
	ACSNone ACS = iota
	ACSOneCode
	ACSFullService
	ACSTraditional
)

var acsWords = []string{"-", "onecode", "full", "traditional"}

// String returns the word of the table, as in "onecode"; "-" for none.
func (a ACS) String() string { return reference.WordOf(a, acsWords) }

// Correction is what becomes of a piece whose address is wrong.
type Correction uint8

// The corrections: ancillary service endorsements with their option.
const (
	CorrectionNotApplicable Correction = iota
	CorrectionNone
	CorrectionManual
	CorrectionAlternative // alternative address format, no correction
	CorrectionASR         // Address Service Requested, without option
	CorrectionASR1
	CorrectionASR2
	CorrectionCSR1 // Change Service Requested
	CorrectionCSR2
	CorrectionRSR1 // Return Service Requested
	CorrectionRSR2
	CorrectionTRSR1 // Temp-Return Service Requested
	CorrectionTRSR2
)

var correctionWords = []string{"-", "none", "manual", "alternative", "asr", "asr-1", "asr-2", "csr-1", "csr-2", "rsr-1", "rsr-2", "trsr-1", "trsr-2"}

// String returns the word of the table, as in "asr-2"; "-" for not applicable.
func (c Correction) String() string { return reference.WordOf(c, correctionWords) }
