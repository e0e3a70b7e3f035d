package retention

import (
	"fmt"
	"strconv"
	"time"
)

// Intervals are the broker's own: how often it looks for what is due, and how
// long it waits before it deletes it from disk.
type Intervals struct {
	Check  time.Duration // log.retention.check.interval.ms
	Delete time.Duration // file.delete.delay.ms
}

// KafkaDefaults are the intervals of an Apache Kafka broker that was not told otherwise.
var KafkaDefaults = Intervals{Check: 5 * time.Minute, Delete: time.Minute}

// TopicSettings returns the Kafka settings under which no record outlives the
// topic's life: retention.ms + segment.ms + checking + deleting = life (see
// the bound in Kafka's UnifiedLog: the newest record of a segment decides).
// The error, where the broker's intervals leave no room, has the arithmetic.
func TopicSettings(topic string, life time.Duration, broker Intervals) (map[string]string, error) {
	segment := life / 14
	retention := life - segment - broker.Check - broker.Delete
	if retention < segment {
		return nil, fmt.Errorf("topic %s: life %s - one segment %s - the broker's checking %s - its deleting %s = %s, which must be at least a segment: "+
			"lower log.retention.check.interval.ms and log.segment.delete.delay.ms of the brokers, or give the topic a longer life in the retention schedule",
			topic, life, segment, broker.Check, broker.Delete, retention)
	}
	return map[string]string{
		"cleanup.policy":         "delete",
		"retention.ms":           strconv.FormatInt(retention.Milliseconds(), 10),
		"retention.bytes":        "-1",
		"segment.ms":             strconv.FormatInt(segment.Milliseconds(), 10),
		"message.timestamp.type": "LogAppendTime",
	}, nil
}
