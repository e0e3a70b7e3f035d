package main

import (
	"cmp"
	"fmt"
	"time"

	"mailtrail/schemas/barcode"
	"mailtrail/schemas/service"
)

// The parts of an Intelligent Mail barcode that count here.
const (
	stidAt, midAt   = 2, 5
	rebarcodedPiece = "93"
)

// newServiceScan takes from a scan what service measurement needs. start is the start-the-clock date of the feed, empty without one.
func newServiceScan(s *pieceScan, imb, start string, rules *ruleBook) service.Scan {
	scan := service.Scan{
		UnixMilli: s.at.UnixMilli(), Place: cmp.Or(s.localeKey, s.zip), ZIP: s.zip, Code: s.code, EventType: s.eventType,
	}
	_, offset := s.at.Zone()
	scan.OffsetMinutes = int16(offset / 60)
	if known, ok := rules.tables.Facilities.ByLocale([]byte(s.localeKey)); ok {
		scan.Kind, scan.ZIP = known.Type, cmp.Or(scan.ZIP, known.ZIP5)
	}
	if len(imb) >= barcode.TrackingLength {
		scan.Routing, scan.Rebarcoded = imb[barcode.TrackingLength:], imb[:stidAt] == rebarcodedPiece
	}
	if day, err := time.Parse(time.DateOnly, start); err == nil {
		scan.StartTheClock = service.DayOf(day)
	}
	return scan
}

// serviceLine says whether a piece of mail came in time, in one line; empty for what has no service standards: packages, trays, containers.
func serviceLine(scans []pieceScan, rules *ruleBook) string {
	facts, letters := service.Facts{}, 0
	events := make([]service.Scan, 0, len(scans))
	for i, s := range scans {
		s.service.ID = fmt.Sprint(len(scans) - i) // rows are events of their own
		events = append(events, s.service)
		facts.Shared = facts.Shared || s.shared
		if len(s.stid) == midAt-stidAt {
			letters++
			kind, _ := rules.tables.ServiceTypes.LookupAt([]byte(s.stid), s.at)
			facts.Class = service.ClassOf(kind.Class)
		}
	}
	if letters == 0 {
		return ""
	}
	return serviceText(rules.service.Piece(events, facts), facts.Class)
}

// serviceText is the answer for people.
func serviceText(p service.Piece, class service.Class) string {
	due := ""
	if p.Due != 0 {
		due = fmt.Sprintf("%s, clock started %s (%s), due %s", class, p.Start.Day, p.Start.Basis, p.Due)
		if !p.Standard.Exact() {
			due += " at the latest that its class may take"
		}
	}
	undelivered := ""
	if p.Undelivered > 0 {
		undelivered = " It was on its way again after a delivery."
	}
	switch {
	case p.Excluded == service.NoStop && due != "":
		return fmt.Sprintf("Service: %s; not delivered yet.%s\n", due, undelivered)
	case p.Excluded != service.Measured:
		return fmt.Sprintf("Service: not measured (%s).%s\n", p.Excluded, undelivered)
	case p.Late == 0:
		return fmt.Sprintf("Service: %s, delivered %s (%s): on time.%s\n", due, p.Stop.Day, p.Stop.Basis, undelivered)
	}
	return fmt.Sprintf("Service: %s, delivered %s (%s): late by %d delivery days.%s\n", due, p.Stop.Day, p.Stop.Basis, p.Late, undelivered)
}
