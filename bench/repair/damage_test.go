package repair

import (
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"mailtrail/schemas/barcode"
)

// damaged returns bars of which so many are read as one of their three other states, and others not at all.
func damaged(r *rand.Rand, bars [barcode.BarCount]byte, wrong, unknown int) []byte {
	places := r.Perm(len(bars))
	for _, i := range places[:wrong] {
		bars[i] = strings.ReplaceAll("TADF", string(bars[i]), "")[r.IntN(3)]
	}
	for _, i := range places[wrong : wrong+unknown] {
		bars[i] = '?'
	}
	return bars[:]
}

func randomDigits(r *rand.Rand, n int) []byte {
	digits := make([]byte, n)
	for i := range digits {
		digits[i] = '0' + byte(r.IntN(10))
	}
	return digits
}

func randomIMb(t *testing.T, r *rand.Rand, lengths []int) barcode.IMb {
	tracking := randomDigits(r, barcode.TrackingLength)
	tracking[1] = '0' + byte(r.IntN(5))
	m, err := barcode.NewIMb(tracking, randomDigits(r, lengths[r.IntN(len(lengths))]))
	require.NoError(t, err)
	return m
}

func pieceOf(t *testing.T, r *rand.Rand, mid string) barcode.IMb {
	tracking := slices.Concat([]byte("00"), randomDigits(r, 3), []byte(mid), randomDigits(r, 15-len(mid)))
	m, err := barcode.NewIMb(tracking, randomDigits(r, allLengths[r.IntN(len(allLengths))]))
	require.NoError(t, err)
	return m
}
