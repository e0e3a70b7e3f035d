package figures

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"mailtrail/pipeline/simulate"
)

// A day of mail stands in the topic before ingest starts; then the rows that it left are inserted once more, bare, and
// counted by column.
func TestBacklog(t *testing.T) {
	s := newSite(t)
	events := sized[uint64](60_000, 60_000_000)
	truth := s.fill(defaultMail(1, events, simulate.Protobuf))
	got := s.takeIn(truth)
	bench.report.add(fmt.Sprintf("a backlog of %s simulated scans as ScanBatch, default configuration", thousands(events)), "1,000,000 events/s", "%s", got)
	rows, err := s.Number(t.Context(), "SELECT count() FROM mailtrail_data.scans")
	require.NoError(t, err)
	require.GreaterOrEqual(t, rows, truth["stored"])

	before, err := s.Servers().Costs()
	require.NoError(t, err)
	began := time.Now()
	if *long {
		s.settle()
		out, err := s.Command("audit").CombinedOutput()
		require.NoError(t, err, "%s", out)
	}
	after, err := s.Servers().Costs()
	require.NoError(t, err)
	say("merged and audited for another %s, ClickHouse took %.1f s", time.Since(began).Round(time.Second), after.Since(before)["ClickHouse"].Seconds())
	s.size("simulated scans")

	bare := s.bareInsert(sized[uint64](100_000, 30_000_000))
	bench.report.add("the same rows inserted bare, as columns that lie ready, two connections", "", "%s rows/s (%s): mailtrail is at %.0f %% of it by time, %.0f %% by CPU of all",
		thousands(float64(bare.rows)/bare.took.Seconds()), seconds(bare.costs),
		100*got.rate()*bare.took.Seconds()/float64(bare.rows),
		100*perEvent(bare.costs["ClickHouse"], bare.rows)/perEvent(got.costs["ClickHouse"]+got.costs["ingest"]+got.costs["Kafka"], got.outcomes.Sum()))
}

// The same with mail of which nothing is late: a block reaches the slots of a few days alone, and late mail's share of the cost shows.
func TestBacklogOnTime(t *testing.T) {
	s := newSite(t)
	options := defaultMail(3, sized[uint64](20_000, 60_000_000), simulate.Protobuf)
	options.Shares.Late, options.Shares.Stale, options.Shares.Expired = 0, 0, 0
	got := s.takeIn(s.fill(options))
	bench.report.add(fmt.Sprintf("a backlog of %s simulated scans as ScanBatch, none of them late", thousands(options.Count)), "1,000,000 events/s", "%s", got)
}

func perEvent(d time.Duration, n uint64) float64 { return d.Seconds() / float64(n) }

// size tells how many bytes a row has on disk, with the columns that need most of it.
func (s *site) size(what string) {
	s.t.Helper()
	var rows, disk, parts uint64
	require.NoError(s.t, s.SQL.QueryRow(s.t.Context(),
		"SELECT sum(rows), sum(bytes_on_disk), count() FROM system.parts WHERE active AND database = 'mailtrail_data' AND table = 'scans'").Scan(&rows, &disk, &parts))
	perRow := float64(disk) / float64(rows)
	const nation = 1.5e9 * 30
	bench.report.add("bytes a row on disk, "+what+", merges settled", "20", "%.1f (%s rows, %d parts, everything in their folders); 1.5 billion a day for 30 days: %.2f TB",
		perRow, thousands(rows), parts, perRow*nation/1e12)

	found, err := s.SQL.Query(s.t.Context(), `SELECT column, sum(column_data_compressed_bytes + column_marks_bytes) / ?, sum(column_data_uncompressed_bytes) / ?, any(type)
		FROM system.parts_columns WHERE active AND database = 'mailtrail_data' AND table = 'scans' GROUP BY column ORDER BY 2 DESC`, float64(rows), float64(rows))
	require.NoError(s.t, err)
	defer found.Close()
	var text strings.Builder
	text.WriteString("| column | type | bytes a row, on disk | bytes a row, as it is |\n|---|---|---|---|\n")
	shown, rest := 0.0, 0.0
	for found.Next() {
		var name, kind string
		var compressed, whole float64
		require.NoError(s.t, found.Scan(&name, &compressed, &whole, &kind))
		if shown += compressed; compressed < 0.05 {
			rest += compressed
			continue
		}
		fmt.Fprintf(&text, "| %s | %s | %.2f | %.1f |\n", name, kind, compressed, whole)
	}
	require.NoError(s.t, found.Err())
	fmt.Fprintf(&text, "| the other columns | | %.2f | |\n| index, checksums and what else stands in a part | | %.2f | |\n", rest, perRow-shown)
	bench.report.detail("Where the bytes of " + what + " are:\n\n" + text.String())
}
