package clickhouse

import (
	"time"
	"unsafe"

	"mailtrail/schemas/event"
)

// scratch is the memory in which columns take the shape that clickhouse-go
// wants. Each method's result is valid until the next call of a method: the
// column must be appended to the block before.
type scratch struct {
	strings []string
	boxed   []any
	times   []time.Time
	numbers []int32
}

// forget drops what points into other memory.
func (s *scratch) forget() {
	clear(s.strings)
	clear(s.boxed)
}

// texts gives a column of texts as strings over its memory.
func (s *scratch) texts(t *event.TextColumn) []string {
	s.strings = s.strings[:0]
	for i := range t.Len() {
		s.strings = append(s.strings, stringOver(t.Row(i)))
	}
	return s.strings
}

// dictionaryOf gives a column of texts for a column with a dictionary.
func (s *scratch) dictionaryOf(t *event.TextColumn) []any {
	return s.dictionary(t.Len(), func(i int) string { return stringOver(t.Row(i)) })
}

// dictionary gives n texts for a column with a dictionary. Runs of one value
// share one box.
func (s *scratch) dictionary(n int, text func(i int) string) []any {
	s.boxed = s.boxed[:0]
	var last string
	var box any = last
	for i := range n {
		if each := text(i); each != last {
			last, box = each, each
		}
		s.boxed = append(s.boxed, box)
	}
	return s.boxed
}

// dates gives days since 1970-01-01 as times.
func (s *scratch) dates(days []uint16) []time.Time {
	s.times = s.times[:0]
	for _, day := range days {
		s.times = append(s.times, time.Unix(int64(day)*86400, 0).UTC())
	}
	return s.times
}

// repeat fills the memory with n times the value.
func repeat[T any](memory *[]T, value T, n int) []T {
	*memory = (*memory)[:0]
	for range n {
		*memory = append(*memory, value)
	}
	return *memory
}

// stringOver is a string that shares the memory of the text: it is valid
// until the text is changed.
func stringOver(text []byte) string { return unsafe.String(unsafe.SliceData(text), len(text)) }
