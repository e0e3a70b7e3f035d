package main

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"mailtrail/cmd/mailtrail/config"
	embedded "mailtrail/deploy/local/clickhouse"
	"mailtrail/pipeline/ingest"
	"mailtrail/schemas/event"
	"mailtrail/schemas/retention"
	"mailtrail/sinks/clickhouse"
	"mailtrail/sinks/kafka"
)

// kafkaStatus is the place of each front topic's group.
func (r *role) kafkaStatus(ctx context.Context, rules *ruleBook) (sections []section) {
	client, err := newKafka(r.config)
	if err != nil {
		return []section{r.kafkaAway(err)}
	}
	defer client.Close()
	for _, topic := range frontTopics(rules.schedule) {
		waiting, err := whatWaits(ctx, client, topic, groupOf(r.config, topic))
		if err != nil {
			return append(sections, r.kafkaAway(err))
		}
		sections = append(sections, waiting.section(rules.schedule.TopicLife(topic), r.now()))
	}
	return sections
}

func (r *role) kafkaAway(err error) section {
	return section{name: "kafka", title: "Kafka", problem: fmt.Sprintf("Kafka on %s (kafka.brokers): %v", strings.Join(config.Strings(r.config.Kafka.Brokers), ", "), err)}
}

// topicBacklog is what a group has not taken in of a topic, by partition.
type topicBacklog struct {
	topic, group string
	backlogs     []kafka.Backlog
	commits      []kafka.Commit
}

func whatWaits(ctx context.Context, client *kafka.Client, topic, group string) (w topicBacklog, err error) {
	w = topicBacklog{topic: topic, group: group}
	if w.backlogs, err = client.Backlogs(ctx, group, topic); err != nil {
		return w, err
	}
	partitions := make([]int32, len(w.backlogs))
	for i, b := range w.backlogs {
		partitions[i] = b.Partition
	}
	w.commits, err = client.Committed(ctx, group, topic, partitions)
	return w, err
}

// section is the topic's part of the status; life is the topic's.
func (w *topicBacklog) section(life time.Duration, now time.Time) section {
	s := section{name: "kafka", title: fmt.Sprintf("Kafka: topic %s (life %s), group %s", w.topic, retention.Duration(life), w.group), columns: []statusColumn{
		{"partition", "partition"}, {"topic", "topic"}, {"committed", "committed"}, {"end", "end"}, {"lag", "lag"},
		{"oldest_age_seconds", "oldest waits"}, {"share_of_life", "share of life"}, {"intent", "open intent"}, {"intent_age_seconds", "since"},
	}}
	var problems []string
	for i, b := range w.backlogs {
		row, problem := partitionRow(b, w.commits[i], life, now)
		s.rows = append(s.rows, slices.Insert(row, 1, any(w.topic)))
		if problem != "" {
			problems = append(problems, w.topic+" "+problem)
		}
	}
	s.problem = strings.Join(problems, "; ")
	return s
}

// partitionRow is one partition's line, and a sentence where something is wrong with it. The commit is read after the
// backlog and may be further on.
func partitionRow(b kafka.Backlog, commit kafka.Commit, life time.Duration, now time.Time) (row []any, problem string) {
	var committed, age, part, intent, since any
	if commit.Offset >= 0 {
		committed = commit.Offset
	}
	if b.Oldest > 0 {
		oldest := max(0, now.Sub(time.UnixMilli(b.Oldest)))
		age, part = oldest, share(oldest.Seconds()/life.Seconds())
	}
	if commit.Offset >= 0 && commit.Offset < b.Committed {
		problem = fmt.Sprintf("partition %d: Kafka has deleted %d offsets that ingest had not taken in", b.Partition, b.Committed-commit.Offset)
	}
	switch open, err := ingest.ParseIntent(commit.Offset, commit.Metadata); {
	case err != nil:
		problem = fmt.Sprintf("partition %d: %v", b.Partition, err)
	case open != nil:
		intent, since = fmt.Sprintf("%d-%d", commit.Offset, open.Last), max(0, now.Sub(time.UnixMilli(open.At)))
	}
	return []any{b.Partition, committed, b.End, max(0, b.End-max(b.Committed, commit.Offset)), age, part, intent, since}, problem
}

