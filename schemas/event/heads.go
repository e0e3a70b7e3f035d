package event

import (
	"math"
	"slices"
)

// Heads are the columns that rows of every topic have: where the event stood in
// Kafka, its clocks, and where it lies in the stores. Every row comes from one
// Kafka partition.
type Heads struct {
	Topic     string
	Partition int32

	Class    DictColumn // retention class
	Slot     []int64    // start of the slot, Unix seconds
	Offset   []int64
	Index    []uint32 // the event's place within its message
	Received []int64  // Unix milliseconds
	Captured []int64  // when what the event tells of happened, Unix milliseconds; of a scan its scanDatetime
	// Origin is the identity of a replayed reject, else empty.
	Origin TextColumn
}

// NoClock is the Captured of a row whose event does not say when it happened:
// its receipt counts, once that is known.
const NoClock = math.MinInt64

// HeadBytes is what a row takes in the columns of numbers of Heads.
const HeadBytes = 8 + 8 + 4 + 8 + 8

// Head is one row of Heads.
type Head struct {
	Class              string
	Origin             string
	Offset             int64
	Index              uint32
	Slot               int64 // Unix seconds
	Received, Captured int64 // Unix milliseconds
}

// Head returns the columns themselves, of whatever rows they are a part.
func (h *Heads) Head() *Heads { return h }

// Len returns the number of rows.
func (h *Heads) Len() int { return len(h.Offset) }

// Grow makes room for so many rows at once.
func (h *Heads) Grow(rows int) {
	h.Slot, h.Offset, h.Index = slices.Grow(h.Slot, rows), slices.Grow(h.Offset, rows), slices.Grow(h.Index, rows)
	h.Received, h.Captured = slices.Grow(h.Received, rows), slices.Grow(h.Captured, rows)
	h.Class.Keys = slices.Grow(h.Class.Keys, rows)
}

// Append adds a row.
func (h *Heads) Append(r *Head) {
	row := h.Len()
	h.Slot, h.Offset, h.Index = append(h.Slot, r.Slot), append(h.Offset, r.Offset), append(h.Index, r.Index)
	h.Received, h.Captured = append(h.Received, r.Received), append(h.Captured, r.Captured)
	h.Class.SetString(row, r.Class)
	h.Origin.SetString(row, r.Origin)
}

// HeadAt returns a row.
func (h *Heads) HeadAt(i int) Head {
	return Head{
		Class: string(h.Class.Row(i)), Origin: string(h.Origin.Row(i)), Offset: h.Offset[i], Index: h.Index[i],
		Slot: h.Slot[i], Received: h.Received[i], Captured: h.Captured[i],
	}
}

// AppendFrom adds a copy of another block's row.
func (h *Heads) AppendFrom(from *Heads, i int) {
	row := h.Len()
	h.Slot, h.Offset, h.Index = append(h.Slot, from.Slot[i]), append(h.Offset, from.Offset[i]), append(h.Index, from.Index[i])
	h.Received, h.Captured = append(h.Received, from.Received[i]), append(h.Captured, from.Captured[i])
	h.Class.Set(row, from.Class.Row(i))
	h.Origin.Set(row, from.Origin.Row(i))
}

// Reset empties the columns and keeps their memory.
func (h *Heads) Reset() {
	h.Truncate(0)
	h.Class.Reset()
}

// Truncate keeps the first n rows.
func (h *Heads) Truncate(n int) {
	h.Slot, h.Offset, h.Index, h.Received, h.Captured = h.Slot[:n], h.Offset[:n], h.Index[:n], h.Received[:n], h.Captured[:n]
	h.Class.truncate(n)
	h.Origin.truncate(n)
}

// Keep keeps the rows for which keep is true, in their order.
func (h *Heads) Keep(keep []bool) {
	h.Slot, h.Offset, h.Index = filter(h.Slot, keep), filter(h.Offset, keep), filter(h.Index, keep)
	h.Received, h.Captured = filter(h.Received, keep), filter(h.Captured, keep)
	h.Class.keep(keep)
	h.Origin.keep(keep)
}

// Complete makes the column of classes reach the last row.
func (h *Heads) Complete() {
	if !h.Class.Empty() {
		h.Class.reach(h.Len())
	}
}

// Bytes returns the memory that the rows take, without what is held in reserve.
func (h *Heads) Bytes() int { return h.Len()*HeadBytes + h.Class.Bytes() + h.Origin.Bytes() }
