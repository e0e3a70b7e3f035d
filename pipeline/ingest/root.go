// Package ingest takes messages from a topic into the stores, each
// event exactly once: see README.md beside this file for the way of a block,
// its intent and its receipt.
package ingest

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"sync"
	"time"

	"mailtrail/schemas/event"
	"mailtrail/schemas/retention"
)

// Config is what a person may set.
type Config struct {
	// BlockRows, BlockBytes and BlockAge cut a block: its rows, its columns in
	// memory, and the age of its oldest message once the partition has caught up.
	BlockRows  int
	BlockBytes int
	BlockAge   time.Duration
	// Rules decide about events from now on.
	Rules Rules
}

// Grace is how long a block in flight may take to finish after the partition
// was given up or the process was told to stop.
const Grace = 15 * time.Second

// maxSlots is how many pairs of class and slot a block may touch: each is a
// part in every store that the insert reaches.
const maxSlots = 50

// ErrGone means that Kafka does not hold the offset. A Broker returns it.
var ErrGone = errors.New("kafka does not hold the offset")

// ErrNotOwner means that the partition belongs to another member by now. A Generation returns it.
var ErrNotOwner = errors.New("the partition has gone to another member of the group")

// ErrKeyEnded means that nothing can be sealed or opened in a slot any more: its key is destroyed. Keys returns it.
var ErrKeyEnded = errors.New("the slot of the payload is over")

// ErrForeign means that a payload was not sealed for its event, or under no key that there is. Keys returns it.
var ErrForeign = errors.New("the sealed payload does not open")

// Ingest is one member of the consumer group of one topic.
type Ingest struct {
	config  Config
	deps    Deps
	metrics *metrics
	topic   string // its own name
	pace    pace

	mu     sync.Mutex
	halted map[int32]bool // partitions that have stopped
	waits  map[wait]error // what waits for a slot key, and why
	epochs map[string]Epoch
	parts  []event.EpochPart
	epoch  Epoch
	// known are the known barcodes of the epoch, and knownSlot the newest slot in which they are stored.
	known     knownSet
	knownSlot int64
}

// New checks the configuration. Nothing is opened or started.
func New(config Config, deps Deps) (*Ingest, error) {
	switch {
	case config.BlockRows < 1:
		return nil, errors.New("ingest.block_rows must be at least 1")
	case config.BlockBytes < 1:
		return nil, errors.New("ingest.block_bytes must be at least 1")
	case config.BlockAge <= 0:
		return nil, errors.New("ingest.block_age must be longer than 0")
	case config.Rules.Schedule.TopicLife(deps.Stream.Topic()) == 0:
		return nil, fmt.Errorf("the retention schedule does not have the topic %s", deps.Stream.Topic())
	}
	if deps.Reached == nil {
		deps.Reached = func(Point) {}
	}
	epoch, parts := NewEpoch(config.Rules)
	return &Ingest{
		config: config, deps: deps, topic: deps.Stream.Topic(), metrics: newMetrics(deps.Metrics, deps.Stream.Topic()),
		halted: map[int32]bool{}, waits: map[wait]error{}, epochs: map[string]Epoch{epoch.Name: epoch}, epoch: epoch, parts: parts, known: config.Rules.known(),
	}, nil
}

// Run takes part in the group until ctx ends, and returns when every block in
// flight is finished or given up.
func (g *Ingest) Run(ctx context.Context) error {
	group, err := g.deps.Broker.Join()
	if err != nil {
		return err
	}
	defer group.Close()
	watch, stop := context.WithCancel(ctx)
	watched := make(chan struct{})
	go func() {
		defer close(watched)
		g.watchParts(watch)
	}()
	defer func() {
		stop()
		<-watched
	}()
	for ctx.Err() == nil {
		generation, err := group.Next(ctx)
		switch {
		case ctx.Err() != nil:
		case err != nil:
			g.deps.Log.Warn().Err(err).Msg("cannot join the consumer group yet, trying again")
			pause(ctx, time.Second)
		default:
			g.own(ctx, generation)
		}
	}
	return group.Close()
}

