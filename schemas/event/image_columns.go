package event

import "time"

// ImageColumns are rows of the table images: a block of entries of the index of
// packs. There are thousands a second at most, so what scans have in columns
// these have row by row.
type ImageColumns struct {
	Heads
	Rows []ImageRow
}

// ImageRow is what a row has besides its head.
type ImageRow struct {
	ImageEntry
	// Device is the device that sent the picture.
	Device string
}

// imageRowBytes is what a row takes in memory, with texts as long as they usually are.
const imageRowBytes = 640

// Grow makes room. Blocks of entries are small, so rows come as they are needed.
func (c *ImageColumns) Grow(int) {}

// Append adds a row.
func (c *ImageColumns) Append(head *Head, row ImageRow) {
	c.Heads.Append(head)
	c.Rows = append(c.Rows, row)
}

// AppendFrom adds a copy of another block's row.
func (c *ImageColumns) AppendFrom(from *ImageColumns, i int) {
	c.Heads.AppendFrom(&from.Heads, i)
	c.Rows = append(c.Rows, from.Rows[i])
}

// Reset empties the rows and keeps their memory.
func (c *ImageColumns) Reset() {
	c.Truncate(0)
	c.Heads.Reset()
}

// Truncate keeps the first n rows.
func (c *ImageColumns) Truncate(n int) {
	c.Heads.Truncate(n)
	clear(c.Rows[n:])
	c.Rows = c.Rows[:n]
}

// Keep keeps the rows for which keep is true, in their order.
func (c *ImageColumns) Keep(keep []bool) {
	c.Heads.Keep(keep)
	all := c.Rows
	c.Rows = filter(c.Rows, keep)
	clear(all[len(c.Rows):])
}

// Bytes returns about the memory that the rows take.
func (c *ImageColumns) Bytes() int { return c.Heads.Bytes() + imageRowBytes*len(c.Rows) }

// StoredImage is a row of the table images as it is read: what the index knows of a picture.
type StoredImage struct {
	ImageRow
	Class    string
	Slot     int64     // start of the slot in which the row is destroyed, Unix seconds
	Received time.Time // to the millisecond
}
