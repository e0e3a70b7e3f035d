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
	known := &prior{places: map[string][]earlier{}, origins: map[string]bool{}, elsewhere: map[int64]bool{}}
	if again != nil {
		for _, distance := range again.Elsewhere {
			known.elsewhere[b.first+distance] = true
		}
	}
	if len(b.requests) == 0 {
		return known, nil
	}
	foreign := foreignPrior{places: map[string][]earlier{}, origins: map[string]bool{}}
	if err := w.lookUpBatches(ctx, b, at, known, &foreign); err != nil {
		return nil, err
	}
	if err := w.lookUpReplays(ctx, b, at, known, &foreign); err != nil {
		return nil, err
	}
	if again == nil {
		foreign.mark(b, known)
	}
	return known, nil
}

func (w *worker) lookUpBatches(ctx context.Context, b *block, at int64, known *prior, foreign *foreignPrior) error {
	ids := distinct(b.requests, func(r *request) string { return r.id })
	if len(ids) == 0 {
		return nil
	}
	since := at - w.repeatsFor.Milliseconds()
	var rows []event.BatchRow
	err := w.retry(ctx, "look up batch ids", w.deps.Store.Transient, func(ctx context.Context) (err error) {
		rows, err = w.deps.Store.Batches(ctx, "", ids, since)
		return err
	})
	if err != nil {
		return err
	}
	for _, row := range rows {
		places, err := event.ParseRanges(row.Places)
		if err != nil {
			return err
		}
		e := earlier{row.Offset, places}
		switch {
		case row.Topic != b.topic || row.Partition != b.partition:
			foreign.places[row.ID] = append(foreign.places[row.ID], e)
		case row.Offset < b.first:
			known.places[row.ID] = append(known.places[row.ID], e)
		}
	}
	return nil
}

func (w *worker) lookUpReplays(ctx context.Context, b *block, at int64, known *prior, foreign *foreignPrior) error {
	origins := distinct(b.requests, func(r *request) string { return r.origin })
	if len(origins) == 0 {
		return nil
	}
	since := at - w.replaysFor.Milliseconds()
	var rows []event.ReplayRow
	err := w.retry(ctx, "look up replayed rejects", w.deps.Store.Transient, func(ctx context.Context) (err error) {
		rows, err = w.deps.Store.Replays(ctx, origins)
		return err
	})
	if err != nil {
		return err
	}
	for _, row := range rows {
		switch {
		case row.At < since:
		case row.Topic != b.topic || row.Partition != b.partition:
			foreign.origins[row.Origin] = true
		case row.Offset < b.first:
			known.origins[row.Origin] = true
		}
	}
	return nil
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
