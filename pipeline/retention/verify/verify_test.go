package verify

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/prometheus/client_golang/prometheus/testutil"
	"github.com/stretchr/testify/require"

	"mailtrail/schemas/retention"
)

// world is all stores of the fakes.
type world struct {
	server  *server
	brokers *brokers
	book    *book
	files   Files
	now     time.Time
	bucket  *bucket
}

func newWorld(t *testing.T) *world {
	t.Helper()
	data := t.TempDir()
	require.NoError(t, os.WriteFile(filepath.Join(data, "lock"), nil, 0o600))
	return &world{newServer(), newBrokers(), &book{}, Files{Data: data, Keys: filepath.Join(data, "keys"), Access: filepath.Join(data, "access.yaml")}, noon, newBucket()}
}

func (w *world) inspectors() []Named {
	return []Named{{InKafka, w.brokers.inspector()}, {InClickHouse, w.server.inspector()}, {InFiles, w.files}, {InLedger, w.book.inspector()}, {InObjects, w.bucket.inspector()}}
}

func (w *world) check(t *testing.T, waivers ...Waiver) *Report {
	t.Helper()
	a, _ := newAuditor(t, Config{Waivers: waivers}, w.inspectors()...)
	a.deps.Clock = func() time.Time { return w.now }
	report, err := a.Check(t.Context())
	require.NoError(t, err)
	return report
}

