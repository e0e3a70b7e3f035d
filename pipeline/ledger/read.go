package ledger

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
)

// The files of a ledger's folder besides its keys.
const (
	entriesFile    = "entries"
	checkpointFile = "checkpoint"
	lockFile       = "lock"
	cosignedFolder = "cosigned"
)

// ErrAltered is wrapped by the error for a log whose entries are not those that were signed.
var ErrAltered = errors.New("the ledger was altered")

// ErrLost is wrapped by the error for a log that ends before its checkpoint: acknowledged entries are gone.
var ErrLost = errors.New("entries of the ledger are lost")

// scan takes in the entries from where the index ends, up to the entry limit (all where it is negative). It stops at the
// first line that is no entry, and says why; the line is not taken in.
func (x *index) scan(entries io.ReaderAt, limit int64) (stop error) {
	reader := bufio.NewReaderSize(io.NewSectionReader(entries, x.size, 1<<62), 1<<18)
	for limit < 0 || x.entries() < limit {
		line, err := reader.ReadSlice('\n')
		if errors.Is(err, io.EOF) && len(line) == 0 {
			return io.EOF
		}
		if errors.Is(err, io.EOF) {
			return io.ErrUnexpectedEOF
		}
		if err != nil {
			return err // a line longer than any entry, or the disk
		}
		leaf := bytes.TrimSuffix(line, []byte("\n"))
		e, err := DecodeEntry(leaf)
		if err == nil {
			err = x.admit(e)
		}
		if err == nil {
			err = x.add(e, leaf)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// take takes in the entries under a checkpoint, and makes sure that they are those that were signed.
func (x *index) take(entries io.ReaderAt, head Checkpoint) error {
	stop := x.scan(entries, head.Size)
	switch {
	case errors.Is(stop, io.EOF), errors.Is(stop, io.ErrUnexpectedEOF):
		return fmt.Errorf("%w: the checkpoint covers %d and only %d are there; put the folder back from a newer copy", ErrLost, head.Size, x.entries())
	case stop != nil:
		return fmt.Errorf("%w: entry %d: %w", ErrAltered, x.entries(), stop)
	}
	root, err := x.root(head.Size)
	if err != nil {
		return err
	}
	if root != head.Root {
		return fmt.Errorf("%w: the hash of its first %d entries is not the one that was signed; put the folder back from a copy", ErrAltered, head.Size)
	}
	return nil
}

// readLeaf returns the bytes of an entry.
func (x *index) readLeaf(entries io.ReaderAt, at int64) ([]byte, error) {
	if at < 0 || at >= x.entries() {
		return nil, fmt.Errorf("entry %d: expected 0 to %d", at, x.entries()-1)
	}
	end := x.size
	if at+1 < x.entries() {
		end = x.starts[at+1]
	}
	leaf := make([]byte, end-x.starts[at]-1)
	if _, err := entries.ReadAt(leaf, x.starts[at]); err != nil {
		return nil, fmt.Errorf("reading entry %d: %w", at, err)
	}
	return leaf, nil
}

// readEntry returns an entry and makes sure that its bytes are still those that were taken in.
func (x *index) readEntry(entries io.ReaderAt, at int64) (*Entry, error) {
	leaf, err := x.readLeaf(entries, at)
	if err != nil {
		return nil, err
	}
	e, err := DecodeEntry(leaf)
	if err != nil {
		return nil, fmt.Errorf("%w: entry %d: %w", ErrAltered, at, err)
	}
	return e, nil
}

func readCheckpoint(dir string) (string, error) {
	signed, err := os.ReadFile(filepath.Join(dir, checkpointFile))
	return string(signed), err
}
