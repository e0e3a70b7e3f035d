package ledger

import (
	"errors"
	"fmt"
	"io/fs"
	"iter"
	"os"
	"path/filepath"
	"sync"
	"time"

	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"
)

// Reader reads a ledger beside its writer, or a copy of one. Everything that it answers from was checked against the
// signed checkpoint. It may be used by several goroutines.
type Reader struct {
	dir     string
	log     note.Verifier
	vkey    string
	entries *os.File

	mu    sync.Mutex
	index *index
	head  Checkpoint
}

// Read opens the ledger in a folder and checks all of it. vkey is its public key; empty means the one that lies in the
// folder, which is only as good as the folder. The error wraps [ErrAltered], [ErrLost], [ErrSignature] or [ErrKey].
func Read(dir, vkey string) (*Reader, error) {
	if vkey == "" {
		var err error
		if vkey, err = PublicKey(dir); err != nil {
			return nil, err
		}
	}
	log, err := logVerifier(vkey)
	if err != nil {
		return nil, err
	}
	entries, err := os.Open(filepath.Join(dir, entriesFile))
	if errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("there is no ledger in %s: expected a folder with the files %s and %s", dir, entriesFile, checkpointFile)
	}
	if err != nil {
		return nil, fmt.Errorf("the ledger's entries: %w", err)
	}
	r := &Reader{dir: dir, log: log, vkey: vkey, entries: entries, index: newIndex()}
	if err := r.Refresh(); err != nil {
		return nil, errors.Join(err, entries.Close())
	}
	return r, nil
}

// Refresh takes in what was appended since. After an error the reader must not be used any more.
func (r *Reader) Refresh() error {
	r.mu.Lock()
	defer r.mu.Unlock()
	signed, err := readCheckpoint(r.dir)
	if err != nil {
		return fmt.Errorf("the ledger's checkpoint: %w", err)
	}
	head, err := ParseCheckpoint(signed, r.log)
	if err != nil {
		return err
	}
	if head.Size < r.index.entries() {
		return fmt.Errorf("%w: the checkpoint covers %d entries and has covered %d", ErrLost, head.Size, r.index.entries())
	}
	if err := r.index.take(r.entries, head); err != nil {
		return err
	}
	r.head = head
	return nil
}

// Close ends reading.
func (r *Reader) Close() error { return r.entries.Close() }

// Head is the checkpoint over everything that the reader answers from.
func (r *Reader) Head() Checkpoint {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.head
}

// PublicKey is the verifier key.
func (r *Reader) PublicKey() string { return r.vkey }

// LastTime is the time of the newest entry, zero of an empty log.
func (r *Reader) LastTime() time.Time {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.index.last
}

// Count is how many entries of a kind there are.
func (r *Reader) Count(kind Kind) int64 {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.index.counts[kind]
}

// Entry returns the entry with the number, from 0.
func (r *Reader) Entry(at int64) (*Entry, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.index.readEntry(r.entries, at)
}

// Entries yields the entries with these numbers: from first on, before end.
func (r *Reader) Entries(first, end int64) iter.Seq2[int64, Record] {
	return func(yield func(int64, Record) bool) {
		for at := first; at < end; at++ {
			e, err := r.Entry(at)
			if !yield(at, Record{e, err}) || err != nil {
				return
			}
		}
	}
}

// Record is an entry, or why it could not be read.
type Record struct {
	Entry *Entry
	Err   error
}

// Slot returns the entries of a slot with their numbers, in the order of the log.
func (r *Reader) Slot(class string, slot time.Time) (numbers []int64, entries []*Entry, err error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	numbers = r.index.slots[slotName{class, slot.Unix()}]
	for _, at := range numbers {
		e, err := r.index.readEntry(r.entries, at)
		if err != nil {
			return nil, nil, err
		}
		entries = append(entries, e)
	}
	return numbers, entries, nil
}

// Consistency proves that the log still begins with the first size entries: the hashes for tlog.CheckTree.
func (r *Reader) Consistency(size int64) ([]tlog.Hash, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.consistency(size)
}

func (r *Reader) consistency(size int64) ([]tlog.Hash, error) {
	if size < 0 || size > r.head.Size {
		return nil, fmt.Errorf("a proof from %d entries: expected at most %d, which is all there are", size, r.head.Size)
	}
	if size == 0 || size == r.head.Size {
		return nil, nil
	}
	return tlog.ProveTree(r.head.Size, size, r.index)
}

// Continues makes sure that the log begins with everything that an older checkpoint of it covers. The error wraps [ErrFork].
func (r *Reader) Continues(older Checkpoint) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	if older.Size > r.head.Size {
		return fmt.Errorf("%w, or this copy is older: it has %d entries and the checkpoint covers %d", ErrFork, r.head.Size, older.Size)
	}
	root, err := r.index.root(older.Size)
	if err != nil {
		return err
	}
	if root != older.Root {
		return fmt.Errorf("%w: its first %d entries are others than those of the checkpoint", ErrFork, older.Size)
	}
	return nil
}
