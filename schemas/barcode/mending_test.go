package barcode_test

import (
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"mailtrail/schemas/barcode"
)

// misread returns the bars of a random barcode, damaged in one of all ways, and the barcode.
func misread(t testing.TB, r *rand.Rand) ([]byte, barcode.IMb) {
	m := randomIMb(t, r)
	bars := damaged(r, m.Bars(), r.IntN(3), r.IntN(5))
	if r.IntN(2) == 0 {
		bars = upsideDownBars(bars)
	}
	at := r.IntN(len(bars))
	switch r.IntN(4) {
	case 0:
		bars = slices.Delete(bars, at, at+1)
	case 1:
		bars = slices.Insert(bars, at, "TADF"[r.IntN(4)])
	}
	if r.IntN(8) == 0 {
		bars = []byte(strings.ToLower(string(bars)))
	}
	return bars, m
}

func TestMendingLeadsToWhatRepairFound(t *testing.T) {
	r := rand.New(rand.NewPCG(5, 6))
	repairer := barcode.NewRepairer(nil)
	shapes := map[int]int{}
	for range 3_000 {
		bars, _ := misread(t, r)
		found, err := repairer.Repair(bars, barcode.MaxRepair)
		if err != nil || found.IMb.IsZero() {
			continue
		}
		mending := barcode.AppendMending([]byte("x"), bars, &found)[1:]
		m, upsideDown, changed, err := barcode.Mend(bars, mending)
		require.NoError(t, err, "%s %s", bars, mending)
		require.Equal(t, found.IMb, m)
		require.Equal(t, found.UpsideDown, upsideDown)
		require.Equal(t, found.Changed(), changed, "%s %s", bars, mending)
		shapes[len(bars)]++
	}
	for _, length := range []int{64, 65, 66} {
		require.Greater(t, shapes[length], 100, "reads of %d bars", length)
	}
}

func TestMendRefuses(t *testing.T) {
	sound := specSamples[3].bars
	wrong := "F" + sound[1:]
	if sound[0] == 'F' {
		wrong = "T" + sound[1:]
	}
	right := "1" + sound[:1]
	for name, c := range map[string]struct {
		bars, mending string
		reason        error
	}{
		"no mending":              {wrong, "", barcode.ErrNoBarcode},
		"an unknown bar is left":  {"?" + sound[1:], "", barcode.ErrBarUnknown},
		"another bar":             {wrong, "2" + sound[1:2], barcode.ErrMending},
		"no change":               {wrong, "1" + wrong[:1], barcode.ErrMending},
		"no letter":               {wrong, "1", barcode.ErrMending},
		"no such letter":          {wrong, "1X", barcode.ErrMending},
		"unknown":                 {wrong, "1?", barcode.ErrMending},
		"place 0":                 {wrong, "0A", barcode.ErrMending},
		"place 66":                {wrong, "66A", barcode.ErrMending},
		"a zero at the front":     {wrong, "0" + right, barcode.ErrMending},
		"a comma at the end":      {wrong, right + ",,", barcode.ErrMending},
		"a bar put in":            {wrong, "+1A", barcode.ErrMending},
		"64 bars, nothing put in": {sound[1:], right, barcode.ErrMending},
		"64 bars, one taken out":  {sound[1:], "-1", barcode.ErrMending},
		"66 bars, one put in":     {sound + "T", "+1A", barcode.ErrMending},
		"66 bars, place 67":       {sound + "T", "-67", barcode.ErrMending},
		"63 bars":                 {sound[2:], "+1A", barcode.ErrBarCount},
		"no bars":                 {"X" + sound[1:], "1A", barcode.ErrBarLetter},
		"five wrong bars":         {strings.Repeat("T", 65), "1A,2A,3A,4A,5A", barcode.ErrBeyondRepair},
	} {
		t.Run(name, func(t *testing.T) {
			m, _, changed, err := barcode.Mend([]byte(c.bars), []byte(c.mending))
			require.ErrorIs(t, err, c.reason)
			require.Zero(t, changed)
			require.True(t, m.IsZero())
		})
	}
	m, _, changed, err := barcode.Mend([]byte(wrong), []byte(right))
	require.NoError(t, err)
	require.Equal(t, 1, changed)
	bars := m.Bars()
	require.Equal(t, sound, string(bars[:]))
	require.Empty(t, barcode.AppendMending(nil, []byte(sound), &barcode.Repaired{}))
}

// FuzzMend: what is mended is a barcode near the bars, and the same mending comes of it again.
func FuzzMend(f *testing.F) {
	sound := specSamples[3].bars
	f.Add([]byte("F"+sound[1:]), []byte("1A"))
	f.Add([]byte(sound[1:]), []byte("+1A,3F"))
	f.Add([]byte(sound+"T"), []byte("-66"))
	f.Add([]byte("??"+sound[2:]), []byte("1A,2D"))
	f.Fuzz(func(t *testing.T, bars, mending []byte) {
		m, upsideDown, changed, err := barcode.Mend(bars, mending)
		if err != nil {
			return
		}
		if wrong := wrongBars([]byte(strings.ToUpper(string(bars))), &m, upsideDown); wrong > changed || changed > 16 {
			t.Fatalf("%q, %q: %d wrong bars, %d changed", bars, mending, wrong, changed)
		}
		again := barcode.AppendMending(nil, bars, &barcode.Repaired{IMb: m, UpsideDown: upsideDown})
		if same, turned, _, err := barcode.Mend(bars, again); err != nil || same != m || turned != upsideDown {
			t.Fatalf("%q, %q, then %q: %v", bars, mending, again, err)
		}
	})
}
