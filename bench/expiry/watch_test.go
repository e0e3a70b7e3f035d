package expiry

import (
	"context"
	"fmt"
	"sync"
	"testing"
	"time"

	"golang.org/x/sync/errgroup"

	"mailtrail/bench/stack"
	"mailtrail/schemas/event"
	"mailtrail/schemas/retention"
)

// watch is a stack under load, and everything that was seen of it.
type watch struct {
	t        *testing.T
	stack    *stack.Stack
	scale    scale
	schedule *retention.Schedule
	flock    *flock
	marks    int // numbers given to canaries
	began    time.Time

	looks    []*look
	searches []*search

	mu   sync.Mutex
	late []string // what was seen past its limit
}

// slotOf is a slot of a class.
type slotOf struct {
	class string
	slot  int64 // Unix seconds
}

// look is one look at what the stores show. A thing that is absent was gone when the look ended; one that is there, when it began.
type look struct {
	began, ended time.Time
	readable     map[slotOf]bool // slots in the public views
	listed       map[slotOf]bool // slots of parts, active or not
	first        []int64         // oldest offset of each partition of mail.scans that can be read
	segments     []int64         // the same, by the names of its files
	// oldest is the clock of the oldest record of the shortest limit that each store still shows; zero where it shows none.
	oldest map[disk]time.Time

	mu sync.Mutex
}

// note writes down what one of several queries saw.
func (l *look) note(write func()) {
	l.mu.Lock()
	defer l.mu.Unlock()
	write()
}

// lookEvery is the shortest pause from one look to the next.
const lookEvery = 150 * time.Millisecond

// look looks again and again until done.
func (w *watch) look(ctx context.Context, done <-chan struct{}) error {
	tick := time.NewTicker(lookEvery)
	defer tick.Stop()
	for {
		seen, err := w.once(ctx)
		if err != nil {
			return err
		}
		w.looks = append(w.looks, seen)
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-done:
			return nil
		case <-tick.C:
		}
	}
}

func (w *watch) once(ctx context.Context) (*look, error) {
	l := &look{began: time.Now(), readable: map[slotOf]bool{}, listed: map[slotOf]bool{}, oldest: map[disk]time.Time{}}
	group, ctx := errgroup.WithContext(ctx)
	for view, query := range views {
		group.Go(func() error { return w.view(ctx, l, view, query) })
	}
	for _, of := range []func(context.Context, *look) error{w.parts, w.oldestRows, w.offsets} {
		group.Go(func() error { return of(ctx, l) })
	}
	for topic, of := range map[string]disk{event.ScansTopic: scansDisk, event.RejectsTopic: rejectsDisk, plainTopic: plainTopicDisk} {
		group.Go(func() error { return w.oldestRecord(ctx, l, topic, of) })
	}
	if err := group.Wait(); err != nil {
		return nil, err
	}
	l.ended = time.Now()
	return l, nil
}

