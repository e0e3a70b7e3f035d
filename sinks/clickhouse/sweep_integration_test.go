package clickhouse

import (
	"context"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/rs/zerolog"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"mailtrail/deploy/local/clickhouse"
	"mailtrail/pipeline/ledger"
	sweep "mailtrail/pipeline/retention"
	"mailtrail/pipeline/retention/verify"
	"mailtrail/schemas/retention"
)

func TestDropSlot(t *testing.T) {
	owner, s := fresh(t)
	require.NoError(t, s.InsertScans(t.Context(), "t", block(0, 60, 3, retention.MailTracking, retention.PackageTracking)))
	require.NoError(t, s.InsertReceipt(t.Context(), "t", receiptOf(block(0, 60, 1), time.Now().UnixMilli())))
	for range 2 { // the second time it is gone already
		require.NoError(t, s.DropSlot(t.Context(), retention.MailTracking, "scans", today()))
		require.EqualValues(t, 50, stored(t, s))
	}
	require.Zero(t, number(t, s, "SELECT count() FROM mailtrail_data.scans WHERE retention_class = 'mail_tracking' AND slot = today()"))
	require.EqualValues(t, 1, number(t, s, "SELECT count() FROM mailtrail_data.blocks"))
	require.NoError(t, s.DropSlot(t.Context(), retention.Receipts, "blocks", today()))
	require.Zero(t, number(t, s, "SELECT count() FROM mailtrail_data.blocks"))

	exec(t, owner, "SYSTEM FLUSH LOGS")
	require.NotZero(t, number(t, s, "SELECT count() FROM system.query_log"))
	require.NoError(t, s.DropSlot(t.Context(), retention.SystemLogs, "system.query_log", today()))
	require.Zero(t, number(t, s, "SELECT count() FROM system.query_log WHERE event_time < now() - 60"))

	for _, wrong := range []struct{ class, table, says string }{
		{"unheard_of", "scans", "the schedule does not have it"},
		{retention.MailTracking, "blocks", "no table blocks of class mail_tracking"},
		{"reference", "epochs", "class reference has no slots"},
	} {
		require.ErrorContains(t, s.DropSlot(t.Context(), wrong.class, wrong.table, today()), wrong.says)
	}
}

// sweptStore is what the sweeper asks of a Store; cmd has the same.
type sweptStore struct{ *Store }

func (s sweptStore) Held(ctx context.Context) (held []sweep.Held, err error) {
	slots, err := s.HeldSlots(ctx)
	for _, h := range slots {
		held = append(held, sweep.Held{
			Class: h.Class, Place: retention.Place{Store: retention.ClickHouse, Name: h.Table}, From: h.Slot, Rows: h.Rows, Bytes: h.Bytes, Strange: h.Strange,
		})
	}
	return held, err
}

func (s sweptStore) Drop(ctx context.Context, slot sweep.Slot) error {
	return s.DropSlot(ctx, slot.Class, slot.Place.Name, slot.Start)
}

// sweptLedger is the real ledger, with no calendar.
type sweptLedger struct{ *ledger.Log }

func (sweptLedger) Missing(time.Time) []sweep.Slot { return nil }
func (sweptLedger) Returned(sweep.Drop) error      { return nil }
func (sweptLedger) EnterAll([]sweep.Drop) error    { return nil }
func (l sweptLedger) Enter(d sweep.Drop) (bool, error) {
	appended, err := l.Append(ledger.Entry{
		Kind: ledger.PartitionDropped, By: d.By, Class: d.Class, Slot: time.Unix(d.Start, 0).UTC(), Store: string(d.Place.Store), Object: d.Place.Name, Rows: new(int64(d.Rows)),
	})
	return err == nil && appended[0].Repeated, err
}

// auditAll verifies again and again until ctx ends, and wants no alarm: what is being dropped is no finding.
func auditAll(ctx context.Context, t *testing.T, store *Store, book *ledger.Reader) (looks int) {
	a, err := verify.New(verify.Config{Schedule: store.deps.Schedule.Source()}, verify.Deps{
		Clock: time.Now, Log: zerolog.Nop(), Metrics: prometheus.NewRegistry(), Inspectors: []verify.Named{
			{Store: verify.InClickHouse, Inspector: verify.ClickHouse{
				Server: inspected{store}, Public: "mailtrail", Data: "mailtrail_data", Views: store.Views(), Folders: func(string) bool { return true },
				Users: []string{clickhouse.Owner, clickhouse.Writer, clickhouse.Definer},
			}},
			{Store: verify.InLedger, Inspector: verify.Ledger{Open: func() (verify.Book, error) { return openedBook{book}, book.Refresh() }}},
		},
	})
	assert.NoError(t, err)
	for ; ctx.Err() == nil; looks++ {
		report, err := a.Check(ctx)
		if ctx.Err() != nil {
			return looks
		}
		if !assert.NoError(t, err) || !assert.Empty(t, report.Findings) {
			return looks
		}
	}
	return looks
}

