// Package ledger is the tamper-evident log of what became of every slot: keys
// made and destroyed, partitions dropped, what verify found, which schedule was
// in force.
//
// [Open] is the one writer; [Read] reads beside it or from a copy of the folder.
// [Reader.Prove] makes a proof bundle of one slot, and [Verify] checks one with
// the public key alone. [Witness] cosigns checkpoints, so that a fork is seen.
//
// The log is a Merkle tree (RFC 6962, golang.org/x/mod/sumdb/tlog) whose head is
// signed as a note (golang.org/x/mod/sumdb/note). README.md beside this file
// describes every format byte by byte, and what a proof can and cannot show.
package ledger
