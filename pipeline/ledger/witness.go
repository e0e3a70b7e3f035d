package ledger

import (
	"context"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/gofrs/flock"
	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"
)

// Witness is somebody else who remembers the last checkpoint of a log that it saw, and signs a newer one only if that
// continues it. Two histories of one log cannot both get its signature.
type Witness struct {
	dir    string
	signer *witnessSigner
	vkey   string
	now    func() time.Time
}

// OpenWitness opens the witness whose key and memory lie in a folder, and makes it where there is none, under the name.
func OpenWitness(dir, name string, now func() time.Time) (*Witness, error) {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, fmt.Errorf("making the witness's folder: %w", err)
	}
	path := filepath.Join(dir, keyFile)
	secret, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		made, _, err := newWitnessKey(name)
		if err != nil {
			return nil, err
		}
		if err := replace(path, []byte(made+"\n")); err != nil {
			return nil, fmt.Errorf("writing the witness's key: %w", err)
		}
		secret = []byte(made)
	} else if err != nil {
		return nil, fmt.Errorf("the witness's key: %w", err)
	}
	signer, vkey, err := parseWitnessSigner(strings.TrimSpace(string(secret)))
	if err != nil {
		return nil, fmt.Errorf("%s: %w: put the right file back", path, err)
	}
	return &Witness{dir: dir, signer: signer, vkey: vkey, now: now}, nil
}

// PublicKey is the witness's verifier key, as [Options] takes it.
func (w *Witness) PublicKey() string { return w.vkey }

// Seen is the last checkpoint of the log that the witness signed, of size 0 where there is none.
func (w *Witness) Seen(log string) (Checkpoint, error) {
	verifier, err := logVerifier(log)
	if err != nil {
		return Checkpoint{}, err
	}
	signed, err := os.ReadFile(w.memory(verifier))
	if errors.Is(err, fs.ErrNotExist) {
		return Checkpoint{Origin: verifier.Name()}, nil
	}
	if err != nil {
		return Checkpoint{}, fmt.Errorf("the witness's memory: %w", err)
	}
	seen, err := ParseCheckpoint(string(signed), verifier)
	if err != nil {
		return Checkpoint{}, fmt.Errorf("the witness's memory %s: %w: put it back from a copy", w.memory(verifier), err)
	}
	return seen, nil
}

// memory is the file that holds the last checkpoint of a log.
func (w *Witness) memory(log note.Verifier) string {
	return filepath.Join(w.dir, fmt.Sprintf("seen-%x-%08x", sha256.Sum256([]byte(log.Name())), log.KeyHash()))
}

// Cosign checks that a checkpoint of the log continues the last one that was signed here, remembers it, and returns it
// with the witness's signature added. The error wraps [ErrFork] where it does not, and [ErrStale] where the request
// begins elsewhere than at what was signed last.
func (w *Witness) Cosign(ctx context.Context, log string, request Request) (signed string, err error) {
	verifier, err := logVerifier(log)
	if err != nil {
		return "", err
	}
	head, err := ParseCheckpoint(request.Checkpoint, verifier)
	if err != nil {
		return "", err
	}
	lock := flock.New(filepath.Join(w.dir, lockFile), flock.SetPermissions(0o600))
	if held, err := lock.TryLockContext(ctx, 50*time.Millisecond); err != nil || !held {
		return "", fmt.Errorf("waiting for another cosign in %s: %w", w.dir, err)
	}
	defer func() { err = errors.Join(err, lock.Close()) }()
	seen, err := w.Seen(log)
	if err != nil {
		return "", err
	}
	if request.Old != seen.Size && head.Size > seen.Size {
		return "", fmt.Errorf("%w: it proves from %d entries and %d were signed last; ask for `mailtrail ledger show --request %d`", ErrStale, request.Old, seen.Size, seen.Size)
	}
	if err := consistent(seen, head, request.Proof); err != nil {
		return "", err
	}
	if err := replace(w.memory(verifier), []byte(head.Signed)); err != nil {
		return "", fmt.Errorf("remembering the checkpoint: %w", err)
	}
	opened, err := note.Open([]byte(head.Signed), note.VerifierList(verifier))
	if err != nil {
		return "", err
	}
	signer := *w.signer
	signer.at = w.now()
	cosigned, err := note.Sign(opened, &signer)
	if err != nil {
		return "", fmt.Errorf("cosigning: %w", err)
	}
	return string(cosigned), nil
}

// ErrStale is wrapped by the error for a request that begins at another size than what the witness signed last.
var ErrStale = errors.New("the request does not begin where the witness stands")

