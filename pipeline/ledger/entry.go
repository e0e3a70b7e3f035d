package ledger

import (
	"encoding/hex"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"
)

// Entry is one leaf of the log. It holds no personal data: names of classes,
// slots and stores, numbers, hashes and times.
//
// The fields stand in the order of their names, which is their order in the
// canonical encoding. Which of them a kind needs and may have, kinds.go says.
type Entry struct {
	// Bound is "ceiling" or "term".
	Bound string `json:"bound,omitempty"`
	// By is who did it: sweeper, backstop, authority, operator, auditor, loss.
	By    string `json:"by,omitempty"`
	Bytes *int64 `json:"bytes,omitempty"`
	// Citation is the rule of a class.
	Citation string `json:"citation,omitempty"`
	Class    string `json:"class,omitempty"`
	// ClockBehind is set by the log where the clock stood before the entry above:
	// by so many milliseconds, while Time repeats that entry's.
	ClockBehind int64 `json:"clock_behind_ms,omitempty"`
	// Commitment is the SHA-256 of a key, 64 hexadecimal digits.
	Commitment string `json:"commitment,omitempty"`
	// DestroyAfter is the seconds from a slot's start to its destruction.
	DestroyAfter int64     `json:"destroy_after_s,omitempty"`
	DestroyAt    time.Time `json:"destroy_at,omitzero"`
	// Detail is a sentence for people.
	Detail string `json:"detail,omitempty"`
	// Findings, Inspected and Waived are counts of objects in a verify result.
	Findings *int64 `json:"findings,omitempty"`
	// FirstSlot is the first slot of a class for which a destruction must be in the log.
	FirstSlot time.Time `json:"first_slot,omitzero"`
	Inspected *int64    `json:"inspected,omitempty"`
	Kind      Kind      `json:"kind"`
	// Limit is how old a record may become, in seconds.
	Limit int64 `json:"limit_s,omitempty"`
	// Nth is set by the log: the number of this entry among those of its class and
	// slot, or of this row among those of its class, from 1. A dropped one leaves a gap.
	Nth    int64  `json:"nth,omitempty"`
	Object string `json:"object,omitempty"`
	// Oldest is the clock of the oldest record that was found.
	Oldest time.Time `json:"oldest,omitzero"`
	Rows   *int64    `json:"rows,omitempty"`
	// Schedule is the SHA-256 of a schedule's text, 64 hexadecimal digits.
	Schedule string `json:"schedule,omitempty"`
	// Slot is the start of the slot.
	Slot time.Time `json:"slot,omitzero"`
	// SlotLength is in seconds.
	SlotLength int64 `json:"slot_s,omitempty"`
	// Step is by how much the clock stepped, in milliseconds.
	Step  int64  `json:"step_ms,omitempty"`
	Store string `json:"store,omitempty"`
	// Stores are where a slot of the class must be destroyed: STORE, or
	// STORE/OBJECT where one object must be named; in order, each once.
	Stores []string `json:"stores,omitempty"`
	// Time is set by the log. It never runs backwards.
	Time   time.Time `json:"time"`
	Waived *int64    `json:"waived,omitempty"`
}

// Bounds in bytes. A leaf is read as a whole.
const (
	maxText  = 1024
	maxEntry = 16 << 10
)

// maxNumber is the largest integer that every JSON reader keeps exact (RFC 7493, section 2.2).
const maxNumber = 1<<53 - 1

// ErrEntry is wrapped by the error for an entry that is not of its kind's shape.
var ErrEntry = errors.New("not a ledger entry")

// Encode returns the canonical bytes of the entry: the leaf. It is RFC 8785 JSON.
func (e *Entry) Encode() ([]byte, error) {
	if err := e.check(); err != nil {
		return nil, fmt.Errorf("%w: %w", ErrEntry, err)
	}
	leaf, err := canonical(e)
	if err == nil && len(leaf) > maxEntry {
		err = fmt.Errorf("%w: %d bytes; expected at most %d", ErrEntry, len(leaf), maxEntry)
	}
	return leaf, err
}

// DecodeEntry reads a leaf, and refuses every byte that Encode would not write.
func DecodeEntry(leaf []byte) (*Entry, error) {
	e := new(Entry)
	if err := decodeCanonical(leaf, e); err != nil {
		return nil, fmt.Errorf("%w: %w", ErrEntry, err)
	}
	if err := e.check(); err != nil {
		return nil, fmt.Errorf("%w: %w", ErrEntry, err)
	}
	return e, nil
}

