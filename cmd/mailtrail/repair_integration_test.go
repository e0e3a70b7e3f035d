package main

import (
	"fmt"
	"math"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	embedded "mailtrail/deploy/local/clickhouse"
	"mailtrail/pipeline/simulate"
	"mailtrail/schemas/barcode"
	"mailtrail/schemas/derive"
	"mailtrail/schemas/event"
)

// damagedRow is a row of damaged bars as analysts see it.
type damagedRow struct {
	imb, origin string
	repaired    uint8
	confidence  float32
}

// damagedRows are the rows of damaged bars, by the bars as they were read.
func damagedRows(s *site) map[string][]damagedRow {
	conn := s.sql(embedded.Auditor)
	rows, err := conn.Query(s.t.Context(), "SELECT bars, imb, origin, repairedBars, repairConfidence FROM mailtrail.scans WHERE repairedBars > 0")
	require.NoError(s.t, err)
	found := map[string][]damagedRow{}
	for rows.Next() {
		var bars string
		var row damagedRow
		require.NoError(s.t, rows.Scan(&bars, &row.imb, &row.origin, &row.repaired, &row.confidence))
		found[bars] = append(found[bars], row)
	}
	require.NoError(s.t, rows.Err())
	return found
}

// Mail with damaged bars goes through the whole pipeline, whose program is killed meanwhile, and every read becomes what the truth says:
// its piece, by the stream or by the repair of rejects, or a reject. With the mailers known, what was ambiguous becomes its piece.
func TestDamagedMailBecomesWhatItsTruthSays(t *testing.T) {
	s := newSite(t).with("--set", "ingest.block_age=50ms")
	dir := t.TempDir()
	truthFile, knownFile := filepath.Join(dir, "truth.jsonl"), filepath.Join(dir, "known.txt")
	up := s.up()
	s.do("simulate", "--count", "12000", "--seed", "7", "--to", "kafka", "--damaged", "0.32", "--truth", truthFile, "--known-out", knownFile)
	require.NoError(t, up.cmd.Process.Kill())
	<-up.ended
	up = s.up()

	file, err := os.Open(truthFile)
	require.NoError(t, err)
	defer file.Close()
	truth, err := simulate.ReadTruth(file)
	require.NoError(t, err)
	stored, rejected := uint64(0), map[string]int{}
	for _, row := range truth {
		switch row.Outcome {
		case "stored":
			stored += row.Events
		case "rejected":
			rejected[row.Reason] += int(row.Events)
		}
	}
	require.Greater(t, rejected[string(event.AmbiguousBars)], 5)
	awaitStored(s, stored)
	requireTruthOfBars(t, s, truth)
	for reason, events := range rejected {
		require.Len(t, jsonLines(t, s.do("rejects", "list", "--state", "rejected", "--reason", reason, "--format", "json")), events, reason)
	}
	up.stop()

	// The same mail's mailers are known from now on, and what was rejected comes again.
	text, err := os.ReadFile(knownFile)
	require.NoError(t, err)
	known, err := barcode.ParseKnownSet(text)
	require.NoError(t, err)
	repairer := barcode.NewRepairer(known)
	settled := settledBy(repairer, truth)
	require.Greater(t, settled, 20)
	s = s.with("--set", "reference.known_barcodes="+knownFile)
	up = s.up()
	for _, reason := range []event.Code{event.AmbiguousBars, event.UnreadableBars} {
		s.do("rejects", "replay", "--reason", string(reason))
	}
	awaitStored(s, stored+uint64(settled))
	requireTruthOfBars(t, s, truth)
	s.do("rejects", "replay") // all that is not stored, once more
	left := jsonLines(t, s.do("rejects", "list", "--state", "rejected", "--reason", string(event.AmbiguousBars), "--format", "json"))
	require.Less(t, len(left)*4, rejected[string(event.AmbiguousBars)], "most of what was ambiguous is settled")
	s.do("audit")
	up.stop()
}

// awaitStored waits until so many rows are there.
func awaitStored(s *site, rows uint64) {
	s.t.Helper()
	eventually(s.t, time.Minute, func() error {
		if n := s.count("SELECT count() FROM mailtrail.scans"); n != rows {
			return fmt.Errorf("%d rows, expected %d", n, rows)
		}
		return nil
	})
}

// settledBy counts the rejected reads that a known set makes a piece of.
func settledBy(repairer *barcode.Repairer, truth simulate.Truth) (reads int) {
	for _, row := range truth {
		if row.Damage == "" || row.Outcome != "rejected" {
			continue
		}
		if found, err := repairer.Repair([]byte(row.Bars), barcode.MaxRepair); err == nil && derive.Takes(&found) {
			reads += int(row.Events)
		}
	}
	return reads
}

// requireTruthOfBars compares the rows of damaged bars with the truth: each is its piece, but for the few of which the truth says otherwise.
func requireTruthOfBars(t *testing.T, s *site, truth simulate.Truth) {
	t.Helper()
	found := damagedRows(s)
	reads, doubles, wrong := 0, 0, 0
	for _, row := range truth {
		if row.Damage == "" {
			continue
		}
		rows := found[row.Bars]
		if row.Outcome == "stored" {
			require.Len(t, rows, int(row.Events), row.Damage)
		}
		for _, got := range rows {
			want := row.IMb
			if row.StoredAs != "" {
				want = row.StoredAs
			}
			require.Equal(t, want, got.imb, row.Damage)
			require.Greater(t, got.confidence, float32(0.3), row.Damage)
			if row.StoredAs == "" {
				require.EqualValues(t, differing(t, row.Bars, row.IMb), got.repaired)
			}
			if row.Outcome == "stored" {
				require.Equal(t, row.Replayed, got.origin != "", "%s: what the stream repairs is no replay", row.Damage)
			}
			reads++
		}
		if strings.HasPrefix(row.Damage, "two ") {
			doubles += int(row.Events)
			if row.StoredAs != "" {
				wrong += int(row.Events)
			}
		}
	}
	t.Logf("%d damaged reads are stored; of %d with two wrong bars %d as another piece", reads, doubles, wrong)
	// At most one in 1,000, and three standard deviations for a sample of so few: at the true share, 2 in 10,000 (bench/repair),
	// two of 900 come once in 60 runs, and four, which are too many, once in 18,000.
	most := float64(doubles) / 1000
	require.LessOrEqual(t, float64(wrong), most+3*math.Sqrt(most))
	replays := s.count("SELECT countIf(origin != '') FROM mailtrail.scans")
	require.Equal(t, replays, s.count("SELECT uniqExactIf(origin, origin != '') FROM mailtrail.scans"), "each replay is stored once")
	require.NotZero(t, replays)
}

// differing counts the bars that were not read as they were printed.
func differing(t *testing.T, read, imb string) (n int) {
	m, err := barcode.ParseIMb([]byte(imb))
	require.NoError(t, err)
	for i, bar := range m.Bars() {
		if read[i] != bar {
			n++
		}
	}
	return n
}
