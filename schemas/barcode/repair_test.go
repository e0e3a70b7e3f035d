package barcode_test

import (
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"mailtrail/schemas/barcode"
)

func TestRepairTellsWhatItDid(t *testing.T) {
	sound := specSamples[3].bars
	const digits = sampleTracking + "01234567891"
	for name, test := range map[string]struct {
		bars string
		want barcode.Repaired // what does not follow from the bars is left out
	}{
		"nothing": {sound, barcode.Repaired{Outcome: barcode.OutcomeOK}},
		"upside down": {string(upsideDownBars([]byte(sound))),
			barcode.Repaired{Outcome: barcode.OutcomeOK, UpsideDown: true}},
		"one wrong bar": {"F" + sound[1:],
			barcode.Repaired{Outcome: barcode.OutcomeRepaired, Wrong: 1, Searched: 2}},
		"two wrong bars, small letters": {strings.ToLower("F" + sound[1:64] + "T"),
			barcode.Repaired{Outcome: barcode.OutcomeRepaired, Wrong: 2, Searched: 3}},
		"wrong and upside down": {string(upsideDownBars([]byte("F" + sound[1:]))),
			barcode.Repaired{Outcome: barcode.OutcomeRepaired, UpsideDown: true, Wrong: 1, Searched: 2}},
		"three unknown bars": {"???" + sound[3:],
			barcode.Repaired{Outcome: barcode.OutcomeRepaired, Unknown: 3, Searched: 1}},
		"one wrong and three unknown": {"???" + sound[3:64] + "T",
			barcode.Repaired{Outcome: barcode.OutcomeRepaired, Wrong: 1, Unknown: 3, Searched: 2}},
		"a lost bar": {sound[:30] + sound[31:],
			barcode.Repaired{Outcome: barcode.OutcomeRepaired, Lost: 1, Searched: 1}},
		"a lost bar at the end, upside down": {string(upsideDownBars([]byte(sound[1:]))),
			barcode.Repaired{Outcome: barcode.OutcomeRepaired, UpsideDown: true, Lost: 1, Searched: 1}},
		"a surplus bar": {sound[:30] + "F" + sound[30:],
			barcode.Repaired{Outcome: barcode.OutcomeRepaired, Surplus: 1, Searched: 1}},
		"a surplus bar and a wrong one": {sound[:64] + "TF",
			barcode.Repaired{Outcome: barcode.OutcomeRepaired, Surplus: 1, Wrong: 1, Searched: 2}},
	} {
		t.Run(name, func(t *testing.T) {
			got, err := barcode.NewRepairer(nil).Repair([]byte(test.bars), 3)
			require.NoError(t, err)
			require.Equal(t, digits, string(got.IMb.Digits()))
			require.Greater(t, got.Confidence, 0.99)
			require.LessOrEqual(t, got.Confidence, 1.0)
			require.Empty(t, got.Candidates())
			require.True(t, got.RunnerUp == -1 || got.RunnerUp > got.Wrong && got.RunnerUp <= got.Searched, got.RunnerUp)
			require.Equal(t, test.want.Wrong+test.want.Unknown+test.want.Lost+test.want.Surplus, got.Changed())

			test.want.IMb, test.want.Confidence, test.want.RunnerUp = got.IMb, got.Confidence, got.RunnerUp
			require.Equal(t, test.want, got)
		})
	}
}

func TestRepairKeepsItsLimit(t *testing.T) {
	sound := specSamples[3].bars
	for name, test := range map[string]struct {
		bars  string
		least int // the lowest limit with which it is repaired
	}{
		"nothing":                     {sound, 0},
		"one wrong":                   {"F" + sound[1:], 1},
		"two wrong":                   {"F" + sound[1:64] + "T", 2},
		"three wrong":                 {"F" + sound[1:32] + "F" + sound[33:64] + "T", 3},
		"three unknown":               {"???" + sound[3:], 1},
		"six unknown":                 {"??????" + sound[6:], 2},
		"thirteen unknown in a row":   {sound[:52] + strings.Repeat("?", 13), 4},
		"one wrong and four unknown":  {"????" + sound[4:64] + "T", 3},
		"a bar lost":                  {sound[1:], 2},
		"a bar lost and two unknown":  {"??" + sound[3:], 3},
		"a bar too many and wrong":    {sound[:64] + "TF", 3},
		"a bar too many, two unknown": {"F??" + sound[2:], 3},
	} {
		t.Run(name, func(t *testing.T) {
			r := barcode.NewRepairer(nil)
			for limit := range barcode.MaxRepair + 2 {
				got, err := r.Repair([]byte(test.bars), limit)
				if limit < test.least {
					require.ErrorIs(t, err, barcode.ErrBeyondRepair, "limit %d", limit)
					require.ErrorIs(t, err, barcode.ErrUnreadable)
					require.Equal(t, barcode.Repaired{}, got)
				} else {
					require.NoError(t, err, "limit %d", limit)
					require.NotEqual(t, barcode.OutcomeRefused, got.Outcome)
				}
			}
		})
	}
}

