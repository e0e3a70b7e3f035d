// Package verify is the auditor: it lists everything that the stores hold, looks into it, and says what is over its limit, what the
// schedule does not know, and what could not be inspected. README.md beside it says what is inspected and what it cannot see.
//
// It shares no code with the sweeper: it reads the plain numbers of the schedule's file itself, does its own arithmetic of slots
// and limits, and has its own listing of every store, so that a mistake in one is not repeated by the other.
package verify
