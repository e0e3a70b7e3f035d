package verify

import (
	"cmp"
	"fmt"
	"strings"
	"time"
)

// Kind says what is wrong.
type Kind string

// The kinds of findings. README.md says how each is told.
const (
	// OverLimit: something is older than its limit.
	OverLimit Kind = "over_limit"
	// InactivePart is a part that no query reads any more, of a slot past its limit.
	InactivePart Kind = "inactive_part"
	// DetachedPart, FrozenCopy and DroppedTable are copies beside the tables.
	DetachedPart Kind = "detached_part"
	FrozenCopy   Kind = "frozen_copy"
	DroppedTable Kind = "dropped_table"
	// NotInSchedule is a table, topic or dictionary that the schedule does not have.
	NotInSchedule Kind = "not_in_schedule"
	// UnknownClass, UnalignedSlot, FutureSlot and ClockOutsideSlot are labels that are wrong.
	UnknownClass     Kind = "unknown_class"
	UnalignedSlot    Kind = "unaligned_slot"
	FutureSlot       Kind = "future_slot"
	ClockOutsideSlot Kind = "clock_outside_slot"
	// NoExpiry, LateExpiry and ColumnExpiry are about a table's own expiry, NotBySlot about its partitions.
	NoExpiry     Kind = "no_expiry"
	LateExpiry   Kind = "late_expiry"
	ColumnExpiry Kind = "column_expiry"
	NotBySlot    Kind = "not_by_slot"
	// ViewPredicate is a view of ours that shows what is due, ForeignView one that is not ours and reads base tables, ViewTarget
	// a materialized view that copies into a table that the schedule does not have.
	ViewPredicate Kind = "view_predicate"
	ForeignView   Kind = "foreign_view"
	ViewTarget    Kind = "view_target"
	// MutationKept is a change of rows whose text, with its values, the server keeps, or one that does not come to its end.
	MutationKept Kind = "mutation"
	// UserRights is somebody who may read or copy base tables, AuditorRights an auditor who may change something.
	UserRights    Kind = "user_rights"
	AuditorRights Kind = "auditor_rights"
	// TopicSettings are settings under which a topic keeps records too long.
	TopicSettings Kind = "topic_settings"
	// BucketSettings are settings under which a bucket keeps or shows what it should not, HiddenVersion is what it kept.
	BucketSettings Kind = "bucket_settings"
	HiddenVersion  Kind = "hidden_version"
	// StrayFile, CoreDump, KeyPastDate and KeyWithoutSlot lie in folders.
	StrayFile      Kind = "stray_file"
	CoreDump       Kind = "core_dump"
	KeyPastDate    Kind = "key_past_date"
	KeyWithoutSlot Kind = "key_without_slot"
	// LedgerGap is a slot of the calendar whose destruction was never entered, LedgerBroken a ledger that is not what was
	// signed, Returned something whose destruction is entered and that is there again.
	LedgerGap    Kind = "ledger_gap"
	LedgerBroken Kind = "ledger_broken"
	Returned     Kind = "returned"
	// NotInspected is what could not be looked into.
	NotInspected Kind = "not_inspected"
)

// waivable tells whether a waiver can excuse findings of the kind: what was not inspected, what the schedule does not know, and
// who may do what. What is over its limit or wrongly labelled cannot be excused.
func (k Kind) waivable() bool {
	switch k {
	case NotInspected, NotInSchedule, ForeignView, UserRights, AuditorRights, StrayFile:
		return true
	}
	return false
}

// The stores in which things are found.
const (
	InKafka      = "kafka"
	InClickHouse = "clickhouse"
	InObjects    = "objects"
	InFiles      = "files"
	InLedger     = "ledger"
)

// Finding is one thing that is wrong.
type Finding struct {
	Kind  Kind   `json:"kind"`
	Store string `json:"store"`
	// Object is what it is: a topic, a table, a path. A waiver names it.
	Object string `json:"object"`
	// Class and Slot say of which records, where that is known.
	Class string    `json:"class,omitempty"`
	Slot  time.Time `json:"slot,omitzero"`
	// Oldest is the clock of the oldest record, Limit when it reached its limit, where that is known.
	Oldest time.Time `json:"oldest,omitzero"`
	Limit  time.Time `json:"limit_at,omitzero"`
	Rows   uint64    `json:"rows,omitempty"`
	// Text says it in a sentence.
	Text string `json:"text"`
	// Waived is the reason in writing why it is no alarm; empty where it is one.
	Waived string `json:"waived,omitempty"`
}

// same tells whether two findings of different looks are of the same thing.
func (f *Finding) same(other *Finding) bool {
	return f.Kind == other.Kind && f.Store == other.Store && f.Object == other.Object && f.Class == other.Class && f.Slot.Equal(other.Slot)
}

func (f *Finding) compare(other *Finding) int {
	return cmp.Or(strings.Compare(f.Store, other.Store), strings.Compare(string(f.Kind), string(other.Kind)), strings.Compare(f.Object, other.Object),
		strings.Compare(f.Class, other.Class), f.Slot.Compare(other.Slot))
}

// Room is what one place holds of one class, and how much time is left.
type Room struct {
	Class string `json:"class"`
	Store string `json:"store"`
	// Object is the topic, table or folder.
	Object string `json:"object"`
	// Oldest is the oldest clock that was found, zero where nothing is there or the class has no limit.
	Oldest time.Time `json:"oldest,omitzero"`
	// Limit is when the oldest possible record of it reaches its limit.
	Limit time.Time `json:"limit_at,omitzero"`
	Rows  uint64    `json:"rows,omitempty"`
	// Unknown is what the store does not tell.
	Unknown string `json:"unknown,omitempty"`
}

// Left is how long until the oldest reaches its limit; false where nothing is there, or it has no limit.
func (r *Room) Left(now time.Time) (time.Duration, bool) {
	return r.Limit.Sub(now), !r.Limit.IsZero()
}

// Report is what one verification found.
type Report struct {
	// At is when it was done, Took how long it took.
	At   time.Time     `json:"at"`
	Took time.Duration `json:"took_ns"`
	// Inspected is the number of objects that were looked into.
	Inspected int `json:"inspected"`
	// Findings are all, those that are waived with the reason, in order.
	Findings []Finding `json:"findings"`
	Rooms    []Room    `json:"rooms"`
	// Unused are the objects of waivers that excuse nothing.
	Unused []string `json:"unused_waivers"`
}

// Alarms are the findings that are not waived.
func (r *Report) Alarms() (alarms []Finding) {
	for _, f := range r.Findings {
		if f.Waived == "" {
			alarms = append(alarms, f)
		}
	}
	return alarms
}

// Least is the place with the least room; nil where nothing with a limit is held.
func (r *Report) Least() (least *Room) {
	for i := range r.Rooms {
		if room := &r.Rooms[i]; !room.Limit.IsZero() && (least == nil || room.Limit.Before(least.Limit)) {
			least = room
		}
	}
	return least
}

// words writes a time with days where there are some.
func words(d time.Duration) string {
	if d = d.Round(time.Second); d < day {
		return d.String()
	}
	if rest := d % day; rest > 0 {
		return fmt.Sprintf("%dd%s", d/day, rest)
	}
	return fmt.Sprintf("%dd", d/day)
}
