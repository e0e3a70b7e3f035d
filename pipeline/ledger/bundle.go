package ledger

import (
	"crypto/sha256"
	"errors"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"
)

// bundleVersion is the form of bundles that this package writes and reads.
const bundleVersion = 1

// maxBundle bounds a bundle in bytes.
const maxBundle = 16 << 20

// sealedBundle is the whole file: a body and the log's signature over it. As in all structs of this package that are
// encoded, the fields stand in the order of their names.
type sealedBundle struct {
	Body bundle `json:"body"`
	Seal string `json:"seal"`
}

// bundle is everything about one slot.
type bundle struct {
	Checkpoint  string        `json:"checkpoint"`
	Class       string        `json:"class"`
	Consistency []consistency `json:"consistency,omitempty"`
	// Entries are all entries of the slot, Results the verify results that
	// followed, Schedule the rows of the class: each in the order of the log.
	Entries  []included `json:"entries,omitempty"`
	Results  []included `json:"results,omitempty"`
	Schedule []included `json:"schedule,omitempty"`
	Slot     time.Time  `json:"slot"`
	Version  int        `json:"version"`
}

// included is an entry with the proof that it stands in the log where it says.
type included struct {
	Entry Entry       `json:"entry"`
	Index int64       `json:"index"`
	Proof []tlog.Hash `json:"proof,omitempty"`
}

// consistency proves that the log begins with its first size entries. Cosigned is a checkpoint over these that a witness
// signed, where the proof is for one.
type consistency struct {
	Cosigned string      `json:"cosigned,omitempty"`
	Proof    []tlog.Hash `json:"proof,omitempty"`
	Size     int64       `json:"size"`
}

// ErrNoSlot is wrapped by the error for a slot of which the ledger knows nothing.
var ErrNoSlot = errors.New("the ledger knows nothing of this slot")

