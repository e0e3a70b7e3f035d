package retention

import (
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"
)

func TestBuiltinKeepsTheRules(t *testing.T) {
	s := Builtin()
	day := 24 * time.Hour
	for class, limit := range map[string]time.Duration{MailTracking: 30 * day, PackageTracking: 90 * day, SpecialServiceTracking: 90 * day} {
		row := s.Row(class)
		require.NotNil(t, row, class)
		require.Equal(t, Duration(limit), row.Limit, class)
		require.Equal(t, "ceiling", row.Bound, class)
	}
	require.Equal(t, 7*day, s.TopicLife("mail.scans"))
	require.Equal(t, 20*day, s.Behind("mail.scans"))
	require.Nil(t, s.Row("images"))
}

func TestParseNamesMistakes(t *testing.T) {
	cases := map[string]struct{ old, new, want string }{
		"unknown key":       {"    bound: ceiling", "    bounds: ceiling", "bounds"},
		"behind too long":   {"behind: 20d", "behind: 25d", "behind 25d + life of topic mail.scans 7d = 32d"},
		"slot over limit":   {"slot: 1d", "slot: 30d", "leave nothing of the limit"},
		"bad duration":      {"limit: 30d", "limit: 30 days", "not a duration"},
		"no citation":       {"citation: \"USPS 820.200, Retention and Disposal 7: up to 30 days for mail\"", "citation: ''", "citation"},
		"class missing":     {"class: special_service_tracking", "class: other_tracking", "special_service_tracking is missing"},
		"class twice":       {"class: package_tracking", "class: mail_tracking", "mail_tracking stands twice"},
		"topic without row": {"topic: mail.scans\n    life: 7d", "topic: mail.scan\n    life: 7d", "not among the topics"},
		"wrong clock":       {"clock: capture", "clock: capturing", "expected capture or receipt"},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			changed := strings.Replace(string(builtin), c.old, c.new, 1)
			require.NotEqual(t, string(builtin), changed)
			_, err := Parse([]byte(changed))
			require.ErrorContains(t, err, c.want)
		})
	}
}

func TestNothingOutlivesItsLimit(t *testing.T) {
	s := Builtin()
	rapid.Check(t, func(t *rapid.T) {
		row := s.Classes[rapid.IntRange(0, len(s.Classes)-1).Draw(t, "row")]
		clock := rapid.Int64Range(-1e12, 7e12).Draw(t, "clock")
		slot := row.SlotOf(clock)
		if slot*1000 > clock || clock >= slot*1000+time.Duration(row.Slot).Milliseconds() {
			t.Fatalf("clock %d is not in slot %d", clock, slot)
		}
		limit := clock + time.Duration(row.Limit).Milliseconds()
		if row.DestroyAt(slot)*1000 > limit || row.DestroyAt(slot)+int64(time.Duration(row.Margin).Seconds()) > limit/1000+1 {
			t.Fatalf("slot %d is destroyed at %d, after the limit less margin of clock %d", slot, row.DestroyAt(slot), clock)
		}
		if row.TTL() <= row.Life() {
			t.Fatal("the backstop must come after the sweeper")
		}
	})
}

func TestClassify(t *testing.T) {
	cases := []struct {
		kind    Kind
		special bool
		class   string
		certain bool
	}{
		{Mail, false, MailTracking, true},
		{Mail, true, SpecialServiceTracking, true},
		{Package, false, PackageTracking, true},
		{Package, true, SpecialServiceTracking, true},
		{SpecialService, false, SpecialServiceTracking, true},
		{UnknownKind, false, MailTracking, false},
		{UnknownKind, true, SpecialServiceTracking, true},
	}
	for _, c := range cases {
		class, certain := Classify(c.kind, c.special)
		require.Equal(t, c.class, class)
		require.Equal(t, c.certain, certain)
	}
}

func TestTopicSettingsKeepTheLife(t *testing.T) {
	settings, ok := TopicSettings(7*24*time.Hour, KafkaDefaults)
	require.True(t, ok)
	require.Equal(t, "561240000", settings["retention.ms"])
	require.Equal(t, "43200000", settings["segment.ms"])
	_, ok = TopicSettings(6*time.Minute, KafkaDefaults)
	require.False(t, ok)
}

func TestDurationTextRoundTrips(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		d := Duration(rapid.Int64Range(1, 9e6).Draw(t, "seconds") * int64(time.Second))
		var back Duration
		require.NoError(t, back.UnmarshalText([]byte(d.String())))
		require.Equal(t, d, back)
	})
}