// own starts a worker for every partition of the generation.
func (g *Ingest) own(ctx context.Context, generation Generation) {
	partitions := generation.Partitions()
	g.deps.Log.Info().Ints32("partitions", partitions).Str("topic", g.topic).Msg("partitions assigned")
	g.metrics.partitions.Set(float64(len(partitions)))
	for _, partition := range partitions {
		w := g.newWorker(generation, partition)
		w.grow(len(partitions))
		generation.Start(func(ended context.Context) {
			ended, cancel := context.WithCancel(ended)
			defer cancel()
			stop := context.AfterFunc(ctx, cancel)
			defer stop()
			w.run(ended)
		})
	}
	if len(partitions) == 0 {
		generation.Start(func(ended context.Context) {
			select {
			case <-ended.Done():
			case <-ctx.Done():
			}
		})
	}
}

// rulesOf returns the epoch under which an open block was cut.
func (w *worker) rulesOf(ctx context.Context, name string) (Epoch, error) {
	g := w.Ingest
	g.mu.Lock()
	epoch, ok := g.epochs[name]
	g.mu.Unlock()
	if ok {
		return epoch, nil
	}
	var parts []event.EpochPart
	var known []byte
	err := w.retry(ctx, "read the tables of the open block", g.deps.Store.Transient, func(ctx context.Context) (err error) {
		if parts, err = g.deps.Store.Epoch(ctx, name); err != nil || knownHash(parts) == "" {
			return err
		}
		known, err = g.deps.Store.Known(ctx, knownHash(parts))
		return err
	})
	if err != nil {
		return Epoch{}, err
	}
	if epoch, err = LoadEpoch(g.deps.Stream, g.config.Rules.Tables.Version(), name, parts, known); err != nil {
		return Epoch{}, &stopError{err}
	}
	g.mu.Lock()
	g.epochs[name] = epoch
	g.mu.Unlock()
	return epoch, nil
}

// saveEpoch writes the tables in force before the first intent that names them.
func (w *worker) saveEpoch(ctx context.Context) error {
	g := w.Ingest
	g.mu.Lock()
	parts := g.parts
	g.mu.Unlock()
	if parts == nil {
		return nil
	}
	err := w.retry(ctx, "save the tables that decide", g.deps.Store.Transient, func(ctx context.Context) error {
		return g.deps.Store.PutEpoch(ctx, parts)
	})
	if err == nil {
		g.mu.Lock()
		g.parts = nil
		g.mu.Unlock()
	}
	return err
}

// keepKnown stores the known barcodes in the slot of an intent before it is written, so that they live for as long as it can be open.
func (w *worker) keepKnown(ctx context.Context, at int64) error {
	g := w.Ingest
	slot := g.config.Rules.Schedule.Row(retention.KnownBarcodes).SlotOf(at)
	g.mu.Lock()
	there := g.known.hash == "" || g.knownSlot >= slot
	g.mu.Unlock()
	if there {
		return nil
	}
	err := w.retry(ctx, "save the known barcodes", g.deps.Store.Transient, func(ctx context.Context) error {
		return g.deps.Store.PutKnown(ctx, g.known.hash, g.known.text, at)
	})
	if err == nil {
		g.mu.Lock()
		g.knownSlot = max(g.knownSlot, slot)
		g.mu.Unlock()
	}
	return err
}

// pause waits for the time to pass or ctx to end.
func pause(ctx context.Context, d time.Duration) {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-ctx.Done():
	case <-timer.C:
	}
}

// Healthy returns an error that names the partitions that have stopped and need a person, or that wait for a slot key.
func (g *Ingest) Healthy(context.Context) error {
	g.mu.Lock()
	defer g.mu.Unlock()
	if len(g.halted) > 0 {
		return fmt.Errorf("partitions %v have stopped; the log says why and what to do", slices.Sorted(maps.Keys(g.halted)))
	}
	for waiting, err := range g.waits {
		return fmt.Errorf("partition %d cannot %s: %w", waiting.partition, waiting.what, err)
	}
	return nil
}

func (g *Ingest) halt(partition int32, halted bool) {
	g.mu.Lock()
	defer g.mu.Unlock()
	value := 0.0
	if delete(g.halted, partition); halted {
		g.halted[partition] = true
		value = 1
	}
	g.metrics.stopped.WithLabelValues(label(partition)).Set(value)
}
