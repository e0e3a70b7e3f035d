package verify

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"time"
)

// Topic is a topic as the brokers tell it.
type Topic struct {
	Name string
	// Settings are those in force, by Kafka's names.
	Settings map[string]string
	// Oldest are the timestamps of the oldest record of each partition, Unix milliseconds; 0 of an empty one.
	Oldest []int64
	// Problem says why settings or timestamps are missing; nil where none is.
	Problem error
}

// Broker is a broker's own settings, by Kafka's names.
type Broker struct {
	ID       int
	Settings map[string]string
}

// Brokers is Kafka, as the auditor's user sees it.
type Brokers interface {
	// Topics lists every topic, the brokers' own ones too.
	Topics(ctx context.Context) ([]Topic, error)
	// Brokers lists every broker.
	Brokers(ctx context.Context) ([]Broker, error)
}

// Kafka inspects topics.
type Kafka struct {
	Brokers Brokers
	// Folders tells of the brokers' folders which are seen as files; of others the segments on disk are not inspected.
	Folders func(path string) bool
}

// Inspect lists every topic with its settings and its oldest record.
func (k Kafka) Inspect(ctx context.Context, look *Look) error {
	topics, err := k.Brokers.Topics(ctx)
	if err != nil {
		return err
	}
	slowest, err := k.intervals(ctx, look)
	if err != nil {
		look.missed(InKafka, "brokers", err)
	}
	for _, topic := range topics {
		look.Inspected(1)
		classes := look.schedule.inTopic(topic.Name)
		if len(classes) == 0 {
			look.Found(Finding{Kind: NotInSchedule, Store: InKafka, Object: topic.Name, Text: "the schedule has no class of records in a topic of this name"})
			continue
		}
		if topic.Problem != nil {
			look.missed(InKafka, topic.Name, topic.Problem)
			continue
		}
		if life := look.schedule.lives[topic.Name]; life > 0 {
			look.topicSettings(&topic, life, slowest)
			look.topicAge(&topic, classes, life)
			continue
		}
		for _, c := range classes {
			look.Holds(Room{Class: c.name, Store: InKafka, Object: topic.Name, Oldest: oldestOf(&topic)})
		}
	}
	return nil
}

// interval is how long a broker takes at most to see what is due and to delete it.
type interval struct{ check, remove time.Duration }

// intervals asks the brokers. Apache Kafka has the names of the first two; the embedded broker has one interval, under the
// name of the third, and waits for nothing.
func (k Kafka) intervals(ctx context.Context, look *Look) (slowest interval, err error) {
	brokers, err := k.Brokers.Brokers(ctx)
	if err != nil {
		return slowest, err
	}
	for _, b := range brokers {
		look.Inspected(1)
		name := "log.retention.check.interval.ms"
		if _, apache := b.Settings[name]; !apache {
			name = "log.cleaner.backoff.ms"
		}
		check, err := strconv.ParseInt(b.Settings[name], 10, 64)
		if err != nil {
			return slowest, fmt.Errorf("broker %d does not tell %s: grant DescribeConfigs on the cluster to the auditor's user", b.ID, name)
		}
		remove, _ := strconv.ParseInt(b.Settings["log.segment.delete.delay.ms"], 10, 64) // 0 of the embedded broker
		slowest.check = max(slowest.check, time.Duration(check)*time.Millisecond)
		slowest.remove = max(slowest.remove, time.Duration(remove)*time.Millisecond)
		if folders := b.Settings["log.dirs"]; folders != "" && !k.Folders(folders) {
			look.missed(InKafka, fmt.Sprintf("broker %d log.dirs", b.ID),
				fmt.Errorf("no request tells which segments lie in %s, deleted ones too: name it in verify.directories where this machine sees it, or waive it", folders))
		}
	}
	return slowest, nil
}

// topicSettings holds the settings of a topic against its life.
func (l *Look) topicSettings(topic *Topic, life time.Duration, slowest interval) {
	wrong := func(name, text string, values ...any) {
		l.Found(Finding{Kind: TopicSettings, Store: InKafka, Object: topic.Name + " " + name, Text: fmt.Sprintf(text, values...)})
	}
	for _, want := range [][2]string{{"cleanup.policy", "delete"}, {"message.timestamp.type", "LogAppendTime"}} {
		if now := topic.Settings[want[0]]; now != want[1] {
			wrong(want[0], "%s is %q; expected %s, else a record's age does not bound its life", want[0], now, want[1])
		}
	}
	if topic.Settings["remote.storage.enable"] == "true" {
		wrong("remote.storage.enable", "segments are copied to another store, whose deleting Kafka does not wait for")
	}
	kept, errKept := strconv.ParseInt(topic.Settings["retention.ms"], 10, 64)
	segment, errSegment := strconv.ParseInt(topic.Settings["segment.ms"], 10, 64)
	switch {
	case errors.Join(errKept, errSegment) != nil || kept < 0 || segment < 0:
		wrong("retention.ms", "retention.ms is %q and segment.ms %q: nothing bounds the life of a record", topic.Settings["retention.ms"], topic.Settings["segment.ms"])
	default:
		parts := []time.Duration{time.Duration(kept) * time.Millisecond, time.Duration(segment) * time.Millisecond, slowest.check, slowest.remove}
		if longest := parts[0] + parts[1] + parts[2] + parts[3]; longest > life {
			wrong("retention.ms", "retention.ms %s + segment.ms %s + the brokers' checking %s and deleting %s = %s, over the life of %s", words(parts[0]), words(parts[1]), words(parts[2]), words(parts[3]), words(longest), words(life))
		}
	}
}

// topicAge measures, whatever the settings say.
func (l *Look) topicAge(topic *Topic, classes []*class, life time.Duration) {
	oldest := oldestOf(topic)
	if oldest.IsZero() {
		for _, c := range classes {
			l.Holds(Room{Class: c.name, Store: InKafka, Object: topic.Name})
		}
		return
	}
	if age := l.Now.Sub(oldest); age > life {
		l.Found(Finding{Kind: OverLimit, Store: InKafka, Object: topic.Name, Oldest: oldest, Limit: oldest.Add(life),
			Text: fmt.Sprintf("the oldest record was appended %s ago, over the topic's life of %s", words(age), words(life))})
	}
	for _, c := range classes {
		room := Room{Class: c.name, Store: InKafka, Object: topic.Name, Oldest: oldest, Limit: c.until(oldest.Add(-c.behind))}
		if c.behind > 0 {
			room.Unknown = fmt.Sprintf("a topic tells when a record was appended, not its class or capture: it may have been %s old by then, which is counted", words(c.behind))
		}
		l.Holds(room)
	}
}

// oldestOf is the timestamp of the topic's oldest record, zero where it is empty.
func oldestOf(topic *Topic) time.Time {
	stamps := slices.DeleteFunc(slices.Clone(topic.Oldest), func(at int64) bool { return at <= 0 })
	if len(stamps) == 0 {
		return time.Time{}
	}
	return time.UnixMilli(slices.Min(stamps)).UTC()
}
