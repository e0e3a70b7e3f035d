package kafka

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"

	kafkago "github.com/segmentio/kafka-go"
)

// TopicSpec is what a topic should be.
type TopicSpec struct {
	Name        string
	Partitions  int
	Replication int
	// Settings are the topic's own settings, by Kafka's names.
	Settings map[string]string
}

// TopicDrift is how a topic differs from what it should be.
type TopicDrift struct {
	missing    bool
	partitions bool
	settings   []kafkago.IncrementalAlterConfigsRequestConfig
	// Changes says it in words, one a line; none where the topic is as it should be.
	Changes []string
}

// Drift tells how the topic differs from what is asked, and changes nothing.
// More partitions than asked are no drift.
func (c *Client) Drift(ctx context.Context, want TopicSpec) (drift TopicDrift, err error) {
	partitions, err := c.Partitions(ctx, want.Name)
	switch {
	case errors.Is(err, kafkago.UnknownTopicOrPartition):
		return TopicDrift{missing: true, Changes: []string{fmt.Sprintf("topic %s: made with %d partitions", want.Name, want.Partitions)}}, nil
	case err != nil:
		return drift, err
	}
	if len(partitions) < want.Partitions {
		drift.partitions = true
		drift.Changes = append(drift.Changes, fmt.Sprintf("topic %s: partitions %d -> %d", want.Name, len(partitions), want.Partitions))
	}
	settings, err := c.TopicSettings(ctx, want.Name)
	if err != nil {
		return drift, err
	}
	for _, name := range slices.Sorted(maps.Keys(want.Settings)) {
		if now, value := settings[name], want.Settings[name]; now != value {
			drift.settings = append(drift.settings, kafkago.IncrementalAlterConfigsRequestConfig{Name: name, Value: value, ConfigOperation: kafkago.ConfigOperationSet})
			drift.Changes = append(drift.Changes, fmt.Sprintf("topic %s: %s %s -> %s", want.Name, name, now, value))
		}
	}
	return drift, nil
}

// EnsureTopic makes the topic or brings its settings and number of partitions
// to what is asked, and says what it changed. Partitions are never taken away.
func (c *Client) EnsureTopic(ctx context.Context, want TopicSpec) (changes []string, err error) {
	drift, err := c.Drift(ctx, want)
	if err != nil {
		return nil, err
	}
	if drift.missing {
		return c.createTopic(ctx, want)
	}
	if drift.partitions {
		if err := c.addPartitions(ctx, want); err != nil {
			return nil, err
		}
	}
	if len(drift.settings) == 0 {
		return drift.Changes, nil
	}
	res, err := c.client.IncrementalAlterConfigs(ctx, &kafkago.IncrementalAlterConfigsRequest{Resources: []kafkago.IncrementalAlterConfigsRequestResource{
		{ResourceType: kafkago.ResourceTypeTopic, ResourceName: want.Name, Configs: drift.settings},
	}})
	if err == nil && len(res.Resources) > 0 {
		err = res.Resources[0].Error
	}
	if err != nil {
		return nil, fmt.Errorf("change settings of topic %s: %w", want.Name, err)
	}
	return drift.Changes, nil
}

func (c *Client) createTopic(ctx context.Context, want TopicSpec) ([]string, error) {
	entries := make([]kafkago.ConfigEntry, 0, len(want.Settings))
	for name, value := range want.Settings {
		entries = append(entries, kafkago.ConfigEntry{ConfigName: name, ConfigValue: value})
	}
	res, err := c.client.CreateTopics(ctx, &kafkago.CreateTopicsRequest{Topics: []kafkago.TopicConfig{{
		Topic: want.Name, NumPartitions: want.Partitions, ReplicationFactor: want.Replication, ConfigEntries: entries,
	}}})
	if err == nil {
		err = res.Errors[want.Name]
	}
	if errors.Is(err, kafkago.TopicAlreadyExists) {
		return nil, nil // made by another process at the same moment
	}
	if err != nil {
		return nil, fmt.Errorf("make topic %s: %w", want.Name, err)
	}
	return []string{fmt.Sprintf("topic %s: made with %d partitions", want.Name, want.Partitions)}, nil
}

func (c *Client) addPartitions(ctx context.Context, want TopicSpec) error {
	res, err := c.client.CreatePartitions(ctx, &kafkago.CreatePartitionsRequest{Topics: []kafkago.TopicPartitionsConfig{{
		Name: want.Name, Count: int32(want.Partitions),
	}}})
	if err == nil {
		err = res.Errors[want.Name]
	}
	if err != nil {
		return fmt.Errorf("add partitions to topic %s: %w", want.Name, err)
	}
	return nil
}

// TopicSettings returns the settings in force for the topic, by Kafka's names.
func (c *Client) TopicSettings(ctx context.Context, topic string) (map[string]string, error) {
	settings, err := c.settings(ctx, kafkago.ResourceTypeTopic, topic)
	if err != nil {
		return nil, fmt.Errorf("read settings of topic %s: %w", topic, err)
	}
	return settings, nil
}

// settings are those in force for a topic or a broker.
func (c *Client) settings(ctx context.Context, kind kafkago.ResourceType, name string) (map[string]string, error) {
	res, err := c.client.DescribeConfigs(ctx, &kafkago.DescribeConfigsRequest{Resources: []kafkago.DescribeConfigRequestResource{
		{ResourceType: kind, ResourceName: name},
	}})
	if err == nil && len(res.Resources) > 0 {
		err = res.Resources[0].Error
	}
	if err != nil {
		return nil, err
	}
	settings := map[string]string{}
	for _, resource := range res.Resources {
		for _, entry := range resource.ConfigEntries {
			settings[entry.ConfigName] = entry.ConfigValue
		}
	}
	return settings, nil
}
