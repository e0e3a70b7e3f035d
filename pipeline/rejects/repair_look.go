package rejects

import (
	"context"
	"time"

	"mailtrail/schemas/barcode"
	"mailtrail/schemas/derive"
	"mailtrail/schemas/event"
)

// What became of a reject that Repair looked at.
const (
	repaired  = "repaired"  // its event went to mail.scans with its barcode
	ambiguous = "ambiguous" // no barcode is clearly the nearest
	refused   = "refused"   // none is near enough, or what is does not agree with the event
	tried     = "tried"     // it is a replay that was repaired before
	sealed    = "sealed"    // its payload cannot be opened
	noEvent   = "no_event"  // its payload is no event with bars: somebody else wrote it
)

// look returns the replay of a reject whose bars it could repair.
func (r *Repair) look(ctx context.Context, m *event.Message) (replay event.Message, ok bool) {
	reason := event.Code(m.Header(event.ReasonHeader))
	if reason != event.UnreadableBars && reason != event.AmbiguousBars {
		return replay, false
	}
	reject, ok := read(m)
	if !ok {
		r.metrics.done(noEvent, 1)
		return replay, false
	}
	var scan event.Scan
	switch {
	case m.Header(event.RepairHeader) != nil:
		r.metrics.done(tried, 1)
		return replay, false
	case reject.Seal != event.NoSeal:
		r.metrics.done(sealed, 1)
		return replay, false
	case !readScan(&scan, m) || !scan.Has(event.Bars):
		r.metrics.done(noEvent, 1)
		return replay, false
	}
	found, outcome := r.find(ctx, &scan, string(m.Header(event.ZoneHeader)))
	if outcome != repaired { // what is repaired counts when it was sent
		r.metrics.done(outcome, 1)
		return replay, false
	}
	replay = replayOf(m, reject.ID, m.Value)
	replay.Headers = append(replay.Headers, event.Header{Key: event.RepairHeader, Value: found.Text()})
	return replay, true
}

// readScan reads the one event of a payload.
func readScan(scan *event.Scan, m *event.Message) bool {
	if !isProto(m) {
		return scan.DecodeJSON(m.Value) == nil && scan.Check() == nil
	}
	events := scanEvents(m.Value)
	return len(events) == 1 && scan.DecodeProto(events[0]) == nil && scan.Check() == nil
}

// find searches for the barcode, and makes sure that ingest will take it.
func (r *Repair) find(ctx context.Context, scan *event.Scan, zone string) (found event.Repair, outcome string) {
	bars := scan.Values[event.Bars]
	nearest, err := r.search(ctx, bars)
	switch {
	case err != nil:
		return found, refused
	case !derive.Takes(&nearest):
		return found, ambiguous
	}
	found = event.Repair{Confidence: derive.Confidence(&nearest), Mending: barcode.AppendMending(nil, bars, &nearest)}
	var derived derive.Scan
	disagrees := r.tables.From(scan, derive.Envelope{Zone: zone, Repair: found}, &derived)
	if disagrees != nil && (disagrees.Code == event.UnreadableBars || disagrees.Code == event.AmbiguousBars) {
		return found, refused
	}
	return found, repaired
}

// leastRest is the shortest rest: timers are not made for less.
const leastRest = 10 * time.Millisecond

// search looks for the nearest barcode, after the rest that the searches before it ask for.
func (r *Repair) search(ctx context.Context, bars []byte) (barcode.Repaired, error) {
	if r.owed >= leastRest {
		pause(ctx, r.owed)
		r.owed = 0
	}
	began := time.Now()
	nearest, err := r.repairer.Repair(bars, barcode.MaxRepair)
	took := time.Since(began)
	r.owed += took
	r.metrics.search.Observe(took.Seconds())
	return nearest, err
}
