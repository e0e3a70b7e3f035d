package repair

import (
	"flag"
	"fmt"
	"math"
	"math/rand/v2"
	"os"
	"strings"
	"testing"
	"text/tabwriter"

	"github.com/stretchr/testify/require"

	"mailtrail/schemas/barcode"
)

var long = flag.Bool("long", false, "10,000 trials a row instead of 200, and all limits asserted")

// shares is what came of the trials of one row.
type shares struct {
	trials, right, ambiguous, wrong, refused int

	confidence float64 // sum over answers
	public     int     // right by the public method
}

func (s *shares) percent(n int) float64 { return 100 * float64(n) / float64(s.trials) }

// confident returns the mean confidence of the answers, percent.
func (s *shares) confident() float64 { return 100 * s.confidence / float64(max(s.right+s.wrong, 1)) }

func (s *shares) take(m *barcode.IMb, got *barcode.Repaired, err error) {
	s.trials++
	s.confidence += got.Confidence
	switch {
	case err != nil:
		s.refused++
	case got.Outcome == barcode.OutcomeAmbiguous:
		s.ambiguous++
	case got.IMb == *m:
		s.right++
	default:
		s.wrong++
	}
}

// row is a kind of damage, done to barcodes whose routing codes have these lengths, one as often as the other.
type row struct {
	wrong, unknown int
	lengths        []int
	least, most    float64 // limits of right and wrong, percent; least 0: none
}

var (
	allLengths = []int{0, 5, 9, 11}
	longest    = []int{11}
)

var rows = []row{
	{1, 0, allLengths, 99.8, 0},
	{2, 0, allLengths, 98, 0.1},
	{3, 0, allLengths, 87, 100},
	{4, 0, allLengths, 0, 100},
	{1, 0, longest, 99.8, 0},
	{2, 0, longest, 98, 0.1},
	{3, 0, longest, 0, 100},
	{4, 0, longest, 0, 100},
	{0, 1, allLengths, 99.8, 0.01}, {0, 2, allLengths, 99.8, 0.01}, {0, 3, allLengths, 99.8, 0.01}, {0, 4, allLengths, 99.8, 0.01},
	{0, 5, allLengths, 99.4, 0.1}, {0, 6, allLengths, 99.4, 0.1}, {0, 7, allLengths, 97.5, 0.1}, {0, 8, allLengths, 97.5, 0.1},
	{0, 9, allLengths, 94.5, 0.2}, {0, 10, allLengths, 0, 100}, {0, 11, allLengths, 0, 100}, {0, 12, allLengths, 0, 100}, {0, 13, allLengths, 0, 100},
}

func trials() int {
	if *long {
		return 10_000
	}
	return 200
}

func TestShares(t *testing.T) {
	table := tabwriter.NewWriter(os.Stdout, 0, 0, 2, ' ', tabwriter.AlignRight)
	fmt.Fprintln(table, "wrong\tunknown\trouting\tright\tambiguous\twrong\trefused\tconfidence\tpublic right\t")
	for i, row := range rows {
		s := measure(t, rand.New(rand.NewPCG(1, uint64(i))), row)
		public := "-"
		if row.unknown == 0 {
			public = fmt.Sprintf("%.2f", s.percent(s.public))
		}
		fmt.Fprintf(table, "%d\t%d\t%s\t%.2f\t%.2f\t%.2f\t%.2f\t%.2f\t%s\t\n", row.wrong, row.unknown, strings.Trim(fmt.Sprint(row.lengths), "[]"),
			s.percent(s.right), s.percent(s.ambiguous), s.percent(s.wrong), s.percent(s.refused), s.confident(), public)
		require.Zero(t, s.refused)
		if *long && row.least > 0 {
			require.GreaterOrEqual(t, s.percent(s.right), row.least-2*standardError(row.least, s.trials), row)
		}
		if *long || row.most == 0 {
			require.LessOrEqual(t, s.percent(s.wrong), row.most, row)
		}
	}
	require.NoError(t, table.Flush())
}

// standardError of a share in percent.
func standardError(percent float64, trials int) float64 {
	return math.Sqrt(percent * (100 - percent) / float64(trials))
}

func measure(t *testing.T, r *rand.Rand, row row) *shares {
	t.Helper()
	repairer, s := barcode.NewRepairer(nil), new(shares)
	for range trials() {
		m := randomIMb(t, r, row.lengths)
		bars := damaged(r, m.Bars(), row.wrong, row.unknown)
		got, err := repairer.Repair(bars, barcode.MaxRepair)
		s.take(&m, &got, err)
		if answer, ok := repairPublicly(bars); ok && answer == m {
			s.public++
		}
	}
	return s
}

// Pieces of a thousand known mailers, whose serial numbers are all known and whose routing codes are not.
func TestSharesWithKnownMailers(t *testing.T) {
	r := rand.New(rand.NewPCG(2, 0))
	text, mids := strings.Builder{}, make([]string, 1_000)
	text.WriteString("effective 2026-11-20\nsource made up\n")
	for i := range mids {
		mids[i] = string(append([]byte{'9'}, randomDigits(r, 8)...))
		if i%2 == 0 {
			mids[i] = fmt.Sprintf("%06d", r.IntN(900_000))
		}
		text.WriteString(mids[i] + "\n")
	}
	known, err := barcode.ParseKnownSet([]byte(text.String()))
	require.NoError(t, err)
	without, with, settled := new(shares), new(shares), new(shares)
	plain, knowing := barcode.NewRepairer(nil), barcode.NewRepairer(known)
	for range 10 * trials() {
		m := pieceOf(t, r, mids[r.IntN(len(mids))])
		bars := damaged(r, m.Bars(), 2, 0)
		before, err := plain.Repair(bars, barcode.MaxRepair)
		without.take(&m, &before, err)
		after, err := knowing.Repair(bars, barcode.MaxRepair)
		with.take(&m, &after, err)
		if before.Outcome == barcode.OutcomeAmbiguous {
			settled.take(&m, &after, err)
		}
	}
	say := func(what string, s *shares) {
		fmt.Printf("%s: of %d right %.3f %%, ambiguous %.3f %%, wrong %.3f %%\n", what, s.trials, s.percent(s.right), s.percent(s.ambiguous), s.percent(s.wrong))
	}
	say("two wrong bars, pieces of 1,000 mailers", without)
	say("the same with the mailers known", with)
	say("those that were ambiguous, with the mailers known", settled)
	if *long {
		require.LessOrEqual(t, with.percent(with.wrong), 0.01)
		require.Greater(t, settled.percent(settled.right), 60.0)
	}
}

// Bars that are misread as the model of the confidence says: the answers must be wrong as often as they own up to.
func TestConfidenceIsHonest(t *testing.T) {
	r := rand.New(rand.NewPCG(3, 0))
	repairer, s := barcode.NewRepairer(nil), new(shares)
	for range 40 * trials() {
		m := randomIMb(t, r, allLengths)
		wrong := 0
		for range barcode.BarCount {
			if r.Float64() < barcode.Misread {
				wrong++
			}
		}
		got, err := repairer.Repair(damaged(r, m.Bars(), wrong, 0), barcode.MaxRepair)
		s.take(&m, &got, err)
	}
	expected := float64(s.right+s.wrong) - s.confidence
	fmt.Printf("each bar misread at %g: of %d answers %d wrong, %.1f expected from their confidence; %d ambiguous, %d refused\n",
		barcode.Misread, s.right+s.wrong, s.wrong, expected, s.ambiguous, s.refused)
	if *long {
		require.InDelta(t, expected, float64(s.wrong), 0.5*expected)
	}
}
