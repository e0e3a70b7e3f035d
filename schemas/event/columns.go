package event

import (
	"bytes"
	"slices"
)

// ScanColumns is a block of scans in the columns in which they are stored: one
// entry a row in each. It is filled row by row, inserted as a whole and used
// again.
type ScanColumns struct {
	// Heads are what rows of every topic have. More has the origin too.
	Heads

	Piece []uint64 // PieceNumber of the key
	Marks []uint64 // the rest of an Intelligent Mail barcode, see packMarks; 0 where More has it
	Tag   []byte   // idTag, 10 bytes a row, see packTag; zeros where it is absent or More has it
	// Dates holds DateFields, 16 bits each from the lowest on: days since 1970-01-01, 0 where absent.
	Dates []uint64

	// Place, Handling, Job and More are the groups of these names.
	Place, Handling, Job DictColumn
	More                 TextColumn

	joiner joiner
}

// ScanRow is what a row has besides the fields of the event.
type ScanRow struct {
	Head
	Object    string
	Device    string
	ScanShift int16 // local clock's distance from UTC, minutes east
	Flags     uint32
	PieceKey  []byte
	Code      []byte // the barcode that was scanned; of an Intelligent Mail barcode its digits
	// RepairedBars is how many bars of it were damaged, RepairConfidence the probability
	// that it is what was printed, in ten-thousandths; 0 where no bar was damaged.
	RepairedBars, RepairConfidence uint16
}

// DateFields are the fields that Dates holds.
var DateFields = fieldsWhere(func(_ Field, s *Spec) bool { return s.Kind == Date && s.Group == NoGroup })

var dateSet = setOf(DateFields)

// fieldsWhere lists fields that are stored.
func fieldsWhere(wanted func(Field, *Spec) bool) (fields []Field) {
	for f := range specs {
		if spec := &specs[f]; !spec.Derived && wanted(Field(f), spec) {
			fields = append(fields, Field(f))
		}
	}
	return fields
}

// Grow makes room for so many rows at once. Columns that grow row by row are copied
// again and again, and the kernel has to clear every page of each copy.
func (c *ScanColumns) Grow(rows int) {
	c.Heads.Grow(rows)
	c.Piece, c.Marks, c.Tag, c.Dates = slices.Grow(c.Piece, rows), slices.Grow(c.Marks, rows), slices.Grow(c.Tag, tagBytes*rows), slices.Grow(c.Dates, rows)
	for _, d := range c.dictionaries() {
		d.Keys = slices.Grow(d.Keys, rows)
	}
}

// Append adds a row with the fields of a checked event.
func (c *ScanColumns) Append(r *ScanRow, s *Scan) {
	row := c.Len()
	c.Heads.Append(&r.Head)

	piece := PieceNumber(r.PieceKey)
	marks, marked := uint64(0), false
	if r.Object == IMb.String() {
		marks, marked = packMarks(piece, r.Code)
	}
	tag, tagged := packTag(s.Values[IDTag])
	c.Piece, c.Marks, c.Tag, c.Dates = append(c.Piece, piece), append(c.Marks, marks), append(c.Tag, tag[:]...), append(c.Dates, s.dates())
	c.groups(row, r, s, !marked, !tagged)
}

// groups sets the row's joined columns. code and tag tell that the barcode and
// the idTag are to stand among them.
func (c *ScanColumns) groups(row int, r *ScanRow, s *Scan, code, tag bool) {
	j := &c.joiner
	j.begin()
	j.addString(c.Topic)
	j.addString(r.Device)
	j.addNumber(int64(r.ScanShift))
	j.addFields(s, groups[Place].fields)
	c.Place.Set(row, j.joined())

	j.begin()
	j.addString(r.Object)
	j.addNumber(int64(r.Flags))
	j.addFields(s, groups[Handling].fields)
	c.Handling.Set(row, j.joined())

	if s.present.meets(&jobSet) {
		j.begin()
		j.addFields(s, groups[Job].fields)
		c.Job.Set(row, j.joined())
	}
	if r.Origin != "" || r.RepairedBars > 0 || code || tag && s.Has(IDTag) || s.present.meets(&moreSet) {
		j.begin()
		c.more(r, s, code, tag)
		c.More.Set(row, j.joined())
	}
}

