package ingest

import (
	"context"
	"sync/atomic"
	"time"
)

// pace stretches the age of blocks while the store has many parts: each insert
// makes a part in every slot that it reaches, and small blocks make them faster
// than the store merges them.
type pace struct{ stretch atomic.Int64 }

const (
	// lookAtParts is how often the store is asked for its parts.
	lookAtParts = 2 * time.Second
	// manyParts in one partition of a table double the age, fewParts halve it
	// again. The store refuses inserts at 3,000 and slows them from 1,000 on; at
	// a steady rate merges keep a partition below 30.
	manyParts, fewParts = 60, 30
	// maxStretch is how far the age is stretched.
	maxStretch = 64
	// maxAge is how old a block may become by it.
	maxAge = 10 * time.Second
)

// take takes in how many parts the fullest partition has.
func (p *pace) take(parts int) {
	stretch := max(p.stretch.Load(), 1)
	switch {
	case parts > manyParts:
		stretch = min(2*stretch, maxStretch)
	case parts < fewParts:
		stretch = max(stretch/2, 1)
	}
	p.stretch.Store(stretch)
}

// age is how old a block may become now where age is configured.
func (p *pace) age(age time.Duration) time.Duration {
	return max(age, min(age*time.Duration(p.stretch.Load()), maxAge))
}

// watchParts keeps the pace until ctx ends. An error leaves it as it is: what
// asks the store in earnest reports it.
func (g *Ingest) watchParts(ctx context.Context) {
	for ctx.Err() == nil {
		if parts, err := g.deps.Store.MostParts(ctx); err == nil {
			g.pace.take(parts)
			g.metrics.blockAge.Set(g.pace.age(g.config.BlockAge).Seconds())
		}
		pause(ctx, lookAtParts)
	}
}
