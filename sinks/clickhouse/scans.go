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
	input   proto.Input
	seconds []uint32
	numbers []int32
	keys    []byte
}

// fill takes in the columns that are not empty; the server fills the others.
func (b *scanBlock) fill(c *event.ScanColumns) {
	c.Complete()
	b.input, b.keys = b.input[:0], b.keys[:0]
	b.times(c)
	b.dictionary("retention_class", &c.Class)
	b.constants(c)
	b.dictionary("object", &c.Object)
	b.dictionary("device", &c.Device)
	b.texts("pieceKey", &c.PieceKey)
	b.texts("origin", &c.Origin)
	b.dictionary("imbHead", &c.Head)
	b.texts("imbRouting", &c.Routing)
	b.texts("code", &c.Code)
	for _, g := range event.Groups {
		b.dictionary(g.String(), &c.Groups[g])
	}
	for _, f := range event.VariedFields {
		b.texts(f.String(), &c.Text[f])
	}
	for _, f := range event.DateFields {
		if !c.Days[f].Empty() {
			b.add(f.String(), fixed[uint16]{typeDate, c.Days[f].Values})
		}
	}
	for _, f := range event.CountFields {
		if !c.Counts[f].Empty() {
			b.add(f.String(), fixed[uint32]{proto.ColumnTypeUInt32, c.Counts[f].Values})
		}
	}
}

func (b *scanBlock) times(c *event.ScanColumns) {
	b.seconds = b.seconds[:0]
	for _, slot := range c.Slot {
		b.seconds = append(b.seconds, uint32(slot))
	}
	b.add("slot", fixed[uint32]{typeSeconds, b.seconds})
	b.add("offset", fixed[int64]{proto.ColumnTypeInt64, c.Offset})
	b.add("index", fixed[uint32]{proto.ColumnTypeUInt32, c.Index})
	b.add("received", fixed[int64]{typeMilliseconds, c.Received})
	b.add("scanDatetime", fixed[int64]{typeMilliseconds, c.Scanned})
	b.add("scanOffsetMinutes", fixed[int16]{proto.ColumnTypeInt16, c.ScanShift})
	b.add("flags", fixed[uint32]{proto.ColumnTypeUInt32, c.Flags})
}

// constants are the columns that are the same in every row.
func (b *scanBlock) constants(c *event.ScanColumns) {
	var topic event.DictColumn
	topic.SetString(0, c.Topic)
	topic.Keys = make([]uint32, c.Len())
	for i := range topic.Keys {
		topic.Keys[i] = 1
	}
	b.dictionary("topic", &topic)
	b.numbers = b.numbers[:0]
	for range c.Len() {
		b.numbers = append(b.numbers, c.Partition)
	}
	b.add("partition", fixed[int32]{proto.ColumnTypeInt32, b.numbers})
}

func (b *scanBlock) texts(name string, column *event.TextColumn) {
	if !column.Empty() {
		b.add(name, texts{column})
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
