package retention

import (
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
// ok is false where the broker's intervals leave no room.
func TopicSettings(life time.Duration, broker Intervals) (settings map[string]string, ok bool) {
	segment := life / 14
	retention := life - segment - broker.Check - broker.Delete
	if retention < segment {
		return nil, false
	}
	return map[string]string{
		"cleanup.policy":         "delete",
		"retention.ms":           strconv.FormatInt(retention.Milliseconds(), 10),
		"retention.bytes":        "-1",
		"segment.ms":             strconv.FormatInt(segment.Milliseconds(), 10),
		"message.timestamp.type": "LogAppendTime",
	}, true
}
