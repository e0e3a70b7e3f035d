package main

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/rs/zerolog"
	"github.com/stretchr/testify/require"

	embedded "mailtrail/deploy/local/clickhouse"
	"mailtrail/pipeline/ledger"
	"mailtrail/pipeline/retention/verify"
	"mailtrail/schemas/retention"
	"mailtrail/sinks/kafka"
)

// fault is something wrong that somebody made by hand, and what the auditor must say of it.
type fault struct {
	name string
	// plant makes it and returns the object by which it must be named, where that is not object already.
	plant  func(p *planter) string
	kind   verify.Kind
	store  string
	object string
	class  string
	// slot is how many days back the slot begins, where one must be named; -1: none.
	slot int
}

// planter plants faults in a running installation.
type planter struct {
	*site
	dirs string
}

func (p *planter) exec(statements ...string) {
	p.t.Helper()
	for _, statement := range statements {
		require.NoError(p.t, p.sql(embedded.Owner).Exec(p.t.Context(), statement), statement)
	}
}

func (p *planter) one(query string) (text string) {
	p.t.Helper()
	require.NoError(p.t, p.sql(embedded.Auditor).QueryRow(p.t.Context(), query).Scan(&text), query)
	return text
}

func (p *planter) file(path string, age time.Duration, text string) {
	p.t.Helper()
	if !filepath.IsAbs(path) {
		path = filepath.Join(p.data, path)
	}
	require.NoError(p.t, os.MkdirAll(filepath.Dir(path), 0o700))
	require.NoError(p.t, os.WriteFile(path, []byte(text), 0o600))
	at := time.Now().Add(-age)
	require.NoError(p.t, os.Chtimes(path, at, at))
}

// scan stores a row under a label, with the clock that it is given.
func (p *planter) scan(class string, slot, clock time.Time) {
	p.exec(fmt.Sprintf("INSERT INTO mailtrail_data.scans (retention_class, slot, scanDatetime, received) VALUES ('%s', '%s', '%s', '%s')",
		class, slot.UTC().Format(time.DateTime), clock.UTC().Format(time.DateTime), time.Now().UTC().Format(time.DateTime)))
}

func (p *planter) client() *kafka.Client {
	client, err := kafka.New(kafka.Config{Brokers: []string{p.brokers}})
	require.NoError(p.t, err)
	p.t.Cleanup(client.Close)
	return client
}

func (p *planter) topic(name string, settings map[string]string) {
	p.t.Helper()
	_, err := p.client().EnsureTopic(p.t.Context(), kafka.TopicSpec{Name: name, Partitions: 1, Replication: 1, Settings: settings})
	require.NoError(p.t, err)
}

// ago is the start of the day's slot so many days back.
func ago(days int) time.Time { return time.Now().UTC().Truncate(24*time.Hour).AddDate(0, 0, -days) }

func sqlFault(name string, kind verify.Kind, object, class string, statements ...string) fault {
	return fault{name: name, kind: kind, store: verify.InClickHouse, object: object, class: class, slot: -1, plant: func(p *planter) string {
		p.exec(statements...)
		return ""
	}}
}

func scanFault(name string, kind verify.Kind, class string, slot int, offset time.Duration, clocks ...time.Duration) fault {
	return fault{name: name, kind: kind, store: verify.InClickHouse, object: "mailtrail_data.scans", class: class, slot: slot, plant: func(p *planter) string {
		for _, clock := range clocks {
			p.scan(class, ago(slot).Add(offset), ago(slot).Add(clock))
		}
		return ""
	}}
}

func fileFault(name string, kind verify.Kind, object, class string, age time.Duration, text string) fault {
	return fault{name: name, kind: kind, store: verify.InFiles, object: object, class: class, slot: -1, plant: func(p *planter) string {
		p.file(object, age, text)
		return ""
	}}
}

func topicFault(name, topic, setting, value, object string) fault {
	return fault{name: name, kind: verify.TopicSettings, store: verify.InKafka, object: object, slot: -1, plant: func(p *planter) string {
		p.topic(topic, map[string]string{setting: value})
		return ""
	}}
}

