package report

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"time"

	"mailtrail/schemas/retention"
)

// storePatience is how long the page waits for a store.
const storePatience = 3 * time.Second

// officerData is what the page shows.
type officerData struct {
	Now     time.Time
	Officer string
	// Encrypted says that the page came over TLS.
	Encrypted bool
	Schedule  *retention.Schedule
	// InForce says that the schedule is the one of the server, not only that of the configuration.
	InForce bool
	// Amiss are sentences: what needs a person. Silent are the stores that did not answer.
	Amiss  []string
	Silent []silence
	Lines  []line
	Next   []next
	// Unlimited and Elsewhere count the rows of the schedule without a limit, and those whose records are not taken in.
	Unlimited, Elsewhere int
	Ledger               *LedgerState
	// NoLedger says why there is none.
	NoLedger string
	Asked    Asked
	// Older is the last slot of the list, behind which it goes on; nil where it ends.
	Older *DestroyedSlot
}

type silence struct{ Store, Why string }

// The states of what a place holds.
const (
	stateEmpty   = "nothing held"
	stateKept    = "within its limit"
	stateDue     = "due, being destroyed"
	stateOver    = "OVER ITS LIMIT"
	stateUnknown = "not known"
)

// line is one class in one place.
type line struct {
	Class, Record, Store, Place string
	Bound                       string
	Limit                       time.Duration
	Oldest                      time.Time
	Age, Room                   time.Duration
	// Share is the age in thousandths of the limit, at most 1000.
	Share int
	State string
}

// next is what a place loses next.
type next struct {
	At           time.Time
	Class        string
	Store, Place string
	Slot         time.Time
	Rows         uint64
}

// gather asks everybody at the same time. Who does not answer is named, and the rest is shown all the same.
func (a *API) gather(ctx context.Context, asked Asked) *officerData {
	page := &officerData{Now: a.deps.Clock().UTC(), Schedule: a.config.Schedule, Asked: asked}
	ctx, cancel := context.WithTimeout(ctx, storePatience)
	defer cancel()
	var asking sync.WaitGroup
	answers := make([][]Holding, len(a.deps.Stores))
	errs := make([]error, len(a.deps.Stores))
	for i, store := range a.deps.Stores {
		asking.Go(func() { answers[i], errs[i] = store.Oldest(ctx) })
	}
	var applied *retention.Schedule
	asking.Go(func() { applied, _ = a.deps.Applied.AppliedSchedule(ctx) }) // who is away is told by its store
	var state *LedgerState
	var ledgerErr error
	asking.Go(func() { state, ledgerErr = a.deps.Ledger.State(ctx, asked) })
	asking.Wait()

	page.inForce(applied)
	var all []Holding
	for i, store := range a.deps.Stores {
		if errs[i] != nil {
			page.Silent = append(page.Silent, silence{store.Name(), errs[i].Error()})
			page.amiss("%s did not answer: what it holds is not known.", store.Name())
		}
		all = append(all, answers[i]...)
	}
	page.holdings(all, a.deps.Stores, errs)
	page.ledger(state, ledgerErr)
	return page
}

func (p *officerData) amiss(format string, values ...any) {
	p.Amiss = append(p.Amiss, fmt.Sprintf(format, values...))
}

// inForce takes the schedule of the server, which counts where it is another than that of the configuration.
func (p *officerData) inForce(applied *retention.Schedule) {
	if applied == nil {
		return
	}
	p.InForce = true
	applied.Topics = p.Schedule.Topics // the server does not hold them
	if changes := retention.Compare(applied, p.Schedule); len(changes) > 0 {
		p.amiss("The configuration names another schedule than the server has in force (%s): run `mailtrail retention apply` with the right one.", changes[0])
		p.Schedule = applied
	}
}

// Name is how the schedule is named: by the beginning of its hash, where its text is known.
func (p *officerData) Name() string {
	if len(p.Schedule.Source()) == 0 {
		return "of the server"
	}
	return p.Schedule.Hash()[:16]
}

