package retention

import "time"

// Release is how long a store takes, as measured, to let a slot go. A row
// whose half margin is shorter cannot be kept: the sweeper must be done when the
// store's own expiry begins, and that before the limit.
type Release struct {
	Store Store
	// Takes is the time, rounded up to seconds.
	Takes time.Duration
	// Until says what has come to pass by then, Source where it was measured.
	Until, Source string
}

// Releases returns what was measured of each store. Kafka is not among them:
// its release is part of a topic's life, see [TopicSettings].
func Releases() []Release {
	return []Release{
		{ClickHouse, time.Second, "a dropped partition is in no query and no folder", "sinks/clickhouse, TestADroppedPartitionIsGone"},
		{Objects, time.Second, "a deleted prefix is in no listing and no folder", "sinks/objectstore, TestADroppedPrefixIsGone"},
		{Files, time.Second, "a file is in no folder", "unlink returns when the name is gone"},
	}
}

// needed tells whether a row has records in the store.
func (r Release) needed(row *Row) bool {
	for _, place := range row.Places() {
		if place.Store == r.Store {
			return true
		}
	}
	return false
}