// faults are planted in this order, all of them, before anybody looks.
func faults() []fault {
	const table = "(retention_class String, slot DateTime) ENGINE = MergeTree ORDER BY slot"
	day := 24 * time.Hour
	return []fault{
		sqlFault("a table made by hand", verify.NotInSchedule, "mailtrail_data.copy_of_scans", "", "CREATE TABLE mailtrail_data.copy_of_scans "+table),
		sqlFault("a buffer before a table", verify.NotInSchedule, "mailtrail_data.waiting", "", "CREATE TABLE mailtrail_data.waiting AS mailtrail_data.copy_of_scans ENGINE = Buffer(mailtrail_data, copy_of_scans, 1, 10, 100, 10000, 1000000, 10000000, 100000000)"),
		sqlFault("a table among the views", verify.NotInSchedule, "mailtrail.notes", "", "CREATE TABLE mailtrail.notes (a String) ENGINE = Log"),
		sqlFault("a dictionary", verify.NotInSchedule, "mailtrail_data.names", "", "CREATE DICTIONARY mailtrail_data.names (id UInt64, name String) PRIMARY KEY id SOURCE(NULL()) LAYOUT(FLAT()) LIFETIME(0)"),
		sqlFault("a dropped table that still lies there", verify.DroppedTable, "mailtrail_data.thrown_away", "",
			"CREATE TABLE mailtrail_data.thrown_away "+table, "INSERT INTO mailtrail_data.thrown_away VALUES ('a', now())", "DROP TABLE mailtrail_data.thrown_away"),
		{name: "a detached part", kind: verify.DetachedPart, store: verify.InClickHouse, slot: -1, plant: func(p *planter) string {
			p.exec("INSERT INTO mailtrail_data.blocks (slot, at) VALUES (today(), now())", "ALTER TABLE mailtrail_data.blocks DETACH PARTITION '"+ago(0).Format(time.DateTime)+"'")
			return "mailtrail_data.blocks/detached/" + p.one("SELECT name FROM system.detached_parts LIMIT 1")
		}},
		sqlFault("a frozen shadow copy", verify.FrozenCopy, "clickhouse/store/shadow/kept", "", "ALTER TABLE mailtrail_data.scans FREEZE WITH NAME 'kept'"),
		scanFault("a row whose clock lies before its slot", verify.ClockOutsideSlot, retention.MailTracking, 3, 0, -2*day),
		scanFault("a row whose clock lies behind its slot", verify.ClockOutsideSlot, retention.PackageTracking, 4, 0, 30*time.Hour),
		scanFault("an unknown class", verify.UnknownClass, "letters", -1, 0, 0),
		{name: "a slot of no calendar", kind: verify.UnalignedSlot, store: verify.InClickHouse, object: "mailtrail_data.scans", class: retention.PackageTracking, slot: -1, plant: func(p *planter) string {
			p.scan(retention.PackageTracking, ago(2).Add(time.Hour), ago(2).Add(time.Hour))
			return ""
		}},
		scanFault("a slot in the future", verify.FutureSlot, retention.SpecialServiceTracking, -2, 0, time.Hour),
		scanFault("a slot past its limit", verify.OverLimit, retention.MailTracking, 31, 0, time.Hour),
		{name: "an inactive part that stays", kind: verify.InactivePart, store: verify.InClickHouse, object: "mailtrail_data.scans", class: retention.PackageTracking, slot: 91, plant: func(p *planter) string {
			p.exec("ALTER TABLE mailtrail_data.scans MODIFY SETTING old_parts_lifetime = 100000")
			p.scan(retention.PackageTracking, ago(91), ago(91))
			p.scan(retention.PackageTracking, ago(91), ago(91).Add(time.Second))
			p.exec("OPTIMIZE TABLE mailtrail_data.scans PARTITION ('package_tracking', '" + ago(91).Format(time.DateTime) + "') FINAL")
			return ""
		}},
		scanFault("a slot that is there again after its destruction", verify.Returned, retention.MailTracking, 32, 0, time.Hour),
		sqlFault("an expiry that was removed", verify.NoExpiry, "mailtrail_data.replays", "", "ALTER TABLE mailtrail_data.replays REMOVE TTL"),
		sqlFault("an expiry after the limit", verify.LateExpiry, "mailtrail_data.batches", retention.BatchIDs, "ALTER TABLE mailtrail_data.batches MODIFY TTL slot + toIntervalDay(11)"),
		sqlFault("the expiry of a column", verify.ColumnExpiry, "mailtrail_data.blocks", "", "ALTER TABLE mailtrail_data.blocks MODIFY COLUMN epoch String TTL slot + toIntervalDay(1000)"),
		sqlFault("a view that lost its predicate", verify.ViewPredicate, "mailtrail.blocks", "", "CREATE OR REPLACE VIEW mailtrail.blocks AS SELECT topic FROM mailtrail_data.blocks"),
		sqlFault("a view that shows what is due", verify.ViewPredicate, "mailtrail.push_groups", "", "CREATE OR REPLACE VIEW mailtrail.push_groups AS SELECT id FROM mailtrail_data.batches WHERE (slot > now() - toIntervalSecond(10000000)) AND (id != '')"),
		sqlFault("a view whose predicate is undone", verify.ViewPredicate, "mailtrail.rejects_summary", "", "CREATE OR REPLACE VIEW mailtrail.rejects_summary AS SELECT topic FROM mailtrail_data.blocks WHERE (slot > now() - toIntervalSecond(1)) OR (topic != '')"),
		sqlFault("a view that is not ours", verify.ForeignView, "mailtrail.everything", "", "CREATE VIEW mailtrail.everything AS SELECT * FROM mailtrail_data.scans"),
		sqlFault("a materialized view that copies away", verify.ViewTarget, "mailtrail_data.feed", "", "CREATE MATERIALIZED VIEW mailtrail_data.feed TO mailtrail_data.copy_of_scans AS SELECT retention_class, slot FROM mailtrail_data.scans"),
		{name: "rows deleted by a mutation", kind: verify.MutationKept, store: verify.InClickHouse, slot: -1, plant: func(p *planter) string {
			p.exec("ALTER TABLE mailtrail_data.topics DELETE WHERE topic = 'nobody'")
			return "mailtrail_data.topics " + p.one("SELECT mutation_id FROM system.mutations WHERE table = 'topics'")
		}},
		{name: "a topic that the schedule does not have", kind: verify.NotInSchedule, store: verify.InKafka, object: "mail.copies", slot: -1, plant: func(p *planter) string {
			p.topic("mail.copies", nil)
			return ""
		}},
		topicFault("a topic that keeps for ever", "mail.rejects", "retention.ms", "-1", "mail.rejects retention.ms"),
		topicFault("a topic with long segments", "mail.scans", "segment.ms", "604800000", "mail.scans retention.ms"),
		topicFault("a topic that is compacted", "mail.scans", "cleanup.policy", "compact", "mail.scans cleanup.policy"),
		topicFault("a topic under the producers' clock", "mail.rejects", "message.timestamp.type", "CreateTime", "mail.rejects message.timestamp.type"),
		{name: "a segment that no topic shows any more", kind: verify.OverLimit, store: verify.InFiles, object: "kafka/partitions/mail.scans-0/99999999.dat", class: retention.MailTracking, slot: -1, plant: func(p *planter) string {
			segments, err := filepath.Glob(filepath.Join(p.data, "kafka/partitions/mail.scans-0/*.dat"))
			require.NoError(p.t, err)
			content, err := os.ReadFile(segments[0])
			require.NoError(p.t, err)
			binary.BigEndian.PutUint64(content[27:], uint64(ago(11).UnixMilli())) // the time of its first record
			p.file("kafka/partitions/mail.scans-0/99999999.dat", 0, string(content))
			return ""
		}},
		fileFault("a stray file", verify.StrayFile, "scans-copy.csv", "", 0, "a,b"),
		fileFault("a stray file among the broker's segments", verify.StrayFile, "kafka/partitions/mail.scans-0/copy.bin", "", 0, "a,b"),
		fileFault("a stray file in the server's folder", verify.StrayFile, "clickhouse/store/dump.sql", "", 0, "a,b"),
		fileFault("a core dump", verify.CoreDump, "clickhouse/store/core.4711", "", 0, "\x7fELF"),
		fileFault("a key past its date", verify.KeyPastDate, "keys/slot-rejects-"+ago(40).Format("20060102T150405Z")+".key", retention.Rejects, 0, ""),
		fileFault("a key of no slot", verify.KeyWithoutSlot, "keys/slot-letters-20261120T000000Z.key", "letters", 0, ""),
		fileFault("a file among the keys", verify.StrayFile, "keys/notes.txt", "", 0, ""),
		fileFault("an old log", verify.OverLimit, "logs/clickhouse.log.1", "log_files", 3*day, "x"),
		fileFault("a log that begins before its limit", verify.OverLimit, "logs/other.log", "log_files", 0, ago(4).Format("2006.01.02 15:04:05")+" started\n"),
		fileFault("what a query left behind", verify.OverLimit, "clickhouse/user_files/export.csv", "work_files", 3*day, "a,b"),
		{name: "a link", kind: verify.NotInspected, store: verify.InFiles, object: "elsewhere", slot: -1, plant: func(p *planter) string {
			require.NoError(p.t, os.Symlink("/", filepath.Join(p.data, "elsewhere")))
			return ""
		}},
		{name: "a directory that cannot be read", kind: verify.NotInspected, store: verify.InFiles, slot: -1, plant: func(p *planter) string { return filepath.Join(p.dirs, "absent") }},
		{name: "a frozen copy on another host", kind: verify.FrozenCopy, store: verify.InClickHouse, slot: -1, plant: func(p *planter) string {
			for _, folder := range []string{"metadata", "store", "shadow/kept"} {
				require.NoError(p.t, os.MkdirAll(filepath.Join(p.dirs, "clickhouse", folder), 0o700))
			}
			return filepath.Join(p.dirs, "clickhouse", "shadow", "kept")
		}},
		{name: "a forgotten partition on another host", kind: verify.NotInSchedule, store: verify.InKafka, slot: -1, plant: func(p *planter) string {
			p.file(filepath.Join(p.dirs, "kafka", "meta.properties"), 0, "")
			path := filepath.Join(p.dirs, "kafka", "mail.old-0")
			require.NoError(p.t, os.MkdirAll(path, 0o700))
			return path
		}},
		{name: "an object outside of the prefixes", kind: verify.UnknownClass, store: verify.InObjects, object: bucket + "/copies/", class: "copies", slot: -1, plant: func(p *planter) string {
			store, _ := p.bucketOf(retention.Builtin())
			require.NoError(p.t, store.Put(p.t.Context(), "copies/20261125T110000Z/a", []byte("x")))
			return ""
		}},
		{name: "an expiry of the bucket that was removed", kind: verify.NoExpiry, store: verify.InObjects, object: bucket, class: retention.MailpieceImages, slot: -1, plant: func(p *planter) string {
			_, core := p.bucketOf(retention.Builtin())
			require.NoError(p.t, core.SetBucketLifecycle(p.t.Context(), bucket, nil))
			return ""
		}},
		{name: "a gap in the ledger", kind: verify.LedgerGap, store: verify.InLedger, object: "elsewhere/vault", class: "vanished", slot: 39, plant: func(*planter) string { return "" }},
	}
}

