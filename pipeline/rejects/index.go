package rejects

import (
	"cmp"
	"hash/fnv"
	"slices"

	"mailtrail/schemas/event"
)

// index is the newest reject of each ID, of one share of the IDs.
type index struct {
	part, parts uint32
	rejects     []Reject
	places      map[string]int // in rejects, by ID
	// clocks are the clocks that decided, of IDs that were rejected more than once.
	clocks     map[string][]int64
	words      map[string]string
	unreadable int
}

func newIndex(part, parts uint32) *index {
	return &index{part: part, parts: parts, places: map[string]int{}, clocks: map[string][]int64{}, words: map[string]string{}}
}

func (x *index) add(m *event.Message) {
	if !x.owns(m.Header(event.OriginHeader)) {
		return
	}
	r, ok := read(m)
	if !ok {
		x.unreadable++
		return
	}
	place, known := x.places[r.ID]
	if !known {
		x.places[r.ID] = len(x.rejects)
		x.share(&r)
		x.rejects = append(x.rejects, r)
		return
	}
	before := &x.rejects[place]
	x.count(before.RejectedAt, &r)
	if r.newerThan(before) {
		x.share(&r)
		*before = r
	}
	before.Times = max(1, len(x.clocks[r.ID]))
}

// count notes when an ID was rejected. What was sent again after a crash has
// the same clock and is the same rejection.
func (x *index) count(before int64, r *Reject) {
	clocks := x.clocks[r.ID]
	for _, at := range []int64{before, r.RejectedAt} {
		if !slices.Contains(clocks, at) {
			clocks = append(clocks, at)
		}
	}
	x.clocks[r.ID] = clocks
}

func (x *index) owns(id []byte) bool {
	if x.parts == 1 {
		return true
	}
	hash := fnv.New32a()
	_, _ = hash.Write(id)
	return hash.Sum32()%x.parts == x.part
}

// share keeps one copy of the texts that many rejects have.
func (x *index) share(r *Reject) {
	for _, text := range []*string{&r.Reason, &r.Field, &r.Class, &r.ContentType, &r.Device, &r.Seal, (*string)(&r.Stage)} {
		one, ok := x.words[*text]
		if !ok {
			one = *text
			x.words[one] = one
		}
		*text = one
	}
}

// sort brings the oldest to the front.
func (x *index) sort() {
	slices.SortFunc(x.rejects, func(a, b Reject) int {
		return cmp.Or(cmp.Compare(a.RejectedAt, b.RejectedAt), cmp.Compare(a.Partition, b.Partition), cmp.Compare(a.Offset, b.Offset))
	})
	clear(x.places) // they hold no longer
}
