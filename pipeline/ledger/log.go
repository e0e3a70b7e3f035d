package ledger

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"sync"
	"time"

	"github.com/gofrs/flock"
	"github.com/rs/zerolog"
	"golang.org/x/mod/sumdb/note"
)

// Config says where the ledger lies.
type Config struct {
	// Dir is the folder. It is made where it does not exist.
	Dir string
}

// Deps are what the ledger needs from outside.
type Deps struct {
	Log   zerolog.Logger
	Clock func() time.Time
	// Reached is called at named points of an append; nil in production. Tests
	// end the process there.
	Reached func(Point)
}

// Point is a place between the steps of an append.
type Point string

// The points, in the order in which an append passes them.
const (
	BeforeEntries   Point = "before-entries"
	AfterHalf       Point = "after-half" // half of the bytes are written
	AfterEntries    Point = "after-entries"
	AfterSync       Point = "after-sync"
	AfterCheckpoint Point = "after-checkpoint"
)

// Points are all points of an append.
func Points() []Point {
	return []Point{BeforeEntries, AfterHalf, AfterEntries, AfterSync, AfterCheckpoint}
}

// Mended is what the last writer left unfinished when it was killed, and what was done about it. None of it had been
// acknowledged.
type Mended struct {
	// Taken is how many whole entries beyond the checkpoint were taken in, Cut how
	// many bytes of a torn one were cut off.
	Taken, Cut int64
}

// Log is the one writer of a ledger. It may be used by several goroutines.
type Log struct {
	config  Config
	deps    Deps
	lock    *flock.Flock
	signer  note.Signer
	log     note.Verifier
	vkey    string
	mended  Mended
	mu      sync.Mutex
	entries *os.File
	index   *index
	head    Checkpoint
	// unsure is true after a failed append: what is on disk must be read again before the next one.
	unsure bool
}

// ErrBusy is wrapped by the error for a ledger that another process writes.
var ErrBusy = errors.New("another process writes the ledger")

// Open takes the ledger for this process, begins one where there is none, checks all of it against its signed checkpoint,
// and mends what a killed writer left unfinished. The error wraps [ErrBusy], [ErrAltered] or [ErrLost].
func Open(config Config, deps Deps) (*Log, error) {
	if deps.Reached == nil {
		deps.Reached = func(Point) {}
	}
	if err := os.MkdirAll(config.Dir, 0o700); err != nil {
		return nil, fmt.Errorf("making the ledger's folder: %w", err)
	}
	lock := flock.New(filepath.Join(config.Dir, lockFile), flock.SetPermissions(0o600))
	held, err := lock.TryLock()
	if err != nil {
		return nil, fmt.Errorf("locking the ledger in %s: %w", config.Dir, err)
	}
	if !held {
		return nil, fmt.Errorf("%w in %s: wait for its end, or stop it", ErrBusy, config.Dir)
	}
	l := &Log{config: config, deps: deps, lock: lock}
	if err := l.start(); err != nil {
		return nil, errors.Join(err, l.Close())
	}
	return l, nil
}

// start reads key, entries and checkpoint under the lock.
func (l *Log) start() (err error) {
	if err := removeUnfinished(l.config.Dir); err != nil {
		return fmt.Errorf("the ledger's folder: %w", err)
	}
	if l.signer, err = signingKey(l.config.Dir); err != nil {
		return err
	}
	if l.vkey, err = PublicKey(l.config.Dir); err != nil {
		return err
	}
	if l.log, err = logVerifier(l.vkey); err != nil {
		return err
	}
	if l.log.Name() != l.signer.Name() || l.log.KeyHash() != l.signer.KeyHash() {
		return fmt.Errorf("the ledger in %s: %s and %s do not belong together: put the right pair back", l.config.Dir, keyFile, vkeyFile)
	}
	if err := l.begin(); err != nil {
		return fmt.Errorf("beginning the ledger: %w", err)
	}
	l.entries, err = os.OpenFile(filepath.Join(l.config.Dir, entriesFile), os.O_RDWR, 0)
	if err != nil {
		return fmt.Errorf("the ledger's entries: %w", err)
	}
	return l.load()
}

