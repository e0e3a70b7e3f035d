package retention

import (
	"context"
	"time"
)

// Appended is the newest record of a partition, stamped by its broker.
type Appended struct {
	Partition int32
	// End is the offset behind it.
	End int64
	At  time.Time
}

// TopicClock reads the clocks of brokers from the records that they stamp: one that was appended between two looks was
// stamped between them, so the stamp tells how far the broker's clock is from this one. No record is written for it, and a
// topic without traffic tells nothing.
type TopicClock struct {
	name   string
	newest func(context.Context) ([]Appended, error)
	looked map[int32]look
}

// look is how far a partition went at a look, and when that look began.
type look struct {
	end int64
	at  time.Time
}

// NewTopicClock makes one; newest lists the newest record of each partition that has one.
func NewTopicClock(name string, newest func(context.Context) ([]Appended, error)) *TopicClock {
	return &TopicClock{name: name, newest: newest}
}

// Name is the topic's.
func (t *TopicClock) Name() string { return t.name }

// secondLook is how long after the very first look the next one comes, for a clock that is needed at the start.
const secondLook = 500 * time.Millisecond

// vague is the longest between two looks from which something follows. Over a longer one, or one in which the wall clock
// jumped, a stamp says too little.
const vague = jump / 2

// Ahead looks, and tells the most that a broker's clock is ahead of wall.
func (t *TopicClock) Ahead(ctx context.Context, wall func() time.Time) (ahead, within time.Duration, known bool, err error) {
	if t.looked == nil {
		if _, _, _, err := t.look(ctx, wall); err != nil {
			return 0, 0, false, err
		}
		select {
		case <-ctx.Done():
			return 0, 0, false, ctx.Err()
		case <-time.After(secondLook):
		}
	}
	return t.look(ctx, wall)
}

func (t *TopicClock) look(ctx context.Context, wall func() time.Time) (ahead, within time.Duration, known bool, err error) {
	before := wall()
	newest, err := t.newest(ctx)
	after := wall()
	if err != nil {
		return 0, 0, false, err
	}
	looked := map[int32]look{}
	for _, n := range newest {
		looked[n.Partition] = look{n.End, before}
		last, seen := t.looked[n.Partition]
		least, most := n.At.Sub(after), n.At.Sub(last.at)
		switch {
		case seen && n.End > last.end && most-least < vague && most >= least:
		case least > jump: // the broker's clock has been there already
			most = least
		default:
			continue
		}
		if middle := (least + most) / 2; !known || middle > ahead {
			ahead, within, known = middle, (most-least)/2, true
		}
	}
	// A partition that is empty for now goes on where it was.
	for partition, last := range t.looked {
		if _, there := looked[partition]; !there {
			looked[partition] = last
		}
	}
	t.looked = looked
	return ahead, within, known, nil
}
