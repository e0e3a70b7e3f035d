package barcode

import (
	"math/bits"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestEveryEndOfEveryBarIsDrawnOnce(t *testing.T) {
	seen := map[uint8]bool{}
	for _, row := range endOf {
		for _, end := range row {
			require.Less(t, end, uint8(ends))
			seen[end] = true
		}
	}
	require.Len(t, seen, ends)
}

// Beginnings, ends and sums of the two tables of USPS-B-3200, appendix E.
func TestCharacters(t *testing.T) {
	sum := func(table []uint16) (n int) {
		for _, c := range table {
			n += int(c)
		}
		return n
	}
	five, two := characterOf[:codewords5of13], characterOf[codewords5of13:]
	require.Equal(t, []uint16{31, 7936, 47, 7808, 55, 7552}, five[:6])
	require.Equal(t, []uint16{1252, 856, 744, 496}, five[len(five)-4:])
	require.Equal(t, 4054545, sum(five))
	require.Equal(t, []uint16{3, 6144, 5, 5120}, two[:4])
	require.Equal(t, []uint16{1028, 520, 272, 160}, two[len(two)-4:])
	require.Equal(t, 98292, sum(two))

	legal := 0
	for _, word := range codewordOf {
		if word != noCodeword {
			legal++
		}
	}
	require.Equal(t, 2*codewords, legal)
}

// Codewords after step 4 of the specification's samples.
func TestStepsOfTheSpecificationSamples(t *testing.T) {
	for _, test := range []struct {
		routing string
		crc     uint16
		words   [characters]uint16
	}{
		{"", 0x051, [characters]uint16{0, 0, 0, 0, 559, 202, 508, 451, 124, 34}},
		{"01234", 0x065, [characters]uint16{0, 0, 15, 14, 290, 567, 385, 48, 388, 666}},
		{"012345678", 0x606, [characters]uint16{659, 110, 1113, 1363, 198, 413, 470, 468, 1333, 1026}},
		{"01234567891", 0x751, [characters]uint16{673, 787, 607, 1022, 861, 19, 816, 1294, 35, 602}},
	} {
		m, err := NewIMb([]byte("01234567094987654321"), []byte(test.routing))
		require.NoError(t, err)
		hi, lo := m.value()
		check := crc(hi, lo)
		require.Equal(t, test.crc, check)
		words := split(hi, lo)
		backHi, backLo := join(words)
		require.Equal(t, [2]uint64{hi, lo}, [2]uint64{backHi, backLo})
		words[9] *= 2
		words[0] += check >> 10 * codewordsA
		require.Equal(t, test.words, words)
	}
}

func TestValuesBeyondTheLargestRoutingCode(t *testing.T) {
	largest, err := NewIMb([]byte("94999999999999999999"), []byte("99999999999"))
	require.NoError(t, err)
	hi, lo := largest.value()
	back, ok := fromValue(hi, lo)
	require.True(t, ok)
	require.Equal(t, largest, back)

	for _, routing := range []uint64{routings, routings + 1, 2 * routings} {
		hi, lo := bits.Mul64(routing*50, ten18)
		_, ok := fromValue(hi, lo)
		require.False(t, ok, routing)
	}
}

// A value has codewords of one kind only. With 636 more in J and one less in I the same number comes out, and so the same CRC.
func TestCodewordJBeyondItsRange(t *testing.T) {
	m, err := NewIMb([]byte("01234567094987654321"), nil)
	require.NoError(t, err)
	hi, lo := m.value()
	words, check := split(hi, lo), crc(hi, lo)
	require.Equal(t, m.Bars(), draw(characterize(words, check)))

	words[8]--
	words[9] += codewordsJ
	bars := draw(characterize(words, check))
	_, _, err = DecodeBars(bars[:])
	require.ErrorIs(t, err, ErrNoBarcode)
}

// Codewords of A above 1317 stand for numbers beyond the largest routing code, under a CRC that holds.
func TestCodewordABeyondItsRange(t *testing.T) {
	tried := 0
	for last := range uint16(100) {
		words := [characters]uint16{codewordsA + 40, 1: last}
		hi, lo := join(words)
		if check := crc(hi, lo); check&0x400 != 0 {
			bars := draw(characterize(words, check))
			_, _, err := DecodeBars(bars[:])
			require.ErrorIs(t, err, ErrNoBarcode)
			tried++
		}
	}
	require.Positive(t, tried)
}
