package audit

import (
	"context"
	"errors"
	"fmt"
)

// Action is one thing that a repair did or could not do.
type Action struct {
	Kind        Kind // of the finding that it is about
	Topic       string
	Partition   int32
	First, Last int64
	Class       string
	Slot        int64 // start, Unix seconds; 0 where none applies
	// Rows is how many rows were inserted.
	Rows int
	// Mended is false where nothing could be done; Text says what was done or why not.
	Mended bool
	Text   string
}

// cannot is why a finding stays as it is.
type cannot struct{ reason string }

func (e *cannot) Error() string { return e.reason }

func cannotf(format string, args ...any) error { return &cannot{fmt.Sprintf(format, args...)} }

// Repair mends what can be mended of what was found: it inserts what is absent
// and never removes anything. done is told of each step as it is finished.
// Only one repair may run at a time; after a failure it can be run again.
// What it did is known by a check afterwards.
func (a *Audit) Repair(ctx context.Context, found *Report, done func(Action)) error {
	r := &repair{Audit: a, done: done}
	blocks := map[findingKey]bool{}
	for i := range found.Findings {
		f := &found.Findings[i]
		var err error
		switch f.Kind {
		case Gap:
			err = r.gap(ctx, f)
		case RowsMissing:
			// A block is made again once, whatever slots it lacks rows in.
			key := findingKey{kind: RowsMissing, topic: f.Topic, partition: f.Partition, first: f.First}
			if blocks[key] {
				continue
			}
			blocks[key] = true
			err = r.block(ctx, f)
		}
		if err := r.refused(f, err); err != nil {
			return err
		}
	}
	// The group goes behind receipts that are whole by then.
	for i := range found.Findings {
		if f := &found.Findings[i]; f.Kind == CommitMissing || f.Kind == CommitBelow || f.Kind == Lost {
			if err := r.refused(f, r.commit(ctx, f)); err != nil {
				return err
			}
		}
	}
	return nil
}

// repair is one run of Repair.
type repair struct {
	*Audit
	done func(Action)
}

// refused reports what could not be mended and returns every other error.
func (r *repair) refused(f *Finding, err error) error {
	var why *cannot
	if errors.As(err, &why) {
		r.report(f, 0, false, "not mended: %s", why.reason)
		return nil
	}
	return err
}

func (r *repair) report(f *Finding, rows int, mended bool, format string, args ...any) {
	r.done(Action{
		Kind: f.Kind, Topic: f.Topic, Partition: f.Partition, First: f.First, Last: f.Last, Class: f.Class, Slot: f.Slot,
		Rows: rows, Mended: mended, Text: fmt.Sprintf(format, args...),
	})
}

// attempts bounds how often an insert is made under another token.
const attempts = 100

// until inserts until what is inserted is there. The first token follows from
// what is absent, so that a repair that is run again after a crash stores it
// once, however late the first insert lands. A table remembers tokens of rows
// that were deleted since, and leaves such an insert out: where it was
// acknowledged and the rows are still absent, the next token is taken.
func until(ctx context.Context, token string, insert func(token string) error, there func() (bool, error)) error {
	for n := range attempts {
		if err := insert(fmt.Sprintf("%s:%d", token, n)); err != nil {
			return err
		}
		ok, err := there()
		if err != nil || ok {
			return err
		}
		if ctx.Err() != nil {
			return ctx.Err()
		}
	}
	return cannotf("what was inserted under token %s is still absent after %d attempts: is something deleting it, or has the key of its slot ended before the slot was due?", token, attempts)
}
