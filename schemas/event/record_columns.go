package event

// RecordKeyBytes is the length of a retrieval key as it is stored.
const RecordKeyBytes = 16

// RecordKey is a retrieval key of a record: its name, and a keyed hash of the
// value (the first bytes of an HMAC-SHA256).
type RecordKey struct {
	Name string
	Hash [RecordKeyBytes]byte
}

// RecordRow is what the row of a record has besides its head.
type RecordRow struct {
	Kind, Device string
	Keys         []RecordKey
	// Sealed tells that the payload is stored as ciphertext alone.
	Sealed bool
	// Payload is the record as a JSON object on one line, not sealed yet.
	Payload []byte
}

// RecordColumns is a block of records on its way into the stores.
type RecordColumns struct {
	Heads
	Rows []RecordRow

	bytes int // of Rows
}

// rowBytes is what a row takes besides its texts, about.
const rowBytes = 120

func (r *RecordRow) size() int { return rowBytes + len(r.Payload) + len(r.Keys)*(RecordKeyBytes+16) }

// Append adds a row. The payload is kept, so it must not be used again.
func (c *RecordColumns) Append(head *Head, row RecordRow) {
	c.Heads.Append(head)
	c.Rows = append(c.Rows, row)
	c.bytes += row.size()
}

// Grow makes room for so many rows. Records are few beside scans, so it makes none.
func (c *RecordColumns) Grow(int) {}

// Reset empties the rows.
func (c *RecordColumns) Reset() {
	c.Heads.Reset()
	clear(c.Rows)
	c.Rows, c.bytes = c.Rows[:0], 0
}

// Truncate keeps the first n rows.
func (c *RecordColumns) Truncate(n int) {
	c.Heads.Truncate(n)
	clear(c.Rows[n:])
	c.Rows = c.Rows[:n]
	c.weigh()
}

// Keep keeps the rows for which keep is true, in their order.
func (c *RecordColumns) Keep(keep []bool) {
	c.Heads.Keep(keep)
	all := c.Rows
	c.Rows = filter(c.Rows, keep)
	clear(all[len(c.Rows):])
	c.weigh()
}

func (c *RecordColumns) weigh() {
	c.bytes = 0
	for i := range c.Rows {
		c.bytes += c.Rows[i].size()
	}
}

// Bytes returns the memory that the rows take.
func (c *RecordColumns) Bytes() int { return c.Heads.Bytes() + c.bytes }

// Identity is where the event of a row first stood.
func (h *Heads) Identity(i int) string {
	if origin := h.Origin.Row(i); len(origin) > 0 {
		return string(origin)
	}
	return Identity{Topic: h.Topic, Partition: h.Partition, Offset: h.Offset[i], Index: h.Index[i]}.String()
}
