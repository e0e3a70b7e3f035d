package event

import "slices"

// ScanColumns is a block of scans in the columns in which they are stored: one
// entry a row in each. It is filled row by row, inserted as a whole and used
// again. Every row comes from one Kafka partition.
type ScanColumns struct {
	Topic     string
	Partition int32

	Slot      []int64 // start of the slot, Unix seconds
	Offset    []int64
	Index     []uint32
	Received  []int64 // Unix milliseconds
	Scanned   []int64 // scanDatetime, Unix milliseconds
	ScanShift []int16 // local clock's distance from UTC, minutes east
	Flags     []uint32

	Class  DictColumn // retention class
	Object DictColumn // JSON name of the field that names what was scanned
	Device DictColumn // device that sent the event through the gateway

	PieceKey TextColumn
	Origin   TextColumn // identity of a replayed reject, else empty

	// An Intelligent Mail barcode lies in three columns, since the key of the
	// piece nearly always holds its MID and serial number already: Head is the
	// barcode identifier and the STID, 5 digits, and Routing what stands behind
	// the serial number. Where the key does not hold them (reply mail, barcodes
	// of the postal service), Head and Routing are empty and Code has all digits.
	// Code has the whole text of barcodes of other kinds too.
	Head    DictColumn
	Routing TextColumn
	Code    TextColumn

	// Groups holds the fields that lie in groups, joined; see Group.
	Groups [NumGroups]DictColumn
	// Text holds the VariedFields; the others stay empty.
	Text [NumFields]TextColumn
	// Days holds the fields of kind Date: days since 1970-01-01, 0 where absent.
	Days [NumFields]NumberColumn[uint16]
	// Counts holds the fields of kind Count, 0 where absent.
	Counts [NumFields]NumberColumn[uint32]

	joined []byte
}

// ScanRow is what a row has besides the fields of the event.
type ScanRow struct {
	Class, Object     string
	Origin, Device    string
	Offset            int64
	Index             uint32
	Slot              int64 // Unix seconds
	Received, Scanned int64 // Unix milliseconds
	ScanShift         int16
	Flags             uint32
	PieceKey          []byte
	Code              []byte // the barcode that was scanned; of an Intelligent Mail barcode its digits
}

// VariedFields, DateFields and CountFields are the stored fields that have a
// column of their own, by its kind: what Code holds and ScanDatetime are not among them.
var (
	VariedFields = fieldsWhere(func(f Field, s *Spec) bool {
		return s.Group == NoGroup && s.Kind != Date && s.Kind != Count && f != ScanDatetime && (f == Bars || !slices.Contains(Objects[:], f))
	})
	DateFields  = fieldsWhere(func(_ Field, s *Spec) bool { return s.Kind == Date })
	CountFields = fieldsWhere(func(_ Field, s *Spec) bool { return s.Kind == Count })
)

var variedSet, dateSet, countSet = setOf(VariedFields), setOf(DateFields), setOf(CountFields)

func fieldsWhere(wanted func(Field, *Spec) bool) (fields []Field) {
	for f := range specs {
		if spec := &specs[f]; !spec.Derived && wanted(Field(f), spec) {
			fields = append(fields, Field(f))
		}
	}
	return fields
}

// Len returns the number of rows.
func (c *ScanColumns) Len() int { return len(c.Offset) }

// Append adds a row with the fields of a checked event.
func (c *ScanColumns) Append(r *ScanRow, s *Scan) {
	row := c.appendRow(r)
	if r.Object == IMb.String() && keyHolds(r.PieceKey, r.Code) {
		c.Head.Set(row, r.Code[:headLength])
		c.Routing.Set(row, r.Code[trackingLength:])
	} else {
		c.Code.Set(row, r.Code)
	}
	for _, g := range Groups {
		if s.present.meets(&groupSets[g]) {
			c.joined = s.appendGroup(c.joined[:0], g)
			c.Groups[g].Set(row, c.joined)
		}
	}
	varied, dates, counts := s.present.and(&variedSet), s.present.and(&dateSet), s.present.and(&countSet)
	for f := range varied.all() {
		c.Text[f].Set(row, s.Values[f])
	}
	for f := range dates.all() {
		c.Days[f].Set(row, s.Days(f))
	}
	for f := range counts.all() {
		c.Counts[f].Set(row, s.Count(f))
	}
}

func (c *ScanColumns) appendRow(r *ScanRow) (row int) {
	row = c.Len()
	c.Slot, c.Offset, c.Index = append(c.Slot, r.Slot), append(c.Offset, r.Offset), append(c.Index, r.Index)
	c.Received, c.Scanned, c.ScanShift = append(c.Received, r.Received), append(c.Scanned, r.Scanned), append(c.ScanShift, r.ScanShift)
	c.Flags = append(c.Flags, r.Flags)
	c.Class.SetString(row, r.Class)
	c.Object.SetString(row, r.Object)
	c.Device.SetString(row, r.Device)
	c.PieceKey.Set(row, r.PieceKey)
	c.Origin.SetString(row, r.Origin)
	return row
}

