package event

import (
	"fmt"
	"math"
	"strconv"
	"strings"
)

// Ranges is a set of event places within one request, in rising order, as
// inclusive ranges: "0-3,5-499". It stays short where nearly all events of a
// request are in one message.
type Ranges []Range

// Range is the places First to Last.
type Range struct{ First, Last uint32 }

// Add puts a place that is higher than all so far into the set.
func (r Ranges) Add(place uint32) Ranges {
	if n := len(r); n > 0 && r[n-1].Last+1 == place {
		r[n-1].Last = place
		return r
	}
	return append(r, Range{place, place})
}

// Contains reports whether the place is in the set.
func (r Ranges) Contains(place uint32) bool {
	low, high := 0, len(r)
	for low < high {
		mid := (low + high) / 2
		if r[mid].Last < place {
			low = mid + 1
		} else {
			high = mid
		}
	}
	return low < len(r) && r[low].First <= place
}

// Len returns the number of places in the set.
func (r Ranges) Len() (n uint64) {
	for _, each := range r {
		n += uint64(each.Last-each.First) + 1
	}
	return n
}

// At returns the i-th place of the set. ok is false beyond its end.
func (r Ranges) At(i uint64) (place uint32, ok bool) {
	for _, each := range r {
		size := uint64(each.Last-each.First) + 1
		if i < size {
			return each.First + uint32(i), true
		}
		i -= size
	}
	return 0, false
}

// String gives the set as ParseRanges reads it.
func (r Ranges) String() string {
	var b strings.Builder
	for i, each := range r {
		if i > 0 {
			b.WriteByte(',')
		}
		b.WriteString(strconv.FormatUint(uint64(each.First), 10))
		if each.Last != each.First {
			b.WriteByte('-')
			b.WriteString(strconv.FormatUint(uint64(each.Last), 10))
		}
	}
	return b.String()
}

// ParseRanges reads "0-3,5-499": rising and without overlap.
func ParseRanges(text string) (Ranges, error) {
	var ranges Ranges
	next := uint64(0)
	for part := range strings.SplitSeq(text, ",") {
		from, to, isRange := strings.Cut(part, "-")
		if !isRange {
			to = from
		}
		first, err1 := strconv.ParseUint(from, 10, 32)
		last, err2 := strconv.ParseUint(to, 10, 32)
		if err1 != nil || err2 != nil || first < next || last < first || last == math.MaxUint32 {
			return nil, fmt.Errorf("places: expected rising ranges such as 0-3,5")
		}
		ranges = append(ranges, Range{uint32(first), uint32(last)})
		next = last + 1
	}
	return ranges, nil
}
