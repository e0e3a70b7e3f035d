package event

import (
	"bytes"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"
)

// plainRow is a row as the columns must give it back.
type plainRow struct {
	class, object, device, origin, key, code string
	offset                                   int64
	fields                                   map[Field]string
	numbers                                  map[Field]uint32
}

// TestColumnsGiveBackWhatWasPutIn fills columns in which rows are missing
// values at random, cuts and sifts them, and compares with plain rows.
func TestColumnsGiveBackWhatWasPutIn(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var c ScanColumns
		for range rapid.IntRange(1, 3).Draw(t, "blocks") {
			c.Reset()
			var want []plainRow
			for range rapid.IntRange(0, 60).Draw(t, "rows") {
				want = append(want, appendDrawn(t, &c, int64(len(want))))
			}
			if cut := rapid.IntRange(0, len(want)).Draw(t, "cut"); rapid.Bool().Draw(t, "truncate") {
				c.Truncate(cut)
				want = want[:cut]
				want = append(want, appendDrawn(t, &c, int64(len(want))))
			}
			keep := make([]bool, len(want))
			for i := range keep {
				keep[i] = rapid.IntRange(0, 3).Draw(t, "keep") > 0
			}
			c.Keep(keep)
			want = filter(want, keep)
			if rapid.Bool().Draw(t, "complete") {
				c.Complete()
			}
			requireRows(t, want, &c)
			var copied ScanColumns
			for i := range want {
				copied.AppendFrom(&c, i)
			}
			requireRows(t, want, &copied)
		}
	})
}

func appendDrawn(t *rapid.T, c *ScanColumns, offset int64) plainRow {
	word := func(n int) string {
		return rapid.StringMatching(`[a-c]{0,2}é?`).Draw(t, "word")[:0] + rapid.StringOfN(rapid.RuneFrom([]rune("abé")), 0, n, -1).Draw(t, "text")
	}
	want := plainRow{
		class: rapid.SampledFrom([]string{"mail", "package"}).Draw(t, "class"), device: word(3), origin: word(2), offset: offset,
		fields: map[Field]string{}, numbers: map[Field]uint32{},
	}
	want.object, want.key, want.code = drawBarcode(t)
	s := &Scan{}
	for range rapid.IntRange(0, 9).Draw(t, "fields") {
		f := Field(rapid.IntRange(int(ScanLocaleKey), int(NumFields)-1).Draw(t, "field"))
		switch spec := f.Spec(); {
		case spec.Derived:
		case spec.Kind == Date || spec.Kind == Count:
			n := rapid.Uint32Range(1, 60000).Draw(t, "number")
			s.Set(f, []byte("x"))
			s.numbers[f], want.numbers[f] = n, n
		default:
			text := strings.Repeat(word(4), 1+rapid.IntRange(0, 40).Draw(t, "long")/39*60)
			if text != "" {
				s.Set(f, []byte(text))
				want.fields[f] = text
			}
		}
	}
	c.Append(&ScanRow{
		Class: want.class, Object: want.object, Device: want.device, Origin: want.origin, Offset: offset, PieceKey: []byte(want.key), Code: []byte(want.code),
	}, s)
	return want
}

// drawBarcode gives Intelligent Mail barcodes with keys that hold their MID and
// serial number and with others, and barcodes of other kinds.
func drawBarcode(t *rapid.T) (object, key, code string) {
	tracking := rapid.StringOfN(rapid.RuneFrom([]rune("0189")), 20, 20, -1).Draw(t, "tracking")
	code = tracking + rapid.SampledFrom([]string{"", "12345", "12345678901"}).Draw(t, "routing")
	switch rapid.IntRange(0, 5).Draw(t, "form") {
	case 0:
		return "imb", "F-" + tracking[5:11] + "-" + tracking[11:], code
	case 1:
		return "imb", "270-" + tracking[5:14] + "-" + tracking[14:], code
	case 2:
		return "imb", "pimb-" + tracking, code
	case 3:
		return "imb", "F-" + tracking[5:11] + "-123456789", code
	case 4:
		return "s10", "s10-RB123456785GB", "RB123456785GB"
	}
	return "imb", "reply-270-" + tracking[5:] + "-" + code[20:], code
}

func requireRows(t *rapid.T, want []plainRow, c *ScanColumns) {
	require.Equal(t, len(want), c.Len())
	for i := range want {
		require.Equal(t, want[i], rowOf(c, i))
	}
}

// rowOf puts a row together again as the table's aliases do.
func rowOf(c *ScanColumns, i int) plainRow {
	row := plainRow{
		class: string(c.Class.Row(i)), object: string(c.Object.Row(i)), device: string(c.Device.Row(i)), origin: string(c.Origin.Row(i)),
		key: string(c.PieceKey.Row(i)), code: string(c.Code.Row(i)), offset: c.Offset[i],
		fields: map[Field]string{}, numbers: map[Field]uint32{},
	}
	if head := string(c.Head.Row(i)); head != "" {
		tail := row.key[len(row.key)-16:]
		row.code = head + strings.ReplaceAll(tail, "-", "") + string(c.Routing.Row(i))
	}
	for _, g := range Groups {
		texts := SplitGroup(c.Groups[g].Row(i))
		for j, f := range g.Fields() {
			if j < len(texts) && len(texts[j]) > 0 {
				row.fields[f] = string(texts[j])
			}
		}
	}
	for _, f := range VariedFields {
		if text := c.Text[f].Row(i); len(text) > 0 {
			row.fields[f] = string(text)
		}
	}
	for _, f := range DateFields {
		if n := c.Days[f].Row(i); n != 0 {
			row.numbers[f] = uint32(n)
		}
	}
	for _, f := range CountFields {
		if n := c.Counts[f].Row(i); n != 0 {
			row.numbers[f] = n
		}
	}
	return row
}

// TestEveryStoredFieldHasOneColumn: a field that were in none would be lost.
func TestEveryStoredFieldHasOneColumn(t *testing.T) {
	columns := slices.Concat(VariedFields, DateFields, CountFields)
	for _, g := range Groups {
		columns = append(columns, g.Fields()...)
	}
	for f := range NumFields {
		places := 0
		for _, each := range columns {
			if each == f {
				places++
			}
		}
		want := 1
		if f.Spec().Derived || f == ScanDatetime || f != Bars && slices.Contains(Objects[:], f) { // ScanRow has the last two
			want = 0
		}
		require.Equal(t, want, places, "%s", f)
	}
}

func TestDictColumnWithMoreTextsThanRoom(t *testing.T) {
	var d DictColumn
	var want [][]byte
	for i := range 5000 {
		text := []byte(itoa(i * i % 1777))
		d.Set(i, text)
		want = append(want, text)
	}
	for i, text := range want {
		require.Equal(t, text, d.Row(i))
	}
	require.Less(t, len(d.Entries.Ends), 1778)
	d.Reset()
	require.True(t, d.Empty())
	d.Set(3, []byte("x"))
	require.Empty(t, d.Row(2))
	require.Equal(t, "x", string(d.Row(3)))
	require.True(t, bytes.Equal(d.Row(9), nil))
}
