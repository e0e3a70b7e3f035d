package reference_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"mailtrail/schemas/reference"
)

// A history takes an entry only where no other is in force on any of its days, and tells each day's own.
func TestHistoryHasOneEntryADay(t *testing.T) {
	first := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	rapid.Check(t, func(t *rapid.T) {
		var history reference.History[int]
		var days [40]int // what the entries that were taken say of each day, 0: none
		for entry := 1; entry <= 6; entry++ {
			from := rapid.IntRange(0, 38).Draw(t, "from")
			until := rapid.IntRange(from+1, 40).Draw(t, "until")
			period := reference.Period{From: first.AddDate(0, 0, from)}
			if until < 40 {
				period.Until = first.AddDate(0, 0, until)
			}
			free := true
			for day := from; day < until; day++ {
				free = free && days[day] == 0
			}
			longer, ok := history.With(reference.Dated[int]{Period: period, Value: entry})
			require.Equal(t, free, ok)
			if history = longer; ok {
				for day := from; day < until; day++ {
					days[day] = entry
				}
			}
		}
		for day, want := range days {
			got, inForce := history.On(first.AddDate(0, 0, day))
			require.Equal(t, want, got, day)
			require.Equal(t, want != 0, inForce, day)
			if told, standing := history.At(first.AddDate(0, 0, day)); len(history) > 0 {
				require.NotZero(t, told, "a code that the table knows always has a meaning")
				require.NotEqual(t, reference.StandingUnknown, standing)
			}
		}
	})
}
