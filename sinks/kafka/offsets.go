package kafka

import (
	"context"
	"fmt"

	kafkago "github.com/segmentio/kafka-go"
)

// Commit is a group's stored place in a partition.
type Commit struct {
	Partition int32
	// Offset is the next to be read, -1 where nothing is stored.
	Offset   int64
	Metadata string
}

// Committed returns what the group has stored for each partition, in their order.
func (c *Client) Committed(ctx context.Context, group, topic string, partitions []int32) ([]Commit, error) {
	ids := make([]int, len(partitions))
	for i, p := range partitions {
		ids[i] = int(p)
	}
	res, err := c.client.OffsetFetch(ctx, &kafkago.OffsetFetchRequest{GroupID: group, Topics: map[string][]int{topic: ids}})
	if err == nil {
		err = res.Error
	}
	if err != nil {
		return nil, fmt.Errorf("read offsets of group %s: %w", group, err)
	}
	found := make(map[int]kafkago.OffsetFetchPartition, len(ids))
	for _, p := range res.Topics[topic] {
		found[p.Partition] = p
	}
	commits := make([]Commit, len(ids))
	for i, id := range ids {
		p, ok := found[id]
		if !ok {
			return nil, fmt.Errorf("read offsets of group %s: the answer does not hold topic %s partition %d", group, topic, id)
		}
		if p.Error != nil {
			return nil, fmt.Errorf("read offset of group %s, topic %s partition %d: %w", group, topic, id, p.Error)
		}
		commits[i] = Commit{Partition: partitions[i], Offset: p.CommittedOffset, Metadata: p.Metadata}
	}
	return commits, nil
}

// SetCommitted stores a place for a group that has no members now.
func (c *Client) SetCommitted(ctx context.Context, group, topic string, commit Commit) error {
	return c.commit(ctx, &kafkago.OffsetCommitRequest{
		GroupID: group, GenerationID: -1,
		Topics: map[string][]kafkago.OffsetCommit{topic: {{Partition: int(commit.Partition), Offset: commit.Offset, Metadata: commit.Metadata}}},
	})
}

// Span is the offsets that a partition holds: Start to End-1.
type Span struct {
	Partition  int32
	Start, End int64
}

// Spans returns what each partition of the topic holds, by partition number.
func (c *Client) Spans(ctx context.Context, topic string) ([]Span, error) {
	partitions, err := c.Partitions(ctx, topic)
	if err != nil {
		return nil, err
	}
	requests := make([]kafkago.OffsetRequest, 0, 2*len(partitions))
	for _, p := range partitions {
		requests = append(requests, kafkago.FirstOffsetOf(int(p)), kafkago.LastOffsetOf(int(p)))
	}
	res, err := c.client.ListOffsets(ctx, &kafkago.ListOffsetsRequest{Topics: map[string][]kafkago.OffsetRequest{topic: requests}})
	if err != nil {
		return nil, fmt.Errorf("list offsets of topic %s: %w", topic, err)
	}
	spans := make([]Span, len(partitions))
	for _, p := range res.Topics[topic] {
		if p.Error != nil {
			return nil, fmt.Errorf("list offsets of topic %s partition %d: %w", topic, p.Partition, p.Error)
		}
		if p.Partition < len(spans) {
			spans[p.Partition] = Span{Partition: int32(p.Partition), Start: p.FirstOffset, End: p.LastOffset}
		}
	}
	return spans, nil
}

// Partitions lists the numbers of the topic's partitions, rising from 0.
func (c *Client) Partitions(ctx context.Context, topic string) ([]int32, error) {
	res, err := c.client.Metadata(ctx, &kafkago.MetadataRequest{Topics: []string{topic}})
	if err != nil {
		return nil, fmt.Errorf("look up topic %s: %w", topic, err)
	}
	for _, t := range res.Topics {
		if t.Name != topic {
			continue
		}
		if t.Error == kafkago.UnknownTopicOrPartition {
			break
		}
		if t.Error != nil {
			return nil, fmt.Errorf("look up topic %s: %w", topic, t.Error)
		}
		partitions := make([]int32, len(t.Partitions))
		for i := range partitions {
			partitions[i] = int32(i)
		}
		return partitions, nil
	}
	return nil, fmt.Errorf("look up topic %s, which `mailtrail migrate` makes: %w", topic, kafkago.UnknownTopicOrPartition)
}
