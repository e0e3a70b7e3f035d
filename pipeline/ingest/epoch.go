package ingest

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"time"

	"mailtrail/schemas/event"
	"mailtrail/schemas/retention"
)

// Rules is everything besides the clock that decides about an event.
type Rules struct {
	Schedule *retention.Schedule
	// Tables are those of the topic.
	Tables Tables
	// Ahead is how far in the future an event's own clock may lie.
	Ahead time.Duration
}

// The parts of an epoch of every topic, by name; the topic's tables add theirs.
const (
	versionPart  = "version"
	aheadPart    = "ahead"
	schedulePart = "schedule"
)

// Epoch is a set of rules under a name that follows from their content.
type Epoch struct {
	Name  string
	Rules Rules
}

// NewEpoch names the rules and returns the parts from which they can be made again.
func NewEpoch(rules Rules) (Epoch, []event.EpochPart) {
	parts := append([]event.EpochPart{
		{Name: versionPart, Content: []byte(rules.Tables.Version())},
		{Name: aheadPart, Content: []byte(rules.Ahead.String())},
		{Name: schedulePart, Content: rules.Schedule.Source()},
	}, rules.Tables.Parts()...)
	hash := sha256.New()
	for _, p := range parts {
		sum := sha256.Sum256(p.Content)
		hash.Write(append([]byte(p.Name), sum[:]...))
	}
	epoch := Epoch{Name: hex.EncodeToString(hash.Sum(nil)[:12]), Rules: rules}
	for i := range parts {
		parts[i].Epoch = epoch.Name
	}
	return epoch, parts
}

// OtherVersionError means that a block is open under rules that are code of
// another version of this program.
type OtherVersionError struct{ Open, Own string }

func (e *OtherVersionError) Error() string {
	return fmt.Sprintf("the open block was cut by a program with %s and this one has %s: run one with %s until the block is closed", e.Open, e.Own, e.Open)
}

// LoadEpoch makes the rules again from their parts. own is the version of the
// stream's rules that are code.
func LoadEpoch(stream Stream, own, name string, parts []event.EpochPart) (Epoch, error) {
	content := map[string][]byte{}
	for _, p := range parts {
		content[p.Name] = p.Content
	}
	if len(parts) == 0 {
		return Epoch{}, fmt.Errorf("epoch %s is not in the table epochs: restore the table from a copy", name)
	}
	if open := string(content[versionPart]); open != own {
		return Epoch{}, &OtherVersionError{Open: open, Own: own}
	}
	ahead, err1 := time.ParseDuration(string(content[aheadPart]))
	schedule, err2 := retention.Parse(content[schedulePart])
	tables, err3 := stream.Load(content)
	if err := errors.Join(err1, err2, err3); err != nil {
		return Epoch{}, fmt.Errorf("read epoch %s: %w", name, err)
	}
	epoch, _ := NewEpoch(Rules{Schedule: schedule, Ahead: ahead, Tables: tables})
	if epoch.Name != name {
		return Epoch{}, fmt.Errorf("epoch %s: its tables have another content by now (%s): restore the table epochs from a copy", name, epoch.Name)
	}
	return epoch, nil
}
