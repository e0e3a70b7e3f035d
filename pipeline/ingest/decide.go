package ingest

import (
	"mailtrail/schemas/event"
	"mailtrail/schemas/retention"
)

// decided is a block about whose every event the block's clock has decided.
type decided struct {
	*block
	at       int64 // the block's clock, Unix milliseconds
	rejected []rejection
	seals    map[int64]string // texts, by slot
	batches  []event.BatchRow
	replays  []event.ReplayRow
	receipt  event.Receipt
}

// decider gives every event of a block its outcome. It is a function of the
// block, its clock, its rules and what was stored before it; of nothing else.
type decider struct {
	b     *block
	at    int64
	epoch Epoch
	known *prior
	// life is how long a record stays in the front topic: a receipt cannot lie
	// further back than that.
	life int64
	// sealedBy is the schedule's row of dead letters as it is in force: it names the slots under which they are sealed.
	sealedBy *retention.Row
	// identified: the rows themselves tell later of their repeats.
	identified bool

	over     map[int64]bool // offsets of replays whose slot is over
	expired  []bool         // rejects whose slot is over
	keep     []bool         // rows that stay
	repeated []bool         // rows and, behind them, rejects that are repeats
	late     []reject
	classes  []string // by their place in the column's dictionary
	counts   map[countKey]uint64
	slots    []slotRows // few, and mostly the same as before
	out      decided
}

// slotRows is how many rows of the block lie in a slot.
type slotRows struct {
	slotKey
	rows uint64
}

type countKey struct {
	class   string
	outcome event.Outcome
	reason  event.Code
}

func (d *decider) decide() *decided {
	b := d.b
	d.out = decided{block: b, at: d.at}
	d.counts = map[countKey]uint64{}
	d.keep = make([]bool, b.head.Len())
	d.repeated = make([]bool, b.head.Len()+len(b.rejects))
	d.expired = make([]bool, len(b.rejects))
	d.classes = b.head.Class.Texts()
	d.markRepeats()
	d.markOver()
	for i := range d.keep {
		d.row(i)
	}
	for i := range b.rejects {
		d.rejected(i)
	}
	if !d.identified {
		d.requests()
	}
	d.receipt()
	b.rows.Keep(d.keep)
	return &d.out
}

// markRepeats marks the events of messages whose request was stored before.
func (d *decider) markRepeats() {
	for i := range d.b.requests {
		r := &d.b.requests[i]
		if r.id == "" {
			continue
		}
		before := d.known.places[r.id]
		if d.known.elsewhere[r.offset] {
			before = append(before, earlier{places: r.places})
		}
		if len(before) > 0 {
			for row := r.rowFrom; row < r.rowTo; row++ {
				d.repeated[row] = seen(before, r.places, d.b.head.Index[row])
			}
			for rej := r.rejFrom; rej < r.rejTo; rej++ {
				d.repeated[len(d.keep)+rej] = seen(before, r.places, d.b.rejects[rej].index)
			}
		}
		d.known.places[r.id] = append(d.known.places[r.id], earlier{r.offset, r.places})
	}
}

func seen(before []earlier, places event.Ranges, index uint32) bool {
	place, ok := places.At(uint64(index))
	if !ok {
		return false
	}
	for _, e := range before {
		if e.places.Contains(place) {
			return true
		}
	}
	return false
}

