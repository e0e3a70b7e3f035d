package clickhouse

import (
	"unsafe"

	"github.com/ClickHouse/ch-go/proto"

	"mailtrail/schemas/event"
)

// fixed is a column of values of one width, sent from the memory they lie in:
// little-endian, as the protocol and the processors we run on have them.
type fixed[T uint32 | int64 | uint64] struct {
	kind   proto.ColumnType
	values []T
}

func (c fixed[T]) Type() proto.ColumnType       { return c.kind }
func (c fixed[T]) Rows() int                    { return len(c.values) }
func (c fixed[T]) EncodeColumn(b *proto.Buffer) { b.Buf = append(b.Buf, bytesOf(c.values)...) }
func (c fixed[T]) WriteColumn(w *proto.Writer)  { w.ChainWrite(bytesOf(c.values)) }

func bytesOf[T any](values []T) []byte {
	var one T
	return unsafe.Slice((*byte)(unsafe.Pointer(unsafe.SliceData(values))), len(values)*int(unsafe.Sizeof(one)))
}

// strings10 is a column of texts of ten bytes, one after the other.
type strings10 []byte

func (c strings10) Type() proto.ColumnType       { return "FixedString(10)" }
func (c strings10) Rows() int                    { return len(c) / 10 }
func (c strings10) EncodeColumn(b *proto.Buffer) { b.Buf = append(b.Buf, c...) }
func (c strings10) WriteColumn(w *proto.Writer)  { w.ChainWrite(c) }

// texts is a column of texts, sent from its memory.
type texts struct{ *event.TextColumn }

func (c texts) Type() proto.ColumnType       { return proto.ColumnTypeString }
func (c texts) Rows() int                    { return len(c.Ends) }
func (c texts) EncodeColumn(b *proto.Buffer) { b.Buf = append(b.Buf, c.Data...) }
func (c texts) WriteColumn(w *proto.Writer)  { w.ChainWrite(c.Data) }

// dictionary is a column of texts that repeat, in the form in which the server
// keeps them: the different texts once, and for each row the place of its text
// in them, as wide as the number of texts needs.
type dictionary struct {
	entries *event.TextColumn
	rows    int
	width   int // bytes of a key: 1, 2 or 4
	keys    []byte
}

// dictionaryOf gives a column the form that is sent; the keys are written behind scratch.
func dictionaryOf(column *event.DictColumn, scratch []byte) (dictionary, []byte) {
	d := dictionary{entries: &column.Entries, rows: len(column.Keys)}
	start := len(scratch)
	switch n := len(column.Entries.Ends); {
	case n <= 1<<8:
		d.width = 1
		for _, key := range column.Keys {
			scratch = append(scratch, byte(key))
		}
	case n <= 1<<16:
		d.width = 2
		for _, key := range column.Keys {
			scratch = append(scratch, byte(key), byte(key>>8))
		}
	default:
		d.width = 4
		d.keys = bytesOf(column.Keys)
		return d, scratch
	}
	d.keys = scratch[start:len(scratch):len(scratch)]
	return d, scratch
}

// The form of a dictionary on the wire (ClickHouse,
// src/DataTypes/Serializations/SerializationLowCardinality.cpp).
const (
	sharedDictionariesWithAdditionalKeys = 1
	hasAdditionalKeys                    = 1 << 9
	needUpdateDictionary                 = 1 << 10
)

func (c dictionary) Type() proto.ColumnType { return "LowCardinality(String)" }
func (c dictionary) Rows() int              { return c.rows }

// EncodeState writes what stands before the column.
func (c dictionary) EncodeState(b *proto.Buffer) { b.PutInt64(sharedDictionariesWithAdditionalKeys) }

func (c dictionary) head(b *proto.Buffer) {
	widths := [...]int64{1: 0, 2: 1, 4: 2}
	b.PutInt64(hasAdditionalKeys | needUpdateDictionary | widths[c.width])
	b.PutInt64(int64(len(c.entries.Ends)))
}

func (c dictionary) EncodeColumn(b *proto.Buffer) {
	c.head(b)
	b.Buf = append(b.Buf, c.entries.Data...)
	b.PutInt64(int64(c.rows))
	b.Buf = append(b.Buf, c.keys...)
}

func (c dictionary) WriteColumn(w *proto.Writer) {
	w.ChainBuffer(c.head)
	w.ChainWrite(c.entries.Data)
	w.ChainBuffer(func(b *proto.Buffer) { b.PutInt64(int64(c.rows)) })
	w.ChainWrite(c.keys)
}
