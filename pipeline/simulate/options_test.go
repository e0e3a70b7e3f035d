package simulate

import (
	"bytes"
	"context"
	"math"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"mailtrail/schemas/event"
)

func TestMistakesAreToldAtOnce(t *testing.T) {
	cases := map[string]struct {
		change func(*Options)
		want   string
	}{
		"no count":              {func(o *Options) { o.Count = 0 }, "count is 0"},
		"duration without rate": {func(o *Options) { o.Count, o.Duration = 0, time.Minute }, "duration 1m0s needs a rate"},
		"count and duration":    {func(o *Options) { o.Duration = time.Minute }, "either count or duration"},
		"negative rate":         {func(o *Options) { o.Rate = -1 }, "rate is -1"},
		"rate is no number":     {func(o *Options) { o.Rate = math.NaN() }, "rate is NaN"},
		"too slow":              {func(o *Options) { o.Rate = 1 }, "take longer than 6h0m0s"},
		"no batch":              {func(o *Options) { o.BatchSize = 0 }, "batch size is 0"},
		"no mailers":            {func(o *Options) { o.Mailers = 0 }, "mailers are 0"},
		"ahead":                 {func(o *Options) { o.Ahead = -1 }, "ahead is -1ns"},
		"door":                  {func(o *Options) { o.Door = "fax" }, `door is "fax"`},
		"protobuf in a file":    {func(o *Options) { o.Door, o.Wire = File, Protobuf }, `wire is "protobuf"`},
		"share":                 {func(o *Options) { o.Shares.Late = 1.5 }, "share late is 1.5"},
		"share is no number":    {func(o *Options) { o.Shares.Stale = math.NaN() }, "share stale is NaN"},
		"all damaged":           {func(o *Options) { o.Shares.Stale, o.Shares.Future = 0.4, 0.4 }, "expected at most 0.5"},
		"start too early":       {func(o *Options) { o.Start = testNow.Add(-16 * day) }, "start is 2026-11-04"},
		"start too late":        {func(o *Options) { o.Start = testNow.Add(-23 * time.Hour) }, "the day of mail ends by now"},
	}
	all := testOptions(1_000_000)
	for name, c := range cases {
		o := testOptions(1_000_000)
		c.change(&o)
		_, err := Generate(context.Background(), o, func(*Request) error { panic("emitted") })
		require.ErrorContains(t, err, c.want, name)
	}
	all.BatchSize, all.Door, all.Shares.Bars = -1, "", 2
	_, err := Generate(context.Background(), all, func(*Request) error { panic("emitted") })
	require.ErrorContains(t, err, "batch size")
	require.ErrorContains(t, err, "door")
	require.ErrorContains(t, err, "share bars")
}

func TestDurationTimesRateIsCount(t *testing.T) {
	o := testOptions(0)
	o.Duration, o.Rate = 3*time.Second, 1e8
	o, err := o.complete()
	require.NoError(t, err)
	require.NoError(t, o.check())
	require.EqualValues(t, 3e8, o.Count)
}

func TestPaceKeepsTheRateWithoutDrift(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		begun := time.Now()
		p := newPace(1000)
		for i := range 100 {
			require.NoError(t, p.wait(t.Context(), 7))
			if i == 50 {
				time.Sleep(200 * time.Millisecond) // a stall, which it makes up for
			}
		}
		require.Equal(t, 700*time.Millisecond, time.Since(begun))
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		require.ErrorIs(t, p.wait(ctx, 5000), context.DeadlineExceeded)
	})
}

func TestNoWayIsLongerThanItsHistory(t *testing.T) {
	weights := int64(0)
	for i := range journeys {
		j := &journeys[i]
		weights += j.weight
		require.LessOrEqual(t, len(j.stages), maxStages)
		longest := 3 * day // on the road
		for s := range j.stages {
			stage := &j.stages[s]
			longest += 2*stage.wait + max(2*nestPace*time.Millisecond, time.Duration(j.greatest)*stage.pace)
			require.True(t, stage.tray || stage.pace >= time.Millisecond)
			require.LessOrEqual(t, len(stage.code), event.ScanEventCode.Spec().Max)
		}
		require.Less(t, longest, history)
	}
	require.EqualValues(t, 1000, weights)
}

func TestOffsetIsThatOfTheClocks(t *testing.T) {
	n := &network{table: testTable()}
	zone, err := n.table.ZoneByName("America/New_York")
	require.NoError(t, err)
	change := time.Date(2026, 11, 1, 6, 0, 0, 0, time.UTC) // 02:00 becomes 01:00
	require.EqualValues(t, -240, n.offset(zone, change.Add(-time.Millisecond).UnixMilli()))
	require.EqualValues(t, -300, n.offset(zone, change.UnixMilli()), "the second pass of the hour")
	require.EqualValues(t, -300, n.offset(zone, change.Add(time.Hour).UnixMilli()))
	spring := time.Date(2026, 3, 8, 7, 0, 0, 0, time.UTC)
	require.EqualValues(t, -300, n.offset(zone, spring.Add(-time.Millisecond).UnixMilli()))
	require.EqualValues(t, -240, n.offset(zone, spring.UnixMilli()))
}

func TestMomentsAreRFC3339(t *testing.T) {
	for _, at := range []time.Time{
		time.Date(2024, 2, 29, 23, 59, 59, 999e6, time.UTC), time.Date(2026, 12, 31, 0, 0, 0, 0, time.UTC),
		time.Date(2027, 1, 1, 12, 34, 56, 7e6, time.UTC), time.Date(2026, 3, 1, 1, 2, 3, 0, time.UTC),
	} {
		for _, offset := range []int{-600, -300, 0, 330} {
			local := at.In(time.FixedZone("", offset*60))
			require.Equal(t, local.Format("2006-01-02T15:04:05.000-07:00"), string(appendMoment(nil, at.UnixMilli(), int16(offset), false)))
			require.Equal(t, local.Format("2006-01-02T15:04:05.000"), string(appendMoment(nil, at.UnixMilli(), int16(offset), true)))
		}
	}
}

func TestNamesAreEscaped(t *testing.T) {
	text := newWriter(JSON).name([]byte{}, event.ScanFacilityName, `A "B" \C`)
	require.Equal(t, `"scanFacilityName":"A \"B\" \\C",`, string(text))
}

func TestTruthIsReadAsItWasWritten(t *testing.T) {
	truth, err := Generate(context.Background(), testOptions(5000), func(*Request) error { return nil })
	require.NoError(t, err)
	var file bytes.Buffer
	require.NoError(t, truth.Write(&file))
	back, err := ReadTruth(&file)
	require.NoError(t, err)
	require.Equal(t, truth, back)
	_, err = ReadTruth(bytes.NewBufferString(`{"door":"http","events":1}` + "\n" + `{"door":1}`))
	require.ErrorContains(t, err, "row 2")
}
