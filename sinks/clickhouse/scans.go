package clickhouse

import (
	"context"
	"fmt"

	"github.com/ClickHouse/ch-go/proto"

	"mailtrail/schemas/event"
)

// InsertScans stores a block of scans. The columns must not be changed before
// it returns: they are sent from their memory.
func (s *Store) InsertScans(ctx context.Context, token string, c *event.ScanColumns) error {
	switch {
	case c.Len() == 0:
		return nil
	case token == "":
		return fmt.Errorf("clickhouse: insert into scans: a token is needed")
	}
	block := s.blocks.Get().(*scanBlock)
	defer func() {
		clear(block.input)
		s.blocks.Put(block)
	}()
	block.fill(c)
	if err := s.hot.insert(ctx, s.sql.Insert("scans", block.names()), token, block.input); err != nil {
		return fmt.Errorf("clickhouse: insert into scans: %w", withRemedy(err))
	}
	return nil
}

// scanBlock is the memory in which a block of scans takes the form in which it is sent.
type scanBlock struct {
	input     proto.Input
	slots     []uint32
	positions []uint64
	keys      []byte
}

// fill takes in the columns of schemas/sql/tables/scans.sql. Those that are
// empty in every row are left out: the server fills them.
func (b *scanBlock) fill(c *event.ScanColumns) {
	c.Complete()
	b.input, b.slots, b.positions, b.keys = b.input[:0], b.slots[:0], b.positions[:0], b.keys[:0]
	for i, slot := range c.Slot {
		b.slots = append(b.slots, uint32(slot))
		b.positions = append(b.positions, uint64(uint32(c.Partition))<<32|uint64(c.Index[i]))
	}
	b.dictionary("retention_class", &c.Class)
	b.add("slot", fixed[uint32]{"DateTime('UTC')", b.slots})
	b.add("piece", fixed[uint64]{proto.ColumnTypeUInt64, c.Piece})
	b.add("scanDatetime", fixed[int64]{"DateTime64(3, 'UTC')", c.Captured})
	b.add("received", fixed[int64]{"DateTime64(3, 'UTC')", c.Received})
	b.add("offset", fixed[int64]{proto.ColumnTypeInt64, c.Offset})
	b.add("position", fixed[uint64]{proto.ColumnTypeUInt64, b.positions})
	b.dictionary("place", &c.Place)
	b.dictionary("handling", &c.Handling)
	b.dictionary("job", &c.Job)
	b.add("marks", fixed[uint64]{proto.ColumnTypeUInt64, c.Marks})
	b.add("tag", strings10(c.Tag))
	b.add("dates", fixed[uint64]{proto.ColumnTypeUInt64, c.Dates})
	if !c.More.Empty() {
		b.add("more", texts{&c.More})
	}
}

func (b *scanBlock) dictionary(name string, column *event.DictColumn) {
	if !column.Empty() {
		var sent dictionary
		sent, b.keys = dictionaryOf(column, b.keys)
		b.add(name, sent)
	}
}

func (b *scanBlock) add(name string, data proto.ColInput) {
	b.input = append(b.input, proto.InputColumn{Name: name, Data: data})
}

func (b *scanBlock) names() (names []string) {
	for _, column := range b.input {
		names = append(names, column.Name)
	}
	return names
}
