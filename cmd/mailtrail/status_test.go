package main

import (
	"bytes"
	"encoding/json"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"mailtrail/cmd/mailtrail/config"
	"mailtrail/pipeline/ingest"
	"mailtrail/schemas/event"
	"mailtrail/schemas/retention"
	"mailtrail/sinks/kafka"
)

// mustConfig is the configuration of an app that has a good one.
func (a *app) mustConfig(t *testing.T) *config.Loaded {
	t.Helper()
	c, err := a.config()
	require.NoError(t, err)
	return c
}

func TestPartitionRow(t *testing.T) {
	now := time.Date(2026, 11, 20, 12, 0, 0, 0, time.UTC)
	ago := func(d time.Duration) int64 { return now.Add(-d).UnixMilli() }
	open := ingest.Intent{Last: 149, At: ago(3 * time.Second), Epoch: "e"}.String()
	for name, test := range map[string]struct {
		backlog kafka.Backlog
		commit  kafka.Commit
		row     []any
		problem string
	}{
		"nothing waits": {kafka.Backlog{Committed: 10, End: 10}, kafka.Commit{Offset: 10},
			[]any{int32(0), int64(10), int64(10), int64(0), nil, nil, nil, nil}, ""},
		"never committed": {kafka.Backlog{Committed: 0, End: 7, Oldest: ago(42 * time.Hour)}, kafka.Commit{Offset: -1},
			[]any{int32(0), nil, int64(7), int64(7), 42 * time.Hour, share(0.25), nil, nil}, ""},
		"an open block": {kafka.Backlog{Partition: 2, Committed: 100, End: 300, Oldest: ago(42 * time.Hour)}, kafka.Commit{Offset: 100, Metadata: open},
			[]any{int32(2), int64(100), int64(300), int64(200), 42 * time.Hour, share(0.25), "100-149", 3 * time.Second}, ""},
		"committed since": {kafka.Backlog{Committed: 5, End: 7, Oldest: ago(-time.Second)}, kafka.Commit{Offset: 7},
			[]any{int32(0), int64(7), int64(7), int64(0), time.Duration(0), share(0), nil, nil}, ""},
		"deleted unread": {kafka.Backlog{Partition: 1, Committed: 50, End: 60}, kafka.Commit{Offset: 20},
			[]any{int32(1), int64(20), int64(60), int64(10), nil, nil, nil, nil}, "partition 1: Kafka has deleted 30 offsets that ingest had not taken in"},
		"foreign metadata": {kafka.Backlog{Committed: 5, End: 5}, kafka.Commit{Offset: 5, Metadata: "hello"},
			[]any{int32(0), int64(5), int64(5), int64(0), nil, nil, nil, nil}, "is not an intent"},
	} {
		t.Run(name, func(t *testing.T) {
			row, problem := partitionRow(test.backlog, test.commit, 7*24*time.Hour, now)
			require.Equal(t, test.row, row)
			if test.problem == "" {
				require.Empty(t, problem)
			}
			require.Contains(t, problem, test.problem)
		})
	}
}

// Every topic that ingest takes in has its part of the status, with its own group and life.
func TestEachTopicHasItsSection(t *testing.T) {
	now := time.Date(2026, 11, 20, 12, 0, 0, 0, time.UTC)
	waiting := topicBacklog{topic: event.ImagesTopic, group: "g.mail.images", commits: []kafka.Commit{{Offset: 3}, {Offset: 1}},
		backlogs: []kafka.Backlog{{Committed: 3, End: 7, Oldest: now.Add(-12 * time.Hour).UnixMilli()}, {Partition: 1, Committed: 2, End: 2}}}
	s := waiting.section(48*time.Hour, now)
	require.Equal(t, "kafka", s.name)
	require.Equal(t, "Kafka: topic mail.images (life 2d), group g.mail.images", s.title)
	require.Equal(t, "mail.images partition 1: Kafka has deleted 1 offsets that ingest had not taken in", s.problem)
	var out bytes.Buffer
	s.problem = ""
	require.NoError(t, writeStatus(&out, "json", []section{s}))
	require.Equal(t, `{"section":"kafka","partition":0,"topic":"mail.images","committed":3,"end":7,"lag":4,"oldest_age_seconds":43200,"share_of_life":0.25,"intent":null,"intent_age_seconds":null}
{"section":"kafka","partition":1,"topic":"mail.images","committed":1,"end":2,"lag":0,"oldest_age_seconds":null,"share_of_life":null,"intent":null,"intent_age_seconds":null}
`, out.String())
}

