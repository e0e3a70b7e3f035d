package barcode_test

import (
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"mailtrail/schemas/barcode"
)

// longTrials is the full number of trials with -long, else fewer.
func longTrials(full, short int) int {
	if *long {
		return full
	}
	return trials(short)
}

// bruteForce looks for barcodes near bars by trying everything: every way to fill in, to put in and to take out bars, and every change
// of some of the others. It asks the second decoder and shares nothing with the package.
type bruteForce struct {
	ref   *reference
	ends  [2][10][]bruteEnd // upright and upside down
	legal [10][8192]bool    // characters that have a codeword, or the complement of one
}

type bruteEnd struct {
	bar, bit int
	has      [256]bool // letters with this end
}

func newBruteForce() *bruteForce {
	b := &bruteForce{ref: newReference()}
	for i, bar := range b.ref.ends {
		low, high := [256]bool{'D': true, 'F': true}, [256]bool{'A': true, 'F': true}
		lower, upper := bar[0], bar[1]
		b.ends[0][lower.char] = append(b.ends[0][lower.char], bruteEnd{i, lower.bit, low})
		b.ends[0][upper.char] = append(b.ends[0][upper.char], bruteEnd{i, upper.bit, high})
		b.ends[1][lower.char] = append(b.ends[1][lower.char], bruteEnd{64 - i, lower.bit, high})
		b.ends[1][upper.char] = append(b.ends[1][upper.char], bruteEnd{64 - i, upper.bit, low})
	}
	for char, word := range b.ref.words {
		for c := range b.legal {
			legal := c < 9 || word%2 == 0 && word <= 1270
			b.legal[c][char], b.legal[c][8191-char] = legal, legal
		}
	}
	return b
}

// isLegal is a quick look at whether every character has a codeword. It begins with J, which has the fewest.
func (b *bruteForce) isLegal(bars []byte, way int) bool {
	for c := 9; c >= 0; c-- {
		char := 0
		for i := range b.ends[way][c] {
			if end := &b.ends[way][c][i]; end.has[bars[end.bar]] {
				char |= 1 << end.bit
			}
		}
		if !b.legal[c][char] {
			return false
		}
	}
	return true
}

// spelling is what the bars may have been before any was wrong; free marks the bars that were read.
type spelling struct {
	bars []byte
	free [65]bool
}

func spellings(bars []byte) []spelling {
	var texts [][]byte
	switch len(bars) {
	case 65:
		texts = append(texts, bars)
	case 64:
		for i := range 65 {
			texts = append(texts, slices.Insert(slices.Clone(bars), i, '?'))
		}
	case 66:
		for i := range 66 {
			texts = append(texts, slices.Delete(slices.Clone(bars), i, i+1))
		}
	}
	var all []spelling
	for _, text := range texts {
		s := spelling{bars: text}
		for i, letter := range text {
			s.free[i] = letter != '?'
		}
		all = append(all, filledIn([]spelling{s})...)
	}
	return all
}

func filledIn(some []spelling) []spelling {
	i := slices.Index(some[0].bars, '?')
	if i < 0 {
		return some
	}
	var filled []spelling
	for _, s := range some {
		for _, letter := range []byte("TADF") {
			next := spelling{slices.Clone(s.bars), s.free}
			next.bars[i] = letter
			filled = append(filled, next)
		}
	}
	return filledIn(filled)
}

// near returns the barcodes with exactly 0, 1 ... most wrong bars and no fewer, as digits, each level sorted.
func (b *bruteForce) near(bars []byte, most int) [][]string {
	levels := make([][]string, most+1)
	seen := map[string]bool{}
	for wrong := range levels {
		var found []string
		for _, s := range spellings(bars) {
			b.change(&s, 0, wrong, func(digits string) {
				if !seen[digits] {
					seen[digits] = true
					found = append(found, digits)
				}
			})
		}
		slices.Sort(found)
		levels[wrong] = found
	}
	return levels
}

func (b *bruteForce) decode(bars []byte, found func(digits string)) {
	if tracking, routing, ok := b.ref.decode(string(bars)); ok {
		found(tracking + routing)
	}
}

func (b *bruteForce) change(s *spelling, from, wrong int, found func(digits string)) {
	if wrong == 0 {
		if b.isLegal(s.bars, 0) {
			b.decode(s.bars, found)
		}
		if b.isLegal(s.bars, 1) {
			b.decode(upsideDownBars(s.bars), found)
		}
		return
	}
	for i := from; i < len(s.bars); i++ {
		if read := s.bars[i]; s.free[i] {
			for _, letter := range []byte("TADF") {
				if letter != read {
					s.bars[i] = letter
					b.change(s, i+1, wrong-1, found)
				}
			}
			s.bars[i] = read
		}
	}
}

// damaged returns bars of which so many, each its own, are read as another state, and others not at all.
func damaged(r *rand.Rand, bars [65]byte, wrong, unknown int) []byte {
	places := r.Perm(len(bars))
	for _, i := range places[:wrong] {
		bars[i] = strings.ReplaceAll("TADF", string(bars[i]), "")[r.IntN(3)]
	}
	for _, i := range places[wrong : wrong+unknown] {
		bars[i] = '?'
	}
	return bars[:]
}

