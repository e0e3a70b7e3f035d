package service

import (
	"cmp"
	"slices"

	"mailtrail/schemas/operation"
	"mailtrail/schemas/reference"
)

// Rules are the tables that decide about a piece. They do not change once made.
type Rules struct {
	Operations *operation.Table
	Calendar   *Calendar
	Standards  *Standards
}

// BuiltinRules returns the tables that come with the program.
func BuiltinRules() *Rules {
	return &Rules{Operations: operation.Builtin(), Calendar: BuiltinCalendar(), Standards: BuiltinStandards()}
}

// Piece derives the state of a piece from its scans. Their order and repeats do not matter, and it changes none of them.
func (r *Rules) Piece(scans []Scan, facts Facts) Piece {
	sorted := slices.Clone(scans)
	slices.SortFunc(sorted, compareScans)
	sorted = slices.Compact(sorted)

	t := track{rules: r, facts: facts, piece: Piece{Origin: NoZIP3, Destination: NoZIP3}, left: map[string]bool{}}
	for i := range sorted {
		t.take(&sorted[i])
	}
	t.end()
	return t.piece
}

// compareScans orders scans by their time, and those of one time by everything else: the order is the same whatever it was before.
func compareScans(a, b Scan) int {
	return cmp.Or(
		cmp.Compare(a.UnixMilli, b.UnixMilli), cmp.Compare(a.ID, b.ID), cmp.Compare(a.Code, b.Code), cmp.Compare(a.EventType, b.EventType),
		cmp.Compare(a.Place, b.Place), cmp.Compare(a.ZIP, b.ZIP), cmp.Compare(a.Kind, b.Kind), cmp.Compare(a.Routing, b.Routing),
		cmp.Compare(a.OffsetMinutes, b.OffsetMinutes), cmp.Compare(a.StartTheClock, b.StartTheClock),
		cmp.Compare(boolean(a.Rebarcoded), boolean(b.Rebarcoded)),
	)
}

func boolean(b bool) int {
	if b {
		return 1
	}
	return 0
}

// track follows a piece from scan to scan, in the order of time.
type track struct {
	rules *Rules
	facts Facts
	piece Piece

	feedStart         Day
	scanStart         Tick
	stop              Tick
	final             Tick            // the delivery day that the final machine run lets expect
	left              map[string]bool // facilities that the piece has left
	returned          bool
	undeliverable     bool
	assumedPhase      operation.Phase
	originKnown       bool
	latestCode, place string
}

func (t *track) take(s *Scan) {
	o, standing := t.rules.Operations.Lookup(s.Code, s.EventType, s.Local())
	if standing == reference.StandingUnknown {
		t.piece.Unknown++
	}
	if s.StartTheClock != 0 {
		t.feedStart = s.StartTheClock // the newest word of the feed holds
	}
	switch operation.EvidenceOf(s.EventType) {
	case operation.Actual:
		t.piece.Actual++
		t.seen(s, o)
	case operation.Logical:
		t.piece.Logical++
		t.told(s, o, operation.Logical, BasisLogical)
	case operation.Assumed:
		t.piece.Assumed++
		t.start(s, o)
		if o.Phase != operation.PhaseUnknown {
			t.assumedPhase = o.Phase
		}
	}
}

// seen takes an actual scan.
func (t *track) seen(s *Scan, o operation.Operation) {
	p := &t.piece
	if p.Actual == 1 {
		p.First = *s
	}
	p.Last = *s
	t.walk(s)
	if s.Rebarcoded {
		p.Redirected = true
	} else if z := ZIP3Of(s.Routing); z >= 0 {
		p.Destination = z
	}
	switch o.Phase {
	case operation.PhaseForwarding:
		p.Redirected = true
	case operation.PhaseReturn:
		t.returned = true
	case operation.PhaseUndeliverable:
		t.undeliverable = true
	}
	t.start(s, o)
	t.origin(s, o)
	if o.Phase.Undelivers() || s.Rebarcoded {
		t.undeliver(s)
		t.final = Tick{}
	}
	if o.Clock == operation.ClockLast {
		t.final = Tick{t.rules.Calendar.DeliveryDay(s.Local()), BasisEstimated, s.UnixMilli}
	}
	t.told(s, o, operation.Actual, BasisScan)
}