// With a schedule of seconds and ClickHouse's own expiry stopped, the sweeper drops each slot at its destroy_at and nothing
// else, and the ledger has each once.
func TestTheSweeperKeepsAScheduleOfSeconds(t *testing.T) {
	source := strings.Replace(string(retention.Builtin().Source()), "    limit: 30d\n    bound: ceiling\n    clock: capture\n    citation: \"USPS 820.200, Retention and Disposal 7: up to 30 days for mail\"",
		"    limit: 20s\n    bound: ceiling\n    clock: capture\n    citation: \"USPS 820.200, Retention and Disposal 7: up to 30 days for mail\"", 1)
	mail, rest, _ := strings.Cut(source, "  - class: package_tracking")
	mail = strings.NewReplacer("slot: 1d", "slot: 5s", "margin: 2h", "margin: 4s", "behind: 20d", "behind: 1s").Replace(mail)
	source = strings.Replace(mail+"  - class: package_tracking"+rest, "topic: mail.scans\n    life: 7d", "topic: mail.scans\n    life: 9s", 1)
	schedule, err := retention.Parse([]byte(source))
	require.NoError(t, err)
	row := schedule.Row(retention.MailTracking)

	fresh(t)
	owner := open(t, clickhouse.Owner, schedule)
	_, err = owner.Migrate(t.Context())
	require.NoError(t, err)
	s := open(t, clickhouse.Writer, schedule)
	exec(t, owner, "SYSTEM STOP TTL MERGES mailtrail_data.scans")
	exec(t, owner, "SYSTEM STOP MERGES mailtrail_data.scans")

	dir := t.TempDir()
	log, err := ledger.Open(ledger.Config{Dir: filepath.Join(dir, "ledger")}, ledger.Deps{Log: zerolog.Nop(), Clock: time.Now})
	require.NoError(t, err)
	defer log.Close()
	began := time.Now()
	sweeper, err := sweep.New(sweep.Config{Schedule: schedule, Every: time.Hour, Notes: filepath.Join(dir, "sweep.json")}, sweep.Deps{
		Stores: map[retention.Store]sweep.SlotStore{retention.ClickHouse: sweptStore{s}}, Ledger: sweptLedger{log}, Log: zerolog.Nop(), Metrics: prometheus.NewRegistry(),
		Clock: sweep.NewClock(time.Now, func() time.Duration { return time.Since(began) }, zerolog.Nop()),
	})
	require.NoError(t, err)

	slots := []int64{row.SlotOf(began.UnixMilli()) - 10, row.SlotOf(began.UnixMilli()) - 5, row.SlotOf(began.UnixMilli())}
	columns := block(0, 0, 1)
	for i := range int64(300) {
		appendRow(columns, i, 0, retention.MailTracking, slots[i%3], "key")
	}
	for i := range int64(50) {
		appendRow(columns, 300+i, 0, retention.PackageTracking, today(), "key")
	}
	require.NoError(t, s.InsertScans(t.Context(), "t", columns))
	held := func(slot int64) uint64 {
		held, err := s.HeldSlots(t.Context())
		require.NoError(t, err)
		for _, h := range held {
			if h.Table == "scans" && h.Class == retention.MailTracking && h.Slot == slot {
				return h.Rows
			}
		}
		return 0
	}

	ctx, stop := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- sweeper.Run(ctx) }()
	audited := make(chan int, 1)
	auditor := open(t, clickhouse.Auditor, schedule)
	book, err := ledger.Read(filepath.Join(dir, "ledger"), log.PublicKey())
	require.NoError(t, err)
	defer book.Close()
	go func() { audited <- auditAll(ctx, t, auditor, book) }()
	for i, slot := range slots {
		due := time.Unix(row.DestroyAt(slot), 0)
		for held(slot) > 0 {
			require.True(t, time.Now().Before(time.Unix(row.LimitAt(slot), 0)), "slot %d is past its limit", i)
			time.Sleep(10 * time.Millisecond) // between two looks
		}
		gone := time.Now()
		require.False(t, gone.Before(due), "slot %d went early", i)
		t.Logf("a slot of 100 rows was in no active part %s after its destroy_at", gone.Sub(due).Round(time.Millisecond))
		for _, later := range slots[i+1:] {
			require.EqualValues(t, 100, held(later))
		}
	}
	stop()
	require.ErrorIs(t, <-ended, context.Canceled)
	looks := <-audited
	require.Greater(t, looks, 10)
	t.Logf("%d looks of the auditor meanwhile without an alarm", looks)
	require.EqualValues(t, 50, stored(t, s), "the other class stays")

	require.NoError(t, sweeper.Sweep(t.Context()).Err())
	reader, err := ledger.Read(filepath.Join(dir, "ledger"), log.PublicKey())
	require.NoError(t, err)
	defer reader.Close()
	require.EqualValues(t, 3, reader.Count(ledger.PartitionDropped))
	require.EqualValues(t, 3, log.Head().Size)
}