// clickHouseStatus is what ClickHouse keeps, and how much room it has.
func (r *role) clickHouseStatus(ctx context.Context, rules *ruleBook) []section {
	status, version, err := r.askClickHouse(ctx, rules)
	if err != nil {
		return []section{{name: "clickhouse", title: "ClickHouse", problem: atClickHouse(r.config, err).Error()}}
	}
	return []section{
		classSection(shownClasses(status.Classes, rules.schedule), r.now()),
		tableSection(status.Tables),
		diskSection(status.Disks),
		{name: "clickhouse", title: "ClickHouse", columns: []statusColumn{{"version", "version"}, {"database", "database"}}, rows: [][]any{{version, r.config.ClickHouse.Database}}},
	}
}

func (r *role) askClickHouse(ctx context.Context, rules *ruleBook) (status clickhouse.Status, version string, err error) {
	store, err := openClickHouse(r.config, rules, embedded.Auditor)
	if err != nil {
		return status, "", err
	}
	defer store.Close()
	if status, err = store.Status(ctx); err != nil {
		return status, "", err
	}
	answer, err := store.Query(ctx, "SELECT version()")
	if err != nil {
		return status, "", err
	}
	defer answer.Close()
	for values, err := range answer.All() {
		if err != nil {
			return status, "", err
		}
		version = fmt.Sprint(values[0])
	}
	return status, version, nil
}

// shownClasses leaves out the many classes of other records of which nothing is kept: it is one screen.
func shownClasses(classes []clickhouse.ClassStatus, schedule *retention.Schedule) []clickhouse.ClassStatus {
	return slices.DeleteFunc(slices.Clone(classes), func(c clickhouse.ClassStatus) bool {
		row := schedule.Row(c.Class)
		return c.Rows == 0 && row != nil && row.Topic == event.RecordsTopic
	})
}

func classSection(classes []clickhouse.ClassStatus, now time.Time) section {
	s := section{name: "class", title: "Retention: the oldest that is kept of each class", columns: []statusColumn{
		{"class", "class"}, {"limit_seconds", "limit"}, {"rows", "rows"}, {"oldest_slot", "oldest slot"},
		{"destroy_at", "destroyed at"}, {"due_in_seconds", "in"}, {"complete_from", "complete from"},
	}}
	for _, c := range classes {
		var oldest, destroyAt, dueIn any
		if c.OldestSlot != nil && c.DestroyAt != nil {
			oldest, destroyAt, dueIn = *c.OldestSlot, *c.DestroyAt, c.DestroyAt.Sub(now)
		}
		s.rows = append(s.rows, []any{c.Class, retention.Duration(c.Limit), c.Rows, oldest, destroyAt, dueIn, c.CompleteFrom})
	}
	return s
}

func tableSection(tables []clickhouse.TableStatus) section {
	s := section{name: "table", title: "Tables", columns: []statusColumn{
		{"table", "table"}, {"rows", "rows"}, {"parts", "parts"}, {"most_parts_in_partition", "most in a partition"}, {"bytes", "on disk"},
	}}
	for _, t := range tables {
		s.rows = append(s.rows, []any{t.Table, t.Rows, t.Parts, t.MostParts, byteCount(t.Bytes)})
	}
	return s
}

func diskSection(disks []clickhouse.DiskStatus) section {
	s := section{name: "disk", title: "Disks of ClickHouse", columns: []statusColumn{
		{"disk", "disk"}, {"path", "path"}, {"free_bytes", "free"}, {"total_bytes", "of"}, {"free_share", "free share"},
	}}
	for _, d := range disks {
		s.rows = append(s.rows, []any{d.Name, d.Path, byteCount(d.Free), byteCount(d.Total), share(float64(d.Free) / float64(max(d.Total, 1)))})
	}
	return s
}
