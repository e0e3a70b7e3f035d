package retention

import (
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"
)

func TestBuiltinIsWhatThePipelineCountsOn(t *testing.T) {
	s := Builtin()
	require.Equal(t, 7*day, s.TopicLife("mail.scans"))
	require.Equal(t, 20*day, s.Behind("mail.scans"))
	require.Equal(t, 2*day, s.ShortestTopicLife())
	require.Nil(t, s.Row("images"))
	require.True(t, s.IsOwn(Receipts))
	require.False(t, s.IsOwn(MailTracking))
	again, err := Parse(s.Source())
	require.NoError(t, err)
	require.Equal(t, s, again)
	require.Equal(t, s.Hash(), again.Hash())
}

func TestParseNamesMistakes(t *testing.T) {
	cases := map[string]struct{ old, new, want string }{
		"unknown key":              {"    bound: ceiling", "    bounds: ceiling", "line 19: mail_tracking: bounds: unknown key, expected one of class, rule"},
		"unknown list":             {"disposal:", "disposals:", "disposals: unknown key, expected classes, own, disposal, topics"},
		"a list twice":             {"disposal:", "topics:", "topics: it stands twice"},
		"not a list":               {"\ntopics:\n  - topic: mail.scans\n    life: 7d\n  - topic: mail.rejects\n    life: 7d\n  - topic: mail.images\n    life: 48h\n", "\ntopics: 7d\n", "topics: expected a list"},
		"not YAML":                 {"classes:", "classes: [", "it is not YAML"},
		"behind too long":          {"behind: 20d", "behind: 25d", "line 27: mail_tracking: behind: behind 25d + life of topic mail.scans 7d = 32d, which must be less than limit 30d - slot 1d - margin 2h = 694h"},
		"images wait too long":     {"behind: 12h", "behind: 22h", "mailpiece_images: behind: behind 22h + life of topic mail.images 2d = 70h, which must be less than limit 3d - slot 1h - margin 1h = 70h"},
		"no behind":                {"    behind: 20d\n", "", "mail_tracking: behind: 0s, expected more than 0"},
		"slot over limit":          {"    slot: 1d\n", "    slot: 30d\n", "line 25: mail_tracking: slot: slot 30d is not shorter than the limit 30d"},
		"margin eats it":           {"    margin: 2h\n", "    margin: 29d\n", "line 26: mail_tracking: margin: slot 1d + margin 29d = 30d leave nothing of the limit 30d"},
		"margin under release":     {"    margin: 2h\n", "    margin: 1s\n", "mail_tracking: margin: half of the margin 1s is 500ms, and clickhouse takes 1s until"},
		"no margin":                {"    margin: 2h\n", "", "mail_tracking: margin: 0s, expected at least 1s"},
		"bad duration":             {"limit: 30d", "limit: 30 days", "line 18: mail_tracking: limit: \"30 days\" is not a limit"},
		"bad slot":                 {"slot: 1d", "slot: 1mo", "\"1mo\" is not a duration"},
		"no limit":                 {"    limit: 30d\n", "", "mail_tracking: limit: it is needed: a record without a limit is not kept"},
		"no citation":              {"citation: \"USPS 820.200, Retention and Disposal 7: up to 30 days for mail\"", "citation: ''", "mail_tracking: citation: it is needed"},
		"no rule":                  {"    rule: 820.200-7a\n", "", "mail_tracking: rule: it is needed"},
		"rule twice":               {"rule: 820.200-7b", "rule: 820.200-7a", "820.200-7a stands twice"},
		"no reason":                {"reason: what a query that was killed left behind; nothing reads it again", "reason: ''", "work_files: reason: it is needed"},
		"class missing":            {"class: special_service_tracking", "class: other_tracking", "special_service_tracking: the row is missing"},
		"class twice":              {"class: package_tracking", "class: mail_tracking", "mail_tracking stands twice, on line 14 too"},
		"class no name":            {"class: confirm\n", "class: Con firm\n", "is no name of a class"},
		"topic without row":        {"topic: mail.scans\n    life: 7d", "topic: mail.scan\n    life: 7d", "mail.scans is not among the topics"},
		"topic twice":              {"topic: mail.rejects\n    life: 7d", "topic: mail.scans\n    life: 7d", "mail.scans stands twice"},
		"topic without life":       {"topic: mail.rejects\n    life: 7d", "topic: mail.rejects\n    life: 0d", "mail.rejects: life: 0s, expected at least 1s"},
		"wrong clock":              {"clock: capture", "clock: capturing", "\"capturing\", expected one of capture, receipt"},
		"wrong bound":              {"bound: ceiling", "bound: floor", "\"floor\", expected ceiling or term"},
		"own with a limit of none": {"bound: none\n", "bound: none\n    limit: 3d\n", "reference: limit: a row with bound none has none"},
		"record without bound":     {"    record: CONFIRM records\n    limit: 30d\n    bound: ceiling", "    record: CONFIRM records\n    limit: 30d\n    bound: none", "confirm: bound: \"none\", expected ceiling or term"},
		"slot of an end":           {"    limit: 4y\n", "    limit: 4y\n    slot: 1d\n", "mail_customer: slot: 1d: a record with clock relationship_end goes with its end"},
		"dead letters in clear":    {"    sealed: true\n    topic: mail.rejects", "    topic: mail.rejects", "rejects: sealed: dead letters are written as ciphertext"},
		"end in clear":             {"    limit: 4y\n", "    limit: 4y\n    tables: [x]\n", "mail_customer: sealed: records with clock relationship_end lie in slots by receipt"},
		"idle of a scan":           {"    limit: 30d\n", "    limit: 30d\n    idle: 1y\n", "mail_tracking: idle: 1y: a record with clock capture has no end"},
		"calendar in a table":      {"    limit: 730d\n", "    limit: 24mo\n", "special_services: limit: 24mo: slots of a term of the calendar have unequal lives"},
		"another bucket":           {"buckets: [images]", "buckets: [pictures]", "mailpiece_images: buckets: \"pictures\", expected images, the one bucket"},
		"a text for a list":        {"tables: [blocks]", "tables: blocks", "receipts: tables: \"blocks\": expected a list of names"},
		"a text for a yes":         {"sealed: true", "sealed: soon", "mailpiece_images: sealed: \"soon\": expected true or false"},
		"known barcodes too short": {"limit: 10d\n    clock: receipt\n    reason: an entry", "limit: 8d\n    clock: receipt\n    reason: an entry", "known_barcodes: limit: limit 8d - slot 1d - margin 2h = 166h, which must be at least the life of topic mail.scans, 7d"},
		"folder outside":           {"folders: [logs]", "folders: [../logs]", "log_files: folders: \"../logs\", expected a path below the data folder"},
		"all of the data folder":   {"folders: [logs]", "folders: [.]", "log_files: folders: \".\", expected a path below"},
		"folder of another row":    {"folders: [logs]", "folders: [ledger/old]", "log_files: folders: old files of ledger/old are removed, and it overlaps with ledger of row ledger"},
		"folder above another's":   {"folders: [logs]", "folders: [clickhouse]", "old files of clickhouse are removed, and it overlaps with clickhouse/etc of row settings"},
		"empty value":              {"rule: 820.200-1\n", "rule:\n", "confirm: rule: expected a value"},
		"disposal without method":  {"    method: burning, pulping, or shredding\n", "", "820.200-8: method: it is needed"},
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

func TestParseNamesAllMistakesAtOnce(t *testing.T) {
	_, err := Parse([]byte(strings.NewReplacer("behind: 20d", "behind: 25d", "slot: 1h", "slot: 3d", "life: 48h", "life: 0h").Replace(string(builtin))))
	var mistakes Mistakes
	require.ErrorAs(t, err, &mistakes)
	var keys []string
	for _, m := range mistakes {
		require.Positive(t, m.Line)
		keys = append(keys, m.Row+" "+m.Key)
	}
	require.Equal(t, []string{"mail_tracking behind", "mailpiece_images topic", "mailpiece_images slot", "confirm behind", "mail.images life"}, keys)
	_, err = Parse([]byte(strings.NewReplacer("limit: 30d", "limit: long", "sealed: true", "seal: true").Replace(string(builtin))))
	require.ErrorAs(t, err, &mistakes)
	require.Greater(t, len(mistakes), 2, "what cannot be read is all told too: %v", mistakes)
}

// Limits of seconds are how retention is tried out for real.
func TestASecondsSchedule(t *testing.T) {
	s, err := Parse([]byte(secondsSchedule))
	require.NoError(t, err)
	row := s.Row(MailTracking)
	require.EqualValues(t, 116, row.Life())
	require.EqualValues(t, 118, row.TTL())
	require.EqualValues(t, 130, row.SlotOf(139_999))
	require.EqualValues(t, 246, row.DestroyAt(130))
}

func FuzzParse(f *testing.F) {
	f.Add(builtin)
	f.Add([]byte(secondsSchedule))
	for _, seed := range []string{"", "classes:", "classes: [{class: {a: b}}]", "topics: [1, 2]", "a: &x [*x]", "classes:\n- limit: 1y\n  limit: 2y", "- a", "---\n---"} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, source []byte) {
		s, err := Parse(source)
		if err != nil {
			return
		}
		for _, row := range s.Rows() {
			if !row.Sliced() {
				continue
			}
			slot := row.SlotOf(1_800_000_000_000)
			if row.DestroyAt(slot) >= row.LimitAt(slot) || row.DestroyAt(slot) <= slot {
				t.Fatalf("class %s: slot %d is destroyed at %d, limit %d", row.Class, slot, row.DestroyAt(slot), row.LimitAt(slot))
			}
		}
	})
}