// row decides about an event that can be a row: duplicate, rejected, expired or stored.
func (d *decider) row(i int) {
	rows := d.b.head
	class := d.classes[rows.Class.Key(i)]
	if d.repeated[i] || d.replayedBefore(i) {
		d.count(class, event.Duplicate, "")
		d.repeated[i] = true
		return
	}
	if d.b.replayed[i] && d.over[rows.Offset[i]] {
		d.count(class, event.Expired, "")
		return
	}
	received := d.clamp(d.b.received[i], d.b.replayed[i])
	if rows.Captured[i] == event.NoClock {
		rows.Captured[i] = received
	}
	if rows.Captured[i] > d.at+d.epoch.Rules.Ahead.Milliseconds() {
		d.tooEarly(i)
		return
	}
	row := d.epoch.Rules.Schedule.Row(class)
	slot := row.SlotOf(min(rows.Captured[i], received))
	if row.DestroyAt(slot)*1000 <= d.at {
		d.count(class, event.Expired, "")
		return
	}
	rows.Received[i], rows.Slot[i] = received, slot
	d.keep[i] = true
	d.stored(slotKey{class, slot})
	if d.b.replayed[i] {
		origin := string(rows.Origin.Row(i))
		d.known.origins[origin] = true
		d.out.replays = append(d.out.replays, event.ReplayRow{
			Origin: origin, Topic: d.b.topic, Partition: d.b.partition, Offset: rows.Offset[i], At: d.at,
		})
	}
}

func (d *decider) stored(slot slotKey) {
	for i := range d.slots {
		if d.slots[i].slotKey == slot {
			d.slots[i].rows++
			return
		}
	}
	d.slots = append(d.slots, slotRows{slot, 1})
}

func (d *decider) replayedBefore(i int) bool {
	return d.b.replayed[i] && (d.known.origins[string(d.b.head.Origin.Row(i))] || d.known.elsewhere[d.b.head.Offset[i]])
}

// clamp bounds a time of receipt: a producer may stamp nonsense, but what is
// in the topic cannot have come before the topic's life began nor after now. A
// replayed reject may have come up to two lives earlier.
func (d *decider) clamp(received int64, replayed bool) int64 {
	oldest := d.at - d.life
	if replayed {
		oldest -= 2 * d.life
	}
	return min(max(received, oldest), d.at)
}

// tooEarly rejects a row whose scan lies in the future.
func (d *decider) tooEarly(i int) {
	r := d.earlyReject(i)
	if d.reject(r, d.classes[d.b.head.Class.Key(i)]) {
		d.late = append(d.late, reject{offset: r.offset, err: &event.Error{Code: event.FutureTime}})
	}
}

// earlyReject is the reject of a row whose event lies in the future.
func (d *decider) earlyReject(i int) *reject {
	e, rows := d.b.early[i], d.b.head
	return &reject{
		offset: rows.Offset[i], index: rows.Index[i], origin: string(rows.Origin.Row(i)), stage: event.DeriveStage,
		err:     d.epoch.Rules.futureError(),
		headers: e.headers, payload: e.payload, isProto: e.isProto, received: d.b.received[i], captured: rows.Captured[i],
		replayed: d.b.replayed[i],
	}
}

func (r Rules) futureError() *event.Error {
	return &event.Error{Field: r.Tables.ClockField(), Code: event.FutureTime, Message: "the time lies further ahead than ingest.ahead, " + r.Ahead.String()}
}

func (d *decider) rejected(i int) {
	r := &d.b.rejects[i]
	if d.repeated[len(d.keep)+i] || r.origin != "" && (d.known.origins[r.origin] || d.known.elsewhere[r.offset]) {
		d.count("", event.Duplicate, "")
		d.repeated[len(d.keep)+i] = true
		return
	}
	if r.ended || d.over[r.offset] {
		d.count("", event.Expired, "")
		d.expired[i] = true
		return
	}
	d.expired[i] = !d.reject(r, "")
}

// reject counts and keeps a reject, and returns false where it is expired instead.
func (d *decider) reject(r *reject, class string) bool {
	received, clock := d.clocks(r)
	if d.ended(clock) {
		d.count(class, event.Expired, "")
		return false
	}
	d.count(class, event.Rejected, r.err.Code)
	d.out.rejected = append(d.out.rejected, rejection{r, class, received, clock, d.sealedBy.SlotOf(clock)})
	return true
}

func (d *decider) count(class string, outcome event.Outcome, reason event.Code) {
	d.counts[countKey{class, outcome, reason}]++
}
