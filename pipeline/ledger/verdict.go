package ledger

import (
	"fmt"
	"strings"
	"time"
)

// Verdict is what a genuine bundle shows.
type Verdict struct {
	// Log is the name of the log, Head the checkpoint that everything was checked against.
	Log   string
	Head  Checkpoint
	Class string
	Slot  time.Time
	// DestroyAt is when the slot was due, Limit when the oldest possible record in it reaches its limit.
	DestroyAt, Limit time.Time
	// Destroyed is when the last of its stores was empty; zero where one is not.
	Destroyed time.Time
	// Since is the older checkpoint that the log was found to continue.
	Since *Checkpoint
	// Witnessed are the witnesses that vouch for the slot's entries.
	Witnessed []Witnessed
	// Proves and Cannot are sentences: what follows from the bundle, and what does not.
	Proves, Cannot []string
	// Findings are sentences: what should have been otherwise.
	Findings []string
}

// Witnessed is one witness's word.
type Witnessed struct {
	Name string
	// Size is how many entries it has seen, and At when it said so.
	Size int64
	At   time.Time
}

// Holds tells whether the slot was destroyed everywhere, in time, and nothing was found amiss.
func (v *Verdict) Holds() bool { return len(v.Findings) == 0 }

func (v *Verdict) proves(format string, values ...any) {
	v.Proves = append(v.Proves, fmt.Sprintf(format, values...))
}

func (v *Verdict) cannot(format string, values ...any) {
	v.Cannot = append(v.Cannot, fmt.Sprintf(format, values...))
}

func (v *Verdict) finding(format string, values ...any) {
	v.Findings = append(v.Findings, fmt.Sprintf(format, values...))
}

func stamp(t time.Time) string { return t.UTC().Format(time.RFC3339Nano) }

// judge says what the checked entries mean.
func (v *Verdict) judge(b *bundle) {
	t := v.term(b)
	v.proves("The ledger %s has %d entries, signed by its key, and every entry named here stands in it unaltered.", v.Log, v.Head.Size)
	bound := "at most"
	if t.row.Bound == "term" {
		bound = "for"
	}
	v.proves("Class %s keeps its records %s %s (%s), in slots of %s; the slot of %s was due at %s, and its oldest possible record reaches the limit at %s.",
		v.Class, bound, words(t.limit), t.row.citation(), words(t.row.SlotLength), stamp(v.Slot), stamp(v.DestroyAt), stamp(v.Limit))
	v.judgeKey(b)
	v.judgeStores(b, &t.row)
	v.judgeRest(b)
	v.judgeResults(b)
	v.compared()
	v.limits(&t.row)
}

// term is what the schedule asked of the slot while it lived.
func (v *Verdict) term(b *bundle) term {
	end := v.Head.Size
	if last := b.lastEnd(); last != nil {
		end = last.Index
	}
	var rows []ClassRow
	for i := range b.Schedule {
		if i == 0 || b.Schedule[i].Index < end {
			rows = append(rows, rowOf(&b.Schedule[i].Entry))
		}
	}
	t := termOf(rows, v.Slot)
	v.DestroyAt, v.Limit = v.Slot.Add(t.destroyAfter), v.Slot.Add(t.limit)
	return t
}

// lastEnd is the last entry that tells of a destruction, nil where none does.
func (b *bundle) lastEnd() (last *included) {
	for i := range b.Entries {
		switch b.Entries[i].Entry.Kind {
		case KeyDestroyed, PartitionDropped, PrefixDeleted:
			last = &b.Entries[i]
		}
	}
	return last
}

func (b *bundle) find(kind Kind) *Entry {
	for i := range b.Entries {
		if b.Entries[i].Entry.Kind == kind {
			return &b.Entries[i].Entry
		}
	}
	return nil
}

// judgeKey follows the slot's key from its making to its end.
func (v *Verdict) judgeKey(b *bundle) {
	created, sealed, destroyed := b.find(KeyCreated), b.find(KeySealed), b.find(KeyDestroyed)
	if created != nil {
		v.proves("A key whose SHA-256 is %s was made for it at %s.", created.Commitment, stamp(created.Time))
	}
	if sealed != nil {
		v.proves("From %s on nothing more was encrypted under that key.", stamp(sealed.Time))
	}
	switch {
	case destroyed == nil:
	case created == nil && destroyed.Commitment == "":
		v.proves("It was declared at %s that no key was ever made for it and that none can be.", stamp(destroyed.Time))
	case created == nil || created.Commitment != destroyed.Commitment || sealed != nil && sealed.Commitment != created.Commitment:
		v.finding("The key that was destroyed is not the one that was made for the slot.")
	case destroyed.By == "loss":
		v.finding("The key was lost before %s: what it had sealed cannot be read, and nobody can say that it was destroyed.", stamp(destroyed.Time))
	default:
		v.proves("The same key was declared destroyed at %s, by %s.", stamp(destroyed.Time), destroyed.By)
	}
}