// begin writes the checkpoint of an empty log and then its empty file of entries, so that there are never entries without
// a checkpoint.
func (l *Log) begin() error {
	path := filepath.Join(l.config.Dir, entriesFile)
	if _, err := os.Stat(path); !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	if signed, err := readCheckpoint(l.config.Dir); err == nil {
		// Only the checkpoint of nothing is written before the entries.
		if head, err := ParseCheckpoint(signed, l.log); err != nil || head.Size > 0 {
			return fmt.Errorf("%w: there is a checkpoint and no file %s; put the folder back from a copy", ErrLost, path)
		}
	}
	root, err := newIndex().root(0)
	if err != nil {
		return err
	}
	head, err := signCheckpoint(l.signer, 0, root)
	if err != nil {
		return err
	}
	if err := replace(filepath.Join(l.config.Dir, checkpointFile), []byte(head.Signed)); err != nil {
		return err
	}
	return replace(path, nil)
}

// load builds the index from the disk, and mends the end.
func (l *Log) load() error {
	signed, err := readCheckpoint(l.config.Dir)
	if err != nil {
		return fmt.Errorf("%w: its checkpoint: %w", ErrAltered, err)
	}
	head, err := ParseCheckpoint(signed, l.log)
	if err != nil {
		return fmt.Errorf("%w: %w", ErrAltered, err)
	}
	x := newIndex()
	if err := x.take(l.entries, head); err != nil {
		return err
	}
	_ = x.scan(l.entries, -1) // the first line that is no entry is where the torn end begins
	l.index, l.head, l.unsure = x, head, true
	if err := l.mend(); err != nil {
		return err
	}
	l.unsure = false
	return nil
}

// mend cuts off a torn entry and signs whole ones beyond the checkpoint: they had reached the disk, and what they tell has
// happened.
func (l *Log) mend() error {
	end, err := l.entries.Seek(0, 2)
	if err != nil {
		return fmt.Errorf("the ledger's entries: %w", err)
	}
	l.mended = Mended{Taken: l.index.entries() - l.head.Size, Cut: end - l.index.size}
	if l.mended == (Mended{}) {
		return nil
	}
	if err := l.entries.Truncate(l.index.size); err != nil {
		return fmt.Errorf("cutting a torn entry off the ledger: %w", err)
	}
	if err := l.entries.Sync(); err != nil {
		return fmt.Errorf("the ledger's entries: %w", err)
	}
	if err := l.sign(); err != nil {
		return err
	}
	l.deps.Log.Warn().Int64("taken", l.mended.Taken).Int64("cut_bytes", l.mended.Cut).
		Msg("the ledger's last writer was killed; whole entries are taken in, a torn one that nobody had been told of is cut off")
	return nil
}

// sign makes and writes the checkpoint of all entries.
func (l *Log) sign() error {
	root, err := l.index.root(l.index.entries())
	if err != nil {
		return err
	}
	head, err := signCheckpoint(l.signer, l.index.entries(), root)
	if err != nil {
		return err
	}
	if err := replace(filepath.Join(l.config.Dir, checkpointFile), []byte(head.Signed)); err != nil {
		return fmt.Errorf("writing the ledger's checkpoint: %w", err)
	}
	l.head = head
	return nil
}

// Mended is what was unfinished when this writer opened the ledger, or last read it again.
func (l *Log) Mended() Mended {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.mended
}

// PublicKey is the verifier key, as [Verify] takes it.
func (l *Log) PublicKey() string { return l.vkey }

// LastTime is the time of the newest entry, zero of an empty log: no true clock shows less.
func (l *Log) LastTime() time.Time {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.index.last
}

// Head is the newest checkpoint.
func (l *Log) Head() Checkpoint {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.head
}

// Close gives the ledger free. It writes nothing.
func (l *Log) Close() error {
	l.mu.Lock()
	defer l.mu.Unlock()
	var err error
	if l.entries != nil {
		err = l.entries.Close()
	}
	return errors.Join(err, l.lock.Close())
}
