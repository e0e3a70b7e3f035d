// Package retention holds the retention schedule, and the pure functions that
// give a record its class, its slot and the time of its destruction.
package retention

import (
	"bytes"
	"crypto/sha256"
	_ "embed"
	"encoding/hex"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/goccy/go-yaml"
)

//go:embed schedule.yaml
var builtin []byte

// The classes of scans (USPS 820.200, Retention and Disposal 7).
const (
	MailTracking           = "mail_tracking"
	PackageTracking        = "package_tracking"
	SpecialServiceTracking = "special_service_tracking"
)

// The classes of what the pipeline itself keeps.
const (
	Receipts  = "receipts"
	BatchIDs  = "batch_ids"
	ReplayIDs = "replay_ids"
)

// Row is one line of the schedule.
type Row struct {
	// Class is the name under which records lie in the stores.
	Class string `yaml:"class"`
	// System is the system of records, Record the kind of record in its words.
	System string `yaml:"system"`
	Record string `yaml:"record"`
	// Limit is how old a record may become.
	Limit Duration `yaml:"limit"`
	// Bound is "ceiling" (up to) or "term" (for); empty for what the pipeline itself keeps.
	Bound string `yaml:"bound"`
	// Clock is what starts the limit: "capture" (the earlier of capture and
	// receipt) or "receipt".
	Clock string `yaml:"clock"`
	// Citation is the rule; Reason stands instead of it where the pipeline decides.
	Citation string `yaml:"citation"`
	Reason   string `yaml:"reason"`
	// Topic is where the records come in; Tables are the base tables that hold them.
	Topic  string   `yaml:"topic"`
	Tables []string `yaml:"tables"`
	// Slot is the length of the slots, Margin how long before the limit
	// destruction begins, Behind how old a record may be when it comes in.
	Slot   Duration `yaml:"slot"`
	Margin Duration `yaml:"margin"`
	Behind Duration `yaml:"behind"`
}

// Topic is how long records stay in a Kafka topic at most.
type Topic struct {
	Name string   `yaml:"topic"`
	Life Duration `yaml:"life"`
}

// Schedule is a whole retention schedule, checked.
type Schedule struct {
	Classes []Row   `yaml:"classes"`
	Own     []Row   `yaml:"own"`
	Topics  []Topic `yaml:"topics"`

	source []byte
}

// Builtin returns the schedule that comes with the program.
func Builtin() *Schedule {
	s, err := Parse(builtin)
	if err != nil {
		panic("the built-in retention schedule is wrong: " + err.Error())
	}
	return s
}

// Parse reads and checks a schedule. The error names every mistake.
func Parse(source []byte) (*Schedule, error) {
	s := &Schedule{source: bytes.Clone(source)}
	if err := yaml.UnmarshalWithOptions(source, s, yaml.Strict()); err != nil {
		return nil, fmt.Errorf("retention schedule: %s", strings.TrimSpace(yaml.FormatError(err, false, false)))
	}
	if err := errors.Join(s.mistakes()...); err != nil {
		return nil, fmt.Errorf("retention schedule: %w", err)
	}
	return s, nil
}

// Source returns the text that was parsed; Parse of it gives the same schedule.
func (s *Schedule) Source() []byte { return s.source }

// Hash returns a hash of the schedule's text.
func (s *Schedule) Hash() string {
	sum := sha256.Sum256(s.source)
	return hex.EncodeToString(sum[:])
}

// Row returns the class's line, nil where the schedule does not have it.
func (s *Schedule) Row(class string) *Row {
	for _, rows := range [][]Row{s.Classes, s.Own} {
		for i := range rows {
			if rows[i].Class == class {
				return &rows[i]
			}
		}
	}
	return nil
}

// Table returns the lines whose records lie in the base table.
func (s *Schedule) Table(table string) (rows []Row) {
	for _, row := range slices.Concat(s.Classes, s.Own) {
		if slices.Contains(row.Tables, table) {
			rows = append(rows, row)
		}
	}
	return rows
}

// TopicLife returns the longest that a record stays in the topic, 0 where the
// schedule does not have the topic.
func (s *Schedule) TopicLife(topic string) time.Duration {
	for _, t := range s.Topics {
		if t.Name == topic {
			return time.Duration(t.Life)
		}
	}
	return 0
}

// Behind returns how old a record may be when it comes into the topic: the
// least that any class of the topic allows.
func (s *Schedule) Behind(topic string) time.Duration {
	behind := time.Duration(0)
	for _, row := range s.Classes {
		if row.Topic == topic && (behind == 0 || time.Duration(row.Behind) < behind) {
			behind = time.Duration(row.Behind)
		}
	}
	return behind
}

// SlotOf returns the start of the slot, in Unix seconds, of a record whose
// clock shows unixMilli. Slots are counted from 1970-01-01 00:00 UTC.
func (r *Row) SlotOf(unixMilli int64) int64 {
	slot := int64(r.Slot) / int64(time.Millisecond)
	start := unixMilli - unixMilli%slot
	if start > unixMilli {
		start -= slot
	}
	return start / 1000
}

// DestroyAt returns the time, in Unix seconds, at which the slot is destroyed:
// when the oldest possible record in it nears its limit by the margin.
func (r *Row) DestroyAt(slot int64) int64 { return slot + r.Life() }

// Life returns the seconds from the start of a slot to its destruction.
func (r *Row) Life() int64 { return int64(time.Duration(r.Limit-r.Margin) / time.Second) }

// TTL returns the seconds from the start of a slot to the moment at which the
// store's own expiry takes what the sweeper left: half a margin later.
func (r *Row) TTL() int64 { return r.Life() + int64(time.Duration(r.Margin)/time.Second/2) }
