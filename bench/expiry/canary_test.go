package expiry

import (
	"crypto/rand"
	"encoding/hex"
	"fmt"
	"sync"
	"time"
)

// kind is what a canary sings in.
type kind int

const (
	mail     kind = iota // stored as mail_tracking
	service              // stored as special_service_tracking
	rejected             // refused by ingest: a dead letter, which is ciphertext
	kinds
)

// canary is a planted record, in truth copies records one after the other.
type canary struct {
	number int
	kind   kind
	clock  time.Time // its capture
	slot   int64     // its class's slot, Unix seconds
	limit  time.Time // when no byte of it may be left
	// Where it stands in mail.scans: the last of its copies, appended after began.
	partition int
	offset    int64
	began     time.Time
}

// copies are the records of a canary. One that straddles two blocks of a file is not found; the next is.
const copies = 3

// flock is all that was planted.
type flock struct {
	prefix string // what all marks of this run begin with

	mu  sync.Mutex
	all []*canary
}

// digits are those of a canary's number in its mark.
const digits = 8

func newFlock() *flock {
	var run [6]byte
	_, _ = rand.Read(run[:]) // it never fails
	return &flock{prefix: "canary" + hex.EncodeToString(run[:])}
}

func (f *flock) mark(number int) string { return fmt.Sprintf("%s%0*d", f.prefix, digits, number) }

// plant adds a canary under the number that its mark has.
func (f *flock) plant(c *canary) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.all = append(f.all, c)
}

func (f *flock) planted() []*canary {
	f.mu.Lock()
	defer f.mu.Unlock()
	return append([]*canary(nil), f.all...)
}
