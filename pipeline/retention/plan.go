// Package retention holds the schedule against the live stores.
package retention

import (
	"cmp"
	"context"
	"slices"
	"time"

	"mailtrail/schemas/retention"
)

// Held is what one place holds of a class.
type Held struct {
	// Class is empty where the place does not tell its classes apart, as a topic.
	Class string
	Place retention.Place
	// From is the start of the slot, or the time of the oldest record where the
	// place has no slots; Unix seconds.
	From int64
	// GoneAt is when the place lets it go at the latest, Unix seconds; 0 where that follows from the class and From.
	GoneAt int64
	// Rows and Bytes are how much it is; 0 where the place does not say.
	Rows, Bytes uint64
	// Strange says what is wrong with it; From does not count then.
	Strange string
}

// Store is a live store.
type Store interface {
	// Held lists what the store holds of the schedule's classes.
	Held(ctx context.Context) ([]Held, error)
}

// Loss is what a place will lose, and when.
type Loss struct {
	Held
	// DestroyAt is when it goes, BackstopAt when the store's own expiry takes what was left, LimitAt when nothing may be left; Unix seconds.
	DestroyAt, BackstopAt, LimitAt int64
}

// Line is one row of the schedule with what is held of it, the next to go first.
type Line struct {
	*retention.Row
	Own    bool
	Losses []Loss
	// Strange is what the stores hold of it in partitions that are no slots.
	Strange []Held
}

// Silence is a store that did not answer.
type Silence struct {
	Store retention.Store
	Err   error
}

// Plan says what each store will lose, and when.
type Plan struct {
	Schedule *retention.Schedule
	At       time.Time
	Lines    []Line
	Silent   []Silence
}

// Draw asks the stores what they hold and draws up the plan. A store that does
// not answer is named in it; one that the installation does not have is left out.
func Draw(ctx context.Context, schedule *retention.Schedule, stores map[retention.Store]Store, now time.Time) *Plan {
	plan := &Plan{Schedule: schedule, At: now}
	var held []Held
	for _, name := range []retention.Store{retention.Kafka, retention.ClickHouse, retention.Objects, retention.Files} {
		store, there := stores[name]
		if !there {
			continue
		}
		found, err := store.Held(ctx)
		if err != nil {
			plan.Silent = append(plan.Silent, Silence{name, err})
		}
		held = append(held, found...)
	}
	for _, row := range schedule.Rows() {
		plan.Lines = append(plan.Lines, lineOf(row, schedule.IsOwn(row.Class), held))
	}
	return plan
}

func lineOf(row *retention.Row, own bool, held []Held) Line {
	line := Line{Row: row, Own: own}
	places := row.Places()
	for _, h := range held {
		switch {
		case !slices.Contains(places, h.Place) || h.Class != "" && h.Class != row.Class:
		case h.Strange != "":
			line.Strange = append(line.Strange, h)
		case h.GoneAt != 0:
			line.Losses = append(line.Losses, Loss{Held: h, DestroyAt: h.GoneAt, BackstopAt: h.GoneAt, LimitAt: h.GoneAt})
		case row.Sliced():
			slot := row.SlotOf(h.From * 1000)
			line.Losses = append(line.Losses, Loss{Held: h, DestroyAt: row.DestroyAt(slot), BackstopAt: row.BackstopIn(h.Place.Store, slot), LimitAt: row.LimitAt(slot)})
		}
	}
	slices.SortStableFunc(line.Losses, func(a, b Loss) int {
		return cmp.Or(cmp.Compare(a.DestroyAt, b.DestroyAt), cmp.Compare(a.Place.Store, b.Place.Store), cmp.Compare(a.Place.Name, b.Place.Name))
	})
	return line
}
