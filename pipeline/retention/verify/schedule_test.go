package verify

import (
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"mailtrail/schemas/retention"
)

func builtin(t *testing.T) *schedule {
	t.Helper()
	s, err := readSchedule(retention.Builtin().Source())
	require.NoError(t, err)
	return s
}

// Two arithmetics that share no code come to the same limits, so a mistake in either shows.
func TestTwoArithmeticsAgree(t *testing.T) {
	s, random := builtin(t), rand.New(rand.NewPCG(1, 2))
	sliced := 0
	for _, row := range retention.Builtin().Rows() {
		c := s.classes[row.Class]
		require.NotNil(t, c, row.Class)
		require.Equal(t, row.Flows(), c.flows, row.Class)
		require.Equal(t, row.Sliced(), c.sliced, row.Class)
		require.Equal(t, row.Bound == retention.NoLimit, c.unlimited, row.Class)
		for _, place := range row.Places() {
			switch place.Store {
			case retention.ClickHouse:
				require.Contains(t, c.tables, place.Name)
			case retention.Kafka:
				require.Equal(t, place.Name, c.topic)
			case retention.Objects: // not inspected by its name
			default:
				require.Contains(t, c.folders, place.Name)
			}
		}
		if !row.Sliced() {
			continue
		}
		sliced++
		moments := []int64{time.Date(2028, 2, 29, 23, 59, 59, 0, time.UTC).Unix(), time.Date(2027, 8, 31, 0, 0, 0, 0, time.UTC).Unix(), 0}
		for range 2000 {
			moments = append(moments, random.Int64N(4102444800))
		}
		for _, at := range moments {
			slot := row.SlotOf(at * 1000)
			require.True(t, c.names(time.Unix(slot, 0)), row.Class)
			require.Equal(t, row.LimitAt(slot), c.until(time.Unix(slot, 0)).Unix(), "%s, slot %d", row.Class, slot)
			require.Equal(t, row.DestroyAt(slot), c.destroyAt(time.Unix(slot, 0)).Unix(), "%s, slot %d", row.Class, slot)
		}
	}
	require.Greater(t, sliced, 20)
	for _, topic := range retention.Builtin().Topics {
		require.Equal(t, time.Duration(topic.Life), s.lives[topic.Name])
	}
	require.Len(t, s.inTopic("mail.scans"), 4, "mail, packages, special services, CONFIRM")
	require.Equal(t, time.Hour, s.shortestMargin(), "that of images")
}

func TestSpans(t *testing.T) {
	for text, want := range map[string]span{
		"90s": {rest: 90 * time.Second}, "15m": {rest: 15 * time.Minute}, "2h": {rest: 2 * time.Hour}, "30d": {rest: 30 * day}, "24mo": {months: 24}, "2y": {years: 2}, "0d": {},
	} {
		got, err := readSpan(text)
		require.NoError(t, err, text)
		require.Equal(t, want, got, text)
	}
	for _, text := range []string{"", "d", "1.5h", "-1d", "1w", "1h30m", "99999999999999999999s"} {
		_, err := readSpan(text)
		require.Error(t, err, text)
	}
}

// A fault is told well before what it keeps reaches its limit.
func TestPeriod(t *testing.T) {
	require.Equal(t, 5*time.Minute, period(builtin(t)))
	for margin, want := range map[time.Duration]time.Duration{4 * time.Second: time.Second, 40 * time.Second: 10 * time.Second, 2 * time.Second: time.Second} {
		s := &schedule{classes: map[string]*class{"a": {flows: true, margin: margin}, "b": {flows: true, margin: time.Hour}, "planned": {margin: time.Second}}}
		require.Equal(t, want, period(s))
	}
}

func TestAScheduleThatCannotBeRead(t *testing.T) {
	for _, text := range []string{"classes: 5", "classes: [{class: a, limit: soon}]", "topics: [{topic: a, life: long}]"} {
		_, err := New(Config{Schedule: []byte(text)}, Deps{})
		require.ErrorContains(t, err, "verify: the retention schedule", text)
	}
	_, err := New(Config{Schedule: retention.Builtin().Source(), Waivers: []Waiver{{Object: "a"}}}, Deps{})
	require.ErrorContains(t, err, "verify.waive")
}

func TestWords(t *testing.T) {
	require.Equal(t, []string{"20d", "1d2h0m0s", "1m30s"}, slices.Collect(func(yield func(string) bool) {
		for _, d := range []time.Duration{20 * day, 26 * time.Hour, 90 * time.Second} {
			if !yield(words(d)) {
				return
			}
		}
	}))
}
