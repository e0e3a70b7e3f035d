package ingest

import (
	"encoding/json"
	"fmt"
)

// Intent is what the group's offset carries as metadata while a block is open:
// the block begins at the offset itself. Whoever owns the partition next does
// the same block again, from the same offsets and under the same clock and
// tables, so that the stores see the same insert. Its form is public: README.md.
type Intent struct {
	// Last is the block's last offset.
	Last int64 `json:"last"`
	// At is the clock that decides about the block's events, Unix milliseconds.
	At int64 `json:"at"`
	// Epoch names the tables that decide.
	Epoch string `json:"epoch"`
	// Topic is the label under which the topic's rows stand, where it is not the
	// topic's own name (see Store.TopicLabel).
	Topic string `json:"topic,omitempty"`
	// Elsewhere lists messages, by distance from the first offset, whose batch
	// id was stored from another partition before the block was cut. Within one
	// partition the order of offsets decides and nothing need be remembered.
	Elsewhere []int64 `json:"elsewhere,omitempty"`
	// Ended lists slots of dead letters, Unix seconds, in which nothing could be
	// sealed any more when the block was cut, besides those that were due.
	Ended []int64 `json:"ended,omitempty"`
}

// maxElsewhere and maxEnded bound the lists, since brokers take at most 4096 bytes of
// metadata (offset.metadata.max.bytes).
const maxElsewhere = 250

func (i Intent) String() string {
	text, err := json.Marshal(i)
	if err != nil {
		panic(err) // numbers and a name always have a JSON form
	}
	return string(text)
}

// ParseIntent reads the metadata of an offset. It returns nil where no block is open.
func ParseIntent(offset int64, metadata string) (*Intent, error) {
	if metadata == "" {
		return nil, nil
	}
	var i Intent
	if err := json.Unmarshal([]byte(metadata), &i); err != nil {
		return nil, fmt.Errorf("the metadata of the group's offset is not an intent: %w", err)
	}
	if i.Last < offset || i.At <= 0 || i.Epoch == "" {
		return nil, fmt.Errorf("the metadata of the group's offset is not an intent: last %d must not lie below the offset %d; at and epoch are needed", i.Last, offset)
	}
	return &i, nil
}

// Token is the deduplication token of every insert of a block.
func Token(topic string, partition int32, first int64, i Intent) string {
	return fmt.Sprintf("%s:%d:%d-%d:%d", topic, partition, first, i.Last, i.At)
}
