package barcode_test

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"mailtrail/schemas/barcode"
)

// BenchmarkRepair goes through many reads, since their times differ much; the median and the slowest are reported beside the mean.
func BenchmarkRepair(b *testing.B) {
	for _, damage := range []struct{ wrong, unknown, limit int }{
		{0, 0, 4}, {1, 0, 2}, {2, 0, 2}, {1, 0, 4}, {2, 0, 4}, {3, 0, 4}, {4, 0, 4}, {0, 3, 4}, {0, 6, 4}, {0, 9, 4}, {0, 13, 4}, {1, 6, 4}, {2, 6, 4},
	} {
		b.Run(fmt.Sprintf("wrong=%d/unknown=%d/limit=%d", damage.wrong, damage.unknown, damage.limit), func(b *testing.B) {
			benchmarkRepair(b, damage.limit, func(r *rand.Rand) []byte {
				m := randomIMb(b, r)
				return damaged(r, m.Bars(), damage.wrong, damage.unknown)
			})
		})
	}
	b.Run("lost", func(b *testing.B) {
		benchmarkRepair(b, barcode.MaxRepair, func(r *rand.Rand) []byte {
			m := randomIMb(b, r)
			i := r.IntN(barcode.BarCount)
			return slices.Delete(damaged(r, m.Bars(), 1, 0), i, i+1)
		})
	})
	b.Run("hopeless", func(b *testing.B) {
		benchmarkRepair(b, barcode.MaxRepair, func(r *rand.Rand) []byte {
			bars := make([]byte, barcode.BarCount)
			for i := range bars {
				bars[i] = "TADF"[r.IntN(4)]
			}
			return bars
		})
	})
}

func benchmarkRepair(b *testing.B, limit int, read func(*rand.Rand) []byte) {
	r := rand.New(rand.NewPCG(41, 42))
	reads := make([][]byte, 1_000)
	for i := range reads {
		reads[i] = read(r)
	}
	repairer := barcode.NewRepairer(nil)
	times := make([]time.Duration, 0, 1<<20)
	b.ReportAllocs()
	for i := 0; b.Loop(); i++ {
		begin := time.Now()
		_, _ = repairer.Repair(reads[i%len(reads)], limit)
		times = append(times, time.Since(begin))
	}
	slices.Sort(times)
	b.ReportMetric(float64(times[len(times)/2]), "ns/median")
	b.ReportMetric(float64(times[len(times)-1]), "ns/slowest")
}