// judgeStores wants the end of the slot in each store that its row names, in time.
func (v *Verdict) judgeStores(b *bundle, row *ClassRow) {
	early := b.find(EarlyDestruction)
	if early != nil {
		v.proves("That it would be destroyed before its time was entered at %s, by %s: %s", stamp(early.Time), early.By, early.Detail)
	}
	missing := false
	for _, store := range row.Stores {
		end := b.endIn(store)
		if end == nil {
			missing = true
			v.missing(b, store)
			continue
		}
		v.judgeEnd(end, store, row.Bound == "term", early != nil)
		if end.Time.After(v.Destroyed) {
			v.Destroyed = end.Time
		}
	}
	if missing {
		v.Destroyed = time.Time{}
	}
}

func (b *bundle) endIn(store string) *Entry {
	for i := range b.Entries {
		if endsIn(&b.Entries[i].Entry, store) {
			return &b.Entries[i].Entry
		}
	}
	return nil
}

func (v *Verdict) missing(b *bundle, store string) {
	if gap := b.find(GapAcknowledged); gap != nil && (gap.Store == "" || gap.Store == store) {
		v.finding("No destruction in %s is in the ledger; %s acknowledged that at %s: %s", store, gap.By, stamp(gap.Time), gap.Detail)
		return
	}
	v.finding("No destruction in %s is in the ledger's first %d entries.", store, v.Head.Size)
}

// judgeEnd holds one destruction against the slot's times.
func (v *Verdict) judgeEnd(end *Entry, store string, isTerm, announced bool) {
	rows := ""
	if end.Rows != nil {
		rows = fmt.Sprintf(", with %d %s", *end.Rows, unitOf(store))
	}
	switch {
	case end.Time.After(v.Limit) && !isTerm:
		v.finding("The slot was destroyed in %s at %s, %s after its limit.", store, stamp(end.Time), end.Time.Sub(v.Limit))
	case end.Time.Before(v.DestroyAt) && !announced:
		v.finding("The slot was destroyed in %s at %s, %s before it was due, and nobody had entered why.", store, stamp(end.Time), v.DestroyAt.Sub(end.Time))
	case store == KeyStore: // told already
	default:
		v.proves("It was dropped in %s at %s, by %s%s.", store, stamp(end.Time), end.By, rows)
	}
	if end.By == "backstop" {
		v.finding("The slot went from %s by the store's own expiry: the sweeper did not come.", store)
	}
}

// unitOf is what is counted in a store.
func unitOf(store string) string {
	if strings.HasPrefix(store, "files/") {
		return "files"
	}
	return "rows"
}

// judgeRest repeats what else was entered about the slot.
func (v *Verdict) judgeRest(b *bundle) {
	for i := range b.Entries {
		switch e := &b.Entries[i].Entry; e.Kind {
		case Violation:
			v.finding("A violation was entered at %s: %s %s: %s", stamp(e.Time), e.Store, e.Object, e.Detail)
		case Returned:
			v.finding("At %s something of the slot that had been destroyed was found again in %s (%s), and destroyed again.", stamp(e.Time), e.Store, e.Object)
		}
		if behind := b.Entries[i].Entry.ClockBehind; behind > 0 {
			v.cannot("when exactly entry %d was made: the clock stood %s before the entry above it", b.Entries[i].Index, time.Duration(behind)*time.Millisecond)
		}
	}
}

// judgeResults looks for the auditor's word after the destruction.
func (v *Verdict) judgeResults(b *bundle) {
	last := b.lastEnd()
	for i := range b.Results {
		e := &b.Results[i].Entry
		if last == nil || b.Results[i].Index < last.Index {
			continue
		}
		if *e.Findings > 0 {
			v.proves("The auditor looked into %d objects at %s and found %d amiss, of whatever class.", *e.Inspected, stamp(e.Time), *e.Findings)
			continue
		}
		v.proves("The auditor looked into %d objects at %s (%d more were waived) and found nothing over its limit.", *e.Inspected, stamp(e.Time), *e.Waived)
		return
	}
	v.cannot("that the stores were found empty: no verify without findings follows the destruction in this bundle")
}
