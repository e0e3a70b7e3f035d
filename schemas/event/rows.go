package event

// Rows are rows of any topic, as an audit handles them.
type Rows interface {
	// Head returns the columns that rows of every topic have.
	Head() *Heads
	// Pick copies some of the rows, by their places.
	Pick(rows []int) Rows
}

// Pick implements [Rows].
func (c *ScanColumns) Pick(rows []int) Rows {
	to := &ScanColumns{Heads: Heads{Topic: c.Topic, Partition: c.Partition}}
	for _, i := range rows {
		to.AppendFrom(c, i)
	}
	return to
}

// Pick implements [Rows].
func (c *RecordColumns) Pick(rows []int) Rows {
	to := &RecordColumns{Heads: Heads{Topic: c.Topic, Partition: c.Partition}}
	for _, i := range rows {
		head := c.HeadAt(i)
		to.Append(&head, c.Rows[i])
	}
	return to
}

// Pick implements [Rows].
func (c *ImageColumns) Pick(rows []int) Rows {
	to := &ImageColumns{Heads: Heads{Topic: c.Topic, Partition: c.Partition}}
	for _, i := range rows {
		to.AppendFrom(c, i)
	}
	return to
}
