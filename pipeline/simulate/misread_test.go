package simulate

import (
	"context"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"mailtrail/schemas/barcode"
)

// Few reads are stored as another piece, and a known set makes what is ambiguous right.
func TestDamagedReadsOfAMail(t *testing.T) {
	plain := Defaults(testNow)
	plain.Count, plain.Facilities, plain.Mailers, plain.Door = 30_000, testTable(), 1000, Kafka
	plain.Shares = Shares{OneWrong: 0.1, TwoWrong: 0.15, ThreeWrong: 0.02, Erased: 0.1}
	text, err := KnownBarcodes(plain)
	require.NoError(t, err)
	known := plain
	known.Known, err = barcode.ParseKnownSet(text)
	require.NoError(t, err)
	require.Equal(t, 1000, known.Known.Len())

	type share struct{ right, ambiguous, unreadable, wrong, replayed int }
	shares := func(o Options) map[string]share {
		truth, err := Generate(context.Background(), o, func(*Request) error { return nil })
		require.NoError(t, err)
		found := map[string]share{}
		for _, row := range truth {
			if row.Damage == "" {
				continue
			}
			s, n := found[row.Damage], int(row.Events)
			switch {
			case row.StoredAs != "":
				s.wrong += n
			case row.Outcome == "stored":
				s.right += n
			case row.Reason == "ambiguous_bars":
				s.ambiguous += n
			default:
				s.unreadable += n
			}
			if row.Replayed {
				s.replayed += n
			}
			require.NotEqual(t, row.Bars, barsOf(t, row.IMb))
			require.Equal(t, row.Damage == damageWords[erased], strings.Contains(row.Bars, "?"))
			found[row.Damage] = s
		}
		return found
	}
	without, with := shares(plain), shares(known)
	t.Logf("without known mailers %+v, with %+v", without, with)
	two, settled := without[damageWords[twoWrong]], with[damageWords[twoWrong]]
	require.Less(t, float64(two.wrong), 0.001*float64(plain.Count)*0.15)
	require.Positive(t, two.ambiguous)
	require.Zero(t, without[damageWords[oneWrong]].wrong)
	require.Positive(t, without[damageWords[threeWrong]].replayed)
	require.Less(t, settled.ambiguous*4, two.ambiguous, "most of what is ambiguous is settled")
	require.LessOrEqual(t, settled.wrong, two.wrong)
}

func barsOf(t *testing.T, digits string) string {
	m, err := barcode.ParseIMb([]byte(digits))
	require.NoError(t, err)
	bars := m.Bars()
	return string(bars[:])
}
