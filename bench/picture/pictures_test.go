package picture

import (
	"flag"
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"mailtrail/pipeline/simulate/mailpiece"
	"mailtrail/schemas/barcode"
	"mailtrail/schemas/barcode/picture"
)

var long = flag.Bool("long", false, "500 pictures of the main kinds instead of a few, and all limits asserted")

// few is how many pictures of each kind the short form has.
const few = 4

// outcome is what came of the pictures of a kind.
type outcome struct {
	pictures, right, refused, missed, wrong int
	repaired                                int // of those that are right
	times                                   []time.Duration
	pixels                                  int
}

func TestPictures(t *testing.T) {
	fmt.Println("| pictures | kind | right | refused | missed | wrong | repaired | median | p99 | megapixels |\n|---|---|---|---|---|---|---|---|---|---|")
	for i, kind := range kinds() {
		t.Run(kind.name, func(t *testing.T) {
			o := measure(t, rand.New(rand.NewPCG(3, uint64(i))), &kind)
			fmt.Printf("| %d | %s | %d | %d | %d | %d | %d | %.1f ms | %.1f ms | %.2f |\n", o.pictures, kind.name, o.right, o.refused, o.missed, o.wrong,
				o.repaired, o.milliseconds(0.5), o.milliseconds(0.99), float64(o.pixels)/float64(o.pictures)/1e6)
			require.Zero(t, o.wrong)
			if *long {
				require.GreaterOrEqual(t, 100*float64(o.right), kind.right*float64(o.pictures))
			}
		})
	}
}

func measure(t *testing.T, r *rand.Rand, k *kind) (o outcome) {
	press, err := mailpiece.NewPress(k.dotsPerInch)
	require.NoError(t, err)
	reader := picture.NewReader(nil)
	count := few
	if *long {
		count = k.pictures
	}
	for range count {
		m := randomIMb(t, r)
		grey := k.sheet(r, press, &m).Photograph(r.Uint64(), k.camera(r))
		if k.finish != nil {
			k.finish(grey)
		}
		begin := processorTime()
		found, err := reader.Read(grey)
		o.times = append(o.times, processorTime()-begin)
		o.pixels += len(grey.Pix)
		require.NoError(t, err)
		o.count(found, &m, k.none)
	}
	slices.Sort(o.times)
	return o
}

// sheet prints what is photographed.
func (k *kind) sheet(r *rand.Rand, press *mailpiece.Press, m *barcode.IMb) *mailpiece.Sheet {
	switch {
	case k.print != nil:
		return k.print(r, press, m)
	case k.none:
		return press.Letter(r.Uint64(), nil)
	}
	return press.Letter(r.Uint64(), m)
}

// count counts a picture once: as wrong if anything was read that was not printed, then as right, refused or missed.
func (o *outcome) count(found []picture.Found, m *barcode.IMb, none bool) {
	o.pictures++
	right, refused := false, false
	for i := range found {
		switch one := &found[i]; {
		case one.Err != nil:
			refused = true
		case none || one.Repaired.IMb != *m:
			o.wrong++
			return
		default:
			right = true
			if one.Repaired.Outcome == barcode.OutcomeRepaired {
				o.repaired++
			}
		}
	}
	switch {
	case right:
		o.right++
	case refused:
		o.refused++
	default:
		o.missed++
	}
}

func (o *outcome) milliseconds(quantile float64) float64 {
	return o.times[int(quantile*float64(len(o.times)-1))].Seconds() * 1000
}

func randomIMb(t *testing.T, r *rand.Rand) barcode.IMb {
	digits := make([]byte, barcode.TrackingLength+[]int{0, 5, 9, 11}[r.IntN(4)])
	for i := range digits {
		digits[i] = '0' + byte(r.IntN(10))
	}
	digits[1] = '0' + byte(r.IntN(5))
	m, err := barcode.ParseIMb(digits)
	require.NoError(t, err)
	return m
}
