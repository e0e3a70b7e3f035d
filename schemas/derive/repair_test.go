package derive

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"mailtrail/schemas/barcode"
	"mailtrail/schemas/event"
)

// letters draws the barcode of a letter, and its bars.
func letters(t testing.TB, r *rand.Rand) (barcode.IMb, []byte) {
	m, err := barcode.NewIMb(fmt.Appendf(nil, "00270%06d%09d", 100_000+r.IntN(800_000), r.IntN(1_000_000_000)), fmt.Appendf(nil, "%011d", r.Int64N(100_000_000_000)))
	require.NoError(t, err)
	bars := m.Bars()
	return m, bars[:]
}

// misread changes so many bars to other states.
func misread(r *rand.Rand, bars []byte, wrong int) []byte {
	for _, at := range r.Perm(len(bars))[:wrong] {
		read := bars[at]
		for read == bars[at] {
			read = "TADF"[r.IntN(4)]
		}
		bars[at] = read
	}
	return bars
}

func barsEvent(t *testing.T, bars []byte) *event.Scan {
	return scan(t, fmt.Sprintf(`{"bars":%q,"scanDatetime":"2026-11-20T14:03:22Z","machineId":"M"}`, bars))
}

func TestDamagedBarsAreRepaired(t *testing.T) {
	tables, err := Builtin()
	require.NoError(t, err)
	r := rand.New(rand.NewPCG(1, 2))
	var d Scan
	right := 0
	for n := range 600 {
		m, bars := letters(t, r)
		damaged := uint16(0)
		switch n % 6 {
		case 1, 2:
			damaged = uint16(n % 6)
			bars = misread(r, bars, n%6)
		case 3: // six bars that were not read count as less than two wrong ones
			for _, at := range r.Perm(len(bars))[:6] {
				bars[at] = '?'
			}
			damaged = 6
		case 4:
			bars, damaged = bars[1:], 1
		case 5:
			bars, damaged = append(bars, 'T'), 1
		}
		refused := tables.From(barsEvent(t, bars), Envelope{}, &d)
		if refused != nil {
			require.Contains(t, []event.Code{event.AmbiguousBars, event.UnreadableBars}, refused.Code)
			require.NotZero(t, damaged)
			continue
		}
		require.Equal(t, damaged, d.RepairedBars)
		require.Equal(t, damaged > 0, d.RepairConfidence > 0)
		require.LessOrEqual(t, d.RepairConfidence, uint16(9999), "no repair is certain")
		if string(d.Code) == string(m.Digits()) {
			right++
		}
	}
	require.Greater(t, right, 585, "hardly any read is ambiguous")
}

func TestWhatIsDamagedMoreIsRejected(t *testing.T) {
	tables, err := Builtin()
	require.NoError(t, err)
	r := rand.New(rand.NewPCG(3, 4))
	var d Scan
	worker := barcode.NewRepairer(nil)
	mended := 0
	for range 50 {
		m, bars := letters(t, r)
		bars = misread(r, bars, 3)
		s := barsEvent(t, bars)
		if refused := tables.From(s, Envelope{}, &d); refused == nil || refused.Code != event.UnreadableBars {
			continue // two wrong bars from another barcode
		}
		found, err := worker.Repair(bars, barcode.MaxRepair)
		if err != nil || found.IMb != m {
			continue
		}
		told := event.Repair{Confidence: Confidence(&found), Mending: barcode.AppendMending(nil, bars, &found)}
		require.Nil(t, tables.From(s, Envelope{Repair: told}, &d))
		require.Equal(t, string(m.Digits()), string(d.Code))
		require.Equal(t, uint16(3), d.RepairedBars)
		require.Equal(t, told.Confidence, d.RepairConfidence)

		told.Mending = []byte("1T,2T")
		refused := tables.From(s, Envelope{Repair: told}, &d)
		require.NotNil(t, refused)
		require.Equal(t, event.UnreadableBars, refused.Code)
		mended++
	}
	require.Greater(t, mended, 30)
}

func TestKnownBarcodesSettleWhatIsAmbiguous(t *testing.T) {
	plain, err := Builtin()
	require.NoError(t, err)
	r := rand.New(rand.NewPCG(5, 6))
	var d Scan
	for {
		m, bars := letters(t, r)
		s := barsEvent(t, misread(r, bars, 2))
		refused := plain.From(s, Envelope{}, &d)
		if refused == nil || refused.Code != event.AmbiguousBars {
			continue
		}
		require.NotContains(t, refused.Error(), string(m.MID()))
		settled := *plain
		settled.Known, err = barcode.ParseKnownSet(fmt.Appendf(nil, "effective 2026-01-01\nsource a test\n%s\n", m.MID()))
		require.NoError(t, err)
		require.Nil(t, settled.From(s, Envelope{}, &d), "the same Scan takes the tables of the epoch")
		require.Equal(t, string(m.Digits()), string(d.Code))
		require.NotNil(t, plain.From(s, Envelope{}, &d))
		return
	}
}