// beginLedger begins the ledger with the end of a slot that will be there again, and with a class whose destructions nobody enters.
func beginLedger(t *testing.T, dir string) {
	t.Helper()
	log, err := ledger.Open(ledger.Config{Dir: dir}, ledger.Deps{Log: zerolog.Nop(), Clock: time.Now})
	require.NoError(t, err)
	defer log.Close()
	_, err = log.Append(ledger.Entry{Kind: ledger.PartitionDropped, By: "sweeper", Class: retention.MailTracking, Slot: ago(32), Store: "clickhouse", Object: "scans"})
	require.NoError(t, err)
	_, err = log.Adopt(strings.Repeat("ab", 32), []ledger.ClassRow{{
		Class: "vanished", Bound: "ceiling", Limit: 30 * 24 * time.Hour, SlotLength: 24 * time.Hour, DestroyAfter: 29 * 24 * time.Hour, FirstSlot: ago(39), Stores: []string{"elsewhere/vault"},
	}}, "test")
	require.NoError(t, err)
}

// inProcess is the installation's auditor in this process.
func (s *site) inProcess() *verifier {
	s.t.Helper()
	a := newApp(surroundings{stdout: &bytes.Buffer{}, stderr: &bytes.Buffer{}})
	for i := 0; i+1 < len(s.flags); i += 2 {
		if s.flags[i] == "--set" {
			a.sets = append(a.sets, s.flags[i+1])
		}
	}
	a.data = s.data
	r, err := a.plainRole()
	require.NoError(s.t, err)
	v, err := r.openVerifier(verifyOptions{metrics: prometheus.NewRegistry()})
	require.NoError(s.t, err)
	s.t.Cleanup(v.close)
	return v
}

