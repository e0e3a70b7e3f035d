package ingest

import (
	"mailtrail/schemas/retention"
)

// markOver marks the replays that came sealed in a slot that is over.
func (d *decider) markOver() {
	for i := range d.b.requests {
		r := &d.b.requests[i]
		if row := d.epoch.Rules.Schedule.Row(r.seal.Class); row != nil && row.Sliced() && row.DestroyAt(r.seal.Slot)*1000 <= d.at {
			if d.over == nil {
				d.over = map[int64]bool{}
			}
			d.over[r.offset] = true
		}
	}
}

// clocks are a reject's time of receipt, and the earliest clock that its event can have; Unix milliseconds.
func (d *decider) clocks(r *reject) (received, clock int64) {
	received = d.clamp(r.received, r.replayed)
	clock = received
	if r.captured != 0 {
		clock = min(clock, r.captured)
	}
	return received, clock
}

// ended tells whether the slot of dead letters with this clock is over.
func (d *decider) ended(clock int64) bool {
	row := d.epoch.Rules.Schedule.Row(retention.Rejects)
	return row.DestroyAt(row.SlotOf(clock))*1000 <= d.at || d.known.ended[d.sealedBy.SlotOf(clock)]
}

// mayReject are the rejects that the block can have; some may turn out to be repeats.
func (d *decider) mayReject() (all []*reject) {
	for i := range d.b.rejects {
		if r := &d.b.rejects[i]; !r.ended {
			all = append(all, r)
		}
	}
	for i := range d.b.early {
		if d.b.head.Captured[i] > d.at+d.epoch.Rules.Ahead.Milliseconds() {
			all = append(all, d.earlyReject(i))
		}
	}
	return all
}
