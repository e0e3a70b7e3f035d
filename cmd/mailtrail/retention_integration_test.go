package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"mailtrail/schemas/event"
	"mailtrail/schemas/retention"
)

// The plan names what each store holds and when it goes; apply finds drift that was made by hand, mends it once, and then
// finds none.
func TestRetentionPlanAndApply(t *testing.T) {
	s := newSite(t)
	p := s.up()
	s.do("simulate", "--count", "2000", "--to", "kafka", "--log-level", "error")
	eventually(t, 20*time.Second, func() error {
		return expect(true, s.count("SELECT sum(events) FROM mailtrail.blocks") >= 2000)
	})

	plan := s.do("retention", "plan")
	for _, want := range []string{
		"RETENTION PLAN", "NOT YET", "USPS 820.200, Retention and Disposal 7: up to 30 days for mail", "up to 30 days from the earlier of capture and receipt",
		"in slots of 1 day, each 2 hours before", "between 28d 22h and 29d 22h old", "ClickHouse scans: slot ", "Kafka mail.scans: the oldest record, of ",
		"PART 3. NOT KEPT BY SOFTWARE YET", "twenty-four months", "burning, pulping, or shredding", "Approved: ____",
	} {
		require.Contains(t, plan, want)
	}
	require.NotContains(t, plan, "NOT KNOWN")
	require.NotContains(t, plan, "STRANGE")

	mail := retention.Builtin().Row(retention.MailTracking)
	losses, rules := 0, 0
	for _, row := range jsonLines(t, s.do("retention", "plan", "--format", "json")) {
		switch {
		case row["section"] == "rule":
			rules++
		case row["section"] == "loss" && row["class"] == retention.MailTracking && row["place"] == "scans":
			losses++
			from, err := time.Parse(time.RFC3339, row["from"].(string))
			require.NoError(t, err)
			require.Equal(t, time.Unix(mail.DestroyAt(from.Unix()), 0).UTC().Format(time.RFC3339), row["destroy_at"])
		}
	}
	require.Equal(t, len(retention.Builtin().Rows()), rules)
	require.EqualValues(t, s.count("SELECT uniq(slot) FROM mailtrail.scans WHERE retention_class = 'mail_tracking'"), losses)
	require.Contains(t, s.do("retention", "plan", "--format", "csv"), "rule,mail_tracking,limit,30d")

	require.Contains(t, s.run("retention", "apply").stderr, "no drift")
	require.NoError(t, s.sql("mailtrail").Exec(t.Context(), "ALTER TABLE mailtrail_data.scans MODIFY TTL slot + toIntervalDay(400)"))
	require.NoError(t, s.sql("mailtrail").Exec(t.Context(), "CREATE OR REPLACE VIEW mailtrail.volumes AS SELECT 1 AS one"))
	dry := s.run("retention", "apply", "--dry-run")
	require.Equal(t, exitFailed, dry.status)
	require.Contains(t, dry.stdout, "toIntervalDay(400)")
	require.Contains(t, dry.stderr, "2 differences from the schedule; nothing was changed")
	require.Contains(t, s.run("retention", "apply").stderr, "2 differences from the schedule are mended")
	require.Contains(t, s.run("retention", "apply").stderr, "no drift")

	// A shorter limit and a topic's life are drift; a longer limit is refused while its slots are held.
	changed := func(old, now string) *site {
		path := filepath.Join(t.TempDir(), "schedule.yaml")
		text := strings.Replace(string(retention.Builtin().Source()), old, now, 1)
		require.NoError(t, os.WriteFile(path, []byte(text), 0o600))
		return s.with("--set", "retention.schedule="+path)
	}
	shorter := changed("limit: 30d", "limit: 29d").run("retention", "apply", "--dry-run", "--format", "csv")
	require.Equal(t, exitFailed, shorter.status)
	require.Contains(t, shorter.stdout, `"schedule, class mail_tracking",changed,limit 30d -> 29d`)
	require.Contains(t, changed("topic: mail.rejects\n    life: 7d", "topic: mail.rejects\n    life: 6d").run("retention", "apply", "--dry-run").stdout, event.RejectsTopic)
	longer := changed("limit: 30d", "limit: 31d").run("retention", "apply")
	require.Equal(t, exitFailed, longer.status)
	require.Contains(t, longer.stderr, "class mail_tracking: limit 30d -> 31d would lengthen slots that have begun")
	require.Contains(t, s.run("retention", "apply").stderr, "no drift", "a refused schedule changed nothing")

	p.stop()
	away := s.run("retention", "plan")
	require.Equal(t, exitFailed, away.status)
	require.Contains(t, away.stdout, "ClickHouse did not answer")
	require.Contains(t, away.stdout, "Kafka did not answer")
	require.Contains(t, away.stdout, "up to 30 days from the earlier of capture and receipt")
}
