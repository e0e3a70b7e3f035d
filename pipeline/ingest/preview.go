package ingest

import (
	"mailtrail/schemas/derive"
	"mailtrail/schemas/event"
)

// Preview says what would become of a checked event that came at now (Unix
// milliseconds) from a device with the time zone, if it were no repeat.
func (r Rules) Preview(s *event.Scan, zone string, now int64) (class string, outcome event.Outcome, err *event.Error) {
	var d derive.Scan
	if err := r.Tables.From(s, derive.Envelope{Zone: zone}, &d); err != nil {
		return "", event.Rejected, err
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
