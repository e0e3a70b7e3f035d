package ingest

import (
	"cmp"
	"slices"

	"mailtrail/schemas/event"
)

// requests makes the rows of batches: what became of each message of a request.
func (d *decider) requests() {
	late := map[int64]uint64{}
	for _, r := range d.late {
		late[r.offset]++
	}
	for i := range d.b.requests {
		r := &d.b.requests[i]
		if r.id == "" {
			continue
		}
		row := event.BatchRow{
			ID: r.id, Part: r.part, Places: r.places.String(), Topic: d.b.topic, Partition: d.b.partition, Offset: r.offset,
			At: d.at, Device: r.device, PushGroup: r.pushGroup, PushPart: r.pushPart, Reasons: map[string]uint64{},
		}
		for i := r.rowFrom; i < r.rowTo; i++ {
			switch {
			case d.repeated[i]:
				row.Outcomes[event.Duplicate]++
			case d.keep[i]:
				row.Outcomes[event.Stored]++
			default:
				row.Outcomes[event.Expired]++
			}
		}
		if n := late[r.offset]; n > 0 {
			row.Outcomes[event.Expired] -= n
			row.Outcomes[event.Rejected] += n
			row.Reasons[string(event.FutureTime)] += n
		}
		for i := r.rejFrom; i < r.rejTo; i++ {
			if d.repeated[len(d.keep)+i] {
				row.Outcomes[event.Duplicate]++
				continue
			}
			if d.expired[i] {
				row.Outcomes[event.Expired]++
				continue
			}
			row.Outcomes[event.Rejected]++
			row.Reasons[string(d.b.rejects[i].err.Code)]++
		}
		d.out.batches = append(d.out.batches, row)
	}
}

// receipt sums up the block. Its lists are in a fixed order, since the same
// block sent again must be the same.
func (d *decider) receipt() {
	b := d.b
	receipt := event.Receipt{
		Topic: b.topic, Partition: b.partition, First: b.first, Last: b.next - 1, At: d.at, Epoch: d.epoch.Name,
		Events: uint64(b.events()), Control: uint64(len(b.control)), Aborted: uint64(len(b.aborted)),
	}
	for _, slot := range d.slots {
		d.counts[countKey{slot.class, event.Stored, ""}] += slot.rows
		receipt.Slots = append(receipt.Slots, event.SlotCount{Class: slot.class, Slot: slot.slot, Rows: slot.rows})
	}
	for key, n := range d.counts {
		receipt.Outcomes = append(receipt.Outcomes, event.OutcomeCount{Class: key.class, Outcome: key.outcome, Reason: string(key.reason), Events: n})
	}
	slices.SortFunc(receipt.Outcomes, func(a, b event.OutcomeCount) int {
		return cmp.Or(cmp.Compare(a.Outcome, b.Outcome), cmp.Compare(a.Class, b.Class), cmp.Compare(a.Reason, b.Reason))
	})
	slices.SortFunc(receipt.Slots, func(a, b event.SlotCount) int {
		return cmp.Or(cmp.Compare(a.Class, b.Class), cmp.Compare(a.Slot, b.Slot))
	})
	d.out.receipt = receipt
}
