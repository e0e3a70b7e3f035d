package figures

import (
	"fmt"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"

	"mailtrail/bench/stack"
	"mailtrail/pipeline/simulate"
)

// A topic with bad events in it: what becomes of the rate of the good ones.
func TestPoison(t *testing.T) {
	s := newSite(t)
	rounds, shares := 1, []float64{0.2}
	if *long {
		rounds, shares = 3, []float64{0, 0.1, 0.2}
	}
	for _, form := range []struct {
		wire simulate.Wire
		good uint64
	}{{simulate.Protobuf, sized[uint64](20_000, 8_000_000)}, {simulate.JSON, sized[uint64](10_000, 3_000_000)}} {
		rates, costs := make([][]float64, len(shares)), make([][]float64, len(shares))
		for round := range rounds {
			for i, bad := range shares {
				got := s.poisoned(uint64(10+round), form.good, bad, form.wire)
				good := got.outcomes["stored"]
				rates[i] = append(rates[i], float64(good)/got.took.Seconds())
				costs[i] = append(costs[i], micros(got.costs["ingest"]+got.costs["ClickHouse"], good))
				say("%s, %.0f %% bad, round %d: %s", form.wire, 100*bad, round+1, got)
			}
		}
		for i, bad := range shares {
			rate := median(rates[i])
			bench.report.add(fmt.Sprintf("good events in %s with %.0f %% bad ones", form.wire, 100*bad), fmt.Sprintf("%.0f %% of those without", 100*(1-bad)),
				"%s good events/s (%.0f %%), %.2f microseconds of CPU of ingest and ClickHouse for a good event (median of %d)",
				thousands(rate), 100*rate/median(rates[0]), median(costs[i]), rounds)
		}
	}
}

// poisoned takes in so many good events with a share of bad ones among them, every kind alike.
func (s *site) poisoned(seed, good uint64, bad float64, wire simulate.Wire) taking {
	s.t.Helper()
	options := defaultMail(seed, uint64(float64(good)/(1-bad)), wire)
	options.Shares = simulate.Shares{LocalTime: options.Shares.LocalTime, Bars: options.Shares.Bars, UnknownSTID: options.Shares.UnknownSTID}
	each := bad / 5
	options.Shares.Malformed, options.Shares.Contradictory, options.Shares.Unreadable = each, each, each
	options.Shares.UnknownFacility, options.Shares.Future = each, each
	truth := s.fill(options)
	require.InDelta(s.t, bad, float64(truth["rejected"])/float64(truth.Sum()), 0.01)
	if bad == 0 {
		require.Equal(s.t, stack.Outcomes{"stored": truth.Sum()}, truth)
	}
	got := s.takeIn(truth)
	if *long {
		s.settle()
	}
	return got
}

func median(numbers []float64) float64 {
	slices.Sort(numbers)
	return numbers[len(numbers)/2]
}
