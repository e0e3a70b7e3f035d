package barcode

import "mailtrail/schemas/reference"

// What the tables of this package share with all other reference tables.
type (
	// Reference says which edition of a reference table is in use.
	Reference = reference.Reference
	// TableError says where a reference table is wrong.
	TableError = reference.TableError
	// Period is a time in whole days during which an entry of a table is in force.
	Period = reference.Period
	// Standing is how a code of a table stands on a day.
	Standing = reference.Standing
)

// The standings.
const (
	StandingUnknown = reference.StandingUnknown // the table does not know the code
	StandingFuture  = reference.StandingFuture  // not in force yet
	StandingInForce = reference.StandingInForce
	StandingRetired = reference.StandingRetired // not in force any more
)
