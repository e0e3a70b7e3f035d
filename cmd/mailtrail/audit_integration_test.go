package main

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"github.com/twmb/franz-go/pkg/kgo"
	"github.com/twmb/franz-go/pkg/kmsg"

	embedded "mailtrail/deploy/local/clickhouse"
	"mailtrail/schemas/event"
	"mailtrail/sinks/kafka"
)

// audited is an installation that is damaged by hand and audited.
type audited struct {
	*site
	group  string
	writer *kgo.Client
	serial int
	stored uint64
}

// write writes n events that will be stored to a partition, and returns the offset of the first.
func (a *audited) write(partition int32, n int) (first int64) {
	a.t.Helper()
	var records []*kgo.Record
	for range n {
		a.serial++
		records = append(records, &kgo.Record{Topic: event.ScansTopic, Partition: partition, Value: []byte(scan(a.serial))})
	}
	results := a.writer.ProduceSync(a.t.Context(), records...)
	require.NoError(a.t, results.FirstErr())
	a.stored += uint64(n)
	return records[0].Offset
}

// settled waits until everything written is stored.
func (a *audited) settled() {
	a.t.Helper()
	eventually(a.t, 60*time.Second, func() error { return expect(a.stored, a.rows()) })
	eventually(a.t, 20*time.Second, func() error {
		if got := a.run("audit"); strings.Contains(got.stderr, "a block is open") || strings.Contains(got.stderr, "wait to be taken in") {
			return errors.New(got.stderr)
		}
		return nil
	})
}

func (a *audited) rows() uint64 {
	a.t.Helper()
	return a.count("SELECT count() FROM mailtrail_data.scans")
}

// exec does a statement by hand, as the owner of the tables.
func (a *audited) exec(format string, args ...any) {
	a.t.Helper()
	conn := a.sql(embedded.Owner)
	defer conn.Close()
	require.NoError(a.t, conn.Exec(a.t.Context(), fmt.Sprintf(format, args...)))
}

// clean asserts that an audit finds nothing.
func (a *audited) clean(args ...string) {
	a.t.Helper()
	got := a.run(append([]string{"audit"}, args...)...)
	require.Zero(a.t, got.status, got.stdout)
	require.Contains(a.t, got.stdout, "clean: 4 partitions")
	require.Equal(a.t, a.stored, a.rows())
}

// found is what an audit prints of one kind.
type found struct {
	what, kind             string
	partition, first, last int64
	expected, found        int64
	text, remedy           string
}

// finds runs an audit that finds something, and returns its rows.
func (a *audited) finds(args ...string) (rows []found) {
	a.t.Helper()
	got := a.run(append([]string{"audit", "--format", "json"}, args...)...)
	require.Equal(a.t, exitFailed, got.status, got.stdout+got.stderr)
	number := func(v any) int64 {
		if n, ok := v.(float64); ok {
			return int64(n)
		}
		return -1
	}
	text := func(v any) string { s, _ := v.(string); return s }
	for _, row := range jsonLines(a.t, got.stdout) {
		f := found{
			text(row["what"]), text(row["kind"]), number(row["partition"]), number(row["first"]), number(row["last"]),
			number(row["expected"]), number(row["found"]), text(row["text"]), text(row["remedy"]),
		}
		if f.what == "finding" || f.what == "not mended" || f.what == "mended" {
			rows = append(rows, f)
		}
	}
	return rows
}

// only asserts that an audit finds things of these kinds alone, and returns them by kind.
func (a *audited) only(rows []found, kinds ...string) map[string][]found {
	a.t.Helper()
	byKind := map[string][]found{}
	for _, f := range rows {
		require.Contains(a.t, kinds, f.kind, "%+v", f)
		byKind[f.kind] = append(byKind[f.kind], f)
	}
	for _, kind := range kinds {
		require.NotEmpty(a.t, byKind[kind], "%s; found %+v", kind, rows)
	}
	return byKind
}

// block returns a block of partition 0 from its receipt: the one at offset.
func (a *audited) block(offset int64) (first, last int64) {
	a.t.Helper()
	where := fmt.Sprintf("FROM mailtrail_data.blocks WHERE partition = 0 AND first <= %d AND last >= %d", offset, offset)
	return int64(a.count("SELECT toUInt64(any(first)) " + where)), int64(a.count("SELECT toUInt64(any(last)) " + where))
}

