package facility

import "fmt"

// localeIndex finds a row by its locale key: an open-addressed hash table of
// row numbers plus one, at most half full. The keys stay in the file's text.
type localeIndex struct {
	slots []uint32
	shift uint
}

func newLocaleIndex(f *facilitySection) (localeIndex, error) {
	bits := uint(4)
	for 1<<bits < 2*len(f.rows) {
		bits++
	}
	x := localeIndex{slots: make([]uint32, 1<<bits), shift: 64 - bits}
	for i := range f.rows {
		key := f.localeKey(i)
		slot := x.home(key)
		for x.slots[slot] != 0 {
			if first := int(x.slots[slot] - 1); f.localeKey(first) == key {
				return localeIndex{}, &ParseError{
					Line: f.line(i), Column: 1, Field: "locale key",
					Problem: fmt.Sprintf("%s is on line %d already", key, f.line(first)),
				}
			}
			slot = (slot + 1) & (len(x.slots) - 1)
		}
		x.slots[slot] = uint32(i + 1)
	}
	return x, nil
}

func (x *localeIndex) find(f *facilitySection, key []byte) (int, bool) {
	if len(key) != localeKeyLen {
		return 0, false
	}
	for slot := x.home(string(key)); x.slots[slot] != 0; slot = (slot + 1) & (len(x.slots) - 1) {
		if i := int(x.slots[slot] - 1); f.localeKey(i) == string(key) {
			return i, true
		}
	}
	return 0, false
}

// home is where the search for a key of 6 bytes begins: Fibonacci hashing.
func (x *localeIndex) home(key string) int {
	n := uint64(key[0]) | uint64(key[1])<<8 | uint64(key[2])<<16 |
		uint64(key[3])<<24 | uint64(key[4])<<32 | uint64(key[5])<<40
	return int(n * 0x9E3779B97F4A7C15 >> x.shift)
}
