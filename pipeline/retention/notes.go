package retention

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"slices"
	"time"

	"mailtrail/schemas/retention"
)

// note is what the sweeper last saw of a slot. README.md describes the file.
type note struct {
	Slot
	Rows, Bytes uint64
	// Ended is who ended it, or is about to: BySweeper once it is due, tried where that failed, ByOperator where it was gone
	// too early.
	Ended string
}

// noteLine is a note as it stands in the file.
type noteLine struct {
	Class string          `json:"class"`
	Store retention.Store `json:"store"`
	Place string          `json:"place"`
	Slot  time.Time       `json:"slot"`
	Rows  uint64          `json:"rows"`
	Bytes uint64          `json:"bytes"`
	Ended string          `json:"ended,omitempty"`
}

// noted are the slots of the notes in the order in which they are due.
func (s *Sweeper) noted() []Slot {
	slots := make([]Slot, 0, len(s.notes))
	for slot := range s.notes {
		slots = append(slots, slot)
	}
	slices.SortFunc(slots, func(a, b Slot) int { return a.compare(s.schedule, b) })
	return slots
}

// recall reads the notes of the sweeper before, once. Notes that cannot be read are as good as none: what is held is seen
// anew, and only who ended a slot meanwhile is not known.
func (r *run) recall() {
	r.clock.AtLeast(r.ledger.LastTime())
	r.now = r.clock.Now()
	if r.notes != nil {
		return
	}
	r.notes = map[Slot]note{}
	text, err := os.ReadFile(r.path)
	if errors.Is(err, fs.ErrNotExist) {
		return
	}
	var lines []noteLine
	if err == nil {
		err = json.Unmarshal(text, &lines)
	}
	if err != nil {
		r.failed("notes", r.owed, fmt.Errorf("read what was held before: %w", err))
	}
	for _, l := range lines {
		if row := r.schedule.Row(l.Class); row != nil && row.Sliced() {
			slot := Slot{l.Class, retention.Place{Store: l.Store, Name: l.Place}, l.Slot.Unix()}
			r.notes[slot] = note{slot, l.Rows, l.Bytes, l.Ended}
		}
	}
}

// note writes the notes. A disk that takes none must not keep what is due from being destroyed, which may make room on it.
func (r *run) note() {
	lines := []noteLine{}
	for _, slot := range r.noted() {
		n := r.notes[slot]
		lines = append(lines, noteLine{n.Class, n.Place.Store, n.Place.Name, time.Unix(n.Start, 0).UTC(), n.Rows, n.Bytes, n.Ended})
	}
	text, err := json.Marshal(lines)
	if err == nil && !bytes.Equal(text, r.written) {
		if err = replace(r.path, text); err == nil {
			r.written = text
		}
	}
	if err != nil {
		r.failed("notes", r.owed, fmt.Errorf("note what is held: %w", err))
	}
}

// replace writes a file as a whole: after a kill there is the old text or the new one.
func replace(path string, text []byte) error {
	file, err := os.OpenFile(path+".new", os.O_CREATE|os.O_WRONLY|os.O_TRUNC, 0o600)
	if err != nil {
		return err
	}
	_, err = file.Write(text)
	if err == nil {
		err = file.Sync()
	}
	if err = errors.Join(err, file.Close()); err != nil {
		return err
	}
	return os.Rename(path+".new", path)
}
