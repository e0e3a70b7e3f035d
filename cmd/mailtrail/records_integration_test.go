package main

import (
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"mailtrail/pipeline/ledger"
	"mailtrail/schemas/retention"
)

// documents are lines of delimited text, one a bundle, from the number on.
func documents(from, n int) string {
	var text strings.Builder
	text.WriteString("edocJobId,edocSubmitterCrid,preparedDatetime,edocPackageId,mailpieceCount\n")
	for i := range n {
		fmt.Fprintf(&text, "JOB%d,1234567,%s,P%d,10\n", from%7, time.Now().UTC().Format(time.RFC3339), from+i)
	}
	return text.String()
}

// records posts records of a kind and returns the status and the answer's text.
func (s *site) records(token, kind, contentType, body string) (int, map[string]any) {
	s.t.Helper()
	return s.postTo("/v1/records/"+kind, token, contentType, body, nil)
}

// bundles counts the rows of bundles, and how many different ones they are.
func (s *site) bundles() (rows, different uint64) {
	return s.count("SELECT count() FROM mailtrail_data.records WHERE kind = 'bundle'"),
		s.count("SELECT uniqExact(JSONExtractString(payload, 'edocPackageId')) FROM mailtrail_data.records WHERE kind = 'bundle'")
}

// Records come in once each, whatever is sent again and whatever is killed; those of persons lie there as ciphertext; under a
// schedule of seconds they are gone in time, and the ledger tells.
func TestRecordsOnceAndInTime(t *testing.T) {
	plain := newSite(t)
	s := plain.with("--set", "retention.schedule="+fastRecords(t), "--set", "retention.sweep_every=1s")
	began := time.Now()
	p := s.up()
	token := s.device("mailer")
	eventually(t, 10*time.Second, func() error { // the gateway learns of a device within two seconds
		status, _ := s.records(token, "bundle", "application/json", "[]")
		return expect(http.StatusAccepted, status)
	})

	for range 2 {
		status, answer := s.records(token, "bundle", "text/csv", documents(0, 500))
		require.Equal(t, http.StatusAccepted, status, answer)
		require.EqualValues(t, 500, answer["accepted"])
	}
	// Those of persons are sealed before they are stored.
	const name = "Planted Person"
	status, answer := s.records(token, "hold_mail", "application/json", fmt.Sprintf(`[{"requestedDatetime":%q,"holdBegins":"2026-11-22","customerName":%q,"zip11":"10118112501"}]`, time.Now().UTC().Format(time.RFC3339), name))
	require.Equal(t, http.StatusAccepted, status, answer)
	eventually(t, 20*time.Second, func() error {
		return expect(1, s.count("SELECT count() FROM mailtrail_data.records WHERE kind = 'hold_mail' AND sealed AND startsWith(payload, 'MTS1') AND position(payload, 'Planted') = 0 AND length(key_hashes) = 2"))
	})
	body := documents(500, 700)
	status, answer = s.records(token, "bundle", "text/csv", body)
	require.Equal(t, http.StatusAccepted, status, answer)
	require.NoError(t, p.cmd.Process.Kill(), "with a block under way")
	<-p.ended
	killed := p
	p = s.up()
	status, answer = s.records(token, "bundle", "text/csv", body)
	require.Equal(t, http.StatusAccepted, status, answer)
	eventually(t, 30*time.Second, func() error {
		_, different := s.bundles()
		return expect(1200, different)
	})
	batch := fmt.Sprint(answer["batch"])
	eventually(t, 20*time.Second, func() error {
		return expect(700, s.count("SELECT sum(duplicate) FROM mailtrail_data.batches WHERE id = '"+batch+"'"))
	})
	require.EqualValues(t, 700, s.count("SELECT sum(stored) FROM mailtrail_data.batches WHERE id = '"+batch+"'"))
	rows, different := s.bundles()
	require.Equal(t, different, rows, "no record is there twice")
	require.EqualValues(t, 1201, s.count("SELECT sum(arraySum(arrayMap(o -> if(o.2 = 'stored', o.4, 0), outcomes))) FROM mailtrail_data.blocks WHERE topic = 'mail.records'"))

	// What is refused says why, and what may be kept nowhere is nowhere.
	const card = "4111 1111 1111 1111"
	status, answer = s.records(token, "bundle", "application/json", `{"edocJobId":"J","edocSubmitterCrid":"1","preparedDatetime":"`+time.Now().UTC().Format(time.RFC3339)+`","edocPackageId":"P","presortLevel":"4111111111111111"}`)
	require.Equal(t, http.StatusUnprocessableEntity, status)
	require.Contains(t, fmt.Sprint(answer), "card_number")
	status, answer = s.records(token, "nothing", "application/json", "{}")
	require.Equal(t, http.StatusNotFound, status)
	require.Contains(t, fmt.Sprint(answer), "hold_mail")
	status, answer = s.records(token, "session_cookie_data", "application/json", `{"x":"`+card+`"}`)
	require.Equal(t, http.StatusNotFound, status)
	require.NotContains(t, fmt.Sprint(answer), card)

	// Nothing is ever older than its limit, and all of it goes.
	row := retentionOf(t, s.scheduleFile()).Row("mail_documentation")
	limit := int64(row.Longest() / time.Second)
	eventually(t, 2*row.Longest(), func() error {
		require.Zero(t, s.count(fmt.Sprintf("SELECT count() FROM mailtrail_data.records WHERE captured < now() - %d", limit)), "a record is over its limit")
		return expect(0, s.count("SELECT count() FROM mailtrail_data.records"))
	})
	eventually(t, 20*time.Second, func() error {
		dropped, keys := s.recordsEnded(began)
		return expect("map[hold_mail:1 mail_documentation:1200] true", fmt.Sprint(dropped, keys > 0))
	})
	p.stop()
	require.NotContains(t, s.logs(), name)
	require.NotContains(t, p.stderr.String()+killed.stderr.String(), name)
	require.NotContains(t, p.stderr.String(), card)
	require.NotRegexp(t, regexp.MustCompile(`4111`), p.stderr.String())
}

