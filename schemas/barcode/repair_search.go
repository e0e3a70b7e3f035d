package barcode

import "math/bits"

// How the search goes
//
// The ten characters of a barcode have 2 or 5 of their 13 bits set, or 11 or 8 where they are complemented: those numbers, and no others
// up to 13, leave the remainder 2 when divided by three. So bars are legal when all ten remainders are 2, and a change of one end of a bar
// moves one remainder by one, up or down. To find what n changed bars make legal, it is enough to take a character whose remainder is
// wrong and to try each of its ends: one of them must be among the changes. A bar moves at most two remainders, so a branch with more than
// two wrong characters for each change that is left is dead. Ends that were tried are closed behind, so that every set of changes is met
// exactly once, and none is left out. About one in 4,600 of the sets that are legal is a barcode: codewords in their ranges, and a CRC that holds.
//
// An unknown bar is no change: its ends are filled in last. A character with one unknown end can mend one remainder, with two or more both.

// place is where an end of a bar stands: the character and its bit there.
type place struct {
	char uint8
	bit  uint16
}

// placeOf is endOf turned around. Ends count as there: 2 for each bar, the lower end first.
var placeOf = makePlaceOf()

func makePlaceOf() (table [ends]place) {
	for c, row := range endOf {
		for bit, end := range row {
			table[end] = place{uint8(c), 1 << bit}
		}
	}
	return table
}

// mateOf is the other end of the bar at which each bit of each character stands.
var mateOf = makeMateOf()

func makeMateOf() (table [characters][characterBits]place) {
	for c, row := range endOf {
		for bit, end := range row {
			table[c][bit] = placeOf[end^1]
		}
	}
	return table
}

// sharedWith is, for each character, which of its bits stand at a bar with the other character.
var sharedWith = makeSharedWith()

func makeSharedWith() (table [characters][characters]uint16) {
	for c, row := range mateOf {
		for bit, mate := range row {
			table[c][mate.char] |= 1 << bit
		}
	}
	return table
}

// remainder is the number of bits of a character, divided by three.
var remainder = [characterBits + 1]uint8{0, 1, 2, 0, 1, 2, 0, 1, 2, 0, 1, 2, 0, 1}

// within is the set of remainders, as bits, that a character may have whose unknown ends are counted as not there:
// filling in j of them adds j.
var within = [...]uint8{0b100, 0b110, 0b111}

// search is the state of one search.
type search struct {
	pattern [characters]uint16 // the bits, unknown ones 0
	open    [characters]uint16 // bits that may still be changed
	unknown [characters]uint16
	within  [characters]uint8
	wrong   uint16    // characters whose remainder is not within
	legal   int       // legal sets of changes met so far, of all descents
	report  func(IMb) // takes what is found
}

// see takes in the bars as they are, or upside down. Where there are 64, an unknown one is put in at the place; of 66 that one is taken out.
func (s *search) see(bars []byte, at int, upsideDown bool) {
	s.pattern, s.open, s.unknown = [characters]uint16{}, [characters]uint16{}, [characters]uint16{}
	for i := range BarCount {
		letter := byte('?')
		switch {
		case len(bars) == BarCount || i < at:
			letter = bars[i]
		case len(bars) > BarCount:
			letter = bars[i+1]
		case i > at:
			letter = bars[i-1]
		}
		s.put(i, letterEnds[letter], upsideDown)
	}
	s.wrong = 0
	for c, unknown := range s.unknown {
		s.within[c] = within[min(bits.OnesCount16(unknown), 2)]
		s.weigh(uint8(c))
	}
}

func (s *search) put(bar int, end uint8, upsideDown bool) {
	lower, upper := 2*bar, 2*bar+1
	if upsideDown {
		lower, upper = ends-1-lower, ends-1-upper
	}
	low, high := placeOf[lower], placeOf[upper]
	if end == unknownBar {
		s.unknown[low.char] |= low.bit
		s.unknown[high.char] |= high.bit
		return
	}
	s.open[low.char] |= low.bit
	s.open[high.char] |= high.bit
	s.pattern[low.char] |= low.bit * uint16(end&1)
	s.pattern[high.char] |= high.bit * uint16(end>>1)
}

// weigh tells anew whether a character is wrong.
func (s *search) weigh(c uint8) {
	is := s.within[c] >> remainder[bits.OnesCount16(s.pattern[c])] & 1
	s.wrong = s.wrong&^(1<<c) | uint16(1-is)<<c
}

