package keys

import (
	"context"
	"time"
)

// Store has the bytes of keys. [FileStore] and [MemoryStore] are here; a key management service can stand behind it, as
// long as Destroy is immediate there. One authority uses a store, one call at a time.
type Store interface {
	// List names every key that it has, readable or not, and what else it found in its place.
	List(ctx context.Context) (ids []ID, strangers []string, err error)
	// Put keeps a new key, durably before it returns. There must be none of this name.
	Put(ctx context.Context, record Record, key Secret) error
	// Get returns a key; the error wraps [ErrUnknown] where there is none.
	Get(ctx context.Context, id ID) (Record, Secret, error)
	// Destroy ends every copy of the key that the store controls, before it returns.
	// It can be repeated; an absent key is none to destroy.
	Destroy(ctx context.Context, id ID) error
}

// Record is what is kept with a key.
type Record struct {
	ID ID
	// Created and DestroyAt are in whole seconds. DestroyAt can be brought forward by a
	// schedule and never put off.
	Created, DestroyAt time.Time
}

// Point is a place between the steps of making or destroying a key.
type Point string

// The points, in the order in which a key passes them.
const (
	AfterKeyWritten Point = "after-key-written" // beside its place
	AfterKeyPlaced  Point = "after-key-placed"
	AfterKeyNoted   Point = "after-key-noted" // in the ledger

	AfterTombstone      Point = "after-tombstone"
	AfterHalfOverwrite  Point = "after-half-overwrite"
	AfterOverwrite      Point = "after-overwrite"
	AfterUnlink         Point = "after-unlink"
	AfterErase          Point = "after-erase"
	AfterDestroyedNoted Point = "after-destroyed-noted" // in the ledger
)

// Points are all points of a key's life.
func Points() []Point {
	return []Point{AfterKeyWritten, AfterKeyPlaced, AfterKeyNoted, AfterTombstone, AfterHalfOverwrite, AfterOverwrite, AfterUnlink, AfterErase, AfterDestroyedNoted}
}
