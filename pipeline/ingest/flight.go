package ingest

import "context"

// flight is a block on its way into the stores.
type flight struct {
	block *block
	done  chan error // nil while none is under way
	// cutAfter: no later block of the worker has an earlier clock than this, Unix milliseconds.
	cutAfter int64
}

// under reports whether a block is under way.
func (f *flight) under() bool { return f.done != nil }

// launch sends the block that was filled into the stores. Until it is settled,
// the other one can be filled.
func (w *worker) launch(ctx context.Context) {
	w.block, w.flight.block = w.flight.block, w.block
	w.block.topic = w.flight.block.topic
	done := make(chan error, 1)
	w.flight.done = done
	go func() { done <- w.storeNew(ctx) }()
}

// settle waits for the block under way, if there is one.
func (w *worker) settle() error {
	if !w.flight.under() {
		return nil
	}
	return w.landed(<-w.flight.done)
}

// look settles the block under way if it is through, without waiting.
func (w *worker) look() error {
	select {
	case err := <-w.flight.done:
		return w.landed(err)
	default:
		return nil
	}
}

func (w *worker) landed(err error) error {
	w.flight.done = nil
	w.stored = w.flight.block.next
	return err
}

// late tells that the block that is being filled begins too late, since the one
// before was cut short.
func (w *worker) late() bool { return !w.flight.under() && w.stored < w.block.first }
