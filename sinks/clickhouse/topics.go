package clickhouse

import (
	"context"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/ClickHouse/clickhouse-go/v2/lib/driver"

	"mailtrail/schemas/sql"
)

// TopicLabel returns the name under which the rows and receipts of the topic
// stand: the topic's own, or another where it was made anew.
func (s *Store) TopicLabel(ctx context.Context, topic string) (string, error) {
	label := topic
	err := s.each(ctx, sql.TopicLabel, nil, params{"topic": topic}, func(rows driver.Rows) error { return rows.Scan(&label) })
	if err != nil {
		return "", fmt.Errorf("clickhouse: look up the label of topic %s: %w", topic, err)
	}
	return label, nil
}

// NewTopicLabel gives the topic its next label, since it was made anew and its
// offsets begin at 0 again, and returns it.
func (s *Store) NewTopicLabel(ctx context.Context, topic string) (string, error) {
	label, err := s.TopicLabel(ctx, topic)
	if err != nil {
		return "", err
	}
	number := 1
	if _, count, found := strings.Cut(label, "#"); found {
		if number, err = strconv.Atoi(count); err != nil {
			return "", fmt.Errorf("clickhouse: the label %q of topic %s is not NAME#NUMBER", label, topic)
		}
	}
	label = fmt.Sprintf("%s#%d", topic, number+1)
	return label, s.insert(ctx, "topics", "topic:"+label, []string{"topic", "label", "since"}, func(batch driver.Batch) error {
		return batch.Append(topic, label, time.Now().UTC())
	})
}
