package ingest

import (
	"context"
	"fmt"
)

// resume finds the place to go on from: the group's offset, and the block that
// is open there, if any. It compares them with what the receipts and the topic
// say, and stops the partition where they contradict each other: going on
// would lose events or store them twice.
func (w *worker) resume(ctx context.Context) (*Intent, error) {
	var offset, start, end int64
	var metadata string
	err := w.retry(ctx, "read the group's offset", w.deps.Broker.Transient, func(ctx context.Context) (err error) {
		if offset, metadata, err = w.generation.Committed(ctx, w.partition); err != nil {
			return err
		}
		start, end, err = w.deps.Broker.Span(ctx, w.partition)
		return err
	})
	if err != nil {
		return nil, err
	}
	var label string
	var receipts map[int32]int64
	err = w.retry(ctx, "read the receipts", w.deps.Store.Transient, func(ctx context.Context) (err error) {
		if label, err = w.deps.Store.TopicLabel(ctx, w.topic); err != nil {
			return err
		}
		receipts, err = w.deps.Store.LastReceipts(ctx, label)
		return err
	})
	if err != nil {
		return nil, err
	}
	w.block.topic = label
	last, covered := receipts[w.partition]
	open, err := ParseIntent(offset, metadata)
	if err != nil {
		return nil, &stopError{fmt.Errorf("%w: another program uses this consumer group; give mailtrail a group of its own with ingest.group", err)}
	}
	if label != w.topic && !covered && (open == nil || open.Topic != label) {
		// The topic was made anew and nothing of the new one is taken in: what the group has stored is of the old one.
		offset, open = start, nil
	}
	place := place{w.topic, w.partition, offset, start, end}
	switch {
	case offset < 0 && covered && end <= last:
		// Kafka forgets a group's offsets together with the topic.
		return nil, &stopError{place.errorf("the group has no offset, and receipts cover the partition up to offset %d, but it ends at %d: %s", last, end, w.madeAnew())}
	case offset < 0 && covered:
		return nil, &stopError{place.errorf("the group has no offset, but receipts cover the partition up to offset %d (was the group renamed, did its offsets expire, or was the topic made anew?): set ingest.group to the name used before; or stop all ingest and run `mailtrail audit --repair`, which sets the group behind its receipts; or, for a topic that was made anew, run `mailtrail migrate --new-topic %s`, which counts its offsets apart", last, w.topic)}
	case offset < 0:
		offset = start
		if start > 0 {
			w.log.Warn().Int64("start", start).Msg("a new group begins where the topic begins; what Kafka deleted before is not taken in")
		}
	case offset > end:
		return nil, &stopError{place.errorf("the group's offset %d lies behind the end of the topic, %d: %s", offset, end, w.madeAnew())}
	case offset < start:
		return nil, &stopError{w.goneAt(offset, start)}
	case covered && open == nil && last >= offset:
		return nil, &stopError{place.errorf("the group's offset %d lies below the receipts, which reach offset %d (was it set back?): going on would read stored events again. Stop all ingest and run `mailtrail audit --repair`, which sets the group behind its receipts", offset, last)}
	case covered && open != nil && last > open.Last:
		return nil, &stopError{place.errorf("a block is open at offsets %d to %d, but receipts reach offset %d: stop all ingest and run `mailtrail audit --repair`, which sets the group behind its receipts", offset, open.Last, last)}
	}
	w.fetched, w.position = Fetched{}, offset
	w.block.begin(offset)
	return open, nil
}

// madeAnew says what to do where the topic is another one than that of the receipts.
func (w *worker) madeAnew() string {
	return "the topic was made anew or lost its data; nothing is taken in, since its offsets would be stored a second time. Bring the old topic back, or run `mailtrail migrate --new-topic " + w.topic + "`, which counts the offsets of the new one apart"
}

// place is where a partition stands, for errors.
type place struct {
	topic              string
	partition          int32
	offset, start, end int64
}

func (p place) errorf(format string, args ...any) error {
	return fmt.Errorf("topic %s partition %d: "+format, append([]any{p.topic, p.partition}, args...)...)
}

func (w *worker) goneError(ctx context.Context) error {
	start := int64(-1)
	if s, _, err := w.deps.Broker.Span(ctx, w.partition); err == nil {
		start = s
	}
	return w.goneAt(w.position, start)
}

func (w *worker) goneAt(offset, start int64) error {
	return place{topic: w.topic, partition: w.partition}.errorf("offset %d is the next to be taken in, but the topic begins at %d: Kafka deleted events before they were taken in, or the topic was made anew. Stop all ingest and run `mailtrail audit`, which names what is lost; `mailtrail audit --repair` then sets the group to where the topic begins", offset, start)
}
