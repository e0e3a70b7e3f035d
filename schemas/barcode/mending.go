package barcode

import (
	"bytes"
	"fmt"
	"strconv"
)

// ErrMending is the reason for which Mend refuses a mending. It wraps ErrUnreadable.
var ErrMending = fmt.Errorf("%w: not a mending of these bars", ErrUnreadable)

// AppendMending appends what turns the bars into those of the barcode that their repair found, so that it need not be searched for again.
// It holds no barcode. It is words with commas between:
//
//	12D   the bar at place 12, from 1, is a D
//	+12D  a bar is put in so that it stands at place 12; it comes first
//	-40   the bar at place 40 is taken out; it comes first
//
// Places are those that the 65 bars have in the end, except for the bar that is taken out. Bars that need none give no words, and so does an
// answer that is none.
func AppendMending(dst, bars []byte, r *Repaired) []byte {
	if r.IMb.IsZero() {
		return dst
	}
	printed := r.IMb.Bars()
	if r.UpsideDown {
		turnLetters(&printed)
	}
	at, length := nearestView(bars, &printed), len(dst)
	switch len(bars) {
	case BarCount - 1:
		dst = append(strconv.AppendInt(append(dst, '+'), int64(at+1), 10), printed[at], ',')
	case BarCount + 1:
		dst = append(strconv.AppendInt(append(dst, '-'), int64(at+1), 10), ',')
	}
	for i, letter := range printed {
		if read := viewed(bars, at, i); read != 0 && letterEnds[read] != letterEnds[letter] {
			dst = append(strconv.AppendInt(dst, int64(i+1), 10), letter, ',')
		}
	}
	return dst[:max(length, len(dst)-1)]
}

// nearestView returns the place of the bar that was lost or is too many, as the one that leaves the fewest wrong bars.
func nearestView(bars []byte, printed *[BarCount]byte) (at int) {
	if len(bars) == BarCount {
		return 0
	}
	least := BarCount + 1
	for place := range max(len(bars), BarCount) {
		wrong := 0
		for i, letter := range printed {
			read := viewed(bars, place, i)
			if read != 0 && read != '?' && letterEnds[read] != letterEnds[letter] {
				wrong++
			}
		}
		if wrong < least {
			least, at = wrong, place
		}
	}
	return at
}

// viewed returns the i-th of 65 bars, where one was put in or taken out at a place; 0 for the one that was put in.
func viewed(bars []byte, at, i int) byte {
	switch {
	case len(bars) == BarCount || i < at:
		return bars[i]
	case len(bars) > BarCount:
		return bars[i+1]
	case i > at:
		return bars[i-1]
	}
	return 0
}

// turnLetters turns bars upside down.
func turnLetters(bars *[BarCount]byte) {
	for i, j := 0, BarCount-1; i <= j; i, j = i+1, j-1 {
		a, b := letterEnds[bars[i]], letterEnds[bars[j]]
		bars[i], bars[j] = barLetters[b>>1|b&1<<1], barLetters[a>>1|a&1<<1]
	}
}

// Mend changes the bars as AppendMending told and decodes them: a check, not a search. changed is the number of bars that were read wrongly
// or not at all, lost or too many. The bars must be damaged no more than Repair repairs.
//
// The error is an *Error that wraps ErrMending where the mending is none or not one of these bars, and else one of DecodeBars.
func Mend(bars, mending []byte) (m IMb, upsideDown bool, changed int, err error) {
	d, err := inspect(bars)
	if err != nil {
		return IMb{}, false, 0, err
	}
	refused := &Error{ObjectIMb, PartBars, 0, "words such as 12D, first of all +12D or -40 where there are 64 or 66 bars", ErrMending}
	at, rest, ok := shifted(bars, mending)
	if !ok {
		return IMb{}, false, 0, refused
	}
	var mended [BarCount]byte
	for i := range mended {
		if mended[i] = viewed(bars, at.place, i); mended[i] == 0 {
			mended[i] = at.letter
		}
	}
	wrong, unknown := 0, 0
	for len(rest) > 0 {
		var word []byte
		word, rest, _ = bytes.Cut(rest, []byte{','})
		place, letter, ok := parseMended(word, BarCount)
		if !ok || letterEnds[letter] >= unknownBar || letterEnds[mended[place]] == letterEnds[letter] {
			return IMb{}, false, 0, refused
		}
		if mended[place] == '?' {
			unknown++
		} else {
			wrong++
		}
		mended[place] = letter
	}
	if d.cost(wrong) > wrongCost*MaxRepair {
		return IMb{}, false, 0, errBeyondRepair
	}
	if m, upsideDown, err = DecodeBars(mended[:]); err != nil {
		return IMb{}, false, 0, err
	}
	return m, upsideDown, wrong + unknown + d.lost + d.surplus, nil
}

// shift is where a bar was lost, and which, or where one is too many.
type shift struct {
	place  int
	letter byte
}

// shifted reads the word that tells of a bar lost or too many, where the number of bars asks for one.
func shifted(bars, mending []byte) (at shift, rest []byte, ok bool) {
	if len(bars) == BarCount {
		return shift{}, mending, true
	}
	word, rest, _ := bytes.Cut(mending, []byte{','})
	if len(bars) < BarCount {
		word, ok = bytes.CutPrefix(word, []byte{'+'})
		if ok {
			at.place, at.letter, ok = parseMended(word, BarCount)
		}
		return at, rest, ok && letterEnds[at.letter] < unknownBar
	}
	word, ok = bytes.CutPrefix(word, []byte{'-'})
	if ok {
		at.place, _, ok = parseMended(append(word[:len(word):len(word)], 'T'), BarCount+1)
	}
	return at, rest, ok
}

// parseMended reads a place of so many, counted from 1, and the letter behind it. The place is returned counted from 0.
func parseMended(word []byte, places int) (place int, letter byte, ok bool) {
	if len(word) < 2 || len(word) > 3 || word[0] == '0' {
		return 0, 0, false
	}
	digits := word[:len(word)-1]
	if firstNonDigit(digits) >= 0 {
		return 0, 0, false
	}
	place = int(decimal(digits))
	return place - 1, word[len(word)-1], place <= places
}
