package service

import (
	"time"

	"mailtrail/schemas/facility"
	"mailtrail/schemas/operation"
)

// Scan is one event of a piece, as derivation needs it. Equal values are one event.
type Scan struct {
	// ID tells events apart that are equal otherwise, as TOPIC/PARTITION/OFFSET/INDEX does.
	ID string
	// UnixMilli is the instant, OffsetMinutes the local clock's distance from UTC, east positive.
	UnixMilli     int64
	OffsetMinutes int16
	// Place tells facilities apart: the locale key, or the ZIP Code where there is none. Kind is what the facility table says of it.
	Place, ZIP string
	Kind       facility.Type
	// Code is scanEventCode or operationCode, EventType handlingEventType.
	Code, EventType string
	// Routing is the routing code of the barcode as it was read.
	Routing string
	// Rebarcoded tells that the barcode was the one that a redirected piece gets (barcode identifier 93).
	Rebarcoded bool
	// StartTheClock is the date that the feed gives, 0 where it gives none.
	StartTheClock Day
}

// Local is the moment on the clock of the facility.
func (s *Scan) Local() time.Time {
	return time.UnixMilli(s.UnixMilli).In(time.FixedZone("", int(s.OffsetMinutes)*60))
}

// Facts are what is known of a piece besides its scans.
type Facts struct {
	Class Class
	// Entry is where the mailer brought it in, as the documentation says; without one it is end to end.
	Entry Entry
	// Shared tells that several pieces may bear the barcode.
	Shared bool
}

// Basis is where the start or the stop of the clock is taken from.
type Basis uint8

// The bases.
const (
	BasisNone      Basis = iota
	BasisFeed            // startTheClockDate of the feed
	BasisScan            // a scan that stands for acceptance or arrival; a scan of the delivery
	BasisLogical         // logical delivery
	BasisEstimated       // the final machine run and the hour of the last mile
)

// String returns "none", "feed", "scan", "logical" or "estimated".
func (b Basis) String() string {
	return [...]string{"none", "feed", "scan", "logical", "estimated"}[b]
}

// Tick is the start or the stop of the clock.
type Tick struct {
	Day   Day // 0 where there is none
	Basis Basis
	// UnixMilli is the instant of the scan behind it; 0 for a date of the feed.
	UnixMilli int64
}

// Piece is what the scans of a piece say together.
type Piece struct {
	// First and Last are the first and the last actual scan; zero where there is none.
	First, Last Scan
	// Actual, Assumed and Logical count the events by how they are known; Unknown those whose code no table knows.
	Actual, Assumed, Logical, Unknown int

	// Phase is where the piece is in its journey, by PhaseBy: what was seen or told comes before what is assumed.
	Phase   operation.Phase
	PhaseBy operation.Evidence

	Start, Stop Tick
	// Delivered is the instant of the delivery that stands, Unix milliseconds; 0 where there is none.
	Delivered int64
	// Undelivered counts deliveries that did not stand, because the piece was seen on its way afterwards.
	Undelivered int
	// Repeats counts scans of the same operation at the same facility in succession, Loops returns to a facility that it had left.
	Repeats, Loops int
	// Redirected tells that the piece was sent on to another address.
	Redirected bool

	Origin, Destination ZIP3
	Standard            Standard
	// Due is the day by which it should be delivered, 0 where that cannot be told.
	Due Day
	// Late is by how many delivery days it came after Due.
	Late     int
	Excluded Exclusion
}

// OnTime reports whether the piece is in measurement and came within so many delivery days after it was due: 0 for on time, 1 to 3 for the
// service variance of 39 CFR 3055.
func (p *Piece) OnTime(variance int) bool { return p.Excluded == Measured && p.Late <= variance }