func (s *search) flip(c uint8, bit uint16) {
	s.pattern[c] ^= bit
	s.weigh(c)
}

// descend reports every barcode that differs from the bars in exactly so many.
func (s *search) descend(changes int) {
	switch {
	case bits.OnesCount16(s.wrong) > 2*changes:
	case changes == 0:
		s.fill(9)
	case changes == 1:
		s.lastChange()
	case s.wrong != 0:
		c := uint8(bits.TrailingZeros16(s.wrong))
		open := s.open[c]
		s.changeEach(c, changes)
		s.open[c] = open
	default:
		open := s.open
		for c := range uint8(characters) {
			s.changeEach(c, changes)
		}
		s.open = open
	}
}

// changeEach goes through the sets of changes that change an end in character c, by the first such end. It leaves c closed.
func (s *search) changeEach(c uint8, changes int) {
	for s.open[c] != 0 {
		i := bits.TrailingZeros16(s.open[c])
		bit, mate := uint16(1)<<i, mateOf[c][i]
		s.open[c] &^= bit
		mateOpen := s.open[mate.char] & mate.bit
		s.open[mate.char] &^= mate.bit

		s.flip(c, bit)
		s.descend(changes - 1)
		if mateOpen != 0 {
			s.flip(mate.char, mate.bit)
			s.descend(changes - 1)
			s.flip(mate.char, mate.bit)
		}
		s.flip(c, bit)
		s.open[mate.char] |= mateOpen
	}
}

// lastChange goes through the single changes that leave nothing wrong.
func (s *search) lastChange() {
	switch bits.OnesCount16(s.wrong) {
	case 0:
		open := s.open
		for c := range uint8(characters) {
			s.changeLast(c, allBits)
			s.open[c] = 0
		}
		s.open = open
	case 1:
		s.changeLast(uint8(bits.TrailingZeros16(s.wrong)), allBits)
	case 2:
		c := uint8(bits.TrailingZeros16(s.wrong))
		other := bits.TrailingZeros16(s.wrong &^ (1 << c))
		s.changeLast(c, sharedWith[c][other])
	}
}

// changeLast tries the changes of the bars at some ends of character c.
func (s *search) changeLast(c uint8, some uint16) {
	others := s.wrong &^ (1 << c)
	for able := s.able(c) & some; able != 0; able &= able - 1 {
		i := bits.TrailingZeros16(able)
		bit, mate := uint16(1)<<i, mateOf[c][i]
		s.pattern[c] ^= bit
		if others == 0 {
			s.fill(9)
		}
		if others&^(1<<mate.char) == 0 && s.able(mate.char)&mate.bit != 0 {
			s.pattern[mate.char] ^= mate.bit
			s.fill(9)
			s.pattern[mate.char] ^= mate.bit
		}
		s.pattern[c] ^= bit
	}
}

// able returns the open bits of a character of which each, if changed, makes its remainder right.
func (s *search) able(c uint8) uint16 {
	// The set of remainders from which one more bit is right, and from which one less is.
	up, down := s.within[c]>>1|s.within[c]<<2, s.within[c]<<1|s.within[c]>>2
	now := remainder[bits.OnesCount16(s.pattern[c])]
	able := ^s.pattern[c]&-uint16(up>>now&1) | s.pattern[c]&-uint16(down>>now&1)
	return able & s.open[c]
}

// fill fills in the unknown ends of characters c to A in all ways that are legal, and reports what is a barcode. It begins with J, since
// that alone tells most of what is none.
func (s *search) fill(c int) {
	read, unknown := s.pattern[c], s.unknown[c]
	for filled := unknown; ; filled = (filled - 1) & unknown {
		s.pattern[c] = read | filled
		if remainder[bits.OnesCount16(read|filled)] == 2 && (c < 9 || mayBeJ(read|filled)) {
			s.fillNext(c - 1)
		}
		if filled == 0 {
			break
		}
	}
	s.pattern[c] = read
}

func (s *search) fillNext(c int) {
	for c >= 0 && s.unknown[c] == 0 {
		c--
	}
	if c >= 0 {
		s.fill(c)
		return
	}
	s.legal++
	if m, ok := decodePatterns(&s.pattern); ok {
		s.report(m)
	}
}

// mayBeJ reports whether a legal pattern has a codeword of character J.
func mayBeJ(pattern uint16) bool {
	word := codewordOf[pattern&allBits] &^ complemented
	return word%2 == 0 && word < 2*codewordsJ
}
