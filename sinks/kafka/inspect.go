package kafka

import (
	"context"
	"fmt"
	"strconv"

	kafkago "github.com/segmentio/kafka-go"
)

// The types of this file are what the auditor sees of the brokers; pipeline/retention/verify declares the same.

// InspectedTopic is a topic as the brokers tell it.
type InspectedTopic struct {
	Name string
	// Settings are those in force, by Kafka's names.
	Settings map[string]string
	// Oldest are the timestamps of the oldest record of each partition, Unix milliseconds; 0 of an empty one.
	Oldest []int64
	// Problem says why settings or timestamps are missing; nil where none is.
	Problem error
}

// InspectedBroker is a broker with its own settings.
type InspectedBroker struct {
	ID       int
	Settings map[string]string
}

// InspectTopics lists every topic, the brokers' own ones too. Of those the records need not be readable.
func (c *Client) InspectTopics(ctx context.Context) ([]InspectedTopic, error) {
	cluster, err := c.client.Metadata(ctx, &kafkago.MetadataRequest{})
	if err != nil {
		return nil, fmt.Errorf("list all topics: %w", err)
	}
	topics := make([]InspectedTopic, 0, len(cluster.Topics))
	for _, found := range cluster.Topics {
		t := InspectedTopic{Name: found.Name, Problem: found.Error}
		if t.Problem == nil {
			t.Settings, t.Problem = c.TopicSettings(ctx, found.Name)
		}
		if t.Problem == nil {
			t.Oldest, t.Problem = c.OldestTimes(ctx, found.Name)
			if found.Internal {
				t.Problem = nil
			}
		}
		topics = append(topics, t)
	}
	return topics, ctx.Err()
}

// InspectBrokers lists every broker with its settings.
func (c *Client) InspectBrokers(ctx context.Context) ([]InspectedBroker, error) {
	cluster, err := c.client.Metadata(ctx, &kafkago.MetadataRequest{})
	if err != nil {
		return nil, fmt.Errorf("list the brokers: %w", err)
	}
	brokers := make([]InspectedBroker, len(cluster.Brokers))
	for i, b := range cluster.Brokers {
		brokers[i].ID = b.ID
		if brokers[i].Settings, err = c.settings(ctx, kafkago.ResourceTypeBroker, strconv.Itoa(b.ID)); err != nil {
			return nil, fmt.Errorf("read the settings of broker %d (the auditor needs DescribeConfigs on the cluster): %w", b.ID, err)
		}
	}
	return brokers, nil
}
