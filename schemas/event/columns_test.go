package event

import (
	"bytes"
	"cmp"
	"encoding/hex"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"
)

// plainRow is a row as the columns must give it back.
type plainRow struct {
	class, object, device, origin, key, code string
	offset                                   int64
	shift                                    int16
	flags                                    uint32
	repaired, confidence                     uint16
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
	c.Topic = "mail.scans"
	want.shift, want.flags = rapid.Int16Range(-900, 900).Draw(t, "shift"), rapid.Uint32Range(0, 3).Draw(t, "flags")
	if rapid.IntRange(0, 3).Draw(t, "damaged") == 0 {
		want.repaired, want.confidence = rapid.Uint16Range(1, 14).Draw(t, "repaired"), rapid.Uint16Range(0, MaxConfidence).Draw(t, "confidence")
	}
	s := &Scan{}
	for range rapid.IntRange(0, 9).Draw(t, "fields") {
		f := Field(rapid.IntRange(int(ScanLocaleKey), int(NumFields)-1).Draw(t, "field"))
		switch spec := f.Spec(); {
		case spec.Derived:
		case f == IDTag:
			tag := rapid.SampledFrom([]string{"0123456789ABCDEF0123", "12345678901234567890", "00000000000000000000", "0123456789abcdef0123", "A1"}).Draw(t, "tag")
			s.Set(f, []byte(tag))
			want.fields[f] = tag
		case spec.Group == NoGroup:
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
		Head: Head{Class: want.class, Origin: want.origin, Offset: offset}, Object: want.object, Device: want.device, PieceKey: []byte(want.key), Code: []byte(want.code),
		ScanShift: want.shift, Flags: want.flags, RepairedBars: want.repaired, RepairConfidence: want.confidence,
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
	texts := map[string]string{}
	for _, g := range []Group{Place, Handling, Job, More} {
		joined := map[Group][]byte{Place: c.Place.Row(i), Handling: c.Handling.Row(i), Job: c.Job.Row(i), More: c.More.Row(i)}[g]
		names := g.Parts()
		for n, text := range splitGroup(joined) {
			texts[names[n]] = string(text)
			group, place, ok := GroupPlace(names[n])
			if !ok || group != g || place != n+1 {
				panic(names[n])
			}
		}
	}
	shift, _ := strconv.Atoi(cmp.Or(texts["scanOffsetMinutes"], "0"))
	flags, _ := strconv.Atoi(cmp.Or(texts["flags"], "0"))
	repaired, _ := strconv.Atoi(cmp.Or(texts["repairedBars"], "0"))
	confidence, _ := strconv.Atoi(cmp.Or(texts["repairConfidence"], "0"))
	row := plainRow{
		class: string(c.Class.Row(i)), object: texts["object"], device: texts["device"], origin: texts["origin"], code: texts["code"],
		offset: c.Offset[i], shift: int16(shift), flags: uint32(flags),
		repaired: uint16(repaired), confidence: uint16(confidence), fields: map[Field]string{}, numbers: map[Field]uint32{},
	}
	row.key = cmp.Or(texts["key"], row.object+"-"+row.code)
	serial := ""
	if c.Piece[i]>>63 == 0 {
		row.key, serial = unpackKey(c.Piece[i])
	}
	if c.Marks[i] != 0 {
		row.code = unpackMarks(c.Marks[i], serial)
	}
	for name, text := range texts {
		if f, ok := FieldByName([]byte(name)); ok && text != "" {
			row.fields[f] = text
		}
	}
	if tag := c.Tag[10*i : 10*i+10]; !bytes.Equal(tag, make([]byte, 10)) {
		row.fields[IDTag] = strings.ToUpper(hex.EncodeToString(tag))
	} else if texts["tag"] != "" {
		row.fields[IDTag] = texts["tag"]
	}
	for n, f := range DateFields {
		if days := c.Dates[i] >> (16 * n) & 0xffff; days != 0 {
			row.numbers[f] = uint32(days)
		}
	}
	return row
}

func unpackKey(piece uint64) (key, serial string) {
	kind := fmt.Sprintf("%03d", piece>>50)
	if piece>>50 >= 1000 {
		kind = string(rune('A' + piece>>50 - 1000))
	}
	serial = fmt.Sprintf("%015d", piece&(1<<50-1))
	mid := 6
	if serial[0] == '9' {
		mid = 9
	}
	return kind + "-" + serial[:mid] + "-" + serial[mid:], serial
}

func unpackMarks(marks uint64, serial string) string {
	code := fmt.Sprintf("%05d%s", marks>>40, serial)
	if digits := []int{1: 0, 2: 5, 3: 9, 4: 11}[marks>>37&7]; digits > 0 {
		code += fmt.Sprintf("%0*d", digits, marks&(1<<37-1))
	}
	return code
}

// TestEveryStoredFieldHasOneColumn: a field that were in none would be lost.
func TestEveryStoredFieldHasOneColumn(t *testing.T) {
	columns := append(slices.Clone(DateFields), IDTag)
	for g := range NumGroups {
		columns = append(append(columns, groups[g].fields...), groups[g].later...)
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

// Rows are stored with the parts of a group at their places: a field that moves is another one in all of them.
func TestPlacesDoNotMove(t *testing.T) {
	for name, want := range map[string]int{"bars": 5, "stcFacLcleKey": 29, "repairedBars": 30, "repairConfidence": 31, "routingCode": 32} {
		_, place, ok := GroupPlace(name)
		require.True(t, ok, name)
		require.Equal(t, want, place, name)
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

func TestDecimalReadsDigits(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		n := rapid.Uint64Range(0, 999_999_999_999_999_999).Draw(t, "number")
		digits := fmt.Appendf(nil, "%0*d", rapid.IntRange(1, 18).Draw(t, "width"), n)
		require.Equal(t, n, decimal(digits))
	})
}