func (c *ScanColumns) more(r *ScanRow, s *Scan, code, tag bool) {
	j := &c.joiner
	j.addString(r.Origin)
	var own, barcode, idTag []byte
	if code {
		barcode = r.Code
		if !followsFrom(r.PieceKey, r.Object, r.Code) {
			own = r.PieceKey
		}
	}
	if tag {
		idTag = s.Values[IDTag]
	}
	j.add(own)
	j.add(barcode)
	j.add(idTag)
	j.addFields(s, groups[More].fields)
	j.addNumber(int64(r.RepairedBars))
	j.addNumber(int64(r.RepairConfidence))
	j.addFields(s, groups[More].later)
}

// followsFrom reports whether the key can be told from the other columns: it
// lies in the piece's number, or is the object's name and its barcode.
func followsFrom(key []byte, object string, code []byte) bool {
	if _, packed := packKey(key); packed {
		return true
	}
	name, rest, _ := bytes.Cut(key, []byte{'-'})
	return string(name) == object && bytes.Equal(rest, code)
}

// AppendFrom adds a copy of another block's row.
func (c *ScanColumns) AppendFrom(from *ScanColumns, i int) {
	row := c.Len()
	c.Heads.AppendFrom(&from.Heads, i)
	c.Piece, c.Marks, c.Dates = append(c.Piece, from.Piece[i]), append(c.Marks, from.Marks[i]), append(c.Dates, from.Dates[i])
	c.Tag = append(c.Tag, from.Tag[tagBytes*i:tagBytes*(i+1)]...)
	c.More.Set(row, from.More.Row(i))
	theirs := from.dictionaries()
	for n, own := range c.dictionaries() {
		own.Set(row, theirs[n].Row(i))
	}
}

func (c *ScanColumns) dictionaries() [3]*DictColumn {
	return [...]*DictColumn{&c.Place, &c.Handling, &c.Job}
}

// Reset empties the columns and keeps their memory.
func (c *ScanColumns) Reset() {
	c.Truncate(0)
	c.Heads.Reset()
	for _, d := range c.dictionaries() {
		d.Reset()
	}
}

// Truncate keeps the first n rows.
func (c *ScanColumns) Truncate(n int) {
	c.Heads.Truncate(n)
	c.Piece, c.Marks, c.Dates, c.Tag = c.Piece[:n], c.Marks[:n], c.Dates[:n], c.Tag[:tagBytes*n]
	for _, d := range c.dictionaries() {
		d.truncate(n)
	}
	c.More.truncate(n)
}

// Keep keeps the rows for which keep is true, in their order.
func (c *ScanColumns) Keep(keep []bool) {
	if !slices.Contains(keep, false) {
		return
	}
	c.Heads.Keep(keep)
	c.Piece, c.Marks, c.Dates = filter(c.Piece, keep), filter(c.Marks, keep), filter(c.Dates, keep)
	tags := c.Tag[:0]
	for i, k := range keep {
		if k {
			tags = append(tags, c.Tag[tagBytes*i:tagBytes*(i+1)]...)
		}
	}
	c.Tag = tags
	for _, d := range c.dictionaries() {
		d.keep(keep)
	}
	c.More.keep(keep)
}

func filter[T any](values []T, keep []bool) []T {
	kept := values[:0]
	for i, value := range values {
		if keep[i] {
			kept = append(kept, value)
		}
	}
	return kept
}

// Complete makes the columns that are not Empty reach the last row.
func (c *ScanColumns) Complete() {
	c.Heads.Complete()
	for _, d := range c.dictionaries() {
		if !d.Empty() {
			d.reach(c.Len())
		}
	}
	if !c.More.Empty() {
		c.More.reach(c.Len())
	}
}

// FixedBytes is what a row takes in the columns of numbers.
const FixedBytes = HeadBytes + 8 + 8 + 8 + tagBytes

// Bytes returns the memory that the rows take, without what is held in reserve.
func (c *ScanColumns) Bytes() int {
	n := c.Len()*(FixedBytes-HeadBytes) + c.Heads.Bytes() + c.More.Bytes()
	for _, d := range c.dictionaries() {
		n += d.Bytes()
	}
	return n
}