const secondsSchedule = `
classes:
  - {class: mail_tracking, rule: a, system: s, record: r, limit: 120s, bound: ceiling, clock: capture, citation: c, topic: mail.scans, tables: [scans, volumes], slot: 10s, margin: 4s, behind: 60s}
  - {class: package_tracking, rule: b, system: s, record: r, limit: 180s, bound: ceiling, clock: capture, citation: c, topic: mail.scans, tables: [scans, volumes], slot: 20s, margin: 4s, behind: 60s}
  - {class: special_service_tracking, rule: c, system: s, record: r, limit: 180s, bound: ceiling, clock: capture, citation: c, topic: mail.scans, tables: [scans, volumes], slot: 20s, margin: 4s, behind: 60s}
  - {class: mailpiece_images, rule: e, system: s, record: r, limit: 120s, bound: ceiling, clock: capture, citation: c, sealed: true, topic: mail.images, tables: [images], slot: 10s, margin: 4s, behind: 20s}
  - {class: confirm, rule: d, system: s, record: r, limit: 120s, bound: ceiling, clock: capture, citation: c, topic: mail.scans, tables: [scans, volumes], slot: 10s, margin: 4s, behind: 60s}
own:
  - {class: receipts, record: r, limit: 200s, clock: receipt, reason: why, tables: [blocks], slot: 10s, margin: 4s}
  - {class: batch_ids, record: r, limit: 200s, clock: receipt, reason: why, tables: [batches], slot: 10s, margin: 4s}
  - {class: replay_ids, record: r, limit: 200s, clock: receipt, reason: why, tables: [replays], slot: 10s, margin: 4s}
  - {class: rejects, record: r, limit: 120s, clock: capture, reason: why, sealed: true, topic: mail.rejects, slot: 10s, margin: 4s}
  - {class: known_barcodes, record: r, limit: 120s, clock: receipt, reason: why, tables: [known_barcodes], slot: 10s, margin: 4s}
  - {class: system_logs, record: r, limit: 120s, clock: receipt, reason: why, system_tables: [query_log, part_log], slot: 10s, margin: 4s}
topics:
  - {topic: mail.scans, life: 40s}
  - {topic: mail.rejects, life: 40s}
  - {topic: mail.images, life: 40s}
`

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
		{ConfirmRecord, false, Confirm, true},
		{ConfirmRecord, true, Confirm, true},
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
	settings, err := TopicSettings("mail.scans", 7*24*time.Hour, KafkaDefaults)
	require.NoError(t, err)
	require.Equal(t, "561240000", settings["retention.ms"])
	require.Equal(t, "43200000", settings["segment.ms"])
	_, err = TopicSettings("mail.scans", 6*time.Minute+30*time.Second, KafkaDefaults)
	require.ErrorContains(t, err, "topic mail.scans: life 6m30s - one segment 27.857142857s - the broker's checking 5m0s - its deleting 1m0s = 2.142857143s")
	settings, err = TopicSettings("mail.scans", 40*time.Second, Intervals{Check: time.Second, Delete: time.Second})
	require.NoError(t, err)
	require.Equal(t, "35142", settings["retention.ms"])
}

func TestDurationTextRoundTrips(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		d := Duration(rapid.Int64Range(1, 9e6).Draw(t, "seconds") * int64(time.Second))
		var back Duration
		require.NoError(t, back.UnmarshalText([]byte(d.String())))
		require.Equal(t, d, back)
	})
}