// check holds the entry against its kind's shape.
func (e *Entry) check() error {
	shape, known := shapeOf(e.Kind)
	if !known {
		return fmt.Errorf("kind: unknown; expected a kind of this version")
	}
	if err := wholeTime("time", e.Time, time.Millisecond); err != nil {
		return err
	}
	has := e.fields()
	for _, name := range shape.needs {
		if !slices.Contains(has, name) {
			return fmt.Errorf("%s: missing; an entry of kind %s needs it", name, e.Kind)
		}
	}
	for _, name := range has {
		if name != "by" && name != "detail" && !slices.Contains(shape.needs, name) && !slices.Contains(shape.may, name) {
			return fmt.Errorf("%s: not expected in an entry of kind %s", name, e.Kind)
		}
	}
	if !e.Slot.IsZero() && e.Class == "" {
		return errors.New("class: missing; a slot belongs to a class")
	}
	return errors.Join(e.checkTexts(), e.checkNumbers(), e.checkTimes())
}

// fields are the names of those fields that are set, without what any entry has.
func (e *Entry) fields() (names []string) {
	for _, field := range []struct {
		name string
		set  bool
	}{
		{"bound", e.Bound != ""}, {"by", e.By != ""}, {"bytes", e.Bytes != nil}, {"citation", e.Citation != ""}, {"class", e.Class != ""},
		{"commitment", e.Commitment != ""}, {"destroy_after_s", e.DestroyAfter != 0}, {"destroy_at", !e.DestroyAt.IsZero()}, {"detail", e.Detail != ""},
		{"findings", e.Findings != nil}, {"first_slot", !e.FirstSlot.IsZero()}, {"inspected", e.Inspected != nil}, {"limit_s", e.Limit != 0},
		{"object", e.Object != ""}, {"oldest", !e.Oldest.IsZero()}, {"rows", e.Rows != nil}, {"schedule", e.Schedule != ""}, {"slot", !e.Slot.IsZero()},
		{"slot_s", e.SlotLength != 0}, {"step_ms", e.Step != 0}, {"store", e.Store != ""}, {"stores", len(e.Stores) > 0}, {"waived", e.Waived != nil},
	} {
		if field.set {
			names = append(names, field.name)
		}
	}
	return names
}

func (e *Entry) checkTexts() error {
	for name, value := range map[string]string{"by": e.By, "citation": e.Citation, "class": e.Class, "detail": e.Detail, "object": e.Object, "store": e.Store} {
		if err := plainText(name, value); err != nil {
			return err
		}
	}
	for i, store := range e.Stores {
		if err := plainText("stores", store); err != nil {
			return err
		}
		if store == "" || i > 0 && e.Stores[i-1] >= store {
			return errors.New("stores: expected names in order, each once")
		}
	}
	for name, value := range map[string]string{"commitment": e.Commitment, "schedule": e.Schedule} {
		if sum, err := hex.DecodeString(value); value != "" && (err != nil || len(sum) != 32 || strings.ToLower(value) != value) {
			return fmt.Errorf("%s: expected 64 hexadecimal digits in lower case", name)
		}
	}
	if e.Bound != "" && e.Bound != "ceiling" && e.Bound != "term" {
		return errors.New("bound: expected ceiling or term")
	}
	return nil
}

func (e *Entry) checkNumbers() error {
	for name, value := range map[string]*int64{"bytes": e.Bytes, "findings": e.Findings, "inspected": e.Inspected, "rows": e.Rows, "waived": e.Waived,
		"clock_behind_ms": &e.ClockBehind, "destroy_after_s": &e.DestroyAfter, "limit_s": &e.Limit, "nth": &e.Nth, "slot_s": &e.SlotLength} {
		if value != nil && (*value < 0 || *value > maxNumber) {
			return fmt.Errorf("%s: expected 0 to 2^53-1", name)
		}
	}
	if e.Step < -maxNumber || e.Step > maxNumber {
		return errors.New("step_ms: expected at most 2^53-1 either way")
	}
	return nil
}

func (e *Entry) checkTimes() error {
	for _, value := range []struct {
		name string
		time time.Time
		unit time.Duration
	}{
		{"destroy_at", e.DestroyAt, time.Second}, {"first_slot", e.FirstSlot, time.Second}, {"slot", e.Slot, time.Second}, {"oldest", e.Oldest, time.Millisecond},
	} {
		if value.time.IsZero() {
			continue
		}
		if err := wholeTime(value.name, value.time, value.unit); err != nil {
			return err
		}
	}
	return nil
}

// wholeTime wants a time in UTC, of a year that RFC 3339 can write, in whole units.
func wholeTime(name string, t time.Time, unit time.Duration) error {
	if t.IsZero() || t.Location() != time.UTC || t.Year() < 1 || t.Year() > 9999 || !t.Truncate(unit).Equal(t) {
		return fmt.Errorf("%s: expected a time in UTC, in whole units of %s", name, unit)
	}
	return nil
}
