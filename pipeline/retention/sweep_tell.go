package retention

import "fmt"

// enterHeld tells the ledger once that the wall clock is not believed.
func (r *run) enterHeld() {
	ahead, why := r.clock.held()
	if why == "" {
		return
	}
	if err := r.ledger.ClockHeld(ahead, why); err != nil {
		r.failed("ledger", r.owed, fmt.Errorf("enter that the clock is held: %w", err))
		return
	}
	r.clock.heldEntered()
}

// tellLimits says when the oldest of what is still held reaches its limit. Of a store that did not answer the last word stays.
func (r *run) tellLimits() {
	first := map[Slot]int64{} // by class and place; Start is 0
	for slot := range r.held {
		of, limit := Slot{Class: slot.Class, Place: slot.Place}, r.schedule.Row(slot.Class).LimitAt(slot.Start)
		if at, there := first[of]; !there || limit < at {
			first[of] = limit
		}
	}
	for _, row := range r.schedule.Rows() {
		for _, place := range row.Places() {
			if at, there := first[Slot{Class: row.Class, Place: place}]; there {
				r.metrics.limits.WithLabelValues(row.Class, place.Name).Set(float64(at))
			} else if r.looked[place.Store] {
				r.metrics.limits.DeleteLabelValues(row.Class, place.Name)
			}
		}
	}
}
