package main

import (
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"github.com/jedib0t/go-pretty/v6/text"

	pipeline "mailtrail/pipeline/retention"
	"mailtrail/schemas/retention"
)

// shownLosses is how many of the next losses of a place the document names.
const shownLosses = 3

// notYet is what of the schedule nothing carries out yet. Who signs the document must know it.
const notYet = "Old files in folders are not removed, but for the log of the embedded ClickHouse. Slots of tables are dropped, and slot keys destroyed, at the times below as " +
	"long as a sweeper runs (`mailtrail up`, or `mailtrail retention run`); without one ClickHouse's own expiry drops them half a margin later, " +
	"and the keys go when a sweeper starts, before anything else does."

// document writes the plan for people.
type document struct {
	out io.Writer
	err error // the first of writing
}

func (d *document) line(format string, values ...any) {
	if _, err := fmt.Fprintf(d.out, format+"\n", values...); d.err == nil {
		d.err = err
	}
}

// item writes a name and a text that is wrapped behind it.
func (d *document) item(name, value string) {
	for i, part := range strings.Split(text.WrapSoft(value, 96), "\n") {
		if i > 0 {
			name = ""
		}
		d.line("    %-10s %s", name, strings.TrimSpace(part))
	}
}

// writePlan writes the plan as a document that can be signed.
func writePlan(out io.Writer, plan *pipeline.Plan) error {
	d := &document{out: out}
	d.line("RETENTION PLAN")
	d.line("Drawn up %s under the schedule %s.", plan.At.UTC().Format("2006-01-02 15:04:05Z"), plan.Schedule.Hash()[:16])
	d.line("All times are UTC; a day is 24 hours. Every limit is a ceiling: nothing is kept past it. A term that a notice")
	d.line("states without \"up to\" is kept as a ceiling too, and its records go earlier by a slot and a margin at most.")
	d.line("")
	d.item("NOT YET", notYet)
	for _, s := range plan.Silent {
		d.line("")
		d.item("NOT KNOWN", fmt.Sprintf("%s did not answer, so what it holds is missing here: %v", storeName(s.Store), s.Err))
	}
	d.group(plan, "PART 1. RECORDS THAT ARE KEPT NOW", func(l *pipeline.Line) bool { return !l.Own && l.Flows() })
	d.group(plan, "PART 2. WHAT MAILTRAIL KEEPS FOR ITSELF", func(l *pipeline.Line) bool { return l.Own && l.Flows() })
	d.group(plan, "PART 3. NOT KEPT BY SOFTWARE YET (a record of these kinds is refused)", func(l *pipeline.Line) bool { return !l.Flows() })
	d.line("\nPART 4. MEDIA")
	for _, m := range plan.Schedule.Disposal {
		d.line("\n  %s, %s", m.System, m.Medium)
		d.item("Rule", m.Rule+": "+m.Citation)
		d.item("Method", m.Method)
		if m.Decision != "" {
			d.item("Decided", m.Decision)
		}
	}
	d.line("\nApproved: ______________________________   Date: ______________")
	return d.err
}

func (d *document) group(plan *pipeline.Plan, title string, belongs func(*pipeline.Line) bool) {
	d.line("\n%s", title)
	system := ""
	for i := range plan.Lines {
		line := &plan.Lines[i]
		if !belongs(line) {
			continue
		}
		if line.System != system && line.System != "" {
			system = line.System
			d.line("\n %s", system)
		}
		d.class(line, plan.Schedule)
	}
}

func (d *document) class(l *pipeline.Line, schedule *retention.Schedule) {
	d.line("\n  %s (class %s)", l.Record, l.Class)
	if l.Rule != "" {
		d.item("Rule", l.Rule+": "+l.Citation)
	} else {
		d.item("Reason", l.Reason)
	}
	d.item("Kept", keptWords(l.Row))
	if l.Sliced() {
		d.item("Destroyed", destroyedWords(l.Row))
	}
	if l.Behind > 0 {
		d.item("Taken in", "up to "+inWords(l.Behind.String())+" late; what is older is refused")
	}
	if l.Decision != "" {
		d.item("Decided", l.Decision)
	}
	if places := placeWords(l.Row, schedule); places != "" {
		d.item("Lies in", places)
	}
	d.losses(l)
	for _, h := range l.Strange {
		d.item("STRANGE", fmt.Sprintf("%s %s holds %d rows in the partition %s, which is no slot of the schedule", storeName(h.Place.Store), h.Place.Name, h.Rows, h.Strange))
	}
}

