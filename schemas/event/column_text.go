package event

import "encoding/binary"

// TextColumn is a column of texts. Rows behind the last one that was set hold
// the empty text.
type TextColumn struct {
	// Data holds the texts one after the other as ClickHouse's native protocol
	// sends them: the length as a varint, then the bytes.
	Data []byte
	// Ends holds where each row's text ends in Data.
	Ends []uint32
}

// Set gives a row its text. Rows are set in rising order.
func (t *TextColumn) Set(row int, text []byte) {
	if len(text) == 0 {
		return
	}
	t.reach(row)
	t.Data = append(binary.AppendUvarint(t.Data, uint64(len(text))), text...)
	t.Ends = append(t.Ends, uint32(len(t.Data)))
}

// SetString gives a row its text. Rows are set in rising order.
func (t *TextColumn) SetString(row int, text string) {
	if text == "" {
		return
	}
	t.reach(row)
	t.Data = append(binary.AppendUvarint(t.Data, uint64(len(text))), text...)
	t.Ends = append(t.Ends, uint32(len(t.Data)))
}

// reach makes the rows before this one.
func (t *TextColumn) reach(row int) {
	for len(t.Ends) < row {
		t.Data = append(t.Data, 0)
		t.Ends = append(t.Ends, uint32(len(t.Data)))
	}
}

// Row returns a row's text, valid until the column is changed.
func (t *TextColumn) Row(i int) []byte {
	if i >= len(t.Ends) {
		return nil
	}
	start := uint32(0)
	if i > 0 {
		start = t.Ends[i-1]
	}
	row := t.Data[start:t.Ends[i]]
	if row[0] < 0x80 {
		return row[1:]
	}
	_, n := binary.Uvarint(row)
	return row[n:]
}

// Empty reports whether no row was set.
func (t *TextColumn) Empty() bool { return len(t.Ends) == 0 }

// Bytes returns the memory that the rows take.
func (t *TextColumn) Bytes() int { return len(t.Data) + 4*len(t.Ends) }

func (t *TextColumn) keep(keep []bool) {
	data, ends, start := t.Data[:0], t.Ends[:0], uint32(0)
	for i, end := range t.Ends {
		if keep[i] {
			data = append(data, t.Data[start:end]...)
			ends = append(ends, uint32(len(data)))
		}
		start = end
	}
	t.Data, t.Ends = data, ends
}

func (t *TextColumn) truncate(rows int) {
	if rows >= len(t.Ends) {
		return
	}
	size := uint32(0)
	if rows > 0 {
		size = t.Ends[rows-1]
	}
	t.Data, t.Ends = t.Data[:size], t.Ends[:rows]
}
