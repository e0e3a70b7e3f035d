package kafka

import (
	"cmp"
	"slices"

	fetchapi "github.com/segmentio/kafka-go/protocol/fetch"
)

// aborted follows which producers' transactions were taken back at the place
// in the log that is being read: from a transaction's first offset, which the
// answer lists, to its abort marker, which stands in the log (KIP-98).
type aborted struct {
	listed []fetchapi.ResponseTransaction // by first offset
	coming []fetchapi.ResponseTransaction // the end of listed that is not reached yet
	open   map[int64]bool                 // by producer
}

func newAborted(listed []fetchapi.ResponseTransaction) *aborted {
	a := &aborted{}
	a.begin(listed)
	return a
}

// begin starts with the transactions that an answer lists, in any order.
func (a *aborted) begin(listed []fetchapi.ResponseTransaction) {
	a.listed = append(a.listed[:0], listed...)
	slices.SortFunc(a.listed, func(a, b fetchapi.ResponseTransaction) int { return cmp.Compare(a.FirstOffset, b.FirstOffset) })
	a.coming = a.listed
	clear(a.open)
}

func (a *aborted) reached(offset int64) {
	for len(a.coming) > 0 && a.coming[0].FirstOffset <= offset {
		if a.open == nil {
			a.open = map[int64]bool{}
		}
		a.open[a.coming[0].ProducerID] = true
		a.coming = a.coming[1:]
	}
}

func (a *aborted) holds(producer int64) bool { return a.open[producer] }

func (a *aborted) ended(producer int64) { delete(a.open, producer) }
