package barcode_test

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"mailtrail/schemas/barcode"
)

const knownHead = "effective 2026-11-20\nsource mailers of a site\n"

func TestKnownSetContains(t *testing.T) {
	set, err := barcode.ParseKnownSet([]byte(knownHead + `
		# all serial numbers
		902345678
		123456  000001000-000001999
		# one that overlaps the one above
		123456  000001500-000009000  12345
		123456  000020000-000020000
		# one within another
		123456  000040000-000049999
		123456  000041000-000041001
		123456  000030000            123451234
		000001  -                    12345123412
	`))
	require.NoError(t, err)
	require.Equal(t, 8, set.Len())
	require.NotEmpty(t, set.Digest)
	for digits, want := range map[string]bool{
		"00270902345678000000":            true,
		"0027090234567899999912345678901": true,
		"00270902345679000000":            false,
		"00270123456000000999":            false,
		"00270123456000001000":            true,
		"00270123456000001999":            true,
		"00270123456000002000":            false, // no routing code
		"0027012345600000200012345":       true,
		"0027012345600000900012345678901": true,
		"0027012345600000900012346678901": false,
		"0027012345600000900112345":       false,
		"9327012345600000900098765":       true, // redirected
		"00270123456000020000":            true,
		"00270123456000020001":            false,
		"00270123456000041001":            true,
		"00270123456000045000":            true,
		"00270123456000050000":            false,
		"0027012345600003000012345":       false, // less than is known of its routing code
		"0027012345600003000012345123499": true,
		"0027000000100000000012345123412": true,
		"0027000000100000000012345123413": false,
		"94270902345678000000":            false, // postal-made: these are no MID
	} {
		m, err := barcode.ParseIMb([]byte(digits))
		require.NoError(t, err, digits)
		require.Equal(t, want, set.Contains(&m), digits)
	}
	var none *barcode.KnownSet
	require.False(t, none.Contains(&barcode.IMb{}))
	require.Zero(t, none.Len())
}

func TestKnownSetErrors(t *testing.T) {
	for entry, want := range map[string]string{
		"12345":                        `line 3: mid: "12345": expected 6 digits that begin with 0 to 8, or 9 that begin with a 9`,
		"912345":                       `line 3: mid: "912345": expected 6 digits that begin with 0 to 8, or 9 that begin with a 9`,
		"12345a":                       `line 3: mid: "12345a": expected 6 digits that begin with 0 to 8, or 9 that begin with a 9`,
		"123456 123456":                `line 3: serials: "6 characters": expected 9 digits, two times 9 digits with a hyphen between, or a hyphen alone`,
		"912345678 000001-2":           `line 3: serials: "8 characters": expected 6 digits, two times 6 digits with a hyphen between, or a hyphen alone`,
		"912345678 000002-000001":      `line 3: serials: "last before first": expected a range in ascending order`,
		"912345678 - 1234":             `line 3: routing: "4 characters": expected 5, 9 or 11 digits`,
		"912345678 - 1234x":            `line 3: routing: "5 characters": expected 5, 9 or 11 digits`,
		"912345678 000001 12345 67890": `line 3: entry: "4 words": expected one to three words: mid serials routing`,
	} {
		set, err := barcode.ParseKnownSet([]byte(knownHead + entry))
		require.Nil(t, set)
		require.EqualError(t, err, want)
	}
	_, err := barcode.ParseKnownSet([]byte("source nobody\n"))
	require.ErrorContains(t, err, "effective")
}

// mailers are known mailers: a set that holds their serial numbers, and their barcodes.
type mailers struct {
	set  *barcode.KnownSet
	mids []string
}

func knownMailers(t testing.TB, r *rand.Rand, n int) mailers {
	var text strings.Builder
	text.WriteString(knownHead)
	m := mailers{}
	for i := range n {
		mid := fmt.Sprintf("9%08d", r.IntN(100_000_000))
		if i%5 == 0 {
			mid = fmt.Sprintf("%06d", r.IntN(900_000))
		}
		m.mids = append(m.mids, mid)
		fmt.Fprintln(&text, mid)
	}
	var err error
	m.set, err = barcode.ParseKnownSet([]byte(text.String()))
	require.NoError(t, err)
	return m
}

