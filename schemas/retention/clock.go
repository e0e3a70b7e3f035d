package retention

import "time"

// ClockOf returns the clock of a record, Unix milliseconds: the earlier of
// capture and receipt, or receipt alone. A capture in the future cannot make a
// record live longer. All times are UTC, so neither zones nor summer time count.
func (r *Row) ClockOf(captured, received int64) int64 {
	if r.Clock == Receipt {
		return received
	}
	return min(captured, received)
}

// SlotOf returns the start of the slot, in Unix seconds, of a record whose
// clock shows unixMilli. Slots are counted from 1970-01-01 00:00 UTC.
func (r *Row) SlotOf(unixMilli int64) int64 {
	slot := int64(r.Slot) / int64(time.Millisecond)
	start := unixMilli - unixMilli%slot
	if start > unixMilli {
		start -= slot
	}
	return start / 1000
}

// DestroyAt returns the time, in Unix seconds, at which the slot is destroyed:
// when the oldest possible record in it nears its limit by the margin. It
// depends on the row and the slot alone, never on the time of asking.
func (r *Row) DestroyAt(slot int64) int64 { return r.Limit.after(slot, r.Bound) - seconds(r.Margin) }

// LimitAt returns the time, in Unix seconds, at which the oldest possible
// record of the slot reaches its limit. Nothing of the slot may be left.
func (r *Row) LimitAt(slot int64) int64 { return r.Limit.after(slot, r.Bound) }

// BackstopAt returns the time, in Unix seconds, at which the store's own expiry
// takes what the sweeper left of the slot: half a margin after destroy_at.
func (r *Row) BackstopAt(slot int64) int64 { return r.DestroyAt(slot) + seconds(r.Margin)/2 }

// BackstopIn is BackstopAt in one kind of store. An object store counts in whole
// days from receipt, so there it is the earliest moment at which the bucket's
// rule can take anything of the slot; the latest lies a day after the limit of
// what came in last, which is why the rule is no more than a backstop.
func (r *Row) BackstopIn(store Store, slot int64) int64 {
	if store == Objects {
		return slot + int64(r.BackstopDays())*int64(day/time.Second)
	}
	return r.BackstopAt(slot)
}

// BackstopDays returns after how many days a bucket's own rule lets an object
// go: the limit, in whole days rounded up, so that the rule never takes what
// is not due.
func (r *Row) BackstopDays() int { return int((r.Longest() + day - 1) / day) }

// Life returns the seconds from the start of a slot to its destruction. Of a
// term of the calendar, whose slots have unequal lives, it is the shortest.
func (r *Row) Life() int64 {
	length, ok := r.Limit.constant(r.Bound)
	if !ok {
		length = r.Limit.shortest()
	}
	return seconds(Duration(length)) - seconds(r.Margin)
}

// TTL returns the seconds from the start of a slot to the moment at which the
// store's own expiry takes what the sweeper left: half a margin later.
func (r *Row) TTL() int64 { return r.Life() + seconds(r.Margin)/2 }

// Longest returns the most that the limit can be from any moment on.
func (r *Row) Longest() time.Duration { return r.Limit.Longest(r.Bound) }

// Earliest returns the least age at which a record of the class is destroyed:
// the newest of a slot goes with the oldest.
func (r *Row) Earliest() time.Duration {
	return r.Limit.shortest() - time.Duration(r.Slot) - time.Duration(r.Margin)
}

// CompleteFrom returns the start of the oldest slot, in Unix seconds, that is
// not due at now: nothing from then on has been destroyed.
func (r *Row) CompleteFrom(now int64) int64 {
	slot := seconds(r.Slot)
	// A slot that begins the longest life ago is due, and at most a few later ones with it.
	from := r.SlotOf((now - seconds(Duration(r.Longest()))) * 1000)
	for r.DestroyAt(from) <= now {
		from += slot
	}
	return from
}

func seconds(d Duration) int64 { return int64(time.Duration(d) / time.Second) }
