package service

import (
	"mailtrail/schemas/barcode"
	"mailtrail/schemas/reference"
)

// Class is a class of mail that has service standards.
type Class uint8

// The classes (39 CFR part 121).
const (
	ClassUnknown Class = iota // none of these, or not told
	FirstClass
	Periodicals
	Marketing
	PackageServices
)

var classWords = []string{"", "first-class", "periodicals", "marketing", "package-services"}

// String returns the word of the tables, as in "first-class".
func (c Class) String() string { return reference.WordOf(c, classWords) }

// ClassOf returns the class by which a piece is measured. Reply mail travels as First-Class; of other classes there is no standard here.
func ClassOf(c barcode.Class) Class {
	switch c {
	case barcode.ClassFirst, barcode.ClassReply:
		return FirstClass
	case barcode.ClassPeriodicals:
		return Periodicals
	case barcode.ClassMarketing:
		return Marketing
	case barcode.ClassBoundPrintedMatter:
		return PackageServices
	}
	return ClassUnknown
}

// Entry is where the mailer brought the mail in.
type Entry uint8

// The entry levels.
const (
	EntryOrigin Entry = iota // end to end
	EntryDDU                 // at the delivery unit of the destination
	EntryDLPC                // at its local processing center
	EntryDRPDC               // at its regional processing and distribution center
)

var entryWords = []string{"origin", "ddu", "dlpc", "drpdc"}

// String returns the word of the tables, as in "ddu".
func (e Entry) String() string { return reference.WordOf(e, entryWords) }
