package main

import (
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"mailtrail/pipeline/simulate"
	"mailtrail/schemas/barcode"
)

// Every report says of a simulated day of mail, and of what is planted beside it, what plain code says of the same rows.
func TestReports(t *testing.T) {
	s := newSite(t)
	s.up()
	truthFile := filepath.Join(t.TempDir(), "truth.jsonl")
	s.do("simulate", "--count", "12000", "--to", "kafka", "--damaged", "0", "--truth", truthFile, "--log-level", "error")
	file, err := os.Open(truthFile)
	require.NoError(t, err)
	defer file.Close()
	truth, err := simulate.ReadTruth(file)
	require.NoError(t, err)
	stored := truth.Totals(simulate.Kafka)["stored"]
	eventually(t, 60*time.Second, func() error { return expect(stored, s.count("SELECT count() FROM mailtrail.scans")) })
	t.Run("the simulator's truth", func(t *testing.T) {
		total := 0.0
		for _, row := range s.as(t).reportRows("volumes") {
			total += row["actual"].(float64) + row["assumed"].(float64) + row["logical"].(float64) + row["other"].(float64)
		}
		require.EqualValues(t, stored, total)
	})
	now := time.Now().UTC()
	planted := s.plant(now)
	eventually(t, 60*time.Second, func() error { return expect(stored+planted, s.count("SELECT count() FROM mailtrail.scans")) })

	t.Run("where days are lost", func(t *testing.T) {
		rows := s.as(t).reportRows("legs", "--mid", plantedMID)
		require.Len(t, rows, 2)
		require.Equal(t, "V19160 W13578 40", fmt.Sprint(rows[0]["origin"], " ", rows[0]["destination"], " ", rows[0]["pieces"]))
		require.Equal(t, []any{10.0, 20.0, 10.0, now.Add(-5 * 24 * time.Hour).Format(time.DateOnly)}, []any{rows[0]["medianHours"], rows[0]["lostDays"], rows[0]["delayed"], rows[0]["worstDay"]})
		require.Equal(t, 0.0, rows[1]["lostDays"])
	})
	t.Run("a camera that degrades", func(t *testing.T) {
		first := s.as(t).reportRows("machines")[0]
		require.Equal(t, []any{"CAM-1", true, 1.0, 4.0}, []any{first["machine"], first["degrading"], first["before"], first["recent"]}, "it is named before 5 points are lost")
	})
	scans := s.scanRows(t)
	for name, reference := range references(now) {
		t.Run(name, func(t *testing.T) {
			want, got := reference.rows(scans), s.as(t).reportRows(name, append(reference.flags, "--limit", "1000000")...)
			require.NotEmpty(t, want)
			sameRows(t, reference.keys, want, got)
		})
	}
	t.Run("as a person reads it", func(t *testing.T) {
		s := s.as(t)
		text := s.do("report", "legs", "--mid", plantedMID, "--limit", "1")
		for _, words := range []string{"Where days are lost", "Definition  A leg is", "Unit        pieces; hours", "Complete    from complete_from", "mail_tracking 20", "│ V19160 │"} {
			require.Contains(t, text, words)
		}
		got := s.run("report", "legs", "--format", "csv", "--limit", "1")
		require.True(t, strings.HasPrefix(got.stdout, "origin,originFacility,"), got.stdout)
		require.Contains(t, got.stderr, "Definition  A leg is")
		require.Contains(t, s.do("report", "list"), "delivery_curve")
		require.Contains(t, s.do("report", "loops", "--sql"), "FROM mailtrail.scans")
		require.Contains(t, s.run("report", "loops", "--from", "yesterday").stderr, `--from "yesterday": expected a day`)
		require.Equal(t, exitWrong, s.run("report", "loops", "--limit", "-1").status)
	})
}

func (s *site) reportRows(name string, flags ...string) []map[string]any {
	return jsonLines(s.t, s.do(append([]string{"report", name, "--format", "json"}, flags...)...))
}

const plantedMID = "912345678"

