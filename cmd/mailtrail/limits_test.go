package main

import (
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// namesALimit is how code, SQL and configuration write that something is kept so long: multiples of a day, intervals,
// expiry with a number, settings of topics with a number, periods in words.
var namesALimit = regexp.MustCompile(`(?i)\b\d+ ?\* ?24 ?\* ?time\.(hour|minute)|\b24 ?\* ?\d+ ?\* ?time\.hour|interval\s+\d+\s+(day|hour|week|month|year)|tointerval(day|week|month|year)\(|` +
	`ttl [^{}\n]*\d{2,}|(retention|segment)\.ms"?\s*[:=]\s*"?\d|\b\d+ (days|months|years)\b|\b(2592000|7776000|259200|604800)\b|"\d+d"`)

// noLimits are places that name a time and no limit, with the reason.
var noLimits = map[string]string{
	"pipeline/simulate/options.go":       "how late simulated mail can be",
	"schemas/barcode":                    "how long a postal standard keeps a serial number unique",
	"schemas/sql/reports/uniqueness.sql": "how long a postal standard keeps a serial number unique",
	"bench":                              "measures with schedules of its own",
	"deploy/prometheus/alerts.yaml":      "Prometheus cannot ask; TestAlerts holds its lives against the schedule",
}

// The schedule is the only place that names a limit.
func TestNoOtherPlaceNamesALimit(t *testing.T) {
	root, looked := filepath.Join("..", ".."), 0
	err := filepath.WalkDir(root, func(path string, entry fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		name, _ := filepath.Rel(root, path)
		name = filepath.ToSlash(name)
		switch {
		case name == ".git" || name == "data" || name == ".bin" || name == "schemas/retention" || noLimits[name] != "":
			if entry.IsDir() {
				return filepath.SkipDir
			}
			return nil
		case entry.IsDir() || strings.HasSuffix(name, "_test.go"):
			return nil
		}
		if !regexp.MustCompile(`\.(go|sql|tmpl|yaml|xml)$`).MatchString(name) || strings.Contains(name, "testdata/") {
			return nil
		}
		text, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		looked++
		for i, line := range strings.Split(string(text), "\n") {
			if found := namesALimit.FindString(line); found != "" {
				t.Errorf("%s:%d names a limit (%s), which belongs into schemas/retention/schedule.yaml; a place that names no limit is listed in noLimits with the reason", name, i+1, found)
			}
		}
		return nil
	})
	require.NoError(t, err)
	require.Greater(t, looked, 200, "the code must have been found")
	for _, limit := range []string{"const keep = 30 * 24 * time.Hour", "TTL slot + INTERVAL 30 DAY", "toIntervalDay(7)", "TTL slot + toIntervalSecond(86400)", `"retention.ms": "561240000"`, "are kept for 7 days", `ParseLimit("30d")`} {
		require.Regexp(t, namesALimit, limit)
	}
}
