package kafka

import (
	"context"
	"errors"
	"fmt"
	"time"

	kafkago "github.com/segmentio/kafka-go"
)

// Group is a member of a consumer group of one topic. It works in
// generations: kafka-go's Reader hides them, hands out what was fetched before
// a rebalance, and can move another member's offset.
type Group struct {
	client *Client
	group  *kafkago.ConsumerGroup
	id     string
	topic  string
}

// GroupConfig names the group and its topic.
type GroupConfig struct {
	ID, Topic string
	// Session is how long the group waits for a member that is silent before
	// its partitions go to others.
	Session time.Duration
	// Rebalance is how long the group waits for members to give up their partitions.
	Rebalance time.Duration
}

// Join makes a member of the group; it joins on the first Next. Close it.
func (c *Client) Join(config GroupConfig) (*Group, error) {
	group, err := kafkago.NewConsumerGroup(kafkago.ConsumerGroupConfig{
		ID: config.ID, Brokers: c.brokers, Dialer: c.dialer, Topics: []string{config.Topic},
		SessionTimeout: config.Session, HeartbeatInterval: config.Session / 10, RebalanceTimeout: config.Rebalance,
		JoinGroupBackoff: time.Second, WatchPartitionChanges: true, Timeout: 10 * time.Second,
	})
	if err != nil {
		return nil, fmt.Errorf("consumer group %s: %w", config.ID, err)
	}
	return &Group{client: c, group: group, id: config.ID, topic: config.Topic}, nil
}

// Close leaves the group after the generation's functions have returned.
func (g *Group) Close() error { return g.group.Close() }

// Generation is one assignment of partitions to this member.
type Generation struct {
	group      *Group
	generation *kafkago.Generation
}

// Next waits for the next generation; the one before it has ended.
func (g *Group) Next(ctx context.Context) (*Generation, error) {
	generation, err := g.group.Next(ctx)
	if err != nil {
		return nil, fmt.Errorf("join consumer group %s: %w", g.id, err)
	}
	return &Generation{group: g, generation: generation}, nil
}

// Partitions lists the partitions that are this member's.
func (g *Generation) Partitions() (partitions []int32) {
	for _, a := range g.generation.Assignments[g.group.topic] {
		partitions = append(partitions, int32(a.ID))
	}
	return partitions
}

// Start runs work until the generation ends, which ends its context. The work
// must not return before: the first that returns ends the generation for all.
func (g *Generation) Start(work func(ctx context.Context)) { g.generation.Start(work) }

// ErrNotOwner means that the partition belongs to another generation by now.
var ErrNotOwner = errors.New("the partition has gone to another generation of the group")

// Commit stores an offset with metadata and waits for the answer. It returns
// ErrNotOwner where the generation is over: then nothing was stored.
func (g *Generation) Commit(ctx context.Context, partition int32, offset int64, metadata string) error {
	return g.group.client.commit(ctx, &kafkago.OffsetCommitRequest{
		GroupID: g.group.id, GenerationID: int(g.generation.ID), MemberID: g.generation.MemberID,
		Topics: map[string][]kafkago.OffsetCommit{g.group.topic: {{Partition: int(partition), Offset: offset, Metadata: metadata}}},
	})
}

// Committed returns the stored offset and its metadata; -1 where there is none.
func (g *Generation) Committed(ctx context.Context, partition int32) (offset int64, metadata string, err error) {
	all, err := g.group.client.Committed(ctx, g.group.id, g.group.topic, []int32{partition})
	if err != nil {
		return 0, "", err
	}
	return all[0].Offset, all[0].Metadata, nil
}

func (c *Client) commit(ctx context.Context, req *kafkago.OffsetCommitRequest) error {
	res, err := c.client.OffsetCommit(ctx, req)
	if err == nil {
		for _, partitions := range res.Topics {
			for _, p := range partitions {
				err = errors.Join(err, p.Error)
			}
		}
	}
	switch {
	case err == nil:
		return nil
	case errors.Is(err, kafkago.IllegalGeneration), errors.Is(err, kafkago.UnknownMemberId), errors.Is(err, kafkago.RebalanceInProgress), errors.Is(err, kafkago.FencedInstanceID):
		return fmt.Errorf("%w: %w", ErrNotOwner, err)
	}
	return fmt.Errorf("commit offset of group %s: %w", req.GroupID, err)
}
