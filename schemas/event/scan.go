package event

import (
	"iter"
	"math/bits"
)

// Scan is one scan event as it was read: each field's text, still pointing
// into the message. It is made to be used again: Reset it, decode into it,
// take what is needed before the next event. Not safe for concurrent use.
type Scan struct {
	// Values holds each field's text, nil where the event does not have it; Set
	// is how one is given. The bytes belong to the message or to the Scan.
	Values [NumFields][]byte
	// Time is the parsed scanDatetime; valid after Check found nothing.
	Time Moment64
	// Unknown counts the fields that are not in the table; they are ignored.
	Unknown int

	// present has a bit for every field that has a text: an event has few of
	// them, and going over all costs more than reading the event.
	present fieldSet
	// numbers holds what Check read of fields of kind Date and Count.
	numbers [NumFields]uint32

	// unixMilli and unixOffset are the time as a ScanEvent may give it, in numbers.
	unixMilli, unixOffset int64
	hasUnixMilli          bool

	// scratch holds text that does not stand in the message as it is:
	// unescaped strings and numbers with their zeros put back.
	scratch []byte

	// order is which field stood where in the JSON object before: equipment
	// writes its fields in one order.
	order [maxOrder]Field
}

// maxOrder is how many places of a JSON object are remembered.
const maxOrder = 64

// fieldSet is a set of fields, one bit each.
type fieldSet [(int(NumFields) + 63) / 64]uint64

func (set *fieldSet) add(f Field) { set[f/64] |= 1 << (f % 64) }

func (set *fieldSet) meets(other *fieldSet) bool {
	for i, word := range set {
		if word&other[i] != 0 {
			return true
		}
	}
	return false
}

func (set *fieldSet) and(other *fieldSet) (both fieldSet) {
	for i, word := range set {
		both[i] = word & other[i]
	}
	return both
}

func setOf(fields []Field) (set fieldSet) {
	for _, f := range fields {
		set.add(f)
	}
	return set
}

// all yields the fields in rising order.
func (set *fieldSet) all() iter.Seq[Field] {
	return func(yield func(Field) bool) {
		for i, word := range set {
			for ; word != 0; word &= word - 1 {
				if !yield(Field(i*64 + bits.TrailingZeros64(word))) {
					return
				}
			}
		}
	}
}

// Reset empties the Scan for the next event and keeps its memory.
func (s *Scan) Reset() {
	for f := range s.present.all() {
		s.Values[f] = nil
	}
	s.present = fieldSet{}
	s.Time = Moment64{}
	s.Unknown = 0
	s.unixMilli, s.unixOffset, s.hasUnixMilli = 0, 0, false
	s.scratch = s.scratch[:0]
}

// Set gives the field its text; an empty one is none.
func (s *Scan) Set(f Field, text []byte) {
	if len(text) == 0 {
		return
	}
	s.Values[f] = text
	s.present.add(f)
}

// Has reports whether the event has the field.
func (s *Scan) Has(f Field) bool { return s.Values[f] != nil }

// Object returns the one field that names the scanned object. ok is false
// where none or more than one does.
func (s *Scan) Object() (object Field, ok bool) {
	objects := s.present.and(&objectSet)
	found := 0
	for f := range objects.all() {
		object = f
		found++
	}
	return object, found == 1
}

var objectSet = setOf(Objects[:])

// Count returns the number of a field of kind Count, 0 where it is absent. The
// event must have passed Check.
func (s *Scan) Count(f Field) uint32 { return s.number(f) }

// Days returns the days since 1970-01-01 of a field of kind Date, 0 where it
// is absent. The event must have passed Check.
func (s *Scan) Days(f Field) uint16 { return uint16(s.number(f)) }

func (s *Scan) number(f Field) uint32 {
	if s.Values[f] == nil {
		return 0
	}
	return s.numbers[f]
}

// dates packs DateFields, 16 bits each.
func (s *Scan) dates() (packed uint64) {
	if !s.present.meets(&dateSet) {
		return 0
	}
	for i, f := range DateFields {
		packed |= uint64(s.Days(f)) << (16 * i)
	}
	return packed
}
