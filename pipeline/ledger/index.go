package ledger

import (
	"crypto/sha256"
	"errors"
	"fmt"
	"time"

	"golang.org/x/mod/sumdb/tlog"
)

// index is what is held in memory of a log: all hashes of the tree (64 bytes an entry) and where each entry stands. It is
// built from the entries alone, so there is nothing on disk that could disagree with them.
type index struct {
	hashes []tlog.Hash // in the order of tlog.StoredHashIndex
	starts []int64     // the byte at which each entry begins
	size   int64       // bytes of all entries
	last   time.Time

	once     map[[16]byte]int64
	slots    map[slotName][]int64
	keys     map[slotName]KeyRecord
	rows     map[string][]adopted
	results  []int64 // verify results
	schedule string  // the hash of the newest
	counts   map[Kind]int64
	// ended are the stores in which something of a slot was destroyed.
	ended map[storeOfSlot]bool
	// rare are the numbers of what is entered seldom and asked for by kind.
	rare map[Kind][]int64
}

type storeOfSlot struct {
	slot  slotName
	store string
}

// slotName names a slot: its class and its start in Unix seconds.
type slotName struct {
	class string
	start int64
}

// adopted is a class's row with the number and the time of its entry.
type adopted struct {
	entry int64
	at    time.Time
	row   ClassRow
}

// KeyRecord is what the ledger knows of a slot's key.
type KeyRecord struct {
	// Commitment is the SHA-256 of the key, zero where none was made.
	Commitment         [32]byte
	Created, Destroyed bool
}

func newIndex() *index {
	return &index{once: map[[16]byte]int64{}, slots: map[slotName][]int64{}, keys: map[slotName]KeyRecord{}, rows: map[string][]adopted{}, counts: map[Kind]int64{}, ended: map[storeOfSlot]bool{}, rare: map[Kind][]int64{}}
}

// entries is how many there are.
func (x *index) entries() int64 { return int64(len(x.starts)) }

// ReadHashes gives tlog the hashes that it asks for.
func (x *index) ReadHashes(indexes []int64) ([]tlog.Hash, error) {
	hashes := make([]tlog.Hash, len(indexes))
	for i, at := range indexes {
		if at < 0 || at >= int64(len(x.hashes)) {
			return nil, fmt.Errorf("hash %d of %d", at, len(x.hashes))
		}
		hashes[i] = x.hashes[at]
	}
	return hashes, nil
}

// root is the tree's hash over the first n entries.
func (x *index) root(n int64) (tlog.Hash, error) { return tlog.TreeHash(n, x) }

// errSequence is the error for an entry that cannot stand where it does.
var errSequence = errors.New("it cannot follow the entries before it")

// admit checks an entry against those before it.
func (x *index) admit(e *Entry) error {
	if e.Time.Before(x.last) {
		return fmt.Errorf("%w: its time is earlier", errSequence)
	}
	if want := x.nth(e); e.Nth != want {
		return fmt.Errorf("%w: it is number %d of its slot or class; expected %d", errSequence, e.Nth, want)
	}
	if _, twice := x.find(e); twice {
		return fmt.Errorf("%w: it tells again what can happen once", errSequence)
	}
	if e.Kind == ClassAdopted && len(x.rows[e.Class]) > 0 && !e.FirstSlot.After(e.Time) {
		return fmt.Errorf("%w: it names slots anew that have begun", errSequence)
	}
	return nil
}

// counted tells whether entries like this one are numbered: those of a slot, and the rows of a class.
func counted(e *Entry) bool { return !e.Slot.IsZero() || e.Kind == ClassAdopted }

// nth is the number that the next entry of this class and slot has, or the next row of this class; 0 where it has none.
func (x *index) nth(e *Entry) int64 {
	if !counted(e) {
		return 0
	}
	return int64(len(x.slots[nameOf(e)])) + 1
}

func nameOf(e *Entry) slotName { return slotName{e.Class, e.Slot.Unix()} }

// find returns the entry that tells the same already, for a kind of which there is one a store, object, class and slot.
func (x *index) find(e *Entry) (at int64, found bool) {
	if shape, _ := shapeOf(e.Kind); !shape.once {
		return 0, false
	}
	at, found = x.once[onceKey(e)]
	return at, found
}

func onceKey(e *Entry) (key [16]byte) {
	// Texts of an entry hold no control characters, so these parts cannot run into each other.
	sum := sha256.Sum256(fmt.Appendf(nil, "%s\n%s\n%s\n%s\n%d", e.Kind, e.Store, e.Object, e.Class, e.Slot.Unix()))
	return [16]byte(sum[:])
}

// add takes in an entry that was admitted, with its leaf.
func (x *index) add(e *Entry, leaf []byte) error {
	at := x.entries()
	hashes, err := tlog.StoredHashes(at, leaf, x)
	if err != nil {
		return err
	}
	x.hashes = append(x.hashes, hashes...)
	x.starts = append(x.starts, x.size)
	x.size += int64(len(leaf)) + 1
	x.last = e.Time
	x.counts[e.Kind]++
	if shape, _ := shapeOf(e.Kind); shape.once {
		x.once[onceKey(e)] = at
	}
	if counted(e) {
		x.slots[nameOf(e)] = append(x.slots[nameOf(e)], at)
	}
	switch e.Kind {
	case ScheduleAdopted, ScheduleChanged:
		x.schedule = e.Schedule
	case ClassAdopted:
		x.rows[e.Class] = append(x.rows[e.Class], adopted{at, e.Time, rowOf(e)})
	case KeyCreated, KeyDestroyed:
		x.noteKey(e)
	case PartitionDropped, PrefixDeleted:
		x.ended[storeOfSlot{nameOf(e), e.Store}] = true
	case VerifyResult:
		x.results = append(x.results, at)
	}
	switch e.Kind {
	case VerifyResult, Violation, ClockHeld, Returned:
		x.rare[e.Kind] = append(x.rare[e.Kind], at)
	}
	return nil
}

func (x *index) noteKey(e *Entry) {
	record := x.keys[nameOf(e)]
	if e.Commitment != "" {
		record.Commitment = commitmentOf(e)
	}
	record.Created = record.Created || e.Kind == KeyCreated
	record.Destroyed = record.Destroyed || e.Kind == KeyDestroyed
	x.keys[nameOf(e)] = record
}
