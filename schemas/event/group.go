package event

import (
	"bytes"
	"slices"
	"strconv"
)

// Group is a set of fields that are stored as one column: fields that determine
// one another, and those that are rare. Its texts are the fields' texts with
// GroupSeparator between them, without the separators at the end. Each column of
// its own costs the store about 0.04 microseconds of processor time a row, even
// where it is empty; the table's aliases give the single fields back.
type Group uint8

// The groups. A field outside of them has a column of its own.
const (
	NoGroup  Group = iota
	Place          // where and with what: "topic", "device", "scanOffsetMinutes" and fields; a dictionary
	Handling       // what was done with what: "object", "flags" and fields; a dictionary
	Job            // the mailing; a dictionary
	More           // what is rare: "origin", "key", "code", "tag", fields, "repairedBars" and "repairConfidence"
	NumGroups
)

// GroupSeparator stands between the texts of a group. No UTF-8 has this byte.
const GroupSeparator = 0xff

var groups = [NumGroups]struct {
	column string
	own    []string // the parts that are no fields of the event, first
	fields []Field
	// last are parts behind the fields. Rows that are stored have them at these places,
	// so a field that the group gets later belongs behind them.
	last []string
	// later are the fields that it got later.
	later []Field
}{
	Place:    {column: "place", own: []string{"topic", "device", "scanOffsetMinutes"}, fields: fieldsOf(Place)},
	Handling: {column: "handling", own: []string{"object", "flags"}, fields: fieldsOf(Handling)},
	Job:      {column: "job", fields: fieldsOf(Job)},
	More:     {column: "more", own: []string{"origin", "key", "code", "tag"}, fields: fieldsOf(More), last: []string{"repairedBars", "repairConfidence"}, later: fieldsWhere(func(_ Field, s *Spec) bool { return s.Group == More && s.Later })},
}

func fieldsOf(g Group) []Field {
	return fieldsWhere(func(_ Field, s *Spec) bool { return s.Group == g && !s.Later })
}

var jobSet, moreSet = setOf(fieldsOf(Job)), setOf(append(fieldsOf(More), groups[More].later...))

// String returns the name of the group's column.
func (g Group) String() string { return groups[g].column }

// Parts returns the names of what is joined in the group's column, in their order.
func (g Group) Parts() []string {
	parts := slices.Clone(groups[g].own)
	for _, f := range groups[g].fields {
		parts = append(parts, f.String())
	}
	parts = append(parts, groups[g].last...)
	for _, f := range groups[g].later {
		parts = append(parts, f.String())
	}
	return parts
}

// GroupPlace returns the group in which a column of that name lies, joined with
// others, and its place there, from 1.
func GroupPlace(name string) (g Group, place int, ok bool) {
	for g = range NumGroups {
		if i := slices.Index(g.Parts(), name); i >= 0 {
			return g, 1 + i, true
		}
	}
	return NoGroup, 0, false
}

// joiner puts the texts of a group together.
type joiner struct {
	text []byte
	end  int // of the last text that is not empty
}

func (j *joiner) begin() { j.text, j.end = j.text[:0], 0 }

func (j *joiner) add(text []byte) {
	if len(text) > 0 {
		j.text = append(j.text, text...)
		j.end = len(j.text)
	}
	j.text = append(j.text, GroupSeparator)
}

func (j *joiner) addString(text string) {
	if text != "" {
		j.text = append(j.text, text...)
		j.end = len(j.text)
	}
	j.text = append(j.text, GroupSeparator)
}

// addNumber adds a number in decimal, nothing for 0.
func (j *joiner) addNumber(n int64) {
	if n != 0 {
		j.text = strconv.AppendInt(j.text, n, 10)
		j.end = len(j.text)
	}
	j.text = append(j.text, GroupSeparator)
}

func (j *joiner) addFields(s *Scan, fields []Field) {
	for _, f := range fields {
		j.add(s.Values[f])
	}
}

// joined returns the texts together, valid until the next begin.
func (j *joiner) joined() []byte { return j.text[:j.end] }

// splitGroup gives the texts of a group back; those at the end may be absent.
func splitGroup(joined []byte) [][]byte { return bytes.Split(joined, []byte{GroupSeparator}) }
