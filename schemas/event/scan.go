package event

// Scan is one scan event as it was read: each field's text, still pointing
// into the message. It is made to be used again: Reset it, decode into it,
// take what is needed before the next event. Not safe for concurrent use.
type Scan struct {
	// Values holds each field's text, nil where the event does not have it.
	// The bytes belong to the message or to the Scan.
	Values [NumFields][]byte
	// Time is the parsed scanDatetime; valid after Check found nothing.
	Time Moment64
	// Unknown counts the fields that are not in the table; they are ignored.
	Unknown int

	// unixMilli and unixOffset are the time as a ScanEvent may give it, in numbers.
	unixMilli, unixOffset int64
	hasUnixMilli          bool

	// scratch holds text that does not stand in the message as it is:
	// unescaped strings and numbers with their zeros put back.
	scratch []byte
}

// Reset empties the Scan for the next event and keeps its memory.
func (s *Scan) Reset() {
	clear(s.Values[:])
	s.Time = Moment64{}
	s.Unknown = 0
	s.unixMilli, s.unixOffset, s.hasUnixMilli = 0, 0, false
	s.scratch = s.scratch[:0]
}

// Has reports whether the event has the field.
func (s *Scan) Has(f Field) bool { return s.Values[f] != nil }

// Object returns the one field that names the scanned object. ok is false
// where none or more than one does.
func (s *Scan) Object() (object Field, ok bool) {
	for _, f := range Objects {
		if s.Values[f] == nil {
			continue
		}
		if ok {
			return 0, false
		}
		object, ok = f, true
	}
	return object, ok
}

// Count returns the number of a field of kind Count, 0 where it is absent. The
// event must have passed Check.
func (s *Scan) Count(f Field) (n uint64) {
	for _, c := range s.Values[f] {
		n = n*10 + uint64(c-'0')
	}
	return n
}

// Days returns the days since 1970-01-01 of a field of kind Date, 0 where it
// is absent. The event must have passed Check.
func (s *Scan) Days(f Field) uint16 {
	days, _ := parseDate(s.Values[f])
	return uint16(days)
}