// Request is what a witness is asked to sign: a checkpoint, and the proof that it continues the first Old entries.
type Request struct {
	Old        int64
	Proof      []tlog.Hash
	Checkpoint string
}

// Request asks for a signature on the reader's head from a witness that stands at old.
func (r *Reader) Request(old int64) (Request, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	proof, err := r.consistency(old)
	return Request{old, proof, r.head.Signed}, err
}

// String is the request as C2SP tlog-witness writes it: the old size, the proof, an empty line, the checkpoint.
func (q Request) String() string {
	var out strings.Builder
	fmt.Fprintf(&out, "old %d\n", q.Old)
	for _, hash := range q.Proof {
		fmt.Fprintf(&out, "%s\n", hash)
	}
	out.WriteString("\n" + q.Checkpoint)
	return out.String()
}

// ParseRequest reads what String writes.
func ParseRequest(text string) (Request, error) {
	wrong := fmt.Errorf("request: %w: expected `old SIZE`, at most 63 hashes, an empty line and a checkpoint", ErrNotCanonical)
	head, checkpoint, ok := strings.Cut(text, "\n\n")
	lines := strings.Split(head, "\n")
	size, isOld := strings.CutPrefix(lines[0], "old ")
	old, err := strconv.ParseInt(size, 10, 64)
	if !ok || !isOld || err != nil || old < 0 || len(lines) > 64 {
		return Request{}, wrong
	}
	q := Request{Old: old, Checkpoint: checkpoint}
	for _, line := range lines[1:] {
		raw, err := base64.StdEncoding.Strict().DecodeString(line)
		if err != nil || len(raw) != tlog.HashSize {
			return Request{}, wrong
		}
		q.Proof = append(q.Proof, tlog.Hash(raw))
	}
	if q.String() != text {
		return Request{}, wrong
	}
	return q, nil
}

// Accept keeps a checkpoint that a witness cosigned in the ledger's folder, so that proofs carry it. It must be of this
// log and continue in it. It may run beside the writer.
func (r *Reader) Accept(signed, witness string) error {
	w, err := parseWitness(witness)
	if err != nil {
		return err
	}
	checkpoint, _, err := w.open(signed, r.log)
	if err != nil {
		return err
	}
	if err := r.Continues(checkpoint); err != nil {
		return err
	}
	folder := filepath.Join(r.dir, cosignedFolder)
	if err := os.MkdirAll(folder, 0o700); err != nil {
		return fmt.Errorf("keeping a cosigned checkpoint: %w", err)
	}
	// One a witness, by its key: the newest is all that is asked of it.
	if err := replace(filepath.Join(folder, fmt.Sprintf("%x", sha256.Sum256([]byte(witness)))), []byte(signed)); err != nil {
		return fmt.Errorf("keeping a cosigned checkpoint: %w", err)
	}
	return nil
}

// Witnessed returns what a witness has cosigned last of what was accepted here, after checking that the log continues it.
func (r *Reader) Witnessed(witness string) (Witnessed, error) {
	w, err := parseWitness(witness)
	if err != nil {
		return Witnessed{}, err
	}
	all, err := r.cosigned()
	if err != nil {
		return Witnessed{}, err
	}
	for _, c := range all {
		if seen, at, err := w.open(c.Signed, r.log); err == nil {
			return Witnessed{w.Name(), seen.Size, at}, r.Continues(seen)
		}
	}
	return Witnessed{}, fmt.Errorf("%w: no checkpoint by %s was accepted; `mailtrail ledger accept` keeps one", ErrWitness, w.Name())
}

// cosigned are the accepted checkpoints, the smallest first. One that the log no longer continues is among them: whoever
// checks a proof must see it.
func (r *Reader) cosigned() (all []Checkpoint, err error) {
	names, err := os.ReadDir(filepath.Join(r.dir, cosignedFolder))
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("cosigned checkpoints: %w", err)
	}
	for _, name := range names {
		if strings.HasSuffix(name.Name(), ".new") {
			continue // half written beside us
		}
		signed, err := os.ReadFile(filepath.Join(r.dir, cosignedFolder, name.Name()))
		if err != nil {
			return nil, fmt.Errorf("cosigned checkpoints: %w", err)
		}
		c, err := ParseCheckpoint(string(signed), r.log)
		if err != nil {
			return nil, fmt.Errorf("cosigned checkpoint %s: %w", name.Name(), err)
		}
		all = append(all, c)
	}
	slices.SortFunc(all, func(a, b Checkpoint) int { return int(a.Size - b.Size) })
	return all, nil
}