// compare holds a repair against the levels that brute force found.
func compare(t *testing.T, r *barcode.Repairer, bars []byte, limit int, levels [][]string) {
	t.Helper()
	got, err := r.Repair(bars, limit)
	nearest := slices.IndexFunc(levels, func(level []string) bool { return len(level) > 0 })
	if nearest < 0 {
		require.ErrorIs(t, err, barcode.ErrBeyondRepair, "%s", bars)
		require.Equal(t, barcode.Repaired{}, got)
		return
	}
	require.NoError(t, err, "%s", bars)
	require.Equal(t, nearest, got.Wrong, "%s", bars)
	if want := levels[nearest]; len(want) > 1 {
		require.Equal(t, barcode.OutcomeAmbiguous, got.Outcome, "%s", bars)
		require.True(t, got.IMb.IsZero())
		require.Zero(t, got.Confidence)
		require.Equal(t, nearest, got.RunnerUp)
		var listed []string
		for _, c := range got.Candidates() {
			require.Equal(t, nearest, c.Wrong)
			listed = append(listed, string(c.IMb.Digits()))
		}
		require.Equal(t, want[:min(len(want), barcode.MaxCandidates)], listed, "%s", bars)
		return
	}
	require.Contains(t, []barcode.Outcome{barcode.OutcomeOK, barcode.OutcomeRepaired}, got.Outcome, "%s", bars)
	require.Equal(t, levels[nearest][0], string(got.IMb.Digits()), "%s", bars)
	require.Empty(t, got.Candidates())
	runnerUp := -1
	if got.Searched > nearest && nearest+1 < len(levels) && len(levels[nearest+1]) > 0 {
		runnerUp = nearest + 1
	}
	if got.Searched < len(levels) {
		require.Equal(t, runnerUp, got.RunnerUp, "%s", bars)
	}
}

func TestRepairIsTheNearestByBruteForce(t *testing.T) {
	r := rand.New(rand.NewPCG(11, 12))
	brute, repairer := newBruteForce(), barcode.NewRepairer(nil)
	for i := range longTrials(20_000, 2_100) {
		m := randomIMb(t, r)
		bars := damaged(r, m.Bars(), i%3, 0)
		if i%2 == 1 {
			bars = upsideDownBars(bars)
		}
		compare(t, repairer, bars, 2, brute.near(bars, 2))
	}
}

// Bars of damage beyond the limit, and bars that were never a barcode, have nothing within two bars, or seldom.
func TestRepairRefusesWhatBruteForceDoesNotFind(t *testing.T) {
	r := rand.New(rand.NewPCG(13, 14))
	brute, repairer := newBruteForce(), barcode.NewRepairer(nil)
	for i := range longTrials(2_000, 200) {
		m := randomIMb(t, r)
		bars := damaged(r, m.Bars(), 3+i%63, 0)
		compare(t, repairer, bars, 2, brute.near(bars, 2))
	}
}

func TestRepairOfUnknownBarsByBruteForce(t *testing.T) {
	r := rand.New(rand.NewPCG(15, 16))
	brute, repairer := newBruteForce(), barcode.NewRepairer(nil)
	for i := range longTrials(2_000, 300) {
		m := randomIMb(t, r)
		wrong, unknown := i%2, 1+i%3
		bars := damaged(r, m.Bars(), wrong, unknown)
		compare(t, repairer, bars, 2, brute.near(bars, 1))
	}
}

func TestRepairOfLostAndSurplusBarsByBruteForce(t *testing.T) {
	r := rand.New(rand.NewPCG(17, 18))
	brute, repairer := newBruteForce(), barcode.NewRepairer(nil)
	for i := range longTrials(1_000, 200) {
		m := randomIMb(t, r)
		bars, place := damaged(r, m.Bars(), i%2, 0), r.IntN(65)
		if i%4 < 2 {
			bars = slices.Delete(bars, place, place+1)
		} else {
			bars = slices.Insert(bars, place, "TADF"[r.IntN(4)])
		}
		compare(t, repairer, bars, 2, brute.near(bars, 0))
		got, err := repairer.Repair(bars, 3)
		if levels := brute.near(bars, 1); len(levels[0])+len(levels[1]) == 0 {
			require.ErrorIs(t, err, barcode.ErrBeyondRepair)
		} else {
			require.NoError(t, err, "%s", bars)
			require.Equal(t, len(levels[0]) == 0, got.Wrong == 1, "%s", bars)
		}
	}
}

// Where three bars are wrong the length of the routing code counts too, so only what lies near is held against brute force: what was found.
func TestThreeWrongBarsByBruteForce(t *testing.T) {
	if !*long {
		t.Skip("minutes of brute force; -args -long")
	}
	r := rand.New(rand.NewPCG(19, 20))
	brute, repairer := newBruteForce(), barcode.NewRepairer(nil)
	for range 300 {
		m := randomIMb(t, r)
		bars := damaged(r, m.Bars(), 3, 0)
		levels := brute.near(bars, 3)
		got, err := repairer.Repair(bars, 3)
		require.NoError(t, err)
		if len(levels[0])+len(levels[1])+len(levels[2]) > 0 {
			continue
		}
		near := levels[3]
		for _, c := range got.Candidates() {
			require.True(t, c.Wrong == 4 || slices.Contains(near, string(c.IMb.Digits())))
		}
		switch {
		case got.Outcome == barcode.OutcomeRepaired && got.Wrong == 3:
			require.Contains(t, near, string(got.IMb.Digits()))
			require.Equal(t, len(near) > 1, got.RunnerUp == 3)
		case got.Outcome == barcode.OutcomeAmbiguous && got.Wrong == 3:
			require.GreaterOrEqual(t, len(got.Candidates()), 2)
		}
	}
}
