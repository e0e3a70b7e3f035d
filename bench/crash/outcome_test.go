package crash

import (
	"cmp"
	"context"
	"fmt"
	"maps"
	"slices"
	"testing"

	"github.com/ClickHouse/clickhouse-go/v2/lib/driver"
	"github.com/stretchr/testify/require"

	"mailtrail/pipeline/simulate"
	"mailtrail/schemas/event"
	"mailtrail/sinks/kafka"
)

// kind is what became of events, as truth and receipts both tell it.
type kind struct{ Class, Outcome, Reason string }

func (k kind) String() string { return fmt.Sprintf("%s %s %s", k.Class, k.Outcome, k.Reason) }

// refused is the outcome of what never entered Kafka.
const refused = "refused"

// expected adds up what the truths say of all events, by kind. What is stored by a replay was rejected before.
func expected(truths []simulate.Truth) map[kind]uint64 {
	sum := map[kind]uint64{}
	for _, truth := range truths {
		for _, row := range truth {
			sum[kind{row.Class, row.Outcome, row.Reason}] += row.Events
			if row.Replayed {
				sum[kind{"", event.Rejected.String(), string(event.UnreadableBars)}] += row.Events
			}
		}
	}
	return sum
}

// found adds up what the receipts say.
func (r *storeReader) found(ctx context.Context) (map[kind]uint64, error) {
	sum := map[kind]uint64{}
	err := r.each(ctx, `SELECT class, outcome, reason, sum(n) FROM mailtrail_data.blocks
		ARRAY JOIN outcomes.class AS class, outcomes.outcome AS outcome, outcomes.reason AS reason, outcomes.events AS n
		GROUP BY class, outcome, reason`, func(rows driver.Rows) error {
		var k kind
		var n uint64
		err := rows.Scan(&k.Class, &k.Outcome, &k.Reason, &n)
		sum[k] = n
		return err
	})
	return sum, err
}

// content is what a topic holds.
type content struct {
	messages, events uint64
	repeats          uint64 // events whose batch id and place, or whose origin, stand at an earlier position
	ends             map[int32]int64
}

// readFront reads all of mail.scans.
func readFront(ctx context.Context, client *kafka.Client) (content, error) {
	held := content{ends: map[int32]int64{}}
	seen, origins := map[string][]event.Ranges{}, map[string]bool{}
	err := client.Scan(ctx, event.ScansTopic, func(m *event.Message) error {
		events := eventsIn(m)
		held.messages, held.events = held.messages+1, held.events+events
		held.ends[m.Partition] = m.Offset + 1
		if origin := string(m.Header(event.OriginHeader)); origin != "" {
			if origins[origin] {
				held.repeats += events
			}
			origins[origin] = true
			return nil
		}
		id := string(m.Header(event.BatchIDHeader))
		if id == "" {
			return nil
		}
		places := event.Ranges{{First: 0, Last: uint32(events - 1)}}
		if text := m.Header(event.BatchIndexHeader); text != nil {
			var err error
			if places, err = event.ParseRanges(string(text)); err != nil {
				return err
			}
		}
		for i := range events {
			place, _ := places.At(i)
			if slices.ContainsFunc(seen[id], func(before event.Ranges) bool { return before.Contains(place) }) {
				held.repeats++
			}
		}
		seen[id] = append(seen[id], places)
		return nil
	})
	return held, err
}

// eventsIn counts the events of a message. One that is sealed is the replay of one event: its content type is that of what
// it was sealed from, and read as a ScanBatch, ciphertext has as many events as chance will have it.
func eventsIn(m *event.Message) (n uint64) {
	if m.Sealed() || string(m.Header(event.ContentTypeHeader)) != event.ProtoType {
		return 1
	}
	batch := event.NewBatch(m.Value)
	for _, ok, _ := batch.Next(); ok; _, ok, _ = batch.Next() {
		n++
	}
	return n
}

// readRejects counts the events in mail.rejects by reason, each once however often it was written.
func readRejects(ctx context.Context, client *kafka.Client) (map[string]uint64, error) {
	origins, counts := map[string]string{}, map[string]uint64{}
	err := client.Scan(ctx, event.RejectsTopic, func(m *event.Message) error {
		origin, reason := string(m.Header(event.OriginHeader)), string(m.Header(event.ReasonHeader))
		if before, known := origins[origin]; known {
			if before != reason {
				return fmt.Errorf("the reject %s has two reasons, %s and %s", origin, before, reason)
			}
			return nil
		}
		origins[origin] = reason
		counts[reason]++
		return nil
	})
	return counts, err
}

