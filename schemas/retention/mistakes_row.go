package retention

import (
	"regexp"
	"slices"
	"strings"
	"time"
)

var className = regexp.MustCompile(`^[a-z][a-z0-9_]{0,62}$`)

// class checks a row of records from outside.
func (c *checker) class(r *Row, at lines) {
	if r.Bound != Ceiling && r.Bound != Term {
		c.wrong(r.Class, at, "bound", "%q, expected ceiling or term", r.Bound)
	}
	for _, key := range []struct{ name, value string }{{"rule", r.Rule}, {"system", r.System}, {"citation", r.Citation}} {
		if key.value == "" {
			c.wrong(r.Class, at, key.name, "it is needed: the rule must be named")
		}
	}
	c.row(r, at)
	if r.Topic != "" {
		c.arrival(r, at)
	}
}

// own checks a row of what the pipeline itself keeps.
func (c *checker) own(r *Row, at lines) {
	if r.Reason == "" {
		c.wrong(r.Class, at, "reason", "it is needed: why so long?")
	}
	if r.Bound == NoLimit {
		for _, key := range []string{"limit", "clock", "slot", "margin", "behind", "idle"} {
			if _, there := at[key]; there {
				c.wrong(r.Class, at, key, "a row with bound none has none")
			}
		}
		c.name(r, at)
		return
	}
	if r.Bound != "" && r.Bound != Ceiling && r.Bound != Term {
		c.wrong(r.Class, at, "bound", "%q, expected none, ceiling, term or nothing", r.Bound)
	}
	c.row(r, at)
	if r.Topic != "" && c.schedule.TopicLife(r.Topic) == 0 {
		c.wrong(r.Class, at, "topic", "%s is not among the topics of the schedule", r.Topic)
	}
}

func (c *checker) name(r *Row, at lines) {
	if !className.MatchString(r.Class) {
		c.wrong(r.Class, at, "class", "%q is no name of a class: expected lower-case letters, digits and _", r.Class)
	}
	if r.Record == "" {
		c.wrong(r.Class, at, "record", "it is needed: what is kept?")
	}
}

// row checks what rows with a limit have in common.
func (c *checker) row(r *Row, at lines) {
	c.name(r, at)
	clocks := append([]Clock{Capture, Receipt}, eventClocks...)
	if !slices.Contains(clocks, r.Clock) {
		c.wrong(r.Class, at, "clock", "%q, expected one of %s", r.Clock, joinClocks(clocks))
	}
	if _, there := at["limit"]; !there {
		c.wrong(r.Class, at, "limit", "it is needed: a record without a limit is not kept")
		return
	}
	if r.EventBound() {
		c.eventBound(r, at)
		return
	}
	if _, there := at["idle"]; there {
		c.wrong(r.Class, at, "idle", "%s: a record with clock %s has no end that could fail to come", r.Idle, r.Clock)
	}
	if len(r.Places()) == 0 && r.Limit.shortest() == 0 && r.Slot == 0 && r.Margin == 0 {
		return // never written
	}
	c.slots(r, at)
	for _, bucket := range r.Buckets {
		if bucket != ImagesBucket {
			c.wrong(r.Class, at, "buckets", "%q, expected %s, the one bucket, which objects.bucket names", bucket, ImagesBucket)
		}
	}
	if _, ok := r.Limit.constant(r.Bound); !ok && len(r.Tables)+len(r.SystemTables) > 0 {
		c.wrong(r.Class, at, "limit", "%s: slots of a %s of the calendar have unequal lives, which a table's expiry cannot follow: give the limit of records in tables in days", r.Limit, r.Bound)
	}
}

func (c *checker) eventBound(r *Row, at lines) {
	if r.Slot != 0 {
		c.wrong(r.Class, at, "slot", "%s: a record with clock %s goes with its end, not with a slot", r.Slot, r.Clock)
	}
	if len(r.Places()) > 0 && !r.Sealed {
		c.wrong(r.Class, at, "sealed", "records with clock %s lie in slots by receipt, so each is sealed under a key of its own that can end: expected sealed: true", r.Clock)
	}
}

// slots checks slot and margin against the limit, and against the stores.
func (c *checker) slots(r *Row, at lines) {
	limit := Duration(r.Limit.shortest())
	sound := true
	for _, key := range []struct {
		name  string
		value Duration
	}{{"limit", limit}, {"slot", r.Slot}, {"margin", r.Margin}} {
		if time.Duration(key.value) < time.Second {
			c.wrong(r.Class, at, key.name, "%s, expected at least 1s", key.value)
			sound = false
		}
	}
	if !sound {
		return
	}
	switch {
	case r.Slot >= limit:
		c.wrong(r.Class, at, "slot", "slot %s is not shorter than the limit %s: the whole slot would be due before it has ended", r.Slot, r.Limit)
	case r.Slot+r.Margin >= limit:
		c.wrong(r.Class, at, "margin", "slot %s + margin %s = %s leave nothing of the limit %s", r.Slot, r.Margin, r.Slot+r.Margin, r.Limit)
	}
	for _, release := range Releases() {
		half := r.Margin / 2
		if release.needed(r) && time.Duration(half) < release.Takes {
			c.wrong(r.Class, at, "margin", "half of the margin %s is %s, and %s takes %s until %s (%s): expected a margin of at least %s",
				r.Margin, time.Duration(half), release.Store, release.Takes, release.Until, release.Source, Duration(2*release.Takes))
		}
	}
}

// arrival checks that what comes in late, and waits in its topic as long as
// it may, is still gone in time.
func (c *checker) arrival(r *Row, at lines) {
	if r.Behind <= 0 {
		c.wrong(r.Class, at, "behind", "%s, expected more than 0: how old may a record be when it comes in?", r.Behind)
		return
	}
	life := Duration(c.schedule.TopicLife(r.Topic))
	switch room := Duration(r.Limit.shortest()) - r.Slot - r.Margin; {
	case life == 0:
		c.wrong(r.Class, at, "topic", "%s is not among the topics of the schedule", r.Topic)
	case r.Behind+life >= room:
		c.wrong(r.Class, at, "behind", "behind %s + life of topic %s %s = %s, which must be less than limit %s - slot %s - margin %s = %s",
			r.Behind, r.Topic, life, r.Behind+life, r.Limit, r.Slot, r.Margin, room)
	}
}

func joinClocks(clocks []Clock) string {
	texts := make([]string, len(clocks))
	for i, clock := range clocks {
		texts[i] = string(clock)
	}
	return strings.Join(texts, ", ")
}
