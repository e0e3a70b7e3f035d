package ledger

import (
	"errors"
	"fmt"
	"slices"
	"time"

	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"
)

// Options are what somebody who checks a bundle holds besides the public key.
type Options struct {
	// Since is an older checkpoint of the same log: what it covered must still be there.
	Since string
	// Witnesses are verifier keys: each must have cosigned a checkpoint that covers
	// every entry of the slot.
	Witnesses []string
}

// ErrProof is wrapped by the error for a bundle whose parts do not prove what they say.
var ErrProof = errors.New("the proof does not hold")

// Verify checks a proof bundle with the public key of its log alone; it reads nothing else. The error says that the bundle
// is not genuine, or not what it must be, and wraps one of [ErrKey], [ErrNotCanonical], [ErrSignature], [ErrEntry],
// [ErrProof], [ErrFork], [ErrNoContinuation] and [ErrWitness]. A genuine bundle may still show that a limit was not kept:
// that is in the verdict.
func Verify(content []byte, vkey string, options Options) (*Verdict, error) {
	log, err := logVerifier(vkey)
	if err != nil {
		return nil, err
	}
	body, err := openBundle(content, log)
	if err != nil {
		return nil, fmt.Errorf("proof bundle: %w", err)
	}
	head, err := ParseCheckpoint(body.Checkpoint, log)
	if err != nil {
		return nil, fmt.Errorf("proof bundle: %w", err)
	}
	if err := body.check(head); err != nil {
		return nil, fmt.Errorf("proof bundle: %w", err)
	}
	v := &Verdict{Log: head.Origin, Head: head, Class: body.Class, Slot: body.Slot}
	if err := v.compare(body, options, log); err != nil {
		return nil, fmt.Errorf("proof bundle: %w", err)
	}
	v.judge(body)
	return v, nil
}

// check makes sure that every entry is in the log, where it says, in order, complete, and about this slot.
func (b *bundle) check(head Checkpoint) error {
	if err := wholeTime("slot", b.Slot, time.Second); err != nil {
		return fmt.Errorf("%w: %w", ErrNotCanonical, err)
	}
	for _, part := range []struct {
		name    string
		entries []included
		fits    func(e *Entry) bool
	}{
		{"schedule", b.Schedule, func(e *Entry) bool { return e.Kind == ClassAdopted && e.Class == b.Class }},
		{"entries", b.Entries, func(e *Entry) bool { return e.Class == b.Class && e.Slot.Equal(b.Slot) }},
		{"results", b.Results, func(e *Entry) bool { return e.Kind == VerifyResult }},
	} {
		for i := range part.entries {
			in := &part.entries[i]
			if err := in.check(head); err != nil {
				return fmt.Errorf("%s: %w", part.name, err)
			}
			if !part.fits(&in.Entry) {
				return fmt.Errorf("%s: %w: entry %d does not belong there", part.name, ErrProof, in.Index)
			}
			if i > 0 && (part.entries[i-1].Index >= in.Index || part.entries[i-1].Entry.Time.After(in.Entry.Time)) {
				return fmt.Errorf("%s: %w: entry %d is not in the order of the log", part.name, ErrProof, in.Index)
			}
		}
	}
	return b.complete()
}

// check makes sure that the entry is what stands in the log at its place.
func (in *included) check(head Checkpoint) error {
	leaf, err := in.Entry.Encode()
	if err != nil {
		return err
	}
	if err := tlog.CheckRecord(in.Proof, head.Size, head.Root, in.Index, tlog.RecordHash(leaf)); err != nil {
		return fmt.Errorf("%w: entry %d does not stand in the log as it stands here", ErrProof, in.Index)
	}
	return nil
}

// complete makes sure that no entry of the slot and no row of the class was left out, from the first to the last that is
// shown.
func (b *bundle) complete() error {
	for _, part := range []struct {
		name    string
		entries []included
	}{{"entries", b.Entries}, {"schedule", b.Schedule}} {
		for i := range part.entries {
			if part.entries[i].Entry.Nth != int64(i)+1 {
				return fmt.Errorf("%s: %w: number %d is left out", part.name, ErrProof, i+1)
			}
		}
	}
	switch {
	case len(b.Entries) == 0:
		return fmt.Errorf("entries: %w: there are none", ErrProof)
	case len(b.Schedule) == 0:
		return fmt.Errorf("schedule: %w: there is no row of class %s", ErrProof, b.Class)
	}
	var rows []ClassRow
	for i := range b.Schedule {
		rows = append(rows, rowOf(&b.Schedule[i].Entry))
	}
	if row := termOf(rows, b.Slot).row; !row.names(b.Slot) {
		return fmt.Errorf("%w: the calendar of class %s has no slot that starts at %s", ErrProof, b.Class, b.Slot.Format(time.RFC3339))
	}
	return nil
}

// ErrNoContinuation is wrapped by the error for a bundle that has no proof from the size of an older checkpoint.
var ErrNoContinuation = errors.New("the bundle does not prove that it continues the older checkpoint")

// ErrWitness is wrapped by the error for a bundle that the witness did not vouch for.
var ErrWitness = errors.New("the witness does not vouch for it")

// compare holds the log's head against what others have seen of the log.
func (v *Verdict) compare(b *bundle, options Options, log note.Verifier) error {
	if options.Since != "" {
		older, err := ParseCheckpoint(options.Since, log)
		if err != nil {
			return fmt.Errorf("older %w", err)
		}
		if err := b.continues(older, v.Head); err != nil {
			return err
		}
		v.Since = &older
	}
	for _, vkey := range options.Witnesses {
		witness, err := parseWitness(vkey)
		if err != nil {
			return err
		}
		if err := v.vouched(b, log, witness); err != nil {
			return err
		}
	}
	return nil
}

// continues tells whether the log at head begins with everything that the older checkpoint covers.
func (b *bundle) continues(older, head Checkpoint) error {
	if older.Size > head.Size {
		return fmt.Errorf("%w: the checkpoint, of %d entries, is newer than the bundle, of %d; ask for a new bundle", ErrNoContinuation, older.Size, head.Size)
	}
	if older.Size == 0 || older.Size == head.Size {
		return consistent(older, head, nil)
	}
	at := slices.IndexFunc(b.Consistency, func(c consistency) bool { return c.Size == older.Size })
	if at < 0 {
		return fmt.Errorf("%w: it covers %d entries; ask for a bundle made with `retention proof --since` and that checkpoint", ErrNoContinuation, older.Size)
	}
	return consistent(older, head, b.Consistency[at].Proof)
}

// vouched finds the newest checkpoint that the witness cosigned, and makes sure that it covers the slot's entries.
func (v *Verdict) vouched(b *bundle, log note.Verifier, witness *witnessVerifier) error {
	last := b.Entries[len(b.Entries)-1].Index
	reason := fmt.Errorf("%w: no checkpoint in the bundle is signed by %s", ErrWitness, witness.Name())
	for _, c := range b.Consistency {
		seen, at, err := witness.open(c.Cosigned, log)
		if err != nil {
			continue // of another witness, or of none
		}
		if err := consistent(seen, v.Head, c.Proof); err != nil {
			return fmt.Errorf("%s has seen another log: %w", witness.Name(), err)
		}
		if seen.Size <= last {
			reason = fmt.Errorf("%w: %s has seen %d entries and the last of this slot is number %d; let it cosign a newer checkpoint and make the bundle again",
				ErrWitness, witness.Name(), seen.Size, last)
			continue
		}
		v.Witnessed = append(v.Witnessed, Witnessed{witness.Name(), seen.Size, at})
		return nil
	}
	return reason
}
