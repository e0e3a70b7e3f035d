package ingest

import (
	"context"
	"slices"

	"mailtrail/schemas/event"
)

// prior is what is known of requests and replays that were stored before a block.
type prior struct {
	// places holds, by batch id, the places that earlier messages of this
	// partition hold.
	places map[string][]earlier
	// origins holds the replays that earlier messages of this partition stored.
	origins map[string]bool
	// elsewhere tells whether a message is a repeat of what another partition
	// stored; by offset.
	elsewhere map[int64]bool
	// ended holds the slots of dead letters in which nothing can be sealed any more, though they are not due.
	ended map[int64]bool
}

func newPrior() *prior {
	return &prior{places: map[string][]earlier{}, origins: map[string]bool{}, elsewhere: map[int64]bool{}}
}

// earlier is the places of one message.
type earlier struct {
	offset int64
	places event.Ranges
}

func (e earlier) contains(all event.Ranges) bool {
	for _, r := range all {
		if !slices.ContainsFunc(e.places, func(own event.Range) bool { return own.First <= r.First && r.Last <= own.Last }) {
			return false
		}
	}
	return true
}

// lookUp asks the store once for all requests and replays of the block.
// fixed is the intent's list of repeats from elsewhere where the block is done
// again; where it is done first, the list follows from what is stored now.
func (w *worker) lookUp(ctx context.Context, b *block, at int64, again *Intent) (*prior, error) {
	known := newPrior()
	if again != nil {
		for _, distance := range again.Elsewhere {
			known.elsewhere[b.first+distance] = true
		}
		known.ended = map[int64]bool{}
		for _, slot := range again.Ended {
			known.ended[slot] = true
		}
	}
	if len(b.requests) == 0 {
		return known, nil
	}
	batches, replays, err := w.askFor(ctx, b, at)
	if err != nil {
		return nil, err
	}
	foreign, err := known.sort(b, batches, replays)
	if err != nil {
		return nil, err
	}
	if again == nil {
		foreign.mark(b, known)
	}
	return known, nil
}

// sort takes in what earlier offsets of the block's own partition stored, and
// returns what other partitions did.
func (p *prior) sort(b *block, batches []event.BatchRow, replays []event.ReplayRow) (*foreignPrior, error) {
	foreign := &foreignPrior{places: map[string][]earlier{}, origins: map[string]bool{}}
	for _, row := range batches {
		places, err := event.ParseRanges(row.Places)
		if err != nil {
			return nil, err
		}
		e := earlier{row.Offset, places}
		switch {
		case row.Topic != b.topic || row.Partition != b.partition:
			foreign.places[row.ID] = append(foreign.places[row.ID], e)
		case row.Offset < b.first:
			p.places[row.ID] = append(p.places[row.ID], e)
		}
	}
	for _, row := range replays {
		switch {
		case row.Topic != b.topic || row.Partition != b.partition:
			foreign.origins[row.Origin] = true
		case row.Offset < b.first:
			p.origins[row.Origin] = true
		}
	}
	return foreign, nil
}

// askFor returns what is stored of the block's requests and replays.
func (w *worker) askFor(ctx context.Context, b *block, at int64) (batches []event.BatchRow, replays []event.ReplayRow, err error) {
	if ids := distinct(b.requests, func(r *request) string { return r.id }); len(ids) > 0 {
		since := at - w.repeatsFor.Milliseconds()
		err = w.retry(ctx, "look up batch ids", w.deps.Store.Transient, func(ctx context.Context) (err error) {
			if rows, ok := w.deps.Stream.(Identified); ok {
				batches, err = rows.Known(ctx, ids)
				return err
			}
			batches, err = w.deps.Store.Batches(ctx, "", ids, since)
			return err
		})
		if err != nil {
			return nil, nil, err
		}
	}
	if origins := distinct(b.requests, func(r *request) string { return r.origin }); len(origins) > 0 {
		since := at - w.replaysFor.Milliseconds()
		err = w.retry(ctx, "look up replayed rejects", w.deps.Store.Transient, func(ctx context.Context) (err error) {
			replays, err = w.deps.Store.Replays(ctx, origins)
			return err
		})
		replays = slices.DeleteFunc(replays, func(row event.ReplayRow) bool { return row.At < since })
	}
	return batches, replays, err
}

// foreignPrior is what other partitions stored. Equal ids share a partition
// when the id is the message's key, as the gateway makes it; a producer of its
// own may spread them.
type foreignPrior struct {
	places  map[string][]earlier
	origins map[string]bool
}

// mark notes the block's messages that other partitions have stored. The list
// must fit into the intent, so the block ends before the message that would not fit.
func (f *foreignPrior) mark(b *block, known *prior) {
	for i := range b.requests {
		r := &b.requests[i]
		repeated := f.origins[r.origin] && r.origin != "" ||
			slices.ContainsFunc(f.places[r.id], func(e earlier) bool { return e.contains(r.places) })
		if !repeated {
			continue
		}
		if len(known.elsewhere) == maxElsewhere {
			b.truncate(r.offset)
			return
		}
		known.elsewhere[r.offset] = true
	}
}

// elsewhereList gives the marked messages as an intent keeps them.
func (p *prior) elsewhereList(first int64) (distances []int64) {
	for offset := range p.elsewhere {
		distances = append(distances, offset-first)
	}
	slices.Sort(distances)
	return distances
}

func distinct(requests []request, of func(*request) string) (values []string) {
	seen := map[string]bool{"": true}
	for i := range requests {
		if v := of(&requests[i]); !seen[v] {
			seen[v] = true
			values = append(values, v)
		}
	}
	return values
}
