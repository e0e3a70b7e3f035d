package ledger

// Kind says what an entry tells.
type Kind string

// The kinds.
const (
	// ScheduleAdopted and ScheduleChanged name a schedule by its hash; a
	// ClassAdopted for each class that it sets otherwise follows.
	ScheduleAdopted Kind = "schedule_adopted"
	ScheduleChanged Kind = "schedule_changed"
	ClassAdopted    Kind = "class_adopted"
	// KeyCreated, KeySealed and KeyDestroyed are the life of a slot's key, named by
	// the SHA-256 of it.
	KeyCreated   Kind = "key_created"
	KeySealed    Kind = "key_sealed"
	KeyDestroyed Kind = "key_destroyed"
	// PartitionDropped and PrefixDeleted are a slot's end in a store.
	PartitionDropped Kind = "partition_dropped"
	PrefixDeleted    Kind = "prefix_deleted"
	// Returned is something destroyed that was found again, and destroyed again.
	Returned Kind = "returned"
	// TopicState is how a topic was found.
	TopicState Kind = "topic_state"
	// VerifyResult is one run of the auditor, Violation one thing that it found
	// over its limit.
	VerifyResult Kind = "verify_result"
	Violation    Kind = "violation"
	// ClockHeld is a step of the clock that was not followed.
	ClockHeld Kind = "clock_held"
	// GapAcknowledged excuses a slot without a destruction, with the reason.
	GapAcknowledged Kind = "gap_acknowledged"
	// EarlyDestruction announces that a slot is destroyed before its time, and why.
	EarlyDestruction Kind = "early_destruction"
)

// KeyStore is the store under which slot keys stand in [ClassRow.Stores].
const KeyStore = "keys"

// shape is what entries of a kind hold besides time, kind, by and detail, which any may hold.
type shape struct {
	needs, may []string
	// once: a second entry for the same store, object, class and slot is the first one again.
	once bool
}

// shapeOf returns the shape of a kind, false where there is no such kind.
func shapeOf(kind Kind) (shape, bool) {
	switch kind {
	case ScheduleAdopted, ScheduleChanged:
		return shape{needs: []string{"schedule"}}, true
	case ClassAdopted:
		return shape{needs: []string{"bound", "class", "destroy_after_s", "first_slot", "limit_s", "schedule", "slot_s", "stores"}, may: []string{"citation"}}, true
	case KeyCreated:
		return shape{needs: []string{"class", "commitment", "destroy_at", "slot"}, once: true}, true
	case KeySealed:
		return shape{needs: []string{"class", "commitment", "slot"}, once: true}, true
	case KeyDestroyed: // without a commitment where no key was ever made
		return shape{needs: []string{"by", "class", "slot"}, may: []string{"commitment"}, once: true}, true
	case PartitionDropped, PrefixDeleted:
		return shape{needs: []string{"by", "class", "object", "slot", "store"}, may: []string{"bytes", "rows"}, once: true}, true
	case Returned:
		return shape{needs: []string{"class", "object", "slot", "store"}, may: []string{"bytes", "commitment", "rows"}}, true
	case TopicState:
		return shape{needs: []string{"object", "store"}, may: []string{"oldest"}}, true
	case VerifyResult:
		return shape{needs: []string{"findings", "inspected", "waived"}}, true
	case Violation:
		return shape{needs: []string{"detail", "object", "store"}, may: []string{"bytes", "class", "oldest", "rows", "slot"}}, true
	case ClockHeld:
		return shape{needs: []string{"step_ms"}}, true
	case GapAcknowledged:
		return shape{needs: []string{"by", "class", "detail", "slot"}, may: []string{"store"}, once: true}, true
	case EarlyDestruction:
		return shape{needs: []string{"by", "class", "detail", "slot"}, once: true}, true
	}
	return shape{}, false
}
