package kafka

import (
	"slices"

	fetchapi "github.com/segmentio/kafka-go/protocol/fetch"
)

// aborted follows which producers' transactions were taken back at the place
// in the log that is being read: from a transaction's first offset, which the
// answer lists, to its abort marker, which stands in the log (KIP-98).
type aborted struct {
	coming []fetchapi.ResponseTransaction // by first offset
	open   map[int64]bool                 // by producer
}

func newAborted(listed []fetchapi.ResponseTransaction) *aborted {
	coming := slices.Clone(listed)
	slices.SortFunc(coming, func(a, b fetchapi.ResponseTransaction) int { return int(a.FirstOffset - b.FirstOffset) })
	return &aborted{coming: coming, open: map[int64]bool{}}
}

func (a *aborted) reached(offset int64) {
	for len(a.coming) > 0 && a.coming[0].FirstOffset <= offset {
		a.open[a.coming[0].ProducerID] = true
		a.coming = a.coming[1:]
	}
}

func (a *aborted) holds(producer int64) bool { return a.open[producer] }

func (a *aborted) ended(producer int64) { delete(a.open, producer) }