// recordsEnded are the rows that the ledger says were dropped since then, by class, and how many keys of hold mail were destroyed.
func (s *site) recordsEnded(since time.Time) (dropped map[string]int64, keys int) {
	s.t.Helper()
	key, err := ledger.PublicKey(filepath.Join(s.data, "ledger"))
	require.NoError(s.t, err)
	reader, err := ledger.Read(filepath.Join(s.data, "ledger"), key)
	require.NoError(s.t, err)
	defer reader.Close()
	dropped = map[string]int64{}
	for slot := since.Truncate(5 * time.Second).Add(-time.Minute); slot.Before(time.Now()); slot = slot.Add(5 * time.Second) {
		for _, class := range []string{"mail_documentation", "hold_mail"} {
			_, entries, err := reader.Slot(class, slot)
			require.NoError(s.t, err)
			for _, entry := range entries {
				switch {
				case entry.Kind == ledger.PartitionDropped && entry.Rows != nil && *entry.Rows > 0:
					dropped[class] += *entry.Rows
				case entry.Kind == ledger.KeyDestroyed && class == "hold_mail":
					keys++
				}
			}
		}
	}
	return dropped, keys
}

// fastRecords is the built-in schedule with seconds for documentation and hold mail.
func fastRecords(t *testing.T) string {
	t.Helper()
	source := strings.Replace(string(retention.Builtin().Source()), "topic: mail.records\n    life: 7d", "topic: mail.records\n    life: 20s", 1)
	for class, limit := range map[string]string{"mail_documentation": "75d", "hold_mail": "1y"} {
		head, rest, found := strings.Cut(source, "  - class: "+class+"\n")
		require.True(t, found)
		row, rest, found := strings.Cut(rest, "\n\n")
		require.True(t, found)
		row = regexp.MustCompile(`behind: \d+d`).ReplaceAllString(row, "behind: 20s")
		row = strings.NewReplacer("limit: "+limit, "limit: 70s", "slot: 1d", "slot: 5s", "margin: 2h", "margin: 6s").Replace(row)
		source = head + "  - class: " + class + "\n" + row + "\n\n" + rest
	}
	path := filepath.Join(t.TempDir(), "schedule.yaml")
	require.NoError(t, os.WriteFile(path, []byte(source), 0o600))
	return path
}

func retentionOf(t *testing.T, path string) *retention.Schedule {
	t.Helper()
	text, err := os.ReadFile(path)
	require.NoError(t, err)
	schedule, err := retention.Parse(text)
	require.NoError(t, err)
	return schedule
}

// scheduleFile is the schedule that the site was given.
func (s *site) scheduleFile() string {
	for _, flag := range s.flags {
		if path, found := strings.CutPrefix(flag, "retention.schedule="); found {
			return path
		}
	}
	s.t.Fatal("the site has the built-in schedule")
	return ""
}

// logs are all log files below the data folder.
func (s *site) logs() string {
	var all strings.Builder
	err := filepath.WalkDir(filepath.Join(s.data, "logs"), func(path string, entry os.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		text, err := os.ReadFile(path)
		all.Write(text)
		return err
	})
	require.NoError(s.t, err)
	return all.String()
}