// requireTruth compares everything that the stores and the topic hold with the truth of the mail that was sent.
func requireTruth(t *testing.T, client *kafka.Client, store *storeReader, truths []simulate.Truth, sent simulate.Progress) {
	ctx := t.Context()
	front, err := readFront(ctx, client)
	require.NoError(t, err)
	want := expected(truths)
	have, err := store.found(ctx)
	require.NoError(t, err)

	sum := func(of map[kind]uint64, outcomes ...string) (n uint64) {
		for k, events := range of {
			if slices.Contains(outcomes, k.Outcome) {
				n += events
			}
		}
		return n
	}
	t.Logf("%d events sent in %d requests, %d sent again; %d events in %d messages of the topic, of which %d repeat others (%d of them by the plan)",
		sent.Events, sent.Requests, sent.Retries, front.events, front.messages, front.repeats, sum(want, event.Duplicate.String()))

	require.Equal(t, sum(want, refused), sent.Refused, "refused: what the gateway answered, and the truth")
	for _, outcome := range []event.Outcome{event.Stored, event.Rejected, event.Expired} {
		requireSame(t, outcome.String(), only(want, outcome), only(have, outcome))
	}
	require.Greater(t, front.repeats, sum(want, event.Duplicate.String()), "every repeat that was planned is in the topic, and those of lost answers")
	require.Equal(t, front.repeats, sum(have, event.Duplicate.String()), "duplicates: what repeats an earlier position in the topic")
	for k, planned := range only(want, event.Duplicate) {
		require.GreaterOrEqual(t, have[k], planned, "duplicates of the class %q", k.Class)
	}
	require.Equal(t, front.events, sum(have, "stored", "duplicate", "rejected", "expired"), "the outcomes' sum and the events in the topic")
	requireNoGap(t, store, front)
	requireRows(t, store, only(want, event.Stored))

	rejected, err := readRejects(ctx, client)
	require.NoError(t, err)
	byReason := map[string]uint64{}
	for k, n := range only(want, event.Rejected) {
		byReason[k.Reason] += n
	}
	require.Equal(t, byReason, rejected, "mail.rejects holds every event that was rejected, by reason")
}

func only(of map[kind]uint64, outcome event.Outcome) map[kind]uint64 {
	of = maps.Clone(of)
	maps.DeleteFunc(of, func(k kind, n uint64) bool { return k.Outcome != outcome.String() || n == 0 })
	return of
}

// requireSame names the first kinds that differ.
func requireSame(t *testing.T, what string, want, have map[kind]uint64) {
	t.Helper()
	both := maps.Clone(want)
	maps.Copy(both, have)
	kinds := slices.SortedFunc(maps.Keys(both), func(a, b kind) int { return cmp.Compare(a.String(), b.String()) })
	var differ []string
	for _, k := range kinds {
		if want[k] != have[k] {
			differ = append(differ, fmt.Sprintf("%s: %d in the truth, %d in the receipts", k, want[k], have[k]))
		}
	}
	require.Empty(t, differ[:min(len(differ), 10)], what)
}

// requireNoGap makes sure that the receipts cover each partition once.
func requireNoGap(t *testing.T, store *storeReader, front content) {
	all, err := store.receipts(t.Context())
	require.NoError(t, err)
	next := map[int32]int64{}
	for _, r := range all {
		require.Equal(t, next[r.partition], r.first, "partition %d: the receipt behind offset %d", r.partition, next[r.partition]-1)
		next[r.partition] = r.last + 1
	}
	require.Equal(t, front.ends, next, "the receipts reach the end of each partition")
}

// requireRows compares the rows with the truth, and looks for rows that stand twice.
func requireRows(t *testing.T, store *storeReader, stored map[kind]uint64) {
	ctx := t.Context()
	classes, total := map[string]uint64{}, uint64(0)
	for k, n := range stored {
		classes[k.Class] += n
		total += n
	}
	rows, err := store.counts(ctx, `SELECT retention_class, count() FROM mailtrail.scans GROUP BY retention_class`)
	require.NoError(t, err)
	require.Equal(t, classes, rows, "rows of the view scans by class")
	different, err := store.number(ctx, `SELECT uniqExact(topic, partition, offset, index) FROM mailtrail_data.scans`)
	require.NoError(t, err)
	require.Equal(t, total, different, "different positions of rows")
}