// What people with the rights of the tests cannot plant in a real server; TestVerify of cmd/mailtrail has the rest.
func TestFaults(t *testing.T) {
	slot := time.Date(2026, 11, 20, 0, 0, 0, 0, time.UTC)
	for _, c := range []struct {
		name  string
		plant func(w *world)
		want  Finding
	}{
		{"query_log without TTL", func(w *world) { w.server.table("system.query_log").Expiry = "" }, Finding{Kind: NoExpiry, Store: InClickHouse, Object: "system.query_log"}},
		{"query_log in partitions of a month", func(w *world) { w.server.table("system.query_log").Partition = "toYYYYMM(event_date)" }, Finding{Kind: NotBySlot, Store: InClickHouse, Object: "system.query_log"}},
		{"a system log that is not in the schedule", func(w *world) {
			w.server.tables = append(w.server.tables, Table{Database: "system", Name: "text_log", Engine: "MergeTree"})
		}, Finding{Kind: NotInSchedule, Store: InClickHouse, Object: "system.text_log"}},
		{"a table in another database", func(w *world) {
			w.server.tables = append(w.server.tables, Table{Database: "default", Name: "scans", Engine: "MergeTree"})
		}, Finding{Kind: NotInSchedule, Store: InClickHouse, Object: "default.scans"}},
		{"a table that reads Kafka by itself", func(w *world) {
			w.server.tables = append(w.server.tables, Table{Database: "mailtrail_data", Name: "queue", Engine: "Kafka"})
		}, Finding{Kind: NotInSchedule, Store: InClickHouse, Object: "mailtrail_data.queue"}},
		{"rows that are deleted one by one", func(w *world) { w.server.table("mailtrail_data.scans").Settings = "" }, Finding{Kind: LateExpiry, Store: InClickHouse, Object: "mailtrail_data.scans"}},
		{"a user who may read base tables", func(w *world) { w.server.grants = append(w.server.grants, Grant{"user bob", "SELECT", "", ""}) },
			Finding{Kind: UserRights, Store: InClickHouse, Object: "user bob"}},
		{"a role that may copy base tables", func(w *world) {
			w.server.grants = append(w.server.grants, Grant{"role copier", "BACKUP", "mailtrail_data", "scans"})
		}, Finding{Kind: UserRights, Store: InClickHouse, Object: "role copier"}},
		{"an auditor who may write", func(w *world) {
			w.server.grants = append(w.server.grants, Grant{"user auditor", "INSERT", "mailtrail_data", ""})
		}, Finding{Kind: AuditorRights, Store: InClickHouse, Object: "user auditor"}},
		{"a mutation that fails", func(w *world) {
			w.server.mutations = []Mutation{{Database: "mailtrail_data", Table: "scans", ID: "m1", Failure: "CANNOT_PARSE_TEXT"}}
		}, Finding{Kind: MutationKept, Store: InClickHouse, Object: "mailtrail_data.scans m1"}},
		{"a disk that is not seen", func(w *world) { w.server.disks = append(w.server.disks, Disk{Name: "cold", Path: "/cold/"}) }, Finding{Kind: NotInspected, Store: InClickHouse, Object: "disk cold"}},
		{"a table whose rows tell no clock", func(w *world) { delete(w.server.clocks, "blocks") }, Finding{Kind: NotInspected, Store: InClickHouse, Object: "mailtrail_data.blocks rows"}},
		{"a server that does not answer", func(w *world) { w.server.err = errors.New("away") }, Finding{Kind: NotInspected, Store: InClickHouse, Object: "clickhouse"}},
		{"a class in a table of another", func(w *world) { w.server.parts[0].Partition = "('receipts','2026-11-20 00:00:00')" },
			Finding{Kind: UnknownClass, Store: InClickHouse, Object: "mailtrail_data.scans", Class: "receipts"}},
		{"a partition that is none", func(w *world) { w.server.parts[1].Partition = "202611" }, Finding{Kind: UnalignedSlot, Store: InClickHouse, Object: "mailtrail_data.blocks"}},
		{"rows of a later day", func(w *world) { w.server.clocks["scans"][0].Newest = at(2026, 11, 21, 0) },
			Finding{Kind: ClockOutsideSlot, Store: InClickHouse, Object: "mailtrail_data.scans", Class: retention.MailTracking, Slot: slot}},
		{"a detached part of a table of one's own", func(w *world) {
			w.server.parts = append(w.server.parts, Part{Database: "mailtrail_data", Table: "blocks", Name: "b_9_9_0", State: "detached"})
		}, Finding{Kind: DetachedPart, Store: InClickHouse, Object: "mailtrail_data.blocks/detached/b_9_9_0"}},
		{"a topic of streams", func(w *world) { w.brokers.topics = append(w.brokers.topics, Topic{Name: "app-changelog"}) }, Finding{Kind: NotInSchedule, Store: InKafka, Object: "app-changelog"}},
		{"a topic that cannot be described", func(w *world) { w.brokers.topics[0].Problem = errors.New("denied") }, Finding{Kind: NotInspected, Store: InKafka, Object: "mail.scans"}},
		{"tiered storage", func(w *world) { w.brokers.topics[0].Settings["remote.storage.enable"] = "true" },
			Finding{Kind: TopicSettings, Store: InKafka, Object: "mail.scans remote.storage.enable"}},
		{"a broker that looks once a day", func(w *world) { w.brokers.brokers[0].Settings["log.retention.check.interval.ms"] = "86400000" },
			Finding{Kind: TopicSettings, Store: InKafka, Object: "mail.scans retention.ms"}},
		{"a broker that says nothing", func(w *world) { w.brokers.brokers[0].Settings = nil }, Finding{Kind: NotInspected, Store: InKafka, Object: "brokers"}},
		{"segments that are not seen", func(w *world) { w.brokers.brokers[0].Settings["log.dirs"] = "/kafka" }, Finding{Kind: NotInspected, Store: InKafka, Object: "broker 1 log.dirs"}},
		{"an old record", func(w *world) { w.brokers.topics[0].Oldest = []int64{at(2026, 11, 18, 11)} }, Finding{Kind: OverLimit, Store: InKafka, Object: "mail.scans"}},
		{"a ledger that was altered", func(w *world) { w.book.err = errors.New("altered") }, Finding{Kind: LedgerBroken, Store: InLedger, Object: "ledger"}},
		{"no ledger", func(w *world) { w.book.err = ErrNoLedger }, Finding{Kind: NotInspected, Store: InLedger, Object: "ledger"}},
		{"a slot there again before its limit", func(w *world) { w.book.ended = map[time.Time]time.Time{slot: noon.Add(-61 * time.Minute)} },
			Finding{Kind: Returned, Store: InClickHouse, Object: "mailtrail_data.scans", Class: retention.MailTracking, Slot: slot}},
	} {
		t.Run(c.name, func(t *testing.T) {
			w := newWorld(t)
			require.Empty(t, w.check(t).Findings, "all is well before")
			c.plant(w)
			findings := w.check(t).Findings
			require.NotEmpty(t, findings)
			require.True(t, c.want.same(&findings[0]), "%+v", findings[0])
			require.NotEmpty(t, findings[0].Text)
		})
	}
}

