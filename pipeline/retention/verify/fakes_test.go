package verify

import (
	"context"
	"iter"
	"sync"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/rs/zerolog"
	"github.com/stretchr/testify/require"

	"mailtrail/schemas/retention"
)

// noon is the time of the looks of these tests.
var noon = time.Date(2026, 11, 25, 12, 0, 0, 0, time.UTC)

// server is a ClickHouse in which all is well until a test changes it.
type server struct {
	tables    []Table
	parts     []Part
	mutations []Mutation
	grants    []Grant
	disks     []Disk
	clocks    map[string][]Clock // by table
	asked     map[string][]string
	err       error
}

func newServer() *server {
	const settings = "ttl_only_drop_parts = 1"
	return &server{
		tables: []Table{
			{Database: "mailtrail_data", Name: "scans", Engine: "MergeTree", Partition: "(retention_class, slot)", Expiry: "slot", Settings: settings, Columns: "`retention_class` String, `slot` DateTime"},
			{Database: "mailtrail_data", Name: "blocks", Engine: "MergeTree", Partition: "slot", Expiry: "slot", Settings: settings, Columns: "`slot` DateTime"},
			{Database: "mailtrail_data", Name: "epochs", Engine: "ReplacingMergeTree"},
			{Database: "system", Name: "query_log", Engine: "MergeTree", Partition: "intDiv(toUnixTimestamp(event_time), 86400)", Expiry: "event_time", Settings: settings},
			{Database: "mailtrail", Name: "blocks", Engine: "View", Select: "SELECT topic FROM mailtrail_data.blocks WHERE (slot > (now() - toIntervalSecond(8632800)))"},
		},
		parts: []Part{
			{Database: "mailtrail_data", Table: "scans", Partition: "('mail_tracking','2026-11-20 00:00:00')", Name: "a_1_1_0", State: "active", Rows: 5},
			{Database: "mailtrail_data", Table: "blocks", Partition: "2026-11-24 00:00:00", Name: "b_1_1_0", State: "active", Rows: 2},
			{Database: "mailtrail_data", Table: "epochs", Partition: "tuple()", Name: "all_1_1_0", State: "active", Rows: 7},
			{Database: "system", Table: "query_log", Partition: "20782", Name: "20782_1_1_0", State: "active", Rows: 3},
		},
		grants: []Grant{{"user auditor", "SELECT", "mailtrail_data", ""}, {"user writer", "ALTER", "mailtrail_data", ""}, {"user ann", "SELECT", "mailtrail", ""}},
		disks:  []Disk{{Name: "default", Path: "/seen/store/"}},
		clocks: map[string][]Clock{
			"scans":     {{"a_1_1_0", at(2026, 11, 20, 3), at(2026, 11, 20, 23)}},
			"blocks":    {{"b_1_1_0", at(2026, 11, 24, 0), at(2026, 11, 24, 20)}},
			"query_log": {{"20782_1_1_0", at(2026, 11, 25, 1), at(2026, 11, 25, 11)}},
		},
		asked: map[string][]string{},
	}
}

func at(year, month, day, hour int) int64 {
	return time.Date(year, time.Month(month), day, hour, 0, 0, 0, time.UTC).UnixMilli()
}

func (s *server) User() string                                  { return "auditor" }
func (s *server) Tables(context.Context) ([]Table, error)       { return s.tables, s.err }
func (s *server) Parts(context.Context) ([]Part, error)         { return s.parts, nil }
func (s *server) Mutations(context.Context) ([]Mutation, error) { return s.mutations, nil }
func (s *server) Grants(context.Context) ([]Grant, error)       { return s.grants, nil }
func (s *server) Disks(context.Context) ([]Disk, error)         { return s.disks, nil }
func (s *server) table(name string) *Table {
	for i := range s.tables {
		if s.tables[i].Database+"."+s.tables[i].Name == name {
			return &s.tables[i]
		}
	}
	return nil
}

// Expiries lets slots go at their limit.
func (s *server) Expiries(_ context.Context, _ string, classes []string, slots []int64) (ends []int64, err error) {
	for i, name := range classes {
		ends = append(ends, limits().classes[name].until(time.Unix(slots[i], 0)).Unix())
	}
	return ends, nil
}

func (s *server) Clocks(_ context.Context, _, table string, known []string) ([]Clock, error) {
	s.asked[table] = append(s.asked[table], known...)
	clocks, ok := s.clocks[table]
	if !ok {
		return nil, ErrNoClock
	}
	return clocks, nil
}

func (s *server) inspector() ClickHouse {
	return ClickHouse{Server: s, Public: "mailtrail", Data: "mailtrail_data", Views: []string{"blocks"}, Users: []string{"writer"}, Folders: func(path string) bool { return path == "/seen/store/" }}
}

// brokers is a Kafka in which all is well until a test changes it.
type brokers struct {
	topics  []Topic
	brokers []Broker
}

func newBrokers() *brokers {
	// 7 d = 155 h + 12 h + 5 min + 1 min and a rest.
	settings := map[string]string{"cleanup.policy": "delete", "message.timestamp.type": "LogAppendTime", "retention.ms": "558000000", "segment.ms": "43200000"}
	return &brokers{
		topics: []Topic{
			{Name: "mail.scans", Settings: settings, Oldest: []int64{0, at(2026, 11, 20, 0)}},
			{Name: "__consumer_offsets", Settings: map[string]string{"cleanup.policy": "compact"}},
		},
		brokers: []Broker{{1, map[string]string{"log.retention.check.interval.ms": "300000", "log.segment.delete.delay.ms": "60000", "log.dirs": "/seen/kafka"}}},
	}
}

func (b *brokers) Topics(context.Context) ([]Topic, error)   { return b.topics, nil }
func (b *brokers) Brokers(context.Context) ([]Broker, error) { return b.brokers, nil }

func (b *brokers) inspector() Kafka {
	return Kafka{Brokers: b, Folders: func(path string) bool { return path == "/seen/kafka" }}
}

// book is a ledger.
type book struct {
	gaps  []Gap
	ended map[time.Time]time.Time
	err   error
}

func (b *book) Gaps(time.Time) iter.Seq[Gap] {
	return func(yield func(Gap) bool) {
		for _, gap := range b.gaps {
			if !yield(gap) {
				return
			}
		}
	}
}

func (b *book) Ended(_ string, slot time.Time, _ string) (time.Time, error) {
	return b.ended[slot], nil
}

func (b *book) inspector() Ledger {
	return Ledger{Open: func() (Book, error) { return b, b.err }}
}

// source is the text of the built-in schedule, limits what the auditor reads in it.
var (
	source = sync.OnceValue(func() []byte { return retention.Builtin().Source() })
	limits = sync.OnceValue(func() *schedule {
		read, err := readSchedule(source())
		if err != nil {
			panic(err)
		}
		return read
	})
)

// newAuditor makes an auditor over inspectors, under the built-in schedule.
func newAuditor(t *testing.T, config Config, inspectors ...Named) (*Auditor, *prometheus.Registry) {
	t.Helper()
	registry := prometheus.NewRegistry()
	config.Schedule = source()
	a, err := New(config, Deps{Inspectors: inspectors, Clock: func() time.Time { return noon }, Log: zerolog.Nop(), Metrics: registry})
	require.NoError(t, err)
	return a, registry
}