// quickly is the built-in schedule with a margin of seconds for log files, so that the auditor that runs with the sweeper looks
// every two seconds.
func quickly(t *testing.T) string {
	source := string(retention.Builtin().Source())
	before, behind, _ := strings.Cut(source, "folders: [logs]")
	path := filepath.Join(t.TempDir(), "schedule.yaml")
	require.NoError(t, os.WriteFile(path, []byte(before+"folders: [logs]"+strings.Replace(behind, "margin: 2h", "margin: 8s", 1)), 0o600))
	return path
}

// Under load a healthy system gives no alarm; each of the planted faults is told by kind, store and object, by the command and,
// within one period, by the auditor that runs with the sweeper; and nothing else is told.
func TestVerify(t *testing.T) {
	s := newSite(t).with()
	dirs := t.TempDir()
	s = s.with("--set", "retention.schedule="+quickly(t), "--set", "retention.sweep_every=1h")
	up := s.up()
	v := s.inProcess()

	load := s.start("simulate", "--duration", "1h", "--rate", "1500", "--to", "kafka", "--log-level", "error")
	for look := range 100 {
		report, err := v.auditor.Check(t.Context())
		require.NoError(t, err)
		require.Empty(t, report.Findings, "look %d", look)
		require.Empty(t, report.Unused)
		require.Greater(t, report.Inspected, 50)
	}
	select {
	case <-load.ended:
		require.FailNow(t, "the load ended before the looks")
	default:
		require.NoError(t, load.cmd.Process.Kill())
	}
	healthy := s.run("retention", "verify", "--format", "csv")
	require.Zero(t, healthy.status, healthy.stdout+healthy.stderr)
	require.Contains(t, healthy.stderr, "nothing is over its limit, outside of the schedule or not inspected; the least room is ")
	require.Contains(t, healthy.stdout, "room,,clickhouse,mailtrail_data.scans,mail_tracking,")
	require.Contains(t, healthy.stdout, "room,,objects,"+bucket+",mailpiece_images,")
	require.NotContains(t, up.stderr.String(), "verify: ")
	t.Logf("100 looks under load without an alarm, the last at %d parts", s.count("SELECT count() FROM system.parts"))
	status := s.do("status", "--format", "json")
	require.Contains(t, status, `{"section":"verify","at":"`)
	up.stop()

	require.NoError(t, os.RemoveAll(filepath.Join(s.data, "ledger")))
	require.NoError(t, os.Remove(filepath.Join(s.data, "sweep.json")))
	beginLedger(t, filepath.Join(s.data, "ledger"))
	up = s.up()
	p := &planter{s, dirs}
	p.exec("SYSTEM STOP TTL MERGES mailtrail_data.scans")
	all := faults()
	for i := range all {
		if object := all[i].plant(p); object != "" {
			all[i].object = object
		}
	}
	audited := s.with("--set", fmt.Sprintf("verify.directories=%[1]s/absent,%[1]s/clickhouse,%[1]s/kafka", dirs))
	told := audited.run("retention", "verify", "--format", "json")
	require.Equal(t, exitFailed, told.status)
	require.Contains(t, told.stderr, "findings; the first: ")
	var findings []map[string]any
	for _, row := range jsonLines(t, told.stdout) {
		if row["what"] == "finding" {
			findings = append(findings, row)
		}
	}
	expected := map[int]bool{}
	for _, f := range all {
		t.Run(f.name, func(t *testing.T) {
			at := slices.IndexFunc(findings, func(row map[string]any) bool {
				return row["kind"] == string(f.kind) && row["store"] == f.store && row["object"] == f.object &&
					(f.class == "" || row["class"] == f.class) && (f.slot < 0 || row["slot"] == ago(f.slot).Format(time.RFC3339))
			})
			require.GreaterOrEqual(t, at, 0, "%s %s %s %s is not told: %v", f.kind, f.store, f.object, f.class, findings)
			require.NotEmpty(t, findings[at]["text"])
			expected[at] = true
			if strings.HasPrefix(f.object, dirs) {
				return // the running one does not know these folders
			}
			eventually(t, 10*time.Second, func() error {
				for line := range strings.Lines(up.stderr.String()) {
					if strings.Contains(line, `"part":"verify"`) && strings.Contains(line, fmt.Sprintf(`"kind":%q,"store":%q,"object":%q`, f.kind, f.store, f.object)) {
						return nil
					}
				}
				return fmt.Errorf("the auditor beside the sweeper does not tell %s of %s", f.kind, f.object)
			})
		})
	}
	for i, row := range findings {
		ofAnother := slices.ContainsFunc(all, func(f fault) bool { return row["object"] == f.object }) || strings.HasPrefix(row["object"].(string), "mailtrail_data.blocks/detached/")
		require.True(t, expected[i] || ofAnother, "nobody planted this: %v", row)
	}
	t.Logf("%d faults planted, %d findings", len(all), len(findings))

	waived := audited.with("--set", `verify.waive=[{object: mail.copies, reason: "the neighbours'"}, {object: nothing, reason: unused}, {object: mailtrail_data.scans, reason: no}]`).
		run("retention", "verify", "--format", "json")
	require.Equal(t, exitFailed, waived.status)
	require.Contains(t, waived.stdout, `{"what":"waived","kind":"not_in_schedule","store":"kafka","object":"mail.copies"`)
	require.Contains(t, waived.stderr, `the waiver of "nothing" (verify.waive) excuses nothing`)
	require.Contains(t, waived.stderr, `the waiver of "mailtrail_data.scans" (verify.waive) excuses nothing`)

	status = s.run("status", "--format", "json").stdout
	require.Contains(t, status, `{"section":"verify","problem":"`)
	reader, err := ledger.Read(filepath.Join(s.data, "ledger"), "")
	require.NoError(t, err)
	require.NotZero(t, reader.Count(ledger.VerifyResult))
	require.Greater(t, reader.Count(ledger.Violation), int64(len(all)-5))
	require.NoError(t, reader.Close())
	require.Contains(t, s.metric("mailtrail_verify_findings"), `{kind="frozen_copy",store="clickhouse"} 1`)
	up.stop()

	// A ledger in which a byte was changed is told as such, and hides nothing else.
	path := filepath.Join(s.data, "ledger", "entries")
	text, err := os.ReadFile(path)
	require.NoError(t, err)
	require.NoError(t, os.WriteFile(path, bytes.Replace(text, []byte("sweeper"), []byte("sleeper"), 1), 0o600))
	require.Contains(t, s.run("retention", "verify", "--format", "json").stdout, `"kind":"ledger_broken","store":"ledger","object":"ledger"`)
}

// metric is what the process says of one metric.
func (s *site) metric(name string) (lines string) {
	s.t.Helper()
	response, err := http.Get("http://" + s.metrics + "/metrics")
	require.NoError(s.t, err)
	defer response.Body.Close()
	text, err := io.ReadAll(response.Body)
	require.NoError(s.t, err)
	for line := range strings.Lines(string(text)) {
		if strings.HasPrefix(line, name) {
			lines += line
		}
	}
	return lines
}
