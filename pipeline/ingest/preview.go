package ingest

import (
	"mailtrail/schemas/derive"
	"mailtrail/schemas/event"
	"mailtrail/schemas/retention"
)

// Preview says what would become of a checked event that came at now (Unix
// milliseconds) from a device with the time zone, if it were no repeat.
func (r Rules) Preview(s *event.Scan, zone string, now int64) (class string, outcome event.Outcome, err *event.Error) {
	var d derive.Scan
	if err := r.Tables.From(s, derive.Envelope{Zone: zone}, &d); err != nil {
		return "", r.refusal(s, now), err
	}
	if d.UnixMilli > now+r.Ahead.Milliseconds() {
		return d.Class, event.Rejected, futureError(r.Ahead)
	}
	row := r.Schedule.Row(d.Class)
	if row.DestroyAt(row.SlotOf(min(d.UnixMilli, now)))*1000 <= now {
		return d.Class, event.Expired, nil
	}
	return d.Class, event.Stored, nil
}

// refusal is what becomes of an event that cannot be stored: rejected, or expired where the slot of its dead letter is over.
func (r Rules) refusal(s *event.Scan, now int64) event.Outcome {
	clock := now
	if s.Time.HasOffset {
		clock = min(clock, s.Time.UnixMilli())
	}
	if row := r.Schedule.Row(retention.Rejects); row.DestroyAt(row.SlotOf(clock))*1000 <= now {
		return event.Expired
	}
	return event.Rejected
}