const (
	headLength     = 5  // barcode identifier and STID, digits (USPS-B-3200)
	trackingLength = 20 // tracking code
)

// keyHolds reports whether a piece key ends in -MID-SERIAL with the MID and
// serial number of the Intelligent Mail barcode.
func keyHolds(key, digits []byte) bool {
	const tail = 1 + 15 + 1
	if len(key) <= tail || len(digits) < trackingLength {
		return false
	}
	key = key[len(key)-tail:]
	mid := 6
	if key[1+mid] != '-' {
		mid = 9
	}
	digits = digits[headLength:trackingLength]
	return key[0] == '-' && key[1+mid] == '-' && string(key[1:1+mid]) == string(digits[:mid]) && string(key[2+mid:]) == string(digits[mid:])
}

// AppendFrom adds a copy of another block's row.
func (c *ScanColumns) AppendFrom(from *ScanColumns, i int) {
	row := c.appendRow(&ScanRow{
		Class: string(from.Class.Row(i)), Object: string(from.Object.Row(i)), Device: string(from.Device.Row(i)), Origin: string(from.Origin.Row(i)),
		Offset: from.Offset[i], Index: from.Index[i], Slot: from.Slot[i], Received: from.Received[i], Scanned: from.Scanned[i],
		ScanShift: from.ScanShift[i], Flags: from.Flags[i], PieceKey: from.PieceKey.Row(i),
	})
	c.Head.Set(row, from.Head.Row(i))
	c.Routing.Set(row, from.Routing.Row(i))
	c.Code.Set(row, from.Code.Row(i))
	for _, g := range Groups {
		c.Groups[g].Set(row, from.Groups[g].Row(i))
	}
	for _, f := range VariedFields {
		c.Text[f].Set(row, from.Text[f].Row(i))
	}
	for _, f := range DateFields {
		c.Days[f].Set(row, from.Days[f].Row(i))
	}
	for _, f := range CountFields {
		c.Counts[f].Set(row, from.Counts[f].Row(i))
	}
}

// Reset empties the columns and keeps their memory.
func (c *ScanColumns) Reset() {
	c.Truncate(0)
	for _, d := range c.dictionaries() {
		d.Reset()
	}
}

// Truncate keeps the first n rows.
func (c *ScanColumns) Truncate(n int) {
	c.Slot, c.Offset, c.Index, c.Received, c.Scanned = c.Slot[:n], c.Offset[:n], c.Index[:n], c.Received[:n], c.Scanned[:n]
	c.ScanShift, c.Flags = c.ScanShift[:n], c.Flags[:n]
	c.each(func(column sparse) { column.truncate(n) })
}

// Keep keeps the rows for which keep is true, in their order.
func (c *ScanColumns) Keep(keep []bool) {
	if !slices.Contains(keep, false) {
		return
	}
	c.Slot, c.Offset, c.Index, c.Received, c.Scanned = filter(c.Slot, keep), filter(c.Offset, keep), filter(c.Index, keep), filter(c.Received, keep), filter(c.Scanned, keep)
	c.ScanShift, c.Flags = filter(c.ScanShift, keep), filter(c.Flags, keep)
	c.each(func(column sparse) { column.keep(keep) })
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

// Bytes returns the memory that the rows take, without what is held in reserve.
func (c *ScanColumns) Bytes() int {
	const fixed = 8 + 8 + 4 + 8 + 8 + 2 + 4
	n := c.Len() * fixed
	c.each(func(column sparse) { n += column.Bytes() })
	return n
}

// Complete makes the columns that are not Empty reach the last row.
func (c *ScanColumns) Complete() {
	c.each(func(column sparse) {
		if !column.Empty() {
			column.Reach(c.Len())
		}
	})
}

// sparse is a column that need not reach the last row: what is behind its end is empty.
type sparse interface {
	Empty() bool
	Reach(row int)
	truncate(rows int)
	keep(keep []bool)
	Bytes() int
}

func (c *ScanColumns) each(do func(sparse)) {
	for _, d := range c.dictionaries() {
		do(d)
	}
	for _, t := range []*TextColumn{&c.PieceKey, &c.Origin, &c.Routing, &c.Code} {
		do(t)
	}
	for _, f := range VariedFields {
		do(&c.Text[f])
	}
	for _, f := range DateFields {
		do(&c.Days[f])
	}
	for _, f := range CountFields {
		do(&c.Counts[f])
	}
}

func (c *ScanColumns) dictionaries() []*DictColumn {
	all := []*DictColumn{&c.Class, &c.Object, &c.Device, &c.Head}
	for _, g := range Groups {
		all = append(all, &c.Groups[g])
	}
	return all
}