func (k mailers) barcode(t testing.TB, r *rand.Rand) barcode.IMb {
	mid := k.mids[r.IntN(len(k.mids))]
	tracking := fmt.Appendf(nil, "%02d%s%s%s", 10*r.IntN(6), randomDigits(r, 3), mid, randomDigits(r, 15-len(mid)))
	m, err := barcode.NewIMb(tracking, randomDigits(r, []int{0, 5, 9, 11}[r.IntN(4)]))
	require.NoError(t, err)
	return m
}

func TestKnownMailersSettleTies(t *testing.T) {
	r := rand.New(rand.NewPCG(31, 32))
	known := knownMailers(t, r, 1_000)
	without, with := barcode.NewRepairer(nil), barcode.NewRepairer(known.set)
	ties, settled := 0, 0
	for range trials(10_000) {
		m := known.barcode(t, r)
		bars := damaged(r, m.Bars(), 2, 0)
		plain, err := without.Repair(bars, 2)
		require.NoError(t, err)
		got, err := with.Repair(bars, 2)
		require.NoError(t, err)
		switch got.Outcome {
		case barcode.OutcomeRepaired:
			require.Equal(t, m, got.IMb)
			require.True(t, got.Known)
		case barcode.OutcomeOK: // one in a hundred thousand is now another barcode
		default:
			// What is still open lies between pieces of known mailers.
			require.True(t, got.Candidates()[0].Known && got.Candidates()[1].Known)
		}
		if plain.Outcome == barcode.OutcomeAmbiguous {
			ties++
			if got.Outcome == barcode.OutcomeRepaired {
				settled++
			}
		}
	}
	require.Positive(t, ties)
	require.Greater(t, settled, ties*2/3)
}

// A known set never touches bars without damage, and settles nothing between strangers.
func TestStrangersAreRepairedBesideKnownMailers(t *testing.T) {
	r := rand.New(rand.NewPCG(33, 34))
	known := knownMailers(t, r, 1_000)
	without, with := barcode.NewRepairer(nil), barcode.NewRepairer(known.set)
	for i := range trials(10_000) {
		m := randomIMb(t, r)
		if known.set.Contains(&m) {
			continue
		}
		bars := damaged(r, m.Bars(), i%3, 0)
		plain, err := without.Repair(bars, 2)
		require.NoError(t, err)
		got, err := with.Repair(bars, 2)
		require.NoError(t, err)
		require.Equal(t, plain.IMb, got.IMb)
		require.Equal(t, plain.Outcome, got.Outcome)
		require.LessOrEqual(t, got.Confidence, plain.Confidence)
	}
}

// About one double damage in some thousands lies nearer to another barcode than to its own. Bars alone then tell the wrong piece.
func TestKnownBarcodeIsPreferredToOneThatIsNearer(t *testing.T) {
	r := rand.New(rand.NewPCG(35, 36))
	plain := barcode.NewRepairer(nil)
	for range 100_000 {
		m := randomIMb(t, r)
		bars := damaged(r, m.Bars(), 2, 0)
		wrong, err := plain.Repair(bars, 2)
		require.NoError(t, err)
		if wrong.Outcome != barcode.OutcomeRepaired || wrong.IMb == m {
			continue
		}
		require.Equal(t, 1, wrong.Wrong)
		require.Equal(t, 2, wrong.RunnerUp)

		set, err := barcode.ParseKnownSet(fmt.Appendf(nil, "%s%s %s\n", knownHead, m.MID(), m.Serial()))
		require.NoError(t, err)
		known := barcode.NewRepairer(set)
		right, err := known.Repair(bars, 2)
		require.NoError(t, err)
		require.Equal(t, m, right.IMb)
		require.True(t, right.Known)
		require.Equal(t, 2, right.Wrong)
		require.Equal(t, 1, right.RunnerUp)

		// With a limit of one wrong bar the known one is out of reach, but the doubt remains.
		doubt, err := known.Repair(bars, 1)
		require.NoError(t, err)
		require.Equal(t, barcode.OutcomeAmbiguous, doubt.Outcome)
		require.Equal(t, m, doubt.Candidates()[0].IMb)
		require.Equal(t, wrong.IMb, doubt.Candidates()[1].IMb)
		return
	}
	t.Fatal("no double damage lay nearer to another barcode")
}