func TestAuditFindsAndMendsWhatIsBroken(t *testing.T) {
	s := external(t)
	a := &audited{site: s.with("--set", "ingest.block_rows=100", "--set", "ingest.block_age=50ms"), group: "mailtrail", writer: s.writer()}
	ingest := a.start("ingest")
	a.write(0, 3000)
	a.write(1, 50)
	require.NoError(t, a.writer.ProduceSync(t.Context(), &kgo.Record{Topic: event.ScansTopic, Partition: 0, Value: []byte("{")}).FirstErr())
	a.write(0, 200)
	a.settled()
	a.clean()
	t.Run("a row deleted by hand", func(t *testing.T) {
		for range 2 { // the second time, the server remembers the token of the first repair
			first, last := a.block(505)
			a.exec("DELETE FROM mailtrail_data.scans WHERE partition = 0 AND offset = 505")
			f := a.only(a.finds(), "rows_missing")["rows_missing"]
			require.Len(t, f, 1)
			require.Equal(t, []int64{0, first, last, last - first + 1, last - first}, []int64{f[0].partition, f[0].first, f[0].last, f[0].expected, f[0].found})
			a.clean("--repair")
		}
	})
	t.Run("a record of another kind deleted by hand", func(t *testing.T) {
		bundle := fmt.Sprintf(`{"edocJobId":"J","edocSubmitterCrid":"1","preparedDatetime":%q,"edocPackageId":"P"}`, time.Now().UTC().Format(time.RFC3339))
		require.NoError(t, a.writer.ProduceSync(t.Context(), &kgo.Record{
			Topic: event.RecordsTopic, Partition: 3, Value: []byte(bundle), Headers: []kgo.RecordHeader{{Key: event.KindHeader, Value: []byte("bundle")}},
		}).FirstErr())
		records := func() uint64 {
			return a.count("SELECT count() FROM mailtrail_data.records WHERE JSONExtractString(payload, 'edocPackageId') = 'P'")
		}
		eventually(t, 60*time.Second, func() error { return expect(1, records()) })
		a.settled()
		a.clean()
		a.exec("DELETE FROM mailtrail_data.records WHERE partition = 3")
		f := a.only(a.finds(), "rows_missing")["rows_missing"]
		require.Equal(t, []int64{3, 0, 0, 1, 0}, []int64{f[0].partition, f[0].first, f[0].last, f[0].expected, f[0].found})
		a.clean("--repair")
		require.EqualValues(t, 1, records())
	})
	t.Run("all rows of a slot lost", func(t *testing.T) {
		a.exec("TRUNCATE TABLE mailtrail_data.scans")
		a.clean("--repair")
	})
	t.Run("a part attached twice", func(t *testing.T) {
		a.exec("CREATE TABLE mailtrail_data.copy AS mailtrail_data.scans")
		slot := time.Now().UTC().Add(-time.Hour).Truncate(24 * time.Hour).Format(time.DateTime)
		partition := fmt.Sprintf("('mail_tracking', toDateTime('%s', 'UTC'))", slot)
		a.exec("ALTER TABLE mailtrail_data.copy ATTACH PARTITION %s FROM mailtrail_data.scans", partition)
		a.exec("ALTER TABLE mailtrail_data.scans ATTACH PARTITION %s FROM mailtrail_data.copy", partition)
		a.exec("DROP TABLE mailtrail_data.copy")
		f := a.only(a.finds("--repair"), "rows_twice")["rows_twice"]
		require.Contains(t, f[0].text, "offset 0 index 0 stands 2 times")
		require.Equal(t, 2*a.stored, a.rows(), "nothing is removed")
		_, statement, _ := strings.Cut(f[0].remedy, "run ")
		a.exec("%s", statement)
		a.clean("--repair")
	})
	t.Run("receipts removed", func(t *testing.T) {
		_, end := a.block(3200)
		for _, offset := range []int64{0, 700, end} { // the first, one in the middle, the last
			first, last := a.block(offset)
			a.exec("DELETE FROM mailtrail_data.blocks WHERE partition = 0 AND first = %d", first)
			f := a.only(a.finds(), "gap", "rows_without_receipt")["gap"]
			require.Len(t, f, 1)
			require.Equal(t, []int64{0, first, last}, []int64{f[0].partition, f[0].first, f[0].last})
			a.clean("--repair")
		}
	})
	t.Run("a receipt twice", func(t *testing.T) {
		first, last := a.block(900)
		a.exec("INSERT INTO mailtrail_data.blocks SELECT * FROM mailtrail_data.blocks WHERE partition = 0 AND first = %d", first)
		f := a.only(a.finds("--repair"), "receipt_twice")["receipt_twice"]
		require.Equal(t, []int64{first, last, 2}, []int64{f[0].first, f[0].last, f[0].found})
		a.exec("%s", strings.TrimPrefix(f[0].remedy, "run "))
		a.clean()
	})
	t.Run("a thousand offsets skipped", func(t *testing.T) {
		ingest.stop()
		first := a.write(0, 1000)
		a.setGroup(0, first+1000)
		ingest = a.start("ingest")
		a.write(0, 100)
		a.stored -= 1000
		a.settled()
		f := a.only(a.finds(), "gap")["gap"]
		require.Equal(t, []int64{0, first, first + 999, 1000}, []int64{f[0].partition, f[0].first, f[0].last, f[0].expected})
		a.stored += 1000
		a.clean("--repair")
	})
	t.Run("the group renamed", func(t *testing.T) {
		ingest.stop()
		other := *a
		other.site, other.group = a.with("--set", "ingest.group=another"), "another"
		renamed := &other
		ingest = renamed.start("ingest")
		ingest.says("set ingest.group to the name used before", 60*time.Second)
		require.Len(t, renamed.only(renamed.finds(), "commit_missing")["commit_missing"], 3, "the partitions that have receipts, one of them of records")
		f := renamed.finds("--repair")
		require.Contains(t, f[0].text, "not mended: group another has members: stop all ingest")
		ingest.stop()
		renamed.clean("--repair")
		ingest = renamed.start("ingest")
		renamed.write(0, 100)
		renamed.settled()
		renamed.clean()
		*a = other
	})
	t.Run("offsets lost", func(t *testing.T) {
		ingest.stop()
		first := a.write(0, 500)
		a.stored -= 300
		a.deleteBefore(0, first+300)
		ingest = a.start("ingest")
		ingest.says("Kafka deleted events before they were taken in", 60*time.Second)
		lost := func(f []found) {
			t.Helper()
			require.Len(t, f, 1)
			require.Equal(t, []int64{0, first, first + 299, 300}, []int64{f[0].partition, f[0].first, f[0].last, f[0].expected})
		}
		lost(a.only(a.finds(), "lost")["lost"])
		ingest.stop()
		a.finds("--repair")
		ingest = a.start("ingest")
		eventually(t, 60*time.Second, func() error { return expect(a.stored, a.rows()) })
		lost(a.only(a.finds(), "lost")["lost"])
	})
	ingest.stop()
}

// setGroup sets the group's offset by hand.
func (a *audited) setGroup(partition int32, offset int64) {
	a.t.Helper()
	client, err := kafka.New(kafka.Config{Brokers: []string{a.brokers}})
	require.NoError(a.t, err)
	defer client.Close()
	require.NoError(a.t, client.SetCommitted(a.t.Context(), a.group, event.ScansTopic, kafka.Commit{Partition: partition, Offset: offset}))
}

// deleteBefore makes Kafka delete what stands below an offset.
func (a *audited) deleteBefore(partition int32, offset int64) {
	a.t.Helper()
	request := kmsg.NewPtrDeleteRecordsRequest()
	topic := kmsg.NewDeleteRecordsRequestTopic()
	topic.Topic = event.ScansTopic
	topic.Partitions = append(topic.Partitions, kmsg.DeleteRecordsRequestTopicPartition{Partition: partition, Offset: offset})
	request.Topics, request.TimeoutMillis = append(request.Topics, topic), 10_000
	response, err := request.RequestWith(a.t.Context(), a.writer)
	require.NoError(a.t, err)
	require.Zero(a.t, response.Topics[0].Partitions[0].ErrorCode)
}