// told takes what an actual or a logical event says of the phase and the delivery.
func (t *track) told(s *Scan, o operation.Operation, by operation.Evidence, basis Basis) {
	p := &t.piece
	if o.Phase != operation.PhaseUnknown {
		p.Phase, p.PhaseBy = o.Phase, by
	}
	if o.Clock == operation.ClockStop && t.stop.Basis == BasisNone {
		t.stop = Tick{DayOf(s.Local()), basis, s.UnixMilli}
	}
	if o.Phase == operation.PhaseDelivered && p.Delivered == 0 {
		p.Delivered = s.UnixMilli
	}
}

// undeliver takes back a delivery that was before this scan.
func (t *track) undeliver(s *Scan) {
	if t.piece.Delivered != 0 && t.piece.Delivered < s.UnixMilli {
		t.piece.Delivered = 0
		t.piece.Undelivered++
	}
	if t.stop.Basis != BasisNone && t.stop.UnixMilli < s.UnixMilli {
		t.stop = Tick{}
	}
}

// walk counts repeats and loops.
func (t *track) walk(s *Scan) {
	switch {
	case s.Place == "":
		return
	case s.Place == t.place:
		if s.Code != "" && s.Code == t.latestCode {
			t.piece.Repeats++
		}
	default:
		if t.left[s.Place] {
			t.piece.Loops++
		}
		if t.place != "" {
			t.left[t.place] = true
		}
	}
	t.place, t.latestCode = s.Place, s.Code
}

// start notes the first scan that starts the clock.
func (t *track) start(s *Scan, o operation.Operation) {
	if o.Clock == operation.ClockStart && t.scanStart.Basis == BasisNone {
		t.scanStart = Tick{t.rules.Calendar.StartDay(t.facts.Class, s.Kind, s.Local()), BasisScan, s.UnixMilli}
	}
}

// origin notes where the piece comes from: the first place that accepted it or sorted it outwards.
func (t *track) origin(s *Scan, o operation.Operation) {
	if !t.originKnown && (o.Phase == operation.PhaseAcceptance || o.Phase == operation.PhaseOrigin) {
		t.piece.Origin = ZIP3Of(s.ZIP)
		t.originKnown = t.piece.Origin != NoZIP3
	}
}

// end closes the account.
func (t *track) end() {
	p := &t.piece
	if p.Phase == operation.PhaseUnknown && t.assumedPhase != operation.PhaseUnknown {
		p.Phase, p.PhaseBy = t.assumedPhase, operation.Assumed
	}
	p.Start = t.scanStart
	if t.feedStart != 0 {
		p.Start = Tick{Day: t.feedStart, Basis: BasisFeed}
	}
	if p.Stop = t.stop; p.Stop.Basis == BasisNone {
		p.Stop = t.final
	}
	known := false
	if p.Start.Basis != BasisNone && t.facts.Class != ClassUnknown {
		p.Standard, known = t.rules.Standards.Find(t.facts.Class, t.facts.Entry, p.Origin, p.Destination, p.Start.Day)
	}
	if known {
		p.Due = t.rules.Calendar.Add(p.Start.Day, int(p.Standard.Most))
	}
	if p.Excluded = t.excluded(known); p.Excluded == Measured {
		p.Late = t.rules.Calendar.Late(p.Due, p.Stop.Day)
	}
}

// excluded is the first reason that holds.
func (t *track) excluded(known bool) Exclusion {
	p := &t.piece
	for _, reason := range [...]struct {
		holds bool
		is    Exclusion
	}{
		{p.Actual+p.Logical == 0, NoPieceScan},
		{t.facts.Shared, NotUnique},
		{t.facts.Class == ClassUnknown, ClassNotMeasured},
		{p.Redirected, Redirected},
		{t.returned, Returned},
		{t.undeliverable, Undeliverable},
		{p.Start.Basis == BasisNone, NoStart},
		{p.Stop.Basis == BasisNone, NoStop},
		{p.Stop.Day < p.Start.Day, StopBeforeStart},
		{p.Destination == NoZIP3, NoDestination},
		{p.Origin == NoZIP3 && t.facts.Entry == EntryOrigin, NoOrigin},
		{!known, NoStandard},
	} {
		if reason.holds {
			return reason.is
		}
	}
	return Measured
}
