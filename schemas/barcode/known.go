package barcode

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"mailtrail/schemas/reference"
)

// KnownSet is a set of barcodes that are expected in the mail: the serial numbers of mailers, with their routing codes where those are
// known too. It settles what bars alone leave open. It does not change once made and may be shared. A nil *KnownSet holds nothing.
//
// A Repairer with a known set expects knownShare of the mail from it, evenly spread, and the rest evenly over all barcodes. So the fewer
// barcodes the set holds, the more it counts for: a set of a thousand mailers makes a barcode in it thousands of times more probable than
// another, which settles every tie and outweighs one wrong bar, or two where the set is small. It never touches bars without damage.
// Only what is far more probable than every other that was found (clearOdds) becomes an answer; of two known barcodes equally near, neither does.
//
// A set that lacks a part of a mailer's serial numbers puts those pieces at a disadvantage against their neighbours: where they
// are not known exactly, leave them out, so that all count as known.
type KnownSet struct {
	Reference
	byMID map[uint32][]knownRange
	share float64
	count int
}

// knownRange is an entry. The ranges of a MID are sorted by their first serial number; reach is the highest last one up to here.
type knownRange struct {
	first, last, reach uint32
	routing            string // the routing code begins with it
}

// midAndSerial is the number of digits of a MID and a serial number together.
const midAndSerial = 15

// knownShare is the part of the mail that is expected to be in the known set.
const knownShare = 0.9

// ParseKnownSet reads a known set. Empty lines and lines that begin with "#" do not count; a line "effective YYYY-MM-DD" says from when it
// holds and a line "source ..." where it comes from. Every other line is an entry of one to three words:
//
//	902345678                                  all serial numbers of a MID of 9 digits
//	123456     000001000-000001999             a range of them, of a MID of 6 digits; both ends belong to it
//	123456     000002000            123451234  one serial number, and how its routing code begins: 5, 9 or 11 digits
//	902345678  -                    12345      all serial numbers to one ZIP code
//
// Redirected pieces (barcode id 93) have another routing code, so theirs is not compared. Entries may overlap.
// The error is a *TableError; it names serial numbers and routing codes by their place only.
func ParseKnownSet(text []byte) (*KnownSet, error) {
	set := &KnownSet{byMID: map[uint32][]knownRange{}}
	ref, err := reference.Parse(text, set.add)
	if err != nil {
		return nil, err
	}
	set.Reference = ref
	set.finish()
	return set, nil
}

func (k *KnownSet) add(line int, words []string) error {
	if len(words) > 3 {
		return reference.Wrong(line, "entry", fmt.Sprint(len(words), " words"), "one to three words: mid serials routing")
	}
	mid := words[0]
	if len(mid) == 0 || len(mid) != midLength(mid[0]) || firstNonDigit([]byte(mid)) >= 0 {
		return reference.Wrong(line, "mid", mid, "6 digits that begin with 0 to 8, or 9 that begin with a 9")
	}
	entry, err := parseSerials(line, words[1:], midAndSerial-len(mid))
	if err != nil {
		return err
	}
	if len(words) == 3 {
		entry.routing = words[2]
		if length := len(entry.routing); firstNonDigit([]byte(entry.routing)) >= 0 || length != 5 && length != 9 && length != 11 {
			return reference.Wrong(line, "routing", fmt.Sprint(length, " characters"), "5, 9 or 11 digits")
		}
	}
	key := uint32(decimal([]byte(mid)))
	k.byMID[key] = append(k.byMID[key], entry)
	k.count++
	k.share += entry.share()
	return nil
}

// parseSerials reads the second word of an entry, where there is one: the serial numbers, of so many digits each.
func parseSerials(line int, words []string, digits int) (knownRange, error) {
	highest := uint32(1)
	for range digits {
		highest *= 10
	}
	if len(words) == 0 || words[0] == "-" {
		return knownRange{last: highest - 1}, nil
	}
	first, last, isRange := strings.Cut(words[0], "-")
	if !isRange {
		last = first
	}
	for _, serial := range []string{first, last} {
		if len(serial) != digits || firstNonDigit([]byte(serial)) >= 0 {
			return knownRange{}, reference.Wrong(line, "serials", fmt.Sprint(len(words[0]), " characters"),
				fmt.Sprintf("%d digits, two times %[1]d digits with a hyphen between, or a hyphen alone", digits))
		}
	}
	if first > last {
		return knownRange{}, reference.Wrong(line, "serials", "last before first", "a range in ascending order")
	}
	return knownRange{first: uint32(decimal([]byte(first))), last: uint32(decimal([]byte(last)))}, nil
}

// share is the share of the entry's barcodes in all barcodes.
func (e *knownRange) share() float64 {
	const redirected = 1.0 / 50 // of the 50 barcode ids one is that of redirected pieces
	serials := float64(e.last-e.first+1) / 1e15
	switch len(e.routing) {
	case 5:
		return serials * (redirected + (1-redirected)*(1+1e4+1e6)/routings)
	case 9:
		return serials * (redirected + (1-redirected)*(1+1e2)/routings)
	case 11:
		return serials * (redirected + (1-redirected)/routings)
	}
	return serials
}

// finish sorts the entries for lookups.
func (k *KnownSet) finish() {
	for _, entries := range k.byMID {
		slices.SortFunc(entries, func(a, b knownRange) int { return cmp.Compare(a.first, b.first) })
		reach := uint32(0)
		for i := range entries {
			reach = max(reach, entries[i].last)
			entries[i].reach = reach
		}
	}
}

// Len returns the number of entries.
func (k *KnownSet) Len() int {
	if k == nil {
		return 0
	}
	return k.count
}

// Contains reports whether the set holds the barcode. Postal-made barcodes have no MID and are in no set.
func (k *KnownSet) Contains(m *IMb) bool {
	if k.Len() == 0 || m.IsZero() || m.PostalMade() {
		return false
	}
	entries := k.byMID[uint32(decimal(m.MID()))]
	serial := uint32(decimal(m.Serial()))
	// From the last entry that begins at or below the serial number back to where none reaches it any more.
	at, _ := slices.BinarySearchFunc(entries, serial, func(e knownRange, serial uint32) int {
		if e.first <= serial {
			return -1
		}
		return 1
	})
	for at--; at >= 0 && entries[at].reach >= serial; at-- {
		if entries[at].last >= serial && (m.Redirected() || strings.HasPrefix(string(m.Routing()), entries[at].routing)) {
			return true
		}
	}
	return false
}

// prior returns how probable one barcode is before the read, in proportion to what it is without a known set.
func (k *KnownSet) prior(known bool) float64 {
	switch {
	case k.Len() == 0:
		return 1
	case known:
		return 1 - knownShare + knownShare/min(k.share, 1)
	}
	return 1 - knownShare
}
