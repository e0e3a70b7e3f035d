package retention

import (
	"fmt"
	"slices"
	"time"
)

// mistakes lists everything that makes the schedule one that no store can keep.
func (s *Schedule) mistakes() (found []error) {
	seen := map[string]bool{}
	for _, row := range slices.Concat(s.Classes, s.Own) {
		if seen[row.Class] {
			found = append(found, fmt.Errorf("class %s stands twice", row.Class))
		}
		seen[row.Class] = true
		found = append(found, row.mistakes()...)
	}
	for i := range s.Classes {
		found = append(found, s.classMistakes(&s.Classes[i])...)
	}
	for _, t := range s.Topics {
		if t.Life <= 0 {
			found = append(found, fmt.Errorf("topic %s: life must be longer than 0", t.Name))
		}
	}
	for _, class := range []string{MailTracking, PackageTracking, SpecialServiceTracking, Receipts, BatchIDs, ReplayIDs} {
		if !seen[class] {
			found = append(found, fmt.Errorf("class %s is missing: records of this kind flow, and a record without a row is refused", class))
		}
	}
	return found
}

func (r *Row) mistakes() (found []error) {
	wrong := func(format string, args ...any) {
		found = append(found, fmt.Errorf("class "+r.Class+": "+format, args...))
	}
	if r.Class == "" {
		wrong("a row without a name")
	}
	if r.Clock != "capture" && r.Clock != "receipt" {
		wrong("clock is %q, expected capture or receipt", r.Clock)
	}
	if len(r.Tables) == 0 {
		wrong("tables: at least one is needed")
	}
	for name, d := range map[string]Duration{"limit": r.Limit, "slot": r.Slot, "margin": r.Margin} {
		if time.Duration(d) < time.Second || time.Duration(d)%time.Second != 0 {
			wrong("%s is %s, expected whole seconds from 1s", name, d)
		}
	}
	if r.Slot+r.Margin >= r.Limit {
		wrong("slot %s + margin %s leave nothing of the limit %s", r.Slot, r.Margin, r.Limit)
	}
	return found
}

// classMistakes checks what records from outside need besides.
func (s *Schedule) classMistakes(r *Row) (found []error) {
	wrong := func(format string, args ...any) {
		found = append(found, fmt.Errorf("class "+r.Class+": "+format, args...))
	}
	if r.Bound != "ceiling" && r.Bound != "term" {
		wrong("bound is %q, expected ceiling or term", r.Bound)
	}
	if r.Citation == "" {
		wrong("citation: the rule must be named")
	}
	if r.Behind <= 0 {
		wrong("behind must be longer than 0")
	}
	life := Duration(s.TopicLife(r.Topic))
	switch room := r.Limit - r.Slot - r.Margin; {
	case life == 0:
		wrong("topic %q is not among the topics of the schedule", r.Topic)
	case r.Behind+life >= room:
		wrong("behind %s + life of topic %s %s = %s, which must be less than limit %s - slot %s - margin %s = %s",
			r.Behind, r.Topic, life, r.Behind+life, r.Limit, r.Slot, r.Margin, room)
	}
	return found
}