// Prove makes the proof bundle of a slot, signed by the key in the ledger's folder. since are the sizes of older
// checkpoints, held by those who will check, from which it proves that the log continues. Cosigned checkpoints that were
// accepted are put in by themselves. What was appended until now is taken in first.
func (r *Reader) Prove(class string, slot time.Time, since ...int64) ([]byte, error) {
	secret, err := os.ReadFile(filepath.Join(r.dir, keyFile))
	if err != nil {
		return nil, fmt.Errorf("a proof is signed by the ledger's key: %w", err)
	}
	signer, err := note.NewSigner(strings.TrimSpace(string(secret)))
	if err != nil {
		return nil, fmt.Errorf("the ledger's signing key: %s holds no signing key: put the right file back", filepath.Join(r.dir, keyFile))
	}
	if err := r.Refresh(); err != nil {
		return nil, err
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	body, err := r.gather(class, slot.UTC())
	if err != nil {
		return nil, err
	}
	if body.Consistency, err = r.continuations(since); err != nil {
		return nil, err
	}
	return sealBundle(body, signer)
}

// gather collects the entries of a slot.
func (r *Reader) gather(class string, slot time.Time) (*bundle, error) {
	rows := r.index.rows[class]
	if len(rows) == 0 {
		return nil, &NoClassError{class, slices.Sorted(maps.Keys(r.index.rows))}
	}
	row := termOf(classRows(rows), slot).row
	if err := row.aligned(slot); err != nil {
		return nil, err
	}
	numbers := r.index.slots[slotName{class, slot.Unix()}]
	if len(numbers) == 0 {
		return nil, fmt.Errorf("%w: no entry names %s of class %s", ErrNoSlot, slot.Format(time.RFC3339), class)
	}
	body := &bundle{Checkpoint: r.head.Signed, Class: class, Slot: slot, Version: bundleVersion}
	var err error
	for _, a := range rows {
		if body.Schedule, err = r.include(body.Schedule, a.entry); err != nil {
			return nil, err
		}
	}
	last := int64(-1) // the newest destruction
	for _, at := range numbers {
		if body.Entries, err = r.include(body.Entries, at); err != nil {
			return nil, err
		}
		if e := body.Entries[len(body.Entries)-1].Entry; slices.ContainsFunc(rows, func(a adopted) bool {
			return slices.ContainsFunc(a.row.Stores, func(store string) bool { return endsIn(&e, store) })
		}) {
			last = at
		}
	}
	if last >= 0 {
		err = r.addResults(body, last)
	}
	return body, err
}

// addResults adds the verify results behind the last destruction, up to the first without findings.
func (r *Reader) addResults(body *bundle, last int64) (err error) {
	first, _ := slices.BinarySearch(r.index.results, last)
	for _, at := range r.index.results[first:min(len(r.index.results), first+maxResults)] {
		if body.Results, err = r.include(body.Results, at); err != nil {
			return err
		}
		if *body.Results[len(body.Results)-1].Entry.Findings == 0 {
			return nil
		}
	}
	return nil
}

// maxResults bounds how many verify results a bundle holds.
const maxResults = 100

func (r *Reader) include(to []included, at int64) ([]included, error) {
	e, err := r.index.readEntry(r.entries, at)
	if err != nil {
		return nil, err
	}
	proof, err := tlog.ProveRecord(r.head.Size, at, r.index)
	if err != nil {
		return nil, fmt.Errorf("proving entry %d: %w", at, err)
	}
	return append(to, included{*e, at, proof}), nil
}

// continuations proves that the log continues the older sizes and every cosigned checkpoint, each size once.
func (r *Reader) continuations(since []int64) (all []consistency, err error) {
	cosigned, err := r.cosigned()
	if err != nil {
		return nil, err
	}
	for _, c := range cosigned {
		if c.Size > r.head.Size {
			return nil, fmt.Errorf("%w: a witness has seen %d and only %d are here; put the folder back from a newer copy", ErrLost, c.Size, r.head.Size)
		}
		all = append(all, consistency{Cosigned: c.Signed, Size: c.Size})
	}
	for _, size := range since {
		all = append(all, consistency{Size: size})
	}
	for i := range all {
		if all[i].Proof, err = r.consistency(all[i].Size); err != nil {
			return nil, err
		}
	}
	return all, nil
}

// sealBundle encodes and signs.
func sealBundle(body *bundle, signer note.Signer) ([]byte, error) {
	text, err := sealText(body)
	if err != nil {
		return nil, err
	}
	seal, err := note.Sign(&note.Note{Text: text}, signer)
	if err != nil {
		return nil, fmt.Errorf("signing a proof bundle: %w", err)
	}
	content, err := canonical(sealedBundle{*body, string(seal)})
	return append(content, '\n'), err
}

// sealText is what is signed of a bundle: its name, and the SHA-256 of its canonical bytes.
func sealText(body *bundle) (string, error) {
	content, err := canonical(body)
	if err != nil {
		return "", fmt.Errorf("encoding a proof bundle: %w", err)
	}
	return fmt.Sprintf("mailtrail proof bundle %d\n%x\n", bundleVersion, sha256.Sum256(content)), nil
}

// openBundle decodes a bundle and checks its signature, nothing else.
func openBundle(content []byte, log note.Verifier) (*bundle, error) {
	if len(content) > maxBundle {
		return nil, fmt.Errorf("%w: a bundle has at most %d bytes", ErrNotCanonical, maxBundle)
	}
	if len(content) == 0 || content[len(content)-1] != '\n' {
		return nil, fmt.Errorf("%w: expected one line that ends in a line break", ErrNotCanonical)
	}
	var sealed sealedBundle
	if err := decodeCanonical(content[:len(content)-1], &sealed); err != nil {
		return nil, err
	}
	if sealed.Body.Version != bundleVersion {
		return nil, fmt.Errorf("version %d of proof bundles: expected %d; a newer mailtrail may know it", sealed.Body.Version, bundleVersion)
	}
	text, err := openNote(sealed.Seal, log)
	if err != nil {
		return nil, fmt.Errorf("seal: %w", err)
	}
	if strings.Count(sealed.Seal, "\n") != 4 {
		return nil, fmt.Errorf("seal: %w: expected the log's signature alone", ErrNotCanonical)
	}
	expected, err := sealText(&sealed.Body)
	if err != nil {
		return nil, err
	}
	if text != expected {
		return nil, fmt.Errorf("seal: %w: it is of another bundle", ErrSignature)
	}
	return &sealed.Body, nil
}
