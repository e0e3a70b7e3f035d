package ingest

import "mailtrail/schemas/event"

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