func TestRepairAllocatesNothing(t *testing.T) {
	tables, err := Builtin()
	require.NoError(t, err)
	r := rand.New(rand.NewPCG(7, 8))
	var d Scan
	var scans []*event.Scan
	for n := range 50 {
		_, bars := letters(t, r)
		if s := barsEvent(t, misread(r, bars, n%3)); tables.From(s, Envelope{}, &d) == nil {
			scans = append(scans, s)
		}
	}
	require.Zero(t, testing.AllocsPerRun(5, func() {
		for _, s := range scans {
			_ = tables.From(s, Envelope{}, &d)
		}
	}))
}

func TestARepairThatDisagreesIsNone(t *testing.T) {
	tables, err := Builtin()
	require.NoError(t, err)
	var d Scan
	m, bars := letters(t, rand.New(rand.NewPCG(9, 10)))
	for wrong, code := range map[int]event.Code{0: event.Contradiction, 1: event.UnreadableBars} {
		s := scan(t, fmt.Sprintf(`{"bars":%q,"imbMid":"999999","scanDatetime":"2026-11-20T14:03:22Z","machineId":"M"}`, misread(rand.New(rand.NewPCG(1, 1)), append([]byte{}, bars...), wrong)))
		refused := tables.From(s, Envelope{}, &d)
		require.NotNil(t, refused)
		require.Equal(t, code, refused.Code)
		require.NotContains(t, refused.Error(), string(m.MID()))
	}
}

// Reads that nobody can repair lie near a barcode by chance; hardly any of them gets it.
func TestHopelessReadsAreNotTakenForAnotherPiece(t *testing.T) {
	r := rand.New(rand.NewPCG(11, 12))
	worker := barcode.NewRepairer(nil)
	const reads = 1_000
	for name, most := range map[string]float64{"4 wrong": 0.12, "5 wrong": 0.09, "6 wrong": 0.06, "random": 0.02, "12 unknown": 0.01, "random, 12 unknown": 0.02} {
		t.Run(name, func(t *testing.T) {
			another := 0
			for range reads {
				m, bars := letters(t, r)
				switch name {
				case "random", "random, 12 unknown":
					for i := range bars {
						bars[i] = "TADF"[r.IntN(4)]
					}
				case "12 unknown":
				default:
					bars = misread(r, bars, int(name[0]-'0'))
				}
				if strings.HasSuffix(name, "12 unknown") {
					for _, at := range r.Perm(len(bars))[:12] {
						bars[at] = '?'
					}
				}
				if found, err := worker.Repair(bars, barcode.MaxRepair); err == nil && Takes(&found) && found.IMb != m {
					another++
				}
			}
			require.Less(t, float64(another)/reads, most)
		})
	}
}

// Four wrong bars are taken where the known set holds the answer, and not without.
func TestWhatIsKnownIsTakenFromFarther(t *testing.T) {
	r := rand.New(rand.NewPCG(13, 14))
	taken := 0
	for range 100 {
		m, bars := letters(t, r)
		bars = misread(r, bars, 4)
		known, err := barcode.ParseKnownSet(fmt.Appendf(nil, "effective 2026-01-01\nsource a test\n%s\n", m.MID()))
		require.NoError(t, err)
		for _, set := range []*barcode.KnownSet{nil, known} {
			found, err := barcode.NewRepairer(set).Repair(bars, barcode.MaxRepair)
			if err != nil || found.IMb != m || !Takes(&found) {
				continue
			}
			require.NotNil(t, set)
			taken++
		}
	}
	require.Greater(t, taken, 80)
}

// A message gets so many searches and no more, each time that it is read.
func TestSearchesOfAMessageAreBounded(t *testing.T) {
	tables, err := Builtin()
	require.NoError(t, err)
	_, bars := letters(t, rand.New(rand.NewPCG(15, 16)))
	s := barsEvent(t, misread(rand.New(rand.NewPCG(1, 1)), bars, 1))
	var d Scan
	for range 2 {
		d.BeginMessage()
		for range maxSearches {
			require.Nil(t, tables.From(s, Envelope{}, &d))
		}
		refused := tables.From(s, Envelope{}, &d)
		require.NotNil(t, refused)
		require.Equal(t, event.UnreadableBars, refused.Code)
	}
}