// What is on its way is no finding: rows that came in while their slot was being destroyed, and a gap before its limit.
func TestWhatIsOnItsWay(t *testing.T) {
	w := newWorld(t)
	w.book.ended = map[time.Time]time.Time{time.Date(2026, 11, 20, 0, 0, 0, 0, time.UTC): noon.Add(-59 * time.Minute)}
	w.book.gaps = []Gap{{Class: "mail_tracking", Store: "clickhouse/scans", Limit: noon.Add(time.Second)}, {Class: "receipts", Limit: noon.Add(-day), Acknowledged: true}}
	w.server.parts = append(w.server.parts, Part{Database: "mailtrail_data", Table: "scans", Partition: "('mail_tracking','2026-10-27 00:00:00')", Name: "old", State: "active", Rows: 1})
	w.server.clocks["scans"] = append(w.server.clocks["scans"], Clock{"old", at(2026, 10, 27, 1), at(2026, 10, 27, 1)})
	report := w.check(t)
	require.Empty(t, report.Findings)
	for _, room := range report.Rooms {
		if room.Object == "mailtrail_data.scans" && room.Class == retention.MailTracking {
			left, limited := room.Left(noon)
			require.True(t, limited)
			require.Equal(t, 13*time.Hour, left)
			require.EqualValues(t, 6, room.Rows)
		}
	}
	require.Equal(t, "mailtrail_data.scans", report.Least().Object)
}

// What seems wrong at one look alone was being changed in that moment.
func TestOnlyWhatLastsIsTold(t *testing.T) {
	w := newWorld(t)
	looks := 0
	moving := inspectorFunc(func(_ context.Context, look *Look) error {
		looks++
		look.Found(Finding{Kind: StrayFile, Store: InFiles, Object: "always"})
		look.Found(Finding{Kind: StrayFile, Store: InFiles, Object: []string{"first", "second"}[looks-1]})
		return nil
	})
	a, _ := newAuditor(t, Config{}, append(w.inspectors(), Named{"moving", moving})...)
	report, err := a.Check(t.Context())
	require.NoError(t, err)
	require.Equal(t, 2, looks)
	require.Len(t, report.Findings, 1)
	require.Equal(t, "always", report.Findings[0].Object)
}

type inspectorFunc func(context.Context, *Look) error

func (f inspectorFunc) Inspect(ctx context.Context, look *Look) error { return f(ctx, look) }

func TestWaivers(t *testing.T) {
	w := newWorld(t)
	w.server.tables = append(w.server.tables, Table{Database: "default", Name: "theirs", Engine: "Log"})
	w.server.parts[0].Partition = "('mail_tracking','2026-10-20 00:00:00')"
	w.server.clocks["scans"] = []Clock{{"a_1_1_0", at(2026, 10, 20, 1), at(2026, 10, 20, 2)}}
	report := w.check(t, Waiver{"default.theirs", "of the neighbours"}, Waiver{"mailtrail_data.scans", "no"}, Waiver{"nothing", "no"})
	require.Len(t, report.Findings, 2)
	alarms := report.Alarms()
	require.Len(t, alarms, 1, "what is over its limit cannot be waived")
	require.Equal(t, OverLimit, alarms[0].Kind)
	require.Equal(t, []string{"mailtrail_data.scans", "nothing"}, report.Unused)
}

