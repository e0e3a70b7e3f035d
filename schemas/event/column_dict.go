package event

import (
	"hash/maphash"
	"math/bits"
)

// DictColumn is a column of texts that repeat: each different text once, and
// for every row which of them it is. Rows behind the last one that was set hold
// the empty text.
type DictColumn struct {
	// Entries are the different texts in the order in which they came; the first is the empty text.
	// There may be some that no row has any more.
	Entries TextColumn
	// Keys holds the place in Entries of each row's text.
	Keys []uint32

	// table finds a text's entry by its hash: places in it hold an entry's
	// number and the upper half of its hash, 0 where there is none.
	table []slot
	seed  maphash.Seed
	last  uint32 // the entry of the row set last: machines and devices come in runs
}

type slot struct{ hash, entry uint32 }

// Set gives a row its text. Rows are set in rising order.
func (d *DictColumn) Set(row int, text []byte) {
	if len(text) == 0 {
		return
	}
	d.reach(row)
	if string(d.Entries.Row(int(d.last))) != string(text) {
		d.last = d.entry(text)
	}
	d.Keys = append(d.Keys, d.last)
}

// SetString gives a row its text. Rows are set in rising order.
func (d *DictColumn) SetString(row int, text string) {
	if text == "" {
		return
	}
	d.reach(row)
	if string(d.Entries.Row(int(d.last))) != text {
		d.last = d.entry([]byte(text))
	}
	d.Keys = append(d.Keys, d.last)
}

// reach makes the rows before this one.
func (d *DictColumn) reach(row int) {
	for len(d.Keys) < row {
		d.Keys = append(d.Keys, 0)
	}
}

// entry finds or makes the entry of a text that is not empty.
func (d *DictColumn) entry(text []byte) uint32 {
	if 2*len(d.Entries.Ends) >= len(d.table) {
		d.grow()
	}
	hash := maphash.Bytes(d.seed, text)
	upper, mask := uint32(hash>>32), uint64(len(d.table)-1)
	for at := hash & mask; ; at = (at + 1) & mask {
		place := &d.table[at]
		if place.entry == 0 {
			*place = slot{upper, uint32(len(d.Entries.Ends))}
			d.Entries.Set(len(d.Entries.Ends), text)
			return place.entry
		}
		if place.hash == upper && string(d.Entries.Row(int(place.entry))) == string(text) {
			return place.entry
		}
	}
}

// grow makes room for more entries.
func (d *DictColumn) grow() {
	if len(d.Entries.Ends) == 0 {
		d.seed = maphash.MakeSeed()
		d.Entries.reach(1) // the empty text
	}
	d.table = make([]slot, max(64, 1<<bits.Len(uint(4*len(d.Entries.Ends)-1))))
	mask := uint64(len(d.table) - 1)
	for entry := 1; entry < len(d.Entries.Ends); entry++ {
		hash := maphash.Bytes(d.seed, d.Entries.Row(entry))
		at := hash & mask
		for d.table[at].entry != 0 {
			at = (at + 1) & mask
		}
		d.table[at] = slot{uint32(hash >> 32), uint32(entry)}
	}
}

// Key returns the place in Entries of a row's text.
func (d *DictColumn) Key(i int) uint32 {
	if i >= len(d.Keys) {
		return 0
	}
	return d.Keys[i]
}

// Texts returns the different texts, in the order of the keys.
func (d *DictColumn) Texts() (texts []string) {
	for i := range d.Entries.Ends {
		texts = append(texts, string(d.Entries.Row(i)))
	}
	return texts
}

// Row returns a row's text, valid until the column is changed.
func (d *DictColumn) Row(i int) []byte { return d.Entries.Row(int(d.Key(i))) }

// Empty reports whether no row was set.
func (d *DictColumn) Empty() bool { return len(d.Keys) == 0 }

// Bytes returns the memory that the rows take.
func (d *DictColumn) Bytes() int { return 4*len(d.Keys) + d.Entries.Bytes() + 8*len(d.table) }

// Reset empties the column and keeps its memory.
func (d *DictColumn) Reset() {
	d.Keys, d.last = d.Keys[:0], 0
	d.Entries.truncate(min(1, len(d.Entries.Ends)))
	clear(d.table)
}

func (d *DictColumn) keep(keep []bool) { d.Keys = filter(d.Keys, keep) }

func (d *DictColumn) truncate(rows int) { d.Keys = d.Keys[:min(rows, len(d.Keys))] }
