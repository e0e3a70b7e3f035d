package figures

import (
	"bytes"
	"context"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"mailtrail/bench/stack"
	embedded "mailtrail/deploy/local/clickhouse"
	"mailtrail/schemas/barcode"
	"mailtrail/schemas/event"
)

// From the gateway's acknowledgement of an event to the moment at which an analyst sees it in the view scans.
//
// Every event is a request and a piece of its own, numbered in the order of sending, so the pieces that are not yet seen are
// a short range of the table's primary key. They are looked for every 20 ms, in the table below the view: it shows the same
// rows at the same moment, and to analyse a query of the view costs more than to answer it. The time of a piece is taken when
// the answer that holds it has come, so each is measured too long by up to one interval, never too short.
func TestLatency(t *testing.T) {
	s := newSite(t)
	const rate, every = 1000, 20 * time.Millisecond
	duration := sized(time.Second, 10*time.Minute)
	d := s.openDoor()
	before, err := s.Outcomes(t.Context())
	require.NoError(t, err)
	ingest, err := s.Start("ingest", "MAILTRAIL_INGEST_BLOCK_AGE=250ms")
	require.NoError(t, err)
	t.Cleanup(ingest.Kill)
	require.NoError(t, ingest.Ready(time.Minute))
	procs := s.Servers().With("gateway", d.role).With("ingest", ingest)
	costs, err := procs.Costs()
	require.NoError(t, err)
	parts := s.watchParts()

	total := uint64(rate * duration.Seconds())
	watch := &watch{site: s, acknowledged: make([]time.Time, total), visible: make([]time.Time, total), every: every}
	template := d.letter()
	mail := stream{
		host: d.host, connections: 64, rate: rate, duration: duration, firstKey: d.nextKey,
		request:      func(n uint64) prepared { return template.numbered(n) },
		acknowledged: watch.acknowledge,
	}
	ctx, cancel := context.WithTimeout(t.Context(), duration+time.Minute)
	defer cancel()
	seen := make(chan error, 1)
	go func() { seen <- watch.run(ctx) }()
	sent, err := mail.run(ctx)
	require.NoError(t, err)
	require.NoError(t, <-seen)

	after, err := procs.Costs()
	require.NoError(t, err)
	active := parts.end()
	require.NoError(t, ingest.Stop())
	require.NoError(t, d.role.Stop())
	got, err := s.Outcomes(t.Context())
	require.NoError(t, err)
	require.Equal(t, stack.Outcomes{"stored": total}, got.Since(before))
	shown, err := s.Number(t.Context(), "SELECT count() FROM mailtrail.scans WHERE pieceKey >= ? AND pieceKey < ?", watch.key(0), watch.key(total))
	require.NoError(t, err)
	require.Equal(t, total, shown)
	bench.report.add(fmt.Sprintf("from acknowledged to visible at %s events/s over %s, block_age 250ms", thousands(sent.rate()), duration), "p99 1 s, parts flat",
		"%s; p99 by minute: %s ms; active parts: %s; by minute: %s; %s; acknowledged within %s; looks: %s", watch.times(0, total), watch.minutes(rate), active,
		strings.Join(active.minutes(), ", "), seconds(after.Since(costs)), sent.times, watch.cost())
}

// watch looks for the events of a stream as an analyst does.
type watch struct {
	*site
	every time.Duration

	mu           sync.Mutex
	acknowledged []time.Time
	// Of the watching goroutine alone.
	visible []time.Time
	looks   int
	spent   time.Duration
}

func (w *watch) acknowledge(n uint64, at time.Time) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.acknowledged[n] = at
}

