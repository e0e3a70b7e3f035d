package event

import "bytes"

// Group is a set of fields that determine one another and are therefore stored
// as one column: its texts are the fields' texts with GroupSeparator between
// them, in the order of Fields, without the separators at the end. That is a
// fraction of the work of a column for each, on both sides, and takes less
// room, since nothing is said twice. The table's aliases give the single fields back.
type Group uint8

// The groups. A field outside of them has a column of its own.
const (
	NoGroup  Group = iota
	Place          // the facility of the scan
	Machine        // what made the scan
	Handling       // what was done
	MailKind       // class, shape and service of the piece
	Job            // the mailing
	Nesting        // what holds the piece
	Unit           // the way of a handling unit or container into the mail
	Logical        // logical delivery
	NumGroups
)

// Groups are all groups.
var Groups = []Group{Place, Machine, Handling, MailKind, Job, Nesting, Unit, Logical}

var groupNames = [NumGroups]string{
	Place: "place", Machine: "machine", Handling: "handling", MailKind: "mailKind", Job: "job", Nesting: "nesting", Unit: "unit", Logical: "logical",
}

// String returns the name of the group's column.
func (g Group) String() string { return groupNames[g] }

// Fields returns the group's fields in the order in which they are joined.
func (g Group) Fields() []Field { return groupFields[g] }

var groupFields, groupSets = func() (fields [NumGroups][]Field, sets [NumGroups]fieldSet) {
	for f := range specs {
		if g := specs[f].Group; g != NoGroup {
			fields[g] = append(fields[g], Field(f))
			sets[g].add(Field(f))
		}
	}
	return fields, sets
}()

// GroupSeparator stands between the texts of a group. No UTF-8 has this byte.
const GroupSeparator = 0xff

// appendGroup appends the joined texts of the group's fields.
func (s *Scan) appendGroup(dst []byte, g Group) []byte {
	end := len(dst)
	for i, f := range groupFields[g] {
		if i > 0 {
			dst = append(dst, GroupSeparator)
		}
		if text := s.Values[f]; text != nil {
			dst = append(dst, text...)
			end = len(dst)
		}
	}
	return dst[:end]
}

// SplitGroup gives the texts of a group's fields back, in the order of Fields;
// those at the end may be absent.
func SplitGroup(joined []byte) [][]byte { return bytes.Split(joined, []byte{GroupSeparator}) }
