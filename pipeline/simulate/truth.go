package simulate

import (
	"bufio"
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"

	"mailtrail/schemas/event"
	"mailtrail/schemas/retention"
)

// Truth is what must become of the events: one row for each door, class,
// outcome and reason, in that order, one for each event with damaged bars, and
// one for pictures.
type Truth []Row

// Row is how many events, or pictures, of a class must have one outcome.
type Row struct {
	Door Door `json:"door"`
	// Class is a retention class of the schedule, empty where it is not told.
	Class string `json:"class"`
	// Outcome is "stored", "duplicate", "rejected" or "expired" (event.Outcome),
	// or "refused": the gateway did not take it in.
	Outcome string `json:"outcome"`
	// Reason is an event.Code where the event was rejected or refused, else empty.
	Reason string `json:"reason"`
	Events uint64 `json:"events"`

	// Of an event with damaged bars: what was done to them, the bars as they were read, and
	// the barcode of the piece. StoredAs is the barcode as which it is stored, where that is
	// another one. Replayed: the stream rejects it with its bars, and what repairs rejects
	// has it stored by a replay.
	Damage   string `json:"damage,omitempty"`
	Bars     string `json:"bars,omitempty"`
	IMb      string `json:"imb,omitempty"`
	StoredAs string `json:"storedAs,omitempty"`
	Replayed bool   `json:"replayed,omitempty"`
}

// Totals returns the events by outcome at a door, without pictures.
func (t Truth) Totals(door Door) map[string]uint64 {
	totals := map[string]uint64{}
	for _, row := range t {
		if row.Door == door && row.Class != retention.MailpieceImages {
			totals[row.Outcome] += row.Events
		}
	}
	return totals
}

// Write writes the truth as JSON, one row a line.
func (t Truth) Write(w io.Writer) error {
	lines := json.NewEncoder(w)
	for _, row := range t {
		if err := lines.Encode(row); err != nil {
			return fmt.Errorf("write truth: %w", err)
		}
	}
	return nil
}

// ReadTruth reads what Write wrote.
func ReadTruth(r io.Reader) (Truth, error) {
	lines := json.NewDecoder(bufio.NewReader(r))
	lines.DisallowUnknownFields()
	var t Truth
	for {
		var row Row
		err := lines.Decode(&row)
		if errors.Is(err, io.EOF) {
			return t, nil
		}
		if err != nil {
			return nil, fmt.Errorf("read truth: row %d: %w", len(t)+1, err)
		}
		t = append(t, row)
	}
}

// tally counts what was sent: originals and copies, by class and damage.
type tally struct {
	originals, copies [numClasses][numDamages]uint64
	reads             []misread // originals
	pictures          uint64
}

func (t *tally) add(r *Request) {
	counts := &t.originals
	if r.Copy {
		counts = &t.copies
	}
	if !r.Copy {
		t.reads = append(t.reads, r.reads...)
		t.pictures += uint64(len(r.pictures))
	}
	for _, l := range r.labels {
		if l.damage.misreads() && !r.Copy {
			continue
		}
		counts[l.class][l.damage]++
	}
}

// truth says what must become of all that was counted. What was written to a
// file may go in by either door.
func (t *tally) truth(door Door) Truth {
	events := map[Row]uint64{}
	for _, at := range [...]Door{HTTP, Kafka} {
		if door != at && door != File {
			continue
		}
		for c := range numClasses {
			for d := range numDamages {
				v := verdictAt(at, d)
				events[Row{Door: at, Class: classNames[c], Outcome: v.outcome, Reason: string(v.reason)}] += t.originals[c][d]
				if v.outcome != refused {
					v = verdict{outcome: event.Duplicate.String()}
				}
				events[Row{Door: at, Class: classNames[c], Outcome: v.outcome, Reason: string(v.reason)}] += t.copies[c][d]
			}
		}
	}
	for i := range t.reads {
		for _, at := range [...]Door{HTTP, Kafka} {
			if door == at || door == File {
				events[t.reads[i].row(at)]++
			}
		}
	}
	events[Row{Door: HTTP, Class: retention.MailpieceImages, Outcome: event.Stored.String()}] += t.pictures
	var rows Truth
	for row, n := range events {
		if row.Events = n; n > 0 {
			rows = append(rows, row)
		}
	}
	slices.SortFunc(rows, func(a, b Row) int {
		return cmp.Or(cmp.Compare(a.Door, b.Door), cmp.Compare(a.Class, b.Class), cmp.Compare(a.Outcome, b.Outcome), cmp.Compare(a.Reason, b.Reason), cmp.Compare(a.Bars, b.Bars), cmp.Compare(a.IMb, b.IMb))
	})
	return rows
}

func verdictAt(door Door, d damage) verdict {
	if door == HTTP {
		return verdicts[d].http
	}
	return verdicts[d].kafka
}
