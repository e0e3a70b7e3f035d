package verify

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"time"
)

// Gap is a slot of the calendar whose destruction should be in the ledger and is not.
type Gap struct {
	Class string
	Slot  time.Time
	Store string
	// Limit is when its oldest possible record reached the limit.
	Limit time.Time
	// Acknowledged: somebody entered why.
	Acknowledged bool
}

// Book is the ledger, checked against its signature.
type Book interface {
	// Gaps yields what was due before a time and was not entered.
	Gaps(due time.Time) iter.Seq[Gap]
	// Ended tells when the end of a slot in a table was entered; zero where it was not.
	Ended(class string, slot time.Time, table string) (time.Time, error)
}

// ErrNoLedger says that there is none.
var ErrNoLedger = errors.New("there is no ledger")

// Ledger inspects the ledger, and holds what ClickHouse was seen to have against it.
type Ledger struct {
	// Open reads what was added since; the error wraps ErrNoLedger, or says what is broken.
	Open func() (Book, error)
}

// Inspect checks the chain, the calendar, and that what was destroyed is not there again.
func (l Ledger) Inspect(ctx context.Context, look *Look) error {
	book, err := l.Open()
	if errors.Is(err, ErrNoLedger) {
		return err
	}
	look.Inspected(1)
	if err != nil {
		look.Found(Finding{Kind: LedgerBroken, Store: InLedger, Object: "ledger", Text: clean(err.Error())})
		return nil
	}
	look.gaps(book)
	for _, held := range look.held {
		ended, err := book.Ended(held.class.name, held.slot, held.table)
		if err != nil {
			return fmt.Errorf("the entries of a slot: %w", err)
		}
		// Rows that were on their way when the slot was destroyed are destroyed again by the next sweep.
		late := ended.Add(held.class.margin / 2)
		if limit := held.class.until(held.slot); !ended.IsZero() && (look.Now.After(late) || look.Now.After(limit)) {
			look.Found(Finding{Kind: Returned, Store: InClickHouse, Object: held.object, Class: held.class.name, Slot: held.slot, Limit: limit, Rows: held.rows,
				Text: "its destruction was entered at " + stamp(ended) + ", and it is there again"})
		}
	}
	return ctx.Err()
}

// gaps tells of slots without a destruction, once a class and store: the oldest, and how many.
func (l *Look) gaps(book Book) {
	type place struct{ class, store string }
	first, count := map[place]Gap{}, map[place]int{}
	for gap := range book.Gaps(l.Now) {
		if !l.Now.After(gap.Limit) || gap.Acknowledged {
			continue
		}
		at := place{gap.Class, gap.Store}
		if count[at]++; count[at] == 1 {
			first[at] = gap
		}
	}
	for at, gap := range first {
		l.Found(Finding{Kind: LedgerGap, Store: InLedger, Object: gap.Store, Class: gap.Class, Slot: gap.Slot, Limit: gap.Limit,
			Text: fmt.Sprintf("the calendar has this slot, and no destruction of it is entered; slots of the class without one: %d", count[at])})
	}
}
