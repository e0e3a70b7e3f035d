package expiry

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"sync"
	"testing"
	"time"

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

	looks    []look
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
}

// lookEvery is the shortest pause from one look to the next.
const lookEvery = 200 * time.Millisecond

// look looks again and again until done.
func (w *watch) look(ctx context.Context, done <-chan struct{}) error {
	tick := time.NewTicker(lookEvery)
	defer tick.Stop()
	for {
		seen, err := w.once(ctx)
		if err != nil {
			return err
		}
		w.looks = append(w.looks, *seen)
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
	for _, of := range []func(context.Context, *look) error{w.views, w.parts, w.plain, w.topics} {
		if err := of(ctx, l); err != nil {
			return nil, err
		}
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

func (w *watch) views(ctx context.Context, l *look) error {
	for view, query := range views {
		at := time.Now()
		rows, err := w.stack.SQL.Query(ctx, query)
		if err != nil {
			return fmt.Errorf("look into view %s: %w", view, err)
		}
		for rows.Next() {
			var class string
			var slot, oldest time.Time
			if err := rows.Scan(&class, &slot, &oldest); err != nil {
				return err
			}
			row := w.schedule.Row(class)
			if row == nil {
				return fmt.Errorf("view %s shows class %q, which the schedule does not have", view, class)
			}
			w.tooLate(at, time.Unix(row.LimitAt(0), 0).Add(oldest.Sub(time.Unix(0, 0))), "view %s, class %s, a record of %s", view, class, oldest)
			if slot.Unix() > 0 {
				w.tooLate(at, time.Unix(row.LimitAt(slot.Unix()), 0), "view %s, class %s, slot %s", view, class, slot)
				l.readable[slotOf{class, slot.Unix()}] = true
			}
		}
		if err := rows.Close(); err != nil {
			return err
		}
		if err := rows.Err(); err != nil {
			return err
		}
	}
	return nil
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
		l.listed[slotOf{class, slot.Unix()}] = true
	}
	return rows.Err()
}

// plain asks for the oldest row of the shortest limit, of the base table and of the plain one.
func (w *watch) plain(ctx context.Context, l *look) error {
	for of, query := range map[disk]string{
		tableDisk:      "SELECT min(least(scanDatetime, received)) FROM mailtrail_data.scans WHERE retention_class = '" + retention.MailTracking + "'",
		plainTableDisk: "SELECT min(captured) FROM " + plainTable,
	} {
		var oldest time.Time
		if err := w.stack.SQL.QueryRow(ctx, query).Scan(&oldest); err != nil {
			return fmt.Errorf("look into the %s: %w", of, err)
		}
		if oldest.Unix() > 0 {
			l.oldest[of] = oldest
		}
	}
	return nil
}

// topics looks at the oldest record of each partition of each topic. What a record bears is at most a little older than the
// record, since that is how it was made.
func (w *watch) topics(ctx context.Context, l *look) error {
	for topic, of := range map[string]disk{event.ScansTopic: scansDisk, event.RejectsTopic: rejectsDisk, plainTopic: plainTopicDisk} {
		at := time.Now()
		oldest, err := w.stack.Kafka.OldestTimes(ctx, topic)
		if err != nil {
			return err
		}
		for partition, ms := range oldest {
			if ms == 0 {
				continue
			}
			clock := time.UnixMilli(ms).Add(-w.scale.mail.behind / 4)
			if topic != plainTopic {
				w.tooLate(at, clock.Add(min(w.scale.mail.limit, w.scale.rejects.limit)), "topic %s, partition %d, a record of %s", topic, partition, clock)
			}
			if before := l.oldest[of]; before.IsZero() || clock.Before(before) {
				l.oldest[of] = clock
			}
		}
	}
	spans, err := w.stack.Kafka.Spans(ctx, event.ScansTopic)
	if err != nil {
		return err
	}
	for _, span := range spans {
		l.first = append(l.first, span.Start)
		base, err := w.firstSegment(int(span.Partition))
		if err != nil {
			return err
		}
		l.segments = append(l.segments, base)
	}
	return nil
}

// firstSegment is the offset of the oldest file of a partition of mail.scans that Kafka has not given up.
func (w *watch) firstSegment(partition int) (int64, error) {
	entries, err := os.ReadDir(filepath.Join(w.stack.Folder, "kafka", "data", fmt.Sprintf("%s-%d", event.ScansTopic, partition)))
	if err != nil {
		return 0, err
	}
	for _, entry := range entries { // in the order of their names, which are offsets of 20 digits
		var base int64
		if n, _ := fmt.Sscanf(entry.Name(), "%d.log", &base); n == 1 && filepath.Ext(entry.Name()) == ".log" {
			return base, nil
		}
	}
	return 0, fmt.Errorf("partition %d of %s has no file", partition, event.ScansTopic)
}

// readAll reads all files again and again until done.
func (w *watch) readAll(ctx context.Context, done <-chan struct{}) error {
	data := filepath.Join(w.stack.Folder, "kafka", "data")
	folders := map[string]disk{
		filepath.Join(data, event.ScansTopic+"-"): scansDisk, filepath.Join(data, event.RejectsTopic+"-"): rejectsDisk, filepath.Join(data, plainTopic+"-"): plainTopicDisk,
	}
	for table, of := range map[string]disk{"scans": tableDisk, "plain": plainTableDisk} {
		var folder string
		if err := w.stack.SQL.QueryRow(ctx, "SELECT data_paths[1] FROM system.tables WHERE database = 'mailtrail_data' AND name = ?", table).Scan(&folder); err != nil {
			return fmt.Errorf("ask where table %s lies: %w", table, err)
		}
		folders[folder] = of
	}
	reader := newSearcher(w.stack, w.flock.prefix, folders)
	for {
		found, err := reader.search()
		if err != nil {
			return fmt.Errorf("search all files: %w", err)
		}
		w.searches = append(w.searches, found)
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-done:
			return nil
		case <-time.After(lookEvery):
		}
	}
}
