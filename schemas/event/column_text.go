package event

// TextColumn is a column of texts, one after the other in one piece of memory.
// Rows behind the last one that was set hold the empty text.
type TextColumn struct {
	Data []byte
	// Ends holds where each row's text ends in Data.
	Ends []uint32
}

// Set gives a row its text. Rows are set in rising order.
func (t *TextColumn) Set(row int, text []byte) {
	t.reach(row)
	t.Data = append(t.Data, text...)
	t.Ends = append(t.Ends, uint32(len(t.Data)))
}

// SetString gives a row its text. Rows are set in rising order.
func (t *TextColumn) SetString(row int, text string) {
	if text == "" {
		return
	}
	t.reach(row)
	t.Data = append(t.Data, text...)
	t.Ends = append(t.Ends, uint32(len(t.Data)))
}

// reach makes the rows before this one.
func (t *TextColumn) reach(row int) {
	for len(t.Ends) < row {
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
	return t.Data[start:t.Ends[i]]
}

// Empty reports whether every row holds the empty text.
func (t *TextColumn) Empty() bool { return len(t.Data) == 0 }

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

// NumberColumn is a column of numbers. Rows behind the last one that was set hold 0.
type NumberColumn[T uint16 | uint32] struct {
	Values []T
}

// Set gives a row its number. Rows are set in rising order.
func (n *NumberColumn[T]) Set(row int, value T) {
	for len(n.Values) < row {
		n.Values = append(n.Values, 0)
	}
	n.Values = append(n.Values, value)
}

// Row returns a row's number.
func (n *NumberColumn[T]) Row(i int) T {
	if i >= len(n.Values) {
		return 0
	}
	return n.Values[i]
}

// Empty reports whether no row was set.
func (n *NumberColumn[T]) Empty() bool { return len(n.Values) == 0 }

// Bytes returns the memory that the rows take.
func (n *NumberColumn[T]) Bytes() int { return 4 * len(n.Values) }

func (n *NumberColumn[T]) keep(keep []bool) { n.Values = filter(n.Values, keep) }

func (n *NumberColumn[T]) truncate(rows int) { n.Values = n.Values[:min(rows, len(n.Values))] }
