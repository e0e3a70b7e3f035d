package event

// Outcome is what became of an event that entered Kafka. The list is closed.
type Outcome uint8

// The outcomes.
const (
	// Stored: the event is a row.
	Stored Outcome = iota
	// Duplicate: the same event of the same request was stored before.
	Duplicate
	// Rejected: the event went to mail.rejects.
	Rejected
	// Expired: its slot's time was over when it came; counted, never stored.
	Expired
	NumOutcomes
)

// String returns the outcome in one word.
func (o Outcome) String() string {
	return [...]string{"stored", "duplicate", "rejected", "expired"}[o]
}

// Stage is where a reject was found.
type Stage string

// The stages.
const (
	// DecodeStage: the bytes are not an event; reasons are the Codes of Error.
	DecodeStage Stage = "decode"
	// DeriveStage: what follows from the event's parts does not hold; reasons are the Reasons below.
	DeriveStage Stage = "derive"
)

// Reasons of the derive stage, beside the Codes of the decode stage.
const (
	// BadBarcode: the barcode breaks the rules of its symbology.
	BadBarcode Code = "bad_barcode"
	// UnreadableBars: the bars do not decode, and no barcode is near enough.
	UnreadableBars Code = "unreadable_bars"
	// AmbiguousBars: the bars are damaged, and several barcodes are equally near.
	AmbiguousBars Code = "ambiguous_bars"
	// Contradiction: a derived part does not agree with the barcode.
	Contradiction Code = "contradiction"
	// UnknownZone: the time is local and neither facility nor device has a known time zone.
	UnknownZone Code = "unknown_zone"
	// FutureTime: the time of the scan lies further ahead than ingest.ahead.
	FutureTime Code = "future_time"
	// BadHeader: a header of the message cannot be read.
	BadHeader Code = "bad_header"
)

// Flags say what is special about a stored scan. Values are stored: never change them.
type Flags uint32

// The flags.
const (
	// UnknownStid: the service type table does not know the STID.
	UnknownStid Flags = 1 << iota
	// UnknownFacility: the facility table knows neither locale key nor ZIP Code.
	UnknownFacility
	// KeyNotUnique: several pieces may share the piece key (reply mail).
	KeyNotUnique
	// AmbiguousTime: a local time in the autumn hour that comes twice; the
	// earlier reading was taken.
	AmbiguousTime
	// NonexistentTime: a local time in the spring hour that is skipped.
	NonexistentTime
	// DeviceZone: the local time was read in the device's configured zone.
	DeviceZone
	// UnclassifiedKind: the class could not be told; the shortest ceiling was taken.
	UnclassifiedKind
	// UpsideDown: the bars were read from the other end.
	UpsideDown
)