// run looks until every event was seen.
func (w *watch) run(ctx context.Context) error {
	conn, err := w.Connect(embedded.Auditor)
	if err != nil {
		return err
	}
	tick := time.NewTicker(w.every)
	defer tick.Stop()
	for first := 0; first < len(w.visible); {
		select {
		case <-ctx.Done():
			return fmt.Errorf("%d of %d events are visible: %w", first, len(w.visible), ctx.Err())
		case <-tick.C:
		}
		began := time.Now()
		var numbers []uint32
		err := conn.QueryRow(ctx, "SELECT groupArray(toUInt32(right(pieceKey, ?))) FROM mailtrail_data.scans WHERE pieceKey >= ? AND pieceKey < ?",
			serialDigits, w.key(uint64(first)), w.key(uint64(len(w.visible)))).Scan(&numbers)
		if err != nil {
			return fmt.Errorf("look for events: %w", err)
		}
		now := time.Now()
		w.looks++
		w.spent += now.Sub(began)
		for _, n := range numbers {
			if w.visible[n].IsZero() {
				w.visible[n] = now
			}
		}
		for first < len(w.visible) && !w.visible[first].IsZero() {
			first++
		}
	}
	return nil
}

// times are those from acknowledged to visible, of some of the events.
func (w *watch) times(from, to uint64) spread {
	var times []time.Duration
	for n := from; n < to; n++ {
		// An event may be visible before the client has read the answer.
		times = append(times, max(0, w.visible[n].Sub(w.acknowledged[n])))
	}
	return sorted(times)
}

// minutes are the 99th percentiles of each minute, in milliseconds.
func (w *watch) minutes(rate uint64) string {
	var all []string
	for from := uint64(0); from < uint64(len(w.visible)); from += 60 * rate {
		all = append(all, fmt.Sprintf("%.0f", ms(w.times(from, min(from+60*rate, uint64(len(w.visible)))).at(0.99))))
	}
	return strings.Join(all, ", ")
}

// cost is what the looking took.
func (w *watch) cost() string {
	w.asOwner("SYSTEM FLUSH LOGS", nil)
	var cpu float64
	require.NoError(w.t, w.SQL.QueryRow(w.t.Context(), `SELECT sum(ProfileEvents['OSCPUVirtualTimeMicroseconds']) / 1e6 FROM system.query_log
		WHERE type = 'QueryFinish' AND query LIKE 'SELECT groupArray(toUInt32(right(pieceKey,%'`).Scan(&cpu))
	return fmt.Sprintf("%d, %.1f ms each, %.1f CPU s of ClickHouse in all", w.looks, ms(w.spent)/float64(max(1, w.looks)), cpu)
}

// serialDigits is the length of a serial number behind a MID of six digits (USPS-B-3200).
const serialDigits = 9

// letterHead is barcode id, STID (First-Class Mail with full service) and MID of letters that differ in their serial number.
const letterHead = "00" + "310" + "123456"

// letter prepares the scan of such a letter, of now.
func (d *door) letter() letters {
	body := fmt.Sprintf(`{"imb":"%s%09d","scanDatetime":"%s","scanEventCode":"918","handlingEventType":"A","scanLocaleKey":"V19160","scanFacilityZip":"10199",`+
		`"machineId":"DBCS-0421","mailClassDescription":"First-Class","mailShapeDescription":"Letter"}`, letterHead, 0, time.Now().UTC().Format(time.RFC3339))
	r := prepareRequest(d.host, d.token, event.JSONType, []byte(body), 1)
	return letters{r, bytes.Index(r.bytes, []byte(letterHead)) + len(letterHead)}
}

// letters are requests that differ in the serial number of their piece.
type letters struct {
	template prepared
	serial   int // where it stands
}

func (l letters) numbered(n uint64) prepared {
	r := l.template
	r.bytes = bytes.Clone(r.bytes)
	copy(r.bytes[l.serial:], fmt.Sprintf("%09d", n))
	return r
}

// key is the piece key of a letter: it ends with the serial number.
func (w *watch) key(n uint64) string {
	parsed, err := barcode.Parse(fmt.Sprintf("%s%09d", letterHead, n))
	require.NoError(w.t, err)
	key, _ := parsed.AppendPieceKey(nil, barcode.BuiltinServiceTypes())
	return string(key)
}
