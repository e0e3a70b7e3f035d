package main

import (
	"context"
	"fmt"
	"strconv"

	"mailtrail/cmd/mailtrail/config"
	"mailtrail/schemas/event"
	"mailtrail/schemas/retention"
	"mailtrail/sinks/kafka"
)

// topicSpecs are the topics as the schedule, the brokers' own intervals and the configuration ask for.
func topicSpecs(ctx context.Context, c *config.Loaded, client *kafka.Client, schedule *retention.Schedule) ([]kafka.TopicSpec, error) {
	intervals, err := client.Intervals(ctx)
	if err != nil {
		return nil, err
	}
	var specs []kafka.TopicSpec
	for _, topic := range []struct {
		name string
		most int
	}{
		{event.ScansTopic, int(c.Kafka.MaxMessage) + kafka.EnvelopeBytes},
		{event.RecordsTopic, int(c.Kafka.MaxMessage) + kafka.EnvelopeBytes},
		{event.ImagesTopic, int(c.Kafka.MaxMessage) + kafka.EnvelopeBytes},
		// A message that fills the front topic to its bound must fit with the envelope of its reject.
		{event.RejectsTopic, int(c.Kafka.MaxMessage) + 2*kafka.EnvelopeBytes},
	} {
		if schedule.TopicLife(topic.name) == 0 && topic.name == event.RecordsTopic {
			continue // a schedule may leave such records out
		}
		settings, err := retention.TopicSettings(topic.name, schedule.TopicLife(topic.name), intervals)
		if err != nil {
			return nil, fmt.Errorf("retention schedule: %w", err)
		}
		settings["max.message.bytes"] = strconv.Itoa(topic.most)
		if c.Kafka.Replication >= 3 {
			// An acknowledgement then means two copies, so that one broker may be lost.
			settings["min.insync.replicas"] = "2"
		}
		specs = append(specs, kafka.TopicSpec{Name: topic.name, Partitions: c.Kafka.Partitions, Replication: c.Kafka.Replication, Settings: settings})
	}
	return specs, nil
}

// migrateTopics makes the topics, or brings them to what they should be; a dry run only says what it would do.
func migrateTopics(ctx context.Context, c *config.Loaded, client *kafka.Client, schedule *retention.Schedule, dry bool) (changes []string, err error) {
	specs, err := topicSpecs(ctx, c, client, schedule)
	if err != nil {
		return nil, err
	}
	for _, spec := range specs {
		var made []string
		if dry {
			drift, driftErr := client.Drift(ctx, spec)
			made, err = drift.Changes, driftErr
		} else {
			made, err = client.EnsureTopic(ctx, spec)
		}
		if err != nil {
			return nil, err
		}
		changes = append(changes, made...)
	}
	return changes, nil
}
