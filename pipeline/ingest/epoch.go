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
	// knownPart is the SHA-256 of the known barcodes, which stand in a table of their own since they have a limit; without
	// content where none are known. A topic's tables give the text itself.
	knownPart = "known_barcodes"
)

// Epoch is a set of rules under a name that follows from their content.
type Epoch struct {
	Name  string
	Rules Rules
}

// NewEpoch names the rules and returns the parts from which they can be made again, together with the known barcodes
// ([Rules.known]).
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
		if parts[i].Name == knownPart {
			parts[i].Content = []byte(rules.known().hash)
		}
	}
	return epoch, parts
}

// OtherVersionError means that a block is open under rules that are code of
// another version of this program.
type OtherVersionError struct{ Open, Own string }

func (e *OtherVersionError) Error() string {
	return fmt.Sprintf("the open block was cut by a program with %s and this one has %s: run one with %s until the block is closed", e.Open, e.Own, e.Open)
}

// knownHash is the hash of the known barcodes of an epoch, empty where it has none.
func knownHash(parts []event.EpochPart) string {
	for _, p := range parts {
		if p.Name == knownPart {
			return string(p.Content)
		}
	}
	return ""
}

// LoadEpoch makes the rules again from their parts and the text of the known barcodes, nil where they have none. own is
// the version of the stream's rules that are code.
func LoadEpoch(stream Stream, own, name string, parts []event.EpochPart, knownText []byte) (Epoch, error) {
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
	if knownHash(parts) != "" && len(knownText) == 0 {
		return Epoch{}, fmt.Errorf("epoch %s: its known barcodes are not in the table known_barcodes: they outlive every block that can still be open, so the table was restored from an old copy, or not at all", name)
	}
	ahead, err1 := time.ParseDuration(string(content[aheadPart]))
	schedule, err2 := retention.Parse(content[schedulePart])
	content[knownPart] = knownText
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

// knownSet is the text of the known barcodes with its hash; both empty where none are known.
type knownSet struct {
	text []byte
	hash string
}

func (r *Rules) known() knownSet {
	for _, p := range r.Tables.Parts() {
		if p.Name == knownPart && len(p.Content) > 0 {
			sum := sha256.Sum256(p.Content)
			return knownSet{p.Content, hex.EncodeToString(sum[:])}
		}
	}
	return knownSet{}
}
