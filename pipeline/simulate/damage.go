package simulate

import (
	"mailtrail/schemas/event"
	"mailtrail/schemas/retention"
)

// class is a retention class as the model knows it.
type class uint8

const (
	untold class = iota // nothing in the event is believed
	mail
	parcels
	special
	numClasses
)

var classNames = [numClasses]string{"", retention.MailTracking, retention.PackageTracking, retention.SpecialServiceTracking}

// damage is what the model did to an event on purpose.
type damage uint8

const (
	sound damage = iota
	// What cannot be read as an event.
	truncated
	wrongType
	missingField
	wrongDigits
	wrongLength
	wrongTime
	// What can be read, but does not hold.
	contradictory
	unreadable
	unknownFacility
	future
	stale
	expired
	// Bars of which some were read wrongly or not at all: see misread.
	oneWrong
	twoWrong
	threeWrong
	erased
	numDamages
)

// Malformed events are of these kinds in equal shares.
const firstMalformed, lastMalformed = truncated, wrongTime

// Outcomes. Refused is the gateway's word alone; the others are those of
// package event.
const refused = "refused"

// The gateway's reasons for what is older than behind, or further ahead than ahead.
const (
	tooOld      event.Code = "too_old"
	tooFarAhead event.Code = "too_far_ahead"
)

// verdict is what must become of an event at a door.
type verdict struct {
	outcome string
	reason  event.Code
}

// verdicts say what must become of an event by what was done to it.
var verdicts = [numDamages]struct{ http, kafka verdict }{
	sound:           both(event.Stored.String(), ""),
	truncated:       unreadableEvent(event.NotReadable),
	wrongType:       unreadableEvent(event.WrongType),
	missingField:    unreadableEvent(event.Missing),
	wrongDigits:     unreadableEvent(event.NotDigits),
	wrongLength:     unreadableEvent(event.WrongLength),
	wrongTime:       unreadableEvent(event.NotTime),
	contradictory:   both(event.Rejected.String(), event.Contradiction),
	unreadable:      both(event.Rejected.String(), event.UnreadableBars),
	unknownFacility: both(event.Rejected.String(), event.UnknownZone),
	future:          {verdict{refused, tooFarAhead}, verdict{event.Rejected.String(), event.FutureTime}},
	stale:           {verdict{refused, tooOld}, verdict{event.Stored.String(), ""}},
	expired:         {verdict{refused, tooOld}, verdict{event.Expired.String(), ""}},
}

func both(outcome string, reason event.Code) struct{ http, kafka verdict } {
	return struct{ http, kafka verdict }{verdict{outcome, reason}, verdict{outcome, reason}}
}

// unreadableEvent is refused by the gateway, and rejected with the same reason
// where it did not come through it.
func unreadableEvent(reason event.Code) struct{ http, kafka verdict } {
	return struct{ http, kafka verdict }{verdict{refused, reason}, verdict{event.Rejected.String(), reason}}
}

// tells reports whether the class is told: not where the event cannot be read,
// or what it says does not hold, so that nothing in it is believed.
func (d damage) tells() bool {
	return d == sound || d == future || d == stale || d == expired
}

// misreads reports whether bars were damaged that may be repaired.
func (d damage) misreads() bool { return d >= oneWrong && d <= erased }

// fits reports whether the damage can be done to a scan of the object.
func (d damage) fits(o *object) bool {
	return d != contradictory && d != unreadable && !d.misreads() || o.field == event.IMb
}

// debts are the damages that were drawn and not yet done: the next event that
// they fit gets them.
type debts struct {
	owed  [numDamages]uint32
	total int
}

// draw decides for one event, and returns the damage to do to it.
func (b *debts) draw(m *model, o *object) damage {
	if m.chaos.chance(m.damaged) {
		b.owed[m.drawDamage()]++
		b.total++
	}
	if b.total == 0 {
		return sound
	}
	for d := sound + 1; d < numDamages; d++ {
		if b.owed[d] > 0 && d.fits(o) {
			b.owed[d]--
			b.total--
			return d
		}
	}
	return sound
}

// drawDamage chooses a kind by the shares.
func (m *model) drawDamage() damage {
	s := &m.options.Shares
	at := float64(m.chaos.below(1<<53)) / (1 << 53) * m.damaged
	for _, each := range [...]struct {
		share float64
		kind  damage
	}{
		{s.Stale, stale}, {s.Expired, expired}, {s.Contradictory, contradictory}, {s.Unreadable, unreadable},
		{s.UnknownFacility, unknownFacility}, {s.Future, future},
		{s.OneWrong, oneWrong}, {s.TwoWrong, twoWrong}, {s.ThreeWrong, threeWrong}, {s.Erased, erased},
	} {
		if at -= each.share; at < 0 {
			return each.kind
		}
	}
	return firstMalformed + damage(m.chaos.below(int64(lastMalformed-firstMalformed)+1))
}

// moment returns when a scan of the class shall have been, Unix milliseconds,
// to be stale, expired or in the future: never within an hour of a limit, from
// Now to the end of the longest run.
func (m *model) moment(d damage, of class) int64 {
	now, r := m.options.Now.UnixMilli(), &m.chaos
	safe, run := border.Milliseconds(), longestRun.Milliseconds()
	row := m.rows[of]
	life := row.Life() * 1000
	switch d {
	case stale:
		return r.between(now+run+safe-life+m.slots[of], now-safe-m.behind.Milliseconds())
	case expired:
		return r.between(now-safe-life-30*dayMilli, now-safe-life)
	}
	ahead := m.options.Ahead.Milliseconds()
	return r.between(now+run+safe+ahead, now+run+safe+ahead+3*dayMilli)
}
