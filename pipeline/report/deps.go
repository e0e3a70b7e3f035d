package report

import (
	"context"
	"errors"
	"time"

	"mailtrail/schemas/retention"
)

// Applied tells the schedule that is in force on the server (view retention_schedule).
type Applied interface {
	// AppliedSchedule returns it; nil where the server has no tables of mailtrail yet.
	AppliedSchedule(ctx context.Context) (*retention.Schedule, error)
}

// Store is a store as the page asks it.
type Store interface {
	// Name is the store's, for people.
	Name() string
	// Oldest lists what it holds, by class and place.
	Oldest(ctx context.Context) ([]Holding, error)
}

// Holding is what one place holds of a class, or of one slot of it.
type Holding struct {
	// Class is empty where the place does not tell its classes apart, as a topic.
	Class string
	Place retention.Place
	// Oldest is the clock that the oldest record can have: the start of the oldest slot that is held, or of a topic the
	// time at which its oldest record was appended, when it may have been as old as the class's behind.
	Oldest time.Time
	// Goes is when that is destroyed, at the latest.
	Goes time.Time
	// Rows is how much the place holds of the class, 0 where it does not say.
	Rows uint64
}

// Ledger is the ledger as the page reads it.
type Ledger interface {
	// State is what it says, with the destroyed slots that are asked for. The error wraps [ErrNoLedger] where there is none on this host.
	State(ctx context.Context, asked Asked) (*LedgerState, error)
	// Proof is the proof bundle of a slot. The error wraps [ErrNoProof] where there is nothing to prove.
	Proof(ctx context.Context, class string, slot time.Time) ([]byte, error)
}

// ErrNoLedger means that the ledger is not on this host; ErrNoProof that a slot has no proof.
var (
	ErrNoLedger = errors.New("the ledger is not on this host")
	ErrNoProof  = errors.New("there is nothing to prove")
)

// Asked are the destroyed slots that are asked for: of a class (of all, where it is empty), that begin before a time, so many;
// and first, where After names a class, those of the classes behind it that begin at that time.
type Asked struct {
	Class  string
	Before time.Time
	After  string
	Limit  int
}

// LedgerState is what the ledger says.
type LedgerState struct {
	// Origin is its name, Size how many entries it has, Newest the time of the last.
	Origin string
	Size   int64
	Newest time.Time
	// Checkpoint is the signed head, PublicKey what checks it.
	Checkpoint, PublicKey string
	// Verify is the last result of the auditor, nil where there is none.
	Verify *VerifyResult
	// Violations are the newest, the newest first, of so many.
	Violations      []Violation
	ViolationsTotal int64
	// Gaps are slots that were due and have no entry; Held tells of a wall clock that was not believed.
	Gaps []Gap
	Held []HeldClock
	// Classes are those of which it has slots, Destroyed the slots that were asked for.
	Classes   []string
	Destroyed []DestroyedSlot
}

// VerifyResult is one run of the auditor: how many objects it looked into, found amiss, and left out with a reason.
type VerifyResult struct {
	At                          time.Time
	Inspected, Findings, Waived int64
}

// Violation is something that was found over its limit.
type Violation struct {
	At                           time.Time
	Class, Store, Object, Detail string
}

// Gap is a slot without its destruction in a store.
type Gap struct {
	Class, Store    string
	Slot, DestroyAt time.Time
	Acknowledged    bool
}

// HeldClock is a wall clock that was not believed.
type HeldClock struct {
	At     time.Time
	Ahead  time.Duration
	Detail string
}

// DestroyedSlot is a slot that was destroyed in one of its stores at least.
type DestroyedSlot struct {
	Class string
	Slot  time.Time
	// At is the newest destruction, By who did it, Rows how much it was; Places where.
	At     time.Time
	By     []string
	Rows   int64
	Places []string
	// Missing are the stores in which it is not entered, Returned says that it was found again.
	Missing  []string
	Returned bool
}
