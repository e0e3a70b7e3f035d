package event

import (
	"math"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"
)

func TestParseMoment(t *testing.T) {
	for _, bad := range []string{"", "2026-11-20", "2026-11-20T14:03", "2026-11-20T24:00:00Z", "2026-11-20T14:60:00Z", "2026-11-20T14:03:60Z", "2026-02-29T00:00:00Z", "2026-13-01T00:00:00Z",
		"1969-12-31T23:59:59Z", "2200-01-01T00:00:00Z", "2026-11-20T14:03:22.Z", "2026-11-20T14:03:22.1234567890Z", "2026-11-20T14:03:22+5:00", "2026-11-20T14:03:22+24:00", "2026-11-20T14:03:22+05:60",
		"2026-11-20T14:03:22 Z", "2026-11-20T14:03:22,5Z", "2026-11-20_14:03:22Z", "+026-11-20T14:03:22Z"} {
		_, ok := ParseMoment([]byte(bad))
		require.False(t, ok, bad)
	}
	for _, good := range []string{"2024-02-29T00:00:00Z", "2000-02-29t23:59:59.999999999z", "2026-11-20 14:03:22-00:00", "2026-11-20T14:03:22.5"} {
		_, ok := ParseMoment([]byte(good))
		require.True(t, ok, good)
	}
}

func TestParseMomentReadsWhatTimeWrites(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		zone := time.FixedZone("", rapid.IntRange(-1439, 1439).Draw(t, "offset")*60)
		want := time.UnixMilli(rapid.Int64Range(2*86_400_000, 7_258_118_400_000-2*86_400_000).Draw(t, "time")).In(zone)
		m, ok := ParseMoment([]byte(want.Format("2006-01-02T15:04:05.000Z07:00")))
		require.True(t, ok)
		require.True(t, m.HasOffset)
		require.Equal(t, want.UnixMilli(), m.UnixMilli())
	})
}

// FuzzParseMoment compares with time.Parse where both know the form.
func FuzzParseMoment(f *testing.F) {
	for _, seed := range []string{"2026-11-20T14:03:22.123-05:00", "2026-11-20T14:03:22Z", "2026-11-20 14:03:22", "2024-02-29T23:59:59.9+14:00", "2026-11-20t14:03:22z", "2199-12-31T23:59:59.999-23:59"} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		m, ok := ParseMoment(data)
		want, err := time.Parse(time.RFC3339Nano, string(data))
		if err != nil {
			if ok && m.HasOffset {
				// Another separator, small letters and offsets that time.Parse does not take.
				require.True(t, data[10] != 'T' || data[len(data)-1] == 'z', "%q is no RFC 3339 time: %v", data, err)
			}
			return
		}
		if !ok {
			year := want.Year()
			short := len(data) > 30 || year < 1970 || year > 2199
			offset := data[len(data)-6:]
			oneDigit := data[min(12, len(data)-1)] == ':' // of the hour: time.Parse takes it, RFC 3339 does not
			require.True(t, short || oneDigit || want.Nanosecond() > 0 || (data[len(data)-1] != 'Z' && (string(offset[1:3]) == "24" || string(offset[4:]) == "60")), "%q is an RFC 3339 time", data)
			return
		}
		require.True(t, m.HasOffset)
		require.Equal(t, want.UnixMilli(), m.UnixMilli(), "%q", data)
	})
}

func TestDates(t *testing.T) {
	day := time.Date(1970, 1, 1, 0, 0, 0, 0, time.UTC)
	for days := 0; day.Year() < 2200; days++ {
		got, ok := parseDate([]byte(day.Format(time.DateOnly)))
		require.True(t, ok)
		require.Equal(t, days, got)
		day = day.AddDate(0, 0, 1)
	}
}

// TestDatesThatCannotBeStoredAreRefused: a date is stored in 16 bits, and a later one would come out as one of 1970.
func TestDatesThatCannotBeStoredAreRefused(t *testing.T) {
	for date, code := range map[string]Code{"2149-06-06": "", "2149-06-07": NotTime, "2199-12-31": NotTime, "1969-12-31": NotTime} {
		var s Scan
		require.Nil(t, s.DecodeJSON([]byte(`{"imb":"00270900123456000012","scanDatetime":"2026-11-20T14:03:22Z","machineId":"M","predictedDeliveryDate":"`+date+`"}`)))
		err := s.Check()
		if code == "" {
			require.Nil(t, err, date)
			require.EqualValues(t, math.MaxUint16, s.Days(PredictedDeliveryDate))
			continue
		}
		require.NotNil(t, err, date)
		require.Equal(t, code, err.Code, date)
	}
}