func TestRepairRefuses(t *testing.T) {
	sound := specSamples[0].bars
	for name, test := range map[string]struct {
		bars   string
		reason error
	}{
		"nothing":           {"", barcode.ErrBarCount},
		"two bars lost":     {sound[2:], barcode.ErrBarCount},
		"two bars too many": {sound + "TT", barcode.ErrBarCount},
		"another letter":    {"X" + sound[1:], barcode.ErrBarLetter},
		"hopeless":          {strings.Repeat("TA", 32) + "F", barcode.ErrBeyondRepair},
		"nothing known":     {strings.Repeat("?", 65), barcode.ErrBeyondRepair},
		"fourteen unknown":  {strings.Repeat("?", 14) + sound[14:], barcode.ErrBeyondRepair},
	} {
		t.Run(name, func(t *testing.T) {
			got, err := barcode.NewRepairer(nil).Repair([]byte(test.bars), barcode.MaxRepair)
			require.ErrorIs(t, err, test.reason)
			require.Equal(t, barcode.Repaired{}, got)
			require.Equal(t, "refused", got.Outcome.String())
		})
	}
}

// ambiguousRead returns bars that are two wrong bars away from the barcode and from another one as well.
func ambiguousRead(t *testing.T, seed uint64) (barcode.IMb, []byte) {
	t.Helper()
	r := rand.New(rand.NewPCG(seed, 0))
	repairer := barcode.NewRepairer(nil)
	for range 2_000 {
		m := randomIMb(t, r)
		bars := damaged(r, m.Bars(), 2, 0)
		if got, err := repairer.Repair(bars, 2); err == nil && got.Outcome == barcode.OutcomeAmbiguous {
			return m, bars
		}
	}
	t.Fatal("no double damage was ambiguous")
	return barcode.IMb{}, nil
}

func TestAmbiguousReadsListTheirCandidates(t *testing.T) {
	m, bars := ambiguousRead(t, 1)
	got, err := barcode.NewRepairer(nil).Repair(bars, 2)
	require.NoError(t, err)
	require.Equal(t, "ambiguous", got.Outcome.String())
	require.True(t, got.IMb.IsZero())
	require.Zero(t, got.Confidence)
	require.Equal(t, 2, got.Wrong)
	require.Equal(t, 2, got.RunnerUp)

	listed, sum := false, 0.0
	for _, c := range got.Candidates() {
		listed = listed || c.IMb == m
		sum += c.Confidence
		require.Equal(t, got.Candidates()[0].Confidence, c.Confidence)
	}
	require.True(t, listed)
	require.InDelta(t, 1, sum, 0.05)
}

// With the length of routing codes in play, 11 digits beside none are as good as settled.
func TestLengthOfTheRoutingCodeSettlesGreaterDamage(t *testing.T) {
	r := rand.New(rand.NewPCG(23, 24))
	repairer := barcode.NewRepairer(nil)
	settled := 0
	for range trials(2_000) {
		m, err := barcode.NewIMb(slices.Concat([]byte("00"), randomDigits(r, 18)), nil)
		require.NoError(t, err)
		got, err := repairer.Repair(damaged(r, m.Bars(), 3, 0), 3)
		require.NoError(t, err)
		if got.Outcome == barcode.OutcomeRepaired && got.RunnerUp == got.Wrong {
			require.Equal(t, m, got.IMb)
			settled++
		}
	}
	require.Positive(t, settled)
}

// A Repairer answers alike however often and whatever came between.
func TestRepairerKeepsNothing(t *testing.T) {
	r := rand.New(rand.NewPCG(25, 26))
	shared := barcode.NewRepairer(nil)
	for i := range trials(500) {
		m := randomIMb(t, r)
		bars := damaged(r, m.Bars(), i%5, i%7)
		got, err := shared.Repair(bars, i%barcode.MaxRepair)
		want, wantErr := barcode.NewRepairer(nil).Repair(bars, i%barcode.MaxRepair)
		require.Equal(t, wantErr, err)
		require.Equal(t, want, got)
	}
}

func TestRepairDoesNotAllocate(t *testing.T) {
	r := rand.New(rand.NewPCG(27, 28))
	repairer := barcode.NewRepairer(knownMailers(t, r, 10).set)
	m := randomIMb(t, r)
	bars := m.Bars()
	_, tie := ambiguousRead(t, 2)
	for name, read := range map[string][]byte{
		"undamaged": bars[:], "wrong": damaged(r, bars, 2, 0), "unknown": damaged(r, bars, 0, 5), "lost": bars[1:],
		"hopeless": []byte(strings.Repeat("TA", 32) + "F"), "ambiguous": tie,
	} {
		require.Zero(t, testing.AllocsPerRun(10, func() { _, _ = repairer.Repair(read, 3) }), name)
	}
}

func TestOutcomesHaveNames(t *testing.T) {
	var names []string
	for o := range barcode.OutcomeAmbiguous + 2 {
		names = append(names, o.String())
	}
	require.Equal(t, []string{"refused", "ok", "repaired", "ambiguous", "unknown"}, names)
}