func TestStatusFormats(t *testing.T) {
	sections := []section{
		{name: "disk", title: "Disks", columns: []statusColumn{{"disk", "disk"}, {"free_bytes", "free"}, {"free_share", "share"}, {"age_seconds", "age"}, {"limit_seconds", "limit"}, {"at", "at"}},
			rows: [][]any{{"default", byteCount(3 << 29), share(0.125), 90 * time.Minute, retention.Duration(30 * 24 * time.Hour), time.Date(2026, 11, 20, 12, 0, 0, 0, time.UTC)},
				{"spare", byteCount(5), share(1), nil, nil, nil}}},
		{name: "kafka", title: "Kafka", problem: "it is away"},
	}
	var out bytes.Buffer
	require.NoError(t, writeStatus(&out, "json", sections))
	require.Equal(t, `{"section":"disk","disk":"default","free_bytes":1610612736,"free_share":0.125,"age_seconds":5400,"limit_seconds":2592000,"at":"2026-11-20T12:00:00Z"}
{"section":"disk","disk":"spare","free_bytes":5,"free_share":1,"age_seconds":null,"limit_seconds":null,"at":null}
{"section":"kafka","problem":"it is away"}
`, out.String())

	out.Reset()
	require.NoError(t, writeStatus(&out, "csv", sections))
	require.True(t, strings.HasPrefix(out.String(), "section,item,field,value\ndisk,default,free_bytes,1610612736\n"), out.String())
	require.Contains(t, out.String(), "\nkafka,,problem,it is away\n")

	out.Reset()
	require.NoError(t, writeStatus(&out, "table", sections))
	for _, want := range []string{"Disks\n", "1.5 GiB", "5 B", "12.5 %", "1h 30m", "30d", "2026-11-20 12:00Z", "Kafka\n  ! it is away\n"} {
		require.Contains(t, out.String(), want)
	}
}

func TestRoughly(t *testing.T) {
	for d, want := range map[time.Duration]string{
		-time.Second: "0s", 59 * time.Second: "59s", time.Minute: "1m 0s", 25 * time.Hour: "1d 1h", 23*time.Hour + 59*time.Minute: "23h 59m", 400 * 24 * time.Hour: "400d 0h",
	} {
		require.Equal(t, want, roughly(d))
	}
}

// What cannot be reached is a line with address and key, the rest is told all the same, and the exit status is 1.
func TestStatusWithoutStores(t *testing.T) {
	args := []string{"status", "--set", "mode=external", "--set", "kafka.brokers=127.0.0.1:1", "--set", "clickhouse.addr=127.0.0.1:2"}
	got := mailtrail(nil, args...)
	require.Equal(t, exitFailed, got.status)
	require.Contains(t, got.stdout, "Kafka on 127.0.0.1:1 (kafka.brokers)")
	require.Contains(t, got.stdout, "ClickHouse on 127.0.0.1:2 (clickhouse.addr)")
	require.Equal(t, "mailtrail status: not all is well with kafka, clickhouse\n", got.stderr)

	var sections []string
	for line := range strings.Lines(mailtrail(nil, append(args, "--format", "json")...).stdout) {
		var object struct{ Section string }
		require.NoError(t, json.Unmarshal([]byte(line), &object))
		sections = append(sections, object.Section)
	}
	require.Equal(t, []string{"kafka", "clickhouse", "mailtrail"}, sections)
}
