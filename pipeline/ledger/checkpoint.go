package ledger

import (
	"encoding/base64"
	"errors"
	"fmt"
	"strconv"
	"strings"

	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"
)

// ErrSignature is wrapped by the error for text that the key did not sign as it stands.
var ErrSignature = errors.New("not signed by this key")

// Checkpoint is the head of a log: what its key signs.
type Checkpoint struct {
	// Origin is the log's name, which is its key's name too.
	Origin string
	// Size is the number of entries, Root the hash of the tree over them.
	Size int64
	Root tlog.Hash
	// Signed is the note as it was signed.
	Signed string
}

// signCheckpoint signs a head.
func signCheckpoint(signer note.Signer, size int64, root tlog.Hash) (Checkpoint, error) {
	text := fmt.Sprintf("%s\n%d\n%s\n", signer.Name(), size, root)
	signed, err := note.Sign(&note.Note{Text: text}, signer)
	if err != nil {
		return Checkpoint{}, fmt.Errorf("signing a checkpoint: %w", err)
	}
	return Checkpoint{Origin: signer.Name(), Size: size, Root: root, Signed: string(signed)}, nil
}

// ParseCheckpoint reads a checkpoint that the log with this verifier key signed. Signatures of others may stand below its own.
func ParseCheckpoint(signed string, log note.Verifier) (Checkpoint, error) {
	text, err := openNote(signed, log)
	if err != nil {
		return Checkpoint{}, fmt.Errorf("checkpoint: %w", err)
	}
	c := Checkpoint{Signed: signed}
	lines := strings.Split(text, "\n")
	if len(lines) != 4 || lines[3] != "" {
		return c, fmt.Errorf("checkpoint: %w: expected three lines: the log's name, its size, its root", ErrNotCanonical)
	}
	size, err := strconv.ParseInt(lines[1], 10, 64)
	if err != nil || size < 0 || strconv.FormatInt(size, 10) != lines[1] {
		return c, fmt.Errorf("checkpoint: size: %w: expected a number in decimal", ErrNotCanonical)
	}
	root, err := tlog.ParseHash(lines[2])
	if err != nil || root.String() != lines[2] {
		return c, fmt.Errorf("checkpoint: root: %w: expected 32 bytes in base64", ErrNotCanonical)
	}
	if lines[0] != log.Name() {
		return c, fmt.Errorf("checkpoint: it is of another log than %s", log.Name())
	}
	c.Origin, c.Size, c.Root = lines[0], size, root
	return c, nil
}

// openNote returns the text of a note that the verifier's key signed. Of each signature only its one encoding is taken,
// and none twice: note.Open passes over both.
func openNote(signed string, verifier note.Verifier) (text string, err error) {
	opened, err := note.Open([]byte(signed), note.VerifierList(verifier))
	if err != nil {
		return "", fmt.Errorf("%w (%s)", ErrSignature, verifier.Name())
	}
	seen := map[string]bool{}
	for line := range strings.SplitSeq(strings.TrimSuffix(signed[len(opened.Text)+1:], "\n"), "\n") {
		encoded := line[strings.LastIndexByte(line, ' ')+1:]
		if _, err := base64.StdEncoding.Strict().DecodeString(encoded); err != nil || seen[line] {
			return "", fmt.Errorf("signature: %w: expected strict base64, once", ErrNotCanonical)
		}
		seen[line] = true
	}
	return opened.Text, nil
}

// consistent tells whether the newer tree begins with the whole older one.
func consistent(older, newer Checkpoint, proof []tlog.Hash) error {
	switch {
	case older.Size > newer.Size:
		return fmt.Errorf("%w: it has %d entries and the older one %d", ErrFork, newer.Size, older.Size)
	case older.Size == 0:
		return nil // every log begins with nothing
	case older.Size == newer.Size && older.Root != newer.Root:
		return fmt.Errorf("%w: two different trees of %d entries", ErrFork, newer.Size)
	case older.Size == newer.Size:
		return nil
	}
	if err := tlog.CheckTree(proof, newer.Size, newer.Root, older.Size, older.Root); err != nil {
		return fmt.Errorf("%w: the tree of %d entries does not begin with that of %d", ErrFork, newer.Size, older.Size)
	}
	return nil
}

// ErrFork is wrapped by the error for two checkpoints of which neither continues the other: a history was rewritten.
var ErrFork = errors.New("the log was forked")
