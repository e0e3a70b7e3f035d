package retention

// ClassifierVersion names the rules of Classify. It changes whenever any input
// could get another class, because a block of records that is open under one
// version must be finished under it.
const ClassifierVersion = 1

// Kind is what a barcode tells about the thing that bears it.
type Kind uint8

// The kinds.
const (
	// UnknownKind: the barcode does not tell, as with a service type that no table knows.
	UnknownKind Kind = iota
	// Mail is a letter, flat, bundle, handling unit or container.
	Mail
	// Package is a parcel.
	Package
	// SpecialService is a piece with a special service by its service type code.
	SpecialService
	// ConfirmRecord is a scan of a PLANET code, which only CONFIRM made.
	ConfirmRecord
)

// Classify gives a scan its retention class. special tells that the event
// itself names a special service. A scan whose class cannot be told falls to the
// shortest ceiling; certain is then false. (USPS 820.200, Retention and Disposal 7.)
func Classify(kind Kind, special bool) (class string, certain bool) {
	switch {
	case kind == ConfirmRecord:
		return Confirm, true // the shorter ceiling holds where a special service is named too
	case special || kind == SpecialService:
		return SpecialServiceTracking, true
	case kind == Package:
		return PackageTracking, true
	case kind == Mail:
		return MailTracking, true
	}
	return MailTracking, false
}