// losses names what each place loses next.
func (d *document) losses(l *pipeline.Line) {
	var places []retention.Place
	count := map[retention.Place]int{}
	for _, loss := range l.Losses {
		if count[loss.Place] == 0 {
			places = append(places, loss.Place)
		}
		count[loss.Place]++
	}
	for _, place := range places {
		shown := 0
		for _, loss := range l.Losses {
			if loss.Place != place || shown == shownLosses {
				continue
			}
			shown++
			d.item("Loses", lossWords(&loss))
		}
		if more := count[place] - shown; more > 0 {
			last := l.Losses[lastOf(l.Losses, place)]
			d.item("", fmt.Sprintf("and %d more from %s %s, the last at %s", more, storeName(place.Store), place.Name, moment(last.DestroyAt)))
		}
	}
}

func lastOf(losses []pipeline.Loss, place retention.Place) int {
	last := 0
	for i := range losses {
		if losses[i].Place == place {
			last = i
		}
	}
	return last
}

func lossWords(l *pipeline.Loss) string {
	words := fmt.Sprintf("%s  %s %s: ", moment(l.DestroyAt), storeName(l.Place.Store), l.Place.Name)
	switch {
	case l.GoneAt != 0:
		return words + "the oldest record, of " + moment(l.From) + ", at the latest"
	case l.Rows > 0:
		return words + fmt.Sprintf("slot %s, rows: %d", moment(l.From), l.Rows)
	}
	return words + fmt.Sprintf("slot %s, %s", moment(l.From), byteCount(l.Bytes))
}

func keptWords(r *retention.Row) string {
	limit := inWords(r.Limit.String())
	switch {
	case r.Bound == retention.NoLimit:
		return "as long as the installation runs"
	case r.Limit.Longest(r.Bound) == 0 && r.EventBound():
		return "until " + clockWords(r.Clock) + idleWords(r)
	case r.Limit.Longest(r.Bound) == 0:
		return "not at all: it is never written"
	case r.Bound == retention.Term:
		return limit + " from " + clockWords(r.Clock) + idleWords(r)
	}
	return "up to " + limit + " from " + clockWords(r.Clock) + idleWords(r)
}

func idleWords(r *retention.Row) string {
	if r.Idle == (retention.Limit{}) {
		return ""
	}
	return ", or from the day on which nothing has been recorded for " + inWords(r.Idle.String())
}

func destroyedWords(r *retention.Row) string {
	return fmt.Sprintf("in slots of %s, each %s before the oldest record that it can hold reaches the limit; a record is then between %s and %s old",
		inWords(r.Slot.String()), inWords(r.Margin.String()), roughly(r.Earliest()), roughly(r.Longest()-time.Duration(r.Margin)))
}

func placeWords(r *retention.Row, schedule *retention.Schedule) string {
	var words []string
	for _, place := range r.Places() {
		word := storeName(place.Store) + " " + place.Name
		if life := schedule.TopicLife(place.Name); place.Store == retention.Kafka && life > 0 {
			word += " (for at most " + inWords(retention.Duration(life).String()) + ")"
		}
		words = append(words, word)
	}
	joined := strings.Join(words, ", ")
	switch {
	case joined != "" && r.Planned:
		joined += "; none of it is there yet"
	case joined != "" && r.Sealed:
		joined += "; sealed under its slot's key, which is destroyed with the slot and ends every copy at once"
	}
	return joined
}

var clocksInWords = map[retention.Clock]string{
	retention.Capture: "the earlier of capture and receipt", retention.Receipt: "receipt", retention.RelationshipEnd: "the end of the relationship",
	retention.ParticipationEnd: "the end of participation", retention.AccessTerminated: "the termination of access",
	retention.AccountabilityEnded: "the termination of accountability", retention.AuthorizationsCancelled: "the cancelling of the last authorization",
	retention.LastVisit: "the last visit", retention.LastActivity: "the last activity", retention.BrowserClosed: "the closing of the browser",
	retention.CookieSet: "the setting of the cookie", retention.Reply: "the reply",
}

func clockWords(c retention.Clock) string { return clocksInWords[c] }

// inWords writes a span of the schedule, as 24mo, with its unit as a word.
func inWords(span string) string {
	units := []struct{ suffix, word string }{{"mo", "month"}, {"y", "year"}, {"d", "day"}, {"h", "hour"}, {"m", "minute"}, {"s", "second"}}
	i := slices.IndexFunc(units, func(u struct{ suffix, word string }) bool { return strings.HasSuffix(span, u.suffix) })
	if i < 0 {
		return span
	}
	number := strings.TrimSuffix(span, units[i].suffix)
	if number == "1" {
		return "1 " + units[i].word
	}
	return number + " " + units[i].word + "s"
}

func storeName(s retention.Store) string {
	switch s {
	case retention.Kafka:
		return "Kafka"
	case retention.ClickHouse:
		return "ClickHouse"
	case retention.Objects:
		return "bucket"
	}
	return "folder"
}

func moment(seconds int64) string { return at(seconds).Format("2006-01-02 15:04:05Z") }
