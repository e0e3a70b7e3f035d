package main

import (
	"context"
	"fmt"
	"maps"
	"strconv"

	"mailtrail/cmd/mailtrail/config"
	"mailtrail/schemas/event"
	"mailtrail/schemas/retention"
	"mailtrail/sinks/kafka"
)

// migrateTopics makes the topics, or brings them to what the schedule and the configuration ask for.
func migrateTopics(ctx context.Context, c *config.Loaded, client *kafka.Client, schedule *retention.Schedule) (changes []string, err error) {
	for _, topic := range []struct {
		name string
		most int
	}{
		{event.ScansTopic, int(c.Kafka.MaxMessage) + kafka.EnvelopeBytes},
		// A message that fills the front topic to its bound must fit with the envelope of its reject.
		{event.RejectsTopic, int(c.Kafka.MaxMessage) + 2*kafka.EnvelopeBytes},
	} {
		settings, ok := retention.TopicSettings(schedule.TopicLife(topic.name), retention.KafkaDefaults)
		if !ok {
			return nil, fmt.Errorf("retention schedule: topic %s: a life of %s leaves nothing after the broker's own intervals (it checks every %s and deletes %s later)",
				topic.name, retention.Duration(schedule.TopicLife(topic.name)), retention.KafkaDefaults.Check, retention.KafkaDefaults.Delete)
		}
		settings = maps.Clone(settings)
		settings["max.message.bytes"] = strconv.Itoa(topic.most)
		if c.Kafka.Replication >= 3 {
			// An acknowledgement then means two copies, so that one broker may be lost.
			settings["min.insync.replicas"] = "2"
		}
		made, err := client.EnsureTopic(ctx, kafka.TopicSpec{
			Name: topic.name, Partitions: c.Kafka.Partitions, Replication: c.Kafka.Replication, Settings: settings,
		})
		if err != nil {
			return nil, err
		}
		changes = append(changes, made...)
	}
	return changes, nil
}
