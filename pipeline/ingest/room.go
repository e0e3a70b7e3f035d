package ingest

import "golang.org/x/sync/semaphore"

// Room is what the blocks of all topics of one process share.
type Room struct {
	// memory is the room for blocks, in bytes: size.
	memory *semaphore.Weighted
	size   int64
	// inserting bounds the inserts at one time: each takes its block's memory
	// once more, in the form in which it travels. A place is held for one attempt.
	inserting *semaphore.Weighted
}

// maxInserts is how many blocks travel to the store at one time.
const maxInserts = 2

// NewRoom makes the room of a process that may take so many bytes. Blocks get a
// share of them: what is left is for what was fetched, for the inserts and for the runtime.
func NewRoom(process int64) *Room {
	size := max(process/3, 1<<20)
	return &Room{memory: semaphore.NewWeighted(size), size: size, inserting: semaphore.NewWeighted(maxInserts)}
}
