package ingest

import (
	"mailtrail/schemas/event"
	"mailtrail/schemas/retention"
)

// preview says what would become of an event of the class with its own clock
// that came at now (both Unix milliseconds), if it were no repeat.
func preview(rules Rules, class string, captured, now int64) (event.Outcome, *event.Error) {
	if captured > now+rules.Ahead.Milliseconds() {
		return event.Rejected, rules.futureError()
	}
	row := rules.Schedule.Row(class)
	if row.DestroyAt(row.SlotOf(min(captured, now)))*1000 <= now {
		return event.Expired, nil
	}
	return event.Stored, nil
}

// refusal is what becomes of an event that cannot be stored: rejected, or expired where the slot of its dead letter is over.
func (r Rules) refusal(s *event.Scan, now int64) event.Outcome {
	clock := now
	if earliest, ok := s.Earliest(); ok {
		clock = min(clock, earliest)
	}
	if row := r.Schedule.Row(retention.Rejects); row.DestroyAt(row.SlotOf(clock))*1000 <= now {
		return event.Expired
	}
	return event.Rejected
}