// plant sends scans whose answers are known, and returns how many.
func (s *site) plant(now time.Time) (events uint64) {
	var lines []string
	add := func(text string, at time.Time, place, more string) {
		name := "imb"
		if len(text) == barcode.BarCount {
			name = "bars"
		}
		lines = append(lines, fmt.Sprintf(`{%q:%q,"scanDatetime":%q,"scanLocaleKey":%q,"handlingEventType":"A"%s}`, name, text, at.Format(time.RFC3339), place, more))
	}
	// New York to Dallas in 10 hours, but 58 for the pieces that New York had on one day; from there on all take 2.
	day := now.Truncate(24 * time.Hour)
	for i := range 40 {
		took, began := 10*time.Hour, day.Add(-time.Duration(6+i%4)*24*time.Hour)
		if i < 10 {
			took, began = 58*time.Hour, day.Add(-5*24*time.Hour)
		}
		piece := fmt.Sprintf("00270%s%06d12345678901", plantedMID, i)
		add(piece, began, "V19160", `,"scanEventCode":"891","mailShapeDescription":"Letter"`)
		add(piece, began.Add(took), "W13578", `,"scanEventCode":"893"`)
		add(piece, began.Add(took+time.Hour), "W13578", `,"scanEventCode":"893"`)
		add(piece, began.Add(took+2*time.Hour), "Z15000", fmt.Sprintf(`,"scanEventCode":"919","edocJobId":"J%d","startTheClockDate":%q`, i%2, began.Format(time.DateOnly)))
	}
	// A camera loses one read in 100 at first, and 4 of late.
	for i := range 2000 {
		at, bad := now.Add(-48*time.Hour), i%100 == 0
		if i >= 1000 {
			at, bad = now.Add(-time.Hour), i%25 == 0
		}
		text := fmt.Sprintf("00270%s%06d12345678901", plantedMID[:8]+"9", i)
		if bad {
			bars, err := barcode.Encode([]byte(text[:20]), []byte(text[20:]))
			require.NoError(s.t, err)
			text = "?" + string(bars[1:])
		}
		add(text, at.Add(time.Duration(i)*time.Millisecond), "V19160", `,"scanEventCode":"891","machineId":"CAM-1"`)
	}
	// Pieces that are late, at risk and neither; one that comes back; a serial number on two pieces; events that were not seen.
	date := func(days int) string { return day.Add(time.Duration(days) * 24 * time.Hour).Format(time.DateOnly) }
	for i, predicted := range []string{date(-3), date(0), date(1), date(2), date(-1), date(0)} {
		piece := fmt.Sprintf("00270912000001%06d", i)
		add(piece, now.Add(-26*time.Hour), "V19160", fmt.Sprintf(`,"scanEventCode":"891","predictedDeliveryDate":%q`, date(4)))
		add(piece, now.Add(-25*time.Hour), "V19160", fmt.Sprintf(`,"scanEventCode":"892","predictedDeliveryDate":%q`, predicted))
		if i >= 4 {
			add(piece, now.Add(-24*time.Hour), "Z15000", `,"scanEventCode":"893"`)
		}
	}
	for i, place := range []string{"V19160", "W13578", "V19160", "Z15000", "V19160"} {
		add("0027091200000200000112345", now.Add(time.Duration(i-30)*time.Hour), place, `,"operationCode":"893"`)
	}
	add("0027091200000300000112345", now.Add(-5*time.Hour), "V19160", `,"scanEventCode":"891"`)
	add("0030091200000300000154321", now.Add(-4*time.Hour), "V19160", `,"scanEventCode":"891"`)
	add("9327091200000400000154321", now.Add(-4*time.Hour), "V19160", `,"scanEventCode":"891"`)
	add("0027091200000400000112345", now.Add(-3*time.Hour), "V19160", `,"scanEventCode":"ZZZ"`)
	lines = append(lines, fmt.Sprintf(`{"imb":"00270912000004000002","scanDatetime":%q,"scanLocaleKey":"V19160","handlingEventType":"L","scanEventCode":"517"}`, now.Add(-time.Hour).Format(time.RFC3339)))

	token := s.device("planter")
	eventually(s.t, 10*time.Second, func() error {
		request, err := http.NewRequest(http.MethodPost, "http://"+s.gateway+"/v1/scans", strings.NewReader(strings.Join(lines, "\n")))
		require.NoError(s.t, err)
		request.Header.Set("Content-Type", "application/x-ndjson")
		request.Header.Set("Authorization", "Bearer "+token)
		response, err := http.DefaultClient.Do(request)
		require.NoError(s.t, err)
		response.Body.Close()
		return expect(http.StatusAccepted, response.StatusCode)
	})
	return uint64(len(lines))
}