// tooLate notes what was there at a moment after its limit.
func (w *watch) tooLate(at, limit time.Time, format string, values ...any) {
	if at.Before(limit) {
		return
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	w.late = append(w.late, fmt.Sprintf("%s past its limit: %s", at.Sub(limit).Round(time.Millisecond), fmt.Sprintf(format, values...)))
}

// views are the public ones that show scans. Each tells its classes with slot and oldest clock; the query's own clock cannot
// be before the moment at which it was sent.
var views = map[string]string{
	"scans":     "SELECT retention_class, slot, min(least(scanDatetime, received)) FROM mailtrail.scans GROUP BY ALL",
	"histories": "SELECT retention_class, slot, min(scanDatetime) FROM mailtrail.histories GROUP BY ALL",
	"volumes":   "SELECT DISTINCT retention_class, slot, toDateTime64(slot, 3) FROM mailtrail.volumes",
	"pieces":    "SELECT retention_class, toDateTime(0), min(firstScan) FROM mailtrail.pieces GROUP BY ALL",
}

func (w *watch) view(ctx context.Context, l *look, view, query string) error {
	at := time.Now()
	rows, err := w.stack.SQL.Query(ctx, query)
	if err != nil {
		return fmt.Errorf("look into view %s: %w", view, err)
	}
	defer rows.Close()
	for rows.Next() {
		var class string
		var slot, oldest time.Time
		if err := rows.Scan(&class, &slot, &oldest); err != nil {
			return fmt.Errorf("look into view %s: %w", view, err)
		}
		row := w.schedule.Row(class)
		if row == nil {
			return fmt.Errorf("view %s shows class %q, which the schedule does not have", view, class)
		}
		w.tooLate(at, oldest.Add(time.Duration(row.LimitAt(0))*time.Second), "view %s, class %s, a record of %s", view, class, oldest)
		if slot.Unix() > 0 {
			w.tooLate(at, time.Unix(row.LimitAt(slot.Unix()), 0), "view %s, class %s, slot %s", view, class, slot)
			l.note(func() { l.readable[slotOf{class, slot.Unix()}] = true })
		}
	}
	return rows.Err()
}

// parts are all of the base table, those too that no query reads any more.
func (w *watch) parts(ctx context.Context, l *look) error {
	rows, err := w.stack.SQL.Query(ctx, "SELECT DISTINCT extract(partition, '^.''(.*?)'','), toDateTime(extract(partition, ',''?([^'']*?)''?\\)$'), 'UTC') "+
		"FROM system.parts WHERE database = 'mailtrail_data' AND table = 'scans'")
	if err != nil {
		return fmt.Errorf("list the parts: %w", err)
	}
	defer rows.Close()
	for rows.Next() {
		var class string
		var slot time.Time
		if err := rows.Scan(&class, &slot); err != nil {
			return err
		}
		l.note(func() { l.listed[slotOf{class, slot.Unix()}] = true })
	}
	return rows.Err()
}

// oldestRows asks for the oldest row of the shortest limit, of the base table and of the plain one.
func (w *watch) oldestRows(ctx context.Context, l *look) error {
	for of, query := range map[disk]string{
		tableDisk:      "SELECT min(least(scanDatetime, received)) FROM mailtrail_data.scans WHERE retention_class = '" + retention.MailTracking + "'",
		plainTableDisk: "SELECT min(captured) FROM " + plainTable,
	} {
		var oldest time.Time
		if err := w.stack.SQL.QueryRow(ctx, query).Scan(&oldest); err != nil {
			return fmt.Errorf("look into the %s: %w", of, err)
		}
		if oldest.Unix() > 0 {
			l.note(func() { l.oldest[of] = oldest })
		}
	}
	return nil
}

// oldestRecord looks at the oldest record of each partition of a topic. It is at most as much older than its timestamp as the
// load lets records be behind.
func (w *watch) oldestRecord(ctx context.Context, l *look, topic string, of disk) error {
	at := time.Now()
	times, err := w.stack.Kafka.OldestTimes(ctx, topic)
	if err != nil {
		return err
	}
	for partition, ms := range times {
		if ms == 0 {
			continue
		}
		clock := time.UnixMilli(ms).Add(-w.scale.behind())
		if topic != plainTopic {
			w.tooLate(at, clock.Add(min(w.scale.mail.limit, w.scale.rejects.limit)), "topic %s, partition %d, a record of %s", topic, partition, clock)
		}
		l.note(func() {
			if before := l.oldest[of]; before.IsZero() || clock.Before(before) {
				l.oldest[of] = clock
			}
		})
	}
	return nil
}

// offsets are from where on mail.scans can be read, by what the broker says and by its files.
func (w *watch) offsets(ctx context.Context, l *look) error {
	spans, err := w.stack.Kafka.Spans(ctx, event.ScansTopic)
	if err != nil {
		return err
	}
	for _, span := range spans {
		base, err := w.firstSegment(int(span.Partition))
		if err != nil {
			return err
		}
		l.first, l.segments = append(l.first, span.Start), append(l.segments, base)
	}
	return nil
}