// holdings holds what the stores said against the schedule.
func (p *officerData) holdings(all []Holding, stores []Store, errs []error) {
	for _, row := range p.Schedule.Rows() {
		switch {
		case !row.Flows():
			p.Elsewhere++
			continue
		case row.Bound == retention.NoLimit:
			p.Unlimited++
			continue
		}
		for _, place := range row.Places() {
			l := line{
				Class: row.Class, Store: storeName(place.Store), Place: place.Name, Bound: "up to", Limit: row.Longest(), State: stateUnknown,
			}
			if len(p.Lines) == 0 || p.Lines[len(p.Lines)-1].Class != row.Class {
				l.Record = row.Record
			}
			for i, store := range stores {
				if errs[i] == nil && store.Name() == l.Store {
					l.State = stateEmpty // only who was asked knows
				}
			}
			for _, h := range all {
				if h.Place != place || h.Class != "" && h.Class != row.Class {
					continue
				}
				oldest := h.Oldest
				if h.Class == "" {
					oldest = oldest.Add(-time.Duration(row.Behind)) // so old a record may be when it is appended
				}
				if l.Oldest.IsZero() || oldest.Before(l.Oldest) {
					l.Oldest = oldest
					l.judge(p.Now, h.Goes)
				}
				if !h.Goes.IsZero() {
					p.Next = append(p.Next, next{h.Goes, row.Class, l.Store, place.Name, h.Oldest, h.Rows})
				}
			}
			if l.State == stateOver {
				p.amiss("Class %s in %s %s: the oldest record may be %s old, and its limit is %s.", l.Class, l.Store, l.Place, span(l.Age), span(l.Limit))
			}
			p.Lines = append(p.Lines, l)
		}
	}
	slices.SortStableFunc(p.Next, func(a, b next) int { return a.At.Compare(b.At) })
	p.Next = p.Next[:min(len(p.Next), 12)]
}

// judge says how the oldest record stands.
func (l *line) judge(now, goes time.Time) {
	l.Age = now.Sub(l.Oldest)
	l.Room = l.Limit - l.Age
	l.Share = int(max(0, min(1000, 1000*l.Age/max(l.Limit, 1))))
	switch {
	case l.Room < 0:
		l.State = stateOver
	case !goes.IsZero() && !goes.After(now):
		l.State = stateDue
	default:
		l.State = stateKept
	}
}

// ledger takes in what the ledger says.
func (p *officerData) ledger(state *LedgerState, err error) {
	switch {
	case errors.Is(err, ErrNoLedger):
		p.NoLedger = err.Error()
		return
	case err != nil:
		p.NoLedger = "It cannot be read: " + err.Error()
		p.amiss("The ledger cannot be read: %v.", err)
		return
	}
	p.Ledger = state
	if len(state.Destroyed) > slotsShown {
		state.Destroyed = state.Destroyed[:slotsShown]
		p.Older = &state.Destroyed[slotsShown-1]
	}
	open := slices.DeleteFunc(slices.Clone(state.Gaps), func(g Gap) bool { return g.Acknowledged })
	if len(open) > 0 {
		first := slices.MinFunc(open, func(a, b Gap) int { return cmp.Or(a.DestroyAt.Compare(b.DestroyAt), cmp.Compare(a.Class, b.Class)) })
		p.amiss("%d slots were due and have no entry in the ledger; the first is %s of class %s in %s.", len(open), first.Slot.Format(time.RFC3339), first.Class, first.Store)
	}
	if state.Verify != nil && state.Verify.Findings > 0 {
		p.amiss("The last verify found %d objects amiss.", state.Verify.Findings)
	}
	if n := state.ViolationsTotal; n > 0 {
		p.amiss("%d violations are entered in the ledger; the newest is of %s.", n, state.Violations[0].At.Format(time.RFC3339))
	}
}

// storeName is a store's name for people, as [Store.Name].
func storeName(s retention.Store) string {
	switch s {
	case retention.Kafka:
		return "Kafka"
	case retention.ClickHouse:
		return "ClickHouse"
	case retention.Files:
		return "Folders"
	case retention.Objects:
		return "Object store"
	}
	return string(s)
}