// A part never changes, so its rows are read once; one that is gone is forgotten.
func TestPartsAreReadOnce(t *testing.T) {
	w := newWorld(t)
	inspector := w.server.inspector()
	inspector.Seen = &Seen{}
	a, _ := newAuditor(t, Config{}, Named{InClickHouse, inspector})
	for range 3 {
		_, err := a.Check(t.Context())
		require.NoError(t, err)
	}
	require.Empty(t, w.server.asked["scans"])
	w.server.parts = append(w.server.parts, Part{Database: "mailtrail_data", Table: "scans", Partition: "('mail_tracking','2026-11-21 00:00:00')", Name: "c_1_1_0", State: "active", Rows: 5})
	w.server.clocks["scans"] = []Clock{{"c_1_1_0", at(2026, 11, 1, 3), at(2026, 11, 21, 23)}}
	report, err := a.Check(t.Context())
	require.NoError(t, err)
	require.Equal(t, []string{"a_1_1_0"}, w.server.asked["scans"], "the second look has it already")
	require.Len(t, report.Findings, 1)
	require.Equal(t, ClockOutsideSlot, report.Findings[0].Kind)
	w.server.parts, w.server.clocks["scans"] = w.server.parts[1:], nil
	_, err = a.Check(t.Context())
	require.NoError(t, err)
	require.NotContains(t, inspector.Seen.tables["mailtrail_data.scans"], "a_1_1_0")
}

// recorder is a ledger that takes results.
type recorder struct {
	mu        sync.Mutex
	results   int
	fresh     []Finding
	destroyed int64
	err       error
}

func (r *recorder) Destroyed() int64 {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.destroyed
}

func (r *recorder) Record(_ *Report, fresh []Finding) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.err == nil {
		r.results, r.fresh = r.results+1, append(r.fresh, fresh...)
	}
	return r.err
}

// Run enters a result when something changed, after destructions and once a day, and what could not be entered later.
func TestRun(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		entered := &recorder{}
		state := filepath.Join(w.files.Data, "verify.json")
		// What the test changes between two verifications, it changes under the lock under which they look.
		locked := inspectorFunc(func(ctx context.Context, look *Look) error {
			entered.mu.Lock()
			defer entered.mu.Unlock()
			return w.server.inspector().Inspect(ctx, look)
		})
		a, registry := newAuditor(t, Config{State: state, Settle: time.Second}, Named{InClickHouse, locked}, Named{InFiles, w.files})
		a.deps.Record = entered
		now := noon
		a.deps.Clock = func() time.Time {
			entered.mu.Lock()
			defer entered.mu.Unlock()
			return now
		}
		ctx, stop := context.WithCancel(t.Context())
		ended := make(chan error, 1)
		go func() { ended <- a.Run(ctx) }()
		after := func(change func(), results int, why string) {
			entered.mu.Lock()
			change()
			entered.mu.Unlock()
			time.Sleep(5*time.Minute + 2*time.Second)
			synctest.Wait()
			entered.mu.Lock()
			defer entered.mu.Unlock()
			require.Equal(t, results, entered.results, why)
		}
		expiry := &w.server.table("system.query_log").Expiry
		nothing := func() {}
		after(nothing, 1, "the first alone")
		after(func() { entered.destroyed++ }, 2, "a slot was destroyed")
		after(func() { *expiry, entered.err = "", errors.New("full") }, 2, "the ledger takes nothing")
		require.EqualValues(t, 1, testutil.ToFloat64(a.metrics.failures.WithLabelValues("ledger")))
		after(func() { entered.err = nil }, 3, "a finding")
		require.Len(t, entered.fresh, 1)
		require.EqualValues(t, 1, testutil.ToFloat64(a.metrics.findings.WithLabelValues(string(NoExpiry), InClickHouse)))
		last, err := Last(state)
		require.NoError(t, err)
		require.Equal(t, NoExpiry, last.Findings[0].Kind)
		require.Equal(t, noon, last.At)
		after(func() { *expiry = "event_time" }, 4, "it is in order again")
		require.Zero(t, testutil.CollectAndCount(a.metrics.findings))
		after(nothing, 4, "nothing is new")
		after(func() { now = noon.Add(day) }, 5, "a day has passed")
		require.Len(t, entered.fresh, 1)
		stop()
		require.ErrorIs(t, <-ended, context.Canceled)
		found, err := testutil.GatherAndCount(registry, "mailtrail_verify_room_seconds", "mailtrail_verify_room_margins", "mailtrail_verify_age_seconds")
		require.NoError(t, err)
		require.Greater(t, found, 5)
	})
	none, err := Last(filepath.Join(t.TempDir(), "none"))
	require.NoError(t, err)
	require.Nil(t, none)
}
