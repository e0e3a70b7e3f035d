package rejects

import (
	"context"
	"fmt"

	"mailtrail/schemas/event"
	"mailtrail/schemas/retention"
)

// Reader reads whole topics.
type Reader interface {
	// Size is how many offsets the topic holds.
	Size(ctx context.Context, topic string) (int64, error)
	// Scan hands over every message from the beginning to the end that the
	// topic has when it is called; a message's bytes belong to it.
	Scan(ctx context.Context, topic string, each func(*event.Message) error) error
}

// Producer writes messages to their topics and returns after all replicas have
// them. Equal keys go to the same partition.
type Producer interface {
	Produce(ctx context.Context, messages []event.Message) error
}

// Store knows which replays were stored.
type Store interface {
	Replays(ctx context.Context, origins []string) ([]event.ReplayRow, error)
}

// Deps are what Rejects needs from outside.
type Deps struct {
	Reader   Reader
	Producer Producer
	Store    Store
	Keys     Keys
	// SealedBy is the schedule's row of dead letters.
	SealedBy *retention.Row
}

// Rejects is the way to the dead letters.
type Rejects struct {
	deps  Deps
	vault vault
	// most is how many messages are kept of at once.
	most int64
}

// mostAtOnce bounds the memory: of half a million rejects, what a list shows
// takes about 150 MB. Where the topic holds more, it is read several times, and
// each reading takes its share of the IDs.
const mostAtOnce = 500_000

// New makes Rejects. It reads nothing yet.
func New(deps Deps) *Rejects {
	return &Rejects{deps: deps, vault: vault{deps.Keys, deps.SealedBy}, most: mostAtOnce}
}

// State is what became of a reject.
type State string

// The states.
const (
	// Rejected: it is not stored, whether it was replayed or not.
	Rejected State = "rejected"
	// Stored: it was replayed and is a row now; of a payload of several events, every one is.
	Stored State = "stored"
)

// Filter says which rejects are meant. Empty fields mean all.
type Filter struct {
	Reason string
	State  State
}

func (f Filter) takes(r *Reject) bool {
	return (f.Reason == "" || f.Reason == r.Reason) && (f.State == "" || f.State == r.State)
}

// List hands over each reject that the filter takes once, as it was rejected
// last. The oldest comes first; where the topic holds more than half a
// million messages, that is so within each of several runs. unreadable is how many
// messages of the topic are no rejects: somebody else wrote them.
func (r *Rejects) List(ctx context.Context, filter Filter, each func(*Reject) error) (unreadable int, err error) {
	return r.inParts(ctx, func(found *index) error {
		for i := range found.rejects {
			if reject := &found.rejects[i]; filter.takes(reject) {
				if err := each(reject); err != nil {
					return err
				}
			}
		}
		return nil
	})
}

// inParts reads the topic as often as memory asks for, each time for a share
// of the IDs, and hands over what it found.
func (r *Rejects) inParts(ctx context.Context, do func(*index) error) (unreadable int, err error) {
	size, err := r.deps.Reader.Size(ctx, event.RejectsTopic)
	if err != nil {
		return 0, fmt.Errorf("read rejects: %w", err)
	}
	parts := uint32(max(1, (size+r.most-1)/r.most))
	for part := range parts {
		found := newIndex(part, parts)
		err := r.deps.Reader.Scan(ctx, event.RejectsTopic, func(m *event.Message) error {
			found.add(m)
			return nil
		})
		if err != nil {
			return 0, fmt.Errorf("read rejects: %w", err)
		}
		found.sort()
		if err := r.setStates(ctx, found.rejects); err != nil {
			return 0, err
		}
		if err := do(found); err != nil {
			return 0, err
		}
		unreadable += found.unreadable
	}
	return unreadable, nil
}

// lookUpAtOnce is how many identities one query asks for.
const lookUpAtOnce = 10_000

// setStates asks the store which rejects were replayed with success.
func (r *Rejects) setStates(ctx context.Context, rejects []Reject) error {
	for len(rejects) > 0 {
		n := 0
		var origins []string
		for n < len(rejects) && len(origins) < lookUpAtOnce {
			origins = append(origins, rejects[n].origins()...)
			n++
		}
		stored, err := r.stored(ctx, origins)
		if err != nil {
			return err
		}
		for i := range rejects[:n] {
			rejects[i].State = stateOf(&rejects[i], stored)
		}
		rejects = rejects[n:]
	}
	return nil
}

func stateOf(reject *Reject, stored map[string]bool) State {
	for _, origin := range reject.origins() {
		if !stored[origin] {
			return Rejected
		}
	}
	return Stored
}

func (r *Rejects) stored(ctx context.Context, origins []string) (map[string]bool, error) {
	rows, err := r.deps.Store.Replays(ctx, origins)
	if err != nil {
		return nil, fmt.Errorf("look up which rejects are stored: %w", err)
	}
	stored := make(map[string]bool, len(rows))
	for i := range rows {
		stored[rows[i].Origin] = true
	}
	return stored, nil
}
