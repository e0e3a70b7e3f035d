// Package retention holds the retention schedule, and the pure functions that
// give a record its class, its slot and the time of its destruction.
package retention

import (
	"bytes"
	"crypto/sha256"
	_ "embed"
	"encoding/hex"
	"fmt"
	"slices"
	"time"
)

//go:embed schedule.yaml
var builtin []byte

// The classes of scans (USPS 820.200, Retention and Disposal 7).
const (
	MailTracking           = "mail_tracking"
	PackageTracking        = "package_tracking"
	SpecialServiceTracking = "special_service_tracking"
)

// Confirm is the class of CONFIRM records (USPS 820.200, Retention and Disposal 1).
const Confirm = "confirm"

// MailpieceImages is the class of pictures (USPS 820.200, Retention and Disposal 5).
const MailpieceImages = "mailpiece_images"

// The classes of what the pipeline itself keeps.
const (
	Receipts   = "receipts"
	BatchIDs   = "batch_ids"
	ReplayIDs  = "replay_ids"
	Rejects    = "rejects"
	SystemLogs = "system_logs"
)

// Topic is how long records stay in a Kafka topic at most.
type Topic struct {
	Name string   `yaml:"topic"`
	Life Duration `yaml:"life"`
}

// Disposal is a rule on what becomes of a medium.
type Disposal struct {
	Rule     string `yaml:"rule"`
	System   string `yaml:"system"`
	Medium   string `yaml:"medium"`
	Method   string `yaml:"method"`
	Citation string `yaml:"citation"`
	Decision string `yaml:"decision"`
}

// Schedule is a whole retention schedule, checked.
type Schedule struct {
	// Classes are the kinds of records that come from outside, Own what the
	// pipeline itself keeps.
	Classes  []Row      `yaml:"classes"`
	Own      []Row      `yaml:"own"`
	Disposal []Disposal `yaml:"disposal"`
	Topics   []Topic    `yaml:"topics"`

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

// Parse reads and checks a schedule. The error is [Mistakes] with every mistake.
func Parse(source []byte) (*Schedule, error) {
	s := &Schedule{source: bytes.Clone(source)}
	places, mistakes := s.read(source)
	if len(mistakes) == 0 {
		mistakes = s.check(places)
	}
	if len(mistakes) > 0 {
		return nil, fmt.Errorf("retention schedule: %w", mistakes)
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

// Rows returns all lines, those of records from outside first.
func (s *Schedule) Rows() []*Row {
	rows := make([]*Row, 0, len(s.Classes)+len(s.Own))
	for _, list := range [][]Row{s.Classes, s.Own} {
		for i := range list {
			rows = append(rows, &list[i])
		}
	}
	return rows
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

// NoRowError refuses a record whose kind the schedule does not have, or has
// without a place to keep it.
type NoRowError struct {
	Class string
	// Known says that the schedule has the class, and that its records do not flow yet.
	Known bool
}

func (e *NoRowError) Error() string {
	if e.Known {
		return fmt.Sprintf("records of class %s are refused: the retention schedule has no store for them yet", e.Class)
	}
	return fmt.Sprintf("records of class %q are refused: the retention schedule has no row for them", e.Class)
}

// Admit returns the line of a class whose records are taken in. Every other
// record is refused with a [NoRowError].
func (s *Schedule) Admit(class string) (*Row, error) {
	row := s.Row(class)
	if row == nil || !row.Flows() {
		return nil, &NoRowError{Class: class, Known: row != nil}
	}
	return row, nil
}

// Table returns the lines whose records lie in the base table.
func (s *Schedule) Table(table string) (rows []Row) {
	for _, row := range s.Rows() {
		if slices.Contains(row.Tables, table) {
			rows = append(rows, *row)
		}
	}
	return rows
}

// IsOwn tells whether the class is of what the pipeline itself keeps.
func (s *Schedule) IsOwn(class string) bool {
	return slices.ContainsFunc(s.Own, func(row Row) bool { return row.Class == class })
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

// ShortestTopicLife returns the least life of any topic.
func (s *Schedule) ShortestTopicLife() time.Duration {
	shortest := s.Topics[0].Life
	for _, t := range s.Topics {
		shortest = min(shortest, t.Life)
	}
	return time.Duration(shortest)
}

func (s *Schedule) topicNames() (names []string) {
	for _, t := range s.Topics {
		names = append(names, t.Name)
	}
	return names
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
