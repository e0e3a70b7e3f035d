package ledger

import (
	"fmt"
	"time"
)

// FolderVerdict is what a whole log shows.
type FolderVerdict struct {
	Head Checkpoint
	// Last is the time of the newest entry.
	Last time.Time
	// Gaps are slots without a destruction that were due before Last.
	Gaps []Gap
	// Proves, Cannot and Findings are sentences, as in [Verdict].
	Proves, Cannot, Findings []string
}

// Holds tells whether every slot that was due is accounted for.
func (v *FolderVerdict) Holds() bool { return len(v.Findings) == 0 }

// maxGaps bounds how many gaps are listed one by one.
const maxGaps = 1000

// VerifyFolder checks a whole log, or a copy of its folder, with its public key: every byte against the signature, the
// order of the entries, and the calendar. The errors are those of [Read] and [Verify].
func VerifyFolder(dir, vkey string, options Options) (v *FolderVerdict, err error) {
	r, err := Read(dir, vkey)
	if err != nil {
		return nil, err
	}
	defer r.Close()
	v = &FolderVerdict{Head: r.Head(), Last: r.LastTime()}
	v.proves("All %d entries of the ledger %s are those that its key signed, in canonical form, in the order of time, none left out.", v.Head.Size, v.Head.Origin)
	if err := v.compare(r, options); err != nil {
		return nil, err
	}
	v.judgeGaps(r)
	for _, kind := range []Kind{Violation, Returned} {
		if n := r.Count(kind); n > 0 {
			v.Findings = append(v.Findings, fmt.Sprintf("The ledger holds %d entries of kind %s; `mailtrail ledger show --kind %s` prints them.", n, kind, kind))
		}
	}
	return v, nil
}

func (v *FolderVerdict) proves(format string, values ...any) {
	v.Proves = append(v.Proves, fmt.Sprintf(format, values...))
}

// compare holds the log against what others have seen of it.
func (v *FolderVerdict) compare(r *Reader, options Options) error {
	if options.Since != "" {
		older, err := ParseCheckpoint(options.Since, r.log)
		if err != nil {
			return fmt.Errorf("older %w", err)
		}
		if err := r.Continues(older); err != nil {
			return err
		}
		v.proves("It continues the older checkpoint of %d entries.", older.Size)
	}
	for _, witness := range options.Witnesses {
		seen, err := r.Witnessed(witness)
		if err != nil {
			return err
		}
		v.proves("The witness %s had seen its first %d entries by %s.", seen.Name, seen.Size, stamp(seen.At))
	}
	if options.Since == "" && len(options.Witnesses) == 0 {
		v.Cannot = append(v.Cannot, "that others were shown the same ledger, or that it is the newest: it takes an older checkpoint (--since) or a witness (--witness) to see a fork")
	}
	return nil
}

// judgeGaps asks the calendar up to the newest entry.
func (v *FolderVerdict) judgeGaps(r *Reader) {
	open := 0
	for gap := range r.Gaps(v.Last) {
		if !gap.Acknowledged {
			open++
		}
		if len(v.Gaps) < maxGaps {
			v.Gaps = append(v.Gaps, gap)
		}
	}
	if open > 0 {
		v.Findings = append(v.Findings, fmt.Sprintf("%d destructions that were due before %s, the time of the newest entry, are not in the ledger.", open, stamp(v.Last)))
		return
	}
	v.proves("Every slot that was due before %s, the time of the newest entry, has its destruction in the ledger, or somebody's reason why not.", stamp(v.Last))
}
