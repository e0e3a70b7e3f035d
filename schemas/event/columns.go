package event

// ScanColumns is a block of scans in the columns in which they are stored: one
// entry a row in each. It is filled row by row, inserted as a whole and used
// again. Every row comes from one Kafka partition.
type ScanColumns struct {
	Topic     string
	Partition int32

	Class     []string // retention class
	Slot      []int64  // start of the slot, Unix seconds
	Offset    []int64
	Index     []uint32
	Received  []int64 // Unix milliseconds
	Scanned   []int64 // scanDatetime, Unix milliseconds
	ScanShift []int16 // local clock's distance from UTC, minutes east
	Object    []string
	Flags     []uint32

	PieceKey TextColumn
	Origin   TextColumn // identity of a replayed reject, else empty
	Device   TextColumn
	Digits   TextColumn // Intelligent Mail barcode as sent or as decoded from the bars

	// Text holds the stored fields of kinds Text, Letters, Digits and Moment,
	// except ScanDatetime and IMb; the others stay empty.
	Text [NumFields]TextColumn
	// Days holds the fields of kind Date: days since 1970-01-01, 0 where absent.
	Days [NumFields][]uint16
	// Counts holds the fields of kind Count, 0 where absent.
	Counts [NumFields][]uint32
}

// TextFields, DateFields and CountFields are the stored fields by the kind of their column.
var (
	TextFields  = storedFields(func(s *Spec) bool { return s.Kind != Date && s.Kind != Count })
	DateFields  = storedFields(func(s *Spec) bool { return s.Kind == Date })
	CountFields = storedFields(func(s *Spec) bool { return s.Kind == Count })
)

func storedFields(wanted func(*Spec) bool) (fields []Field) {
	for f := range specs {
		spec := &specs[f]
		if !spec.Derived && Field(f) != ScanDatetime && Field(f) != IMb && wanted(spec) {
			fields = append(fields, Field(f))
		}
	}
	return fields
}

// Len returns the number of rows.
func (c *ScanColumns) Len() int { return len(c.Offset) }

// AppendFields appends the fields of a checked event that are stored as they were read.
func (c *ScanColumns) AppendFields(s *Scan) {
	for _, f := range TextFields {
		c.Text[f].Append(s.Values[f])
	}
	for _, f := range DateFields {
		c.Days[f] = append(c.Days[f], s.Days(f))
	}
	for _, f := range CountFields {
		c.Counts[f] = append(c.Counts[f], uint32(s.Count(f)))
	}
}

// Reset empties the columns and keeps their memory.
func (c *ScanColumns) Reset() { c.Truncate(0) }

// Truncate keeps the first n rows.
func (c *ScanColumns) Truncate(n int) {
	c.Class, c.Slot, c.Offset, c.Index = c.Class[:min(n, len(c.Class))], c.Slot[:min(n, len(c.Slot))], c.Offset[:n], c.Index[:n]
	c.Received, c.Scanned, c.ScanShift, c.Object, c.Flags = c.Received[:n], c.Scanned[:n], c.ScanShift[:n], c.Object[:n], c.Flags[:n]
	for _, t := range []*TextColumn{&c.PieceKey, &c.Origin, &c.Device, &c.Digits} {
		t.Truncate(n)
	}
	for _, f := range TextFields {
		c.Text[f].Truncate(n)
	}
	for _, f := range DateFields {
		c.Days[f] = c.Days[f][:n]
	}
	for _, f := range CountFields {
		c.Counts[f] = c.Counts[f][:n]
	}
}

// Keep keeps the rows for which keep is true, in their order.
func (c *ScanColumns) Keep(keep []bool) {
	kept := 0
	for _, k := range keep {
		if k {
			kept++
		}
	}
	if kept == len(keep) {
		return
	}
	c.Class, c.Slot, c.Offset, c.Index = filter(c.Class, keep), filter(c.Slot, keep), filter(c.Offset, keep), filter(c.Index, keep)
	c.Received, c.Scanned, c.ScanShift = filter(c.Received, keep), filter(c.Scanned, keep), filter(c.ScanShift, keep)
	c.Object, c.Flags = filter(c.Object, keep), filter(c.Flags, keep)
	for _, t := range []*TextColumn{&c.PieceKey, &c.Origin, &c.Device, &c.Digits} {
		t.keep(keep)
	}
	for _, f := range TextFields {
		c.Text[f].keep(keep)
	}
	for _, f := range DateFields {
		c.Days[f] = filter(c.Days[f], keep)
	}
	for _, f := range CountFields {
		c.Counts[f] = filter(c.Counts[f], keep)
	}
}

func filter[T any](values []T, keep []bool) []T {
	kept := values[:0]
	for i, k := range keep {
		if k {
			kept = append(kept, values[i])
		}
	}
	return kept
}

// Bytes returns the memory that the rows take, without what is held in reserve.
func (c *ScanColumns) Bytes() int {
	const fixed = 16 + 8 + 8 + 4 + 8 + 8 + 2 + 16 + 4
	n := c.Len() * (fixed + 2*len(DateFields) + 4*len(CountFields))
	n += c.PieceKey.Bytes() + c.Origin.Bytes() + c.Device.Bytes() + c.Digits.Bytes()
	for _, f := range TextFields {
		n += c.Text[f].Bytes()
	}
	return n
}

// TextColumn is a column of texts, one after the other in one piece of memory.
type TextColumn struct {
	Data []byte
	// Ends holds where each row's text ends in Data.
	Ends []uint32
}

// Append adds a row.
func (t *TextColumn) Append(text []byte) {
	t.Data = append(t.Data, text...)
	t.Ends = append(t.Ends, uint32(len(t.Data)))
}

// AppendString adds a row.
func (t *TextColumn) AppendString(text string) {
	t.Data = append(t.Data, text...)
	t.Ends = append(t.Ends, uint32(len(t.Data)))
}

// Row returns a row's text, valid until the column is changed.
func (t *TextColumn) Row(i int) []byte {
	start := uint32(0)
	if i > 0 {
		start = t.Ends[i-1]
	}
	return t.Data[start:t.Ends[i]]
}

// Len returns the number of rows.
func (t *TextColumn) Len() int { return len(t.Ends) }

// Bytes returns the memory that the rows take.
func (t *TextColumn) Bytes() int { return len(t.Data) + 4*len(t.Ends) }

func (t *TextColumn) keep(keep []bool) {
	data, ends, start := t.Data[:0], t.Ends[:0], uint32(0)
	for i, k := range keep {
		end := t.Ends[i]
		if k {
			data = append(data, t.Data[start:end]...)
			ends = append(ends, uint32(len(data)))
		}
		start = end
	}
	t.Data, t.Ends = data, ends
}

// Truncate keeps the first n rows.
func (t *TextColumn) Truncate(n int) {
	size := uint32(0)
	if n > 0 {
		size = t.Ends[n-1]
	}
	t.Data, t.Ends = t.Data[:size], t.Ends[:n]
}
