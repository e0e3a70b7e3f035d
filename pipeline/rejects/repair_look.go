package rejects

import (
	"context"
	"errors"
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
	ended     = "expired"   // the key of its slot is destroyed
	sealed    = "sealed"    // its payload was not sealed by this installation
	noEvent   = "no_event"  // its payload is no event with bars: somebody else wrote it
)

// look returns the replay of a reject whose bars it could repair. The error says that its payload cannot be opened now.
func (r *Repair) look(ctx context.Context, m *event.Message) (replay event.Message, ok bool, err error) {
	reason := event.Code(m.Header(event.ReasonHeader))
	if reason != event.UnreadableBars && reason != event.AmbiguousBars {
		return replay, false, nil
	}
	replay, outcome, err := r.repair(ctx, m)
	switch {
	case errors.Is(err, ErrKeyEnded):
		outcome = ended
	case errors.Is(err, ErrForeign):
		outcome = sealed
	case err != nil:
		return replay, false, err
	}
	if outcome != repaired { // what is repaired counts when it was sent
		r.metrics.done(outcome, 1)
	}
	return replay, outcome == repaired, nil
}

func (r *Repair) repair(ctx context.Context, m *event.Message) (replay event.Message, outcome string, err error) {
	reject, ok := read(m)
	switch {
	case !ok:
		return replay, noEvent, nil
	case m.Header(event.RepairHeader) != nil:
		return replay, tried, nil
	}
	payload, err := r.vault.open(ctx, m)
	if err != nil {
		return replay, "", err
	}
	var scan event.Scan
	if opened := (event.Message{Value: payload, Headers: m.Headers}); !readScan(&scan, &opened) || !scan.Has(event.Bars) {
		return replay, noEvent, nil
	}
	found, outcome := r.find(ctx, &scan, string(m.Header(event.ZoneHeader)))
	if outcome != repaired {
		return replay, outcome, nil
	}
	replay, err = r.vault.replay(ctx, m, &reject)
	replay.Headers = append(replay.Headers, event.Header{Key: event.RepairHeader, Value: found.Text()})
	return replay, repaired, err
}

// readScan reads the one event of an opened payload.
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
