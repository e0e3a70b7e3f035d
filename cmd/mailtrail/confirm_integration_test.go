package main

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// A CONFIRM file goes in as it is: local times of the facility, PLANET codes in their own class, refused lines by line and column.
func confirmFiles(t *testing.T, s *site) {
	folder := t.TempDir()
	token := filepath.Join(folder, "token")
	require.NoError(t, os.WriteFile(token, []byte(s.device("confirm-1")), 0o600))
	yesterday := time.Now().Add(-24 * time.Hour).Format("01/02/2006")
	lines := []string{
		"10199,893," + yesterday + " 03:04:05,12345678901,00270912345000000001",
		"",
		"10199,918," + yesterday + " 04:04:05,12345      ,401234567891",
		"90052,919," + yesterday + " 04:04:05,           ,40123456789191",
		"90052,919," + yesterday + " 24:04:05,           ,40123456789191",
		"90052,919," + yesterday + " 04:04:05",
	}
	path := filepath.Join(folder, "scans.csv")
	require.NoError(t, os.WriteFile(path, []byte(strings.Join(lines, "\r\n")), 0o600))

	var got outcome
	eventually(t, 10*time.Second, func() error { // the running gateway learns of the device
		got = s.run("confirm", "--token-file", token, "--check", path, "--format", "json")
		if strings.Contains(got.stderr, "unauthorized") {
			return errors.New(got.stderr)
		}
		return nil
	})
	require.Equal(t, exitFailed, got.status)
	rows := jsonLines(t, got.stdout)
	require.Len(t, rows, 2)
	require.Equal(t, []any{5.0, 3.0, "scanDatetime", "not_a_time"}, []any{rows[0]["line"], rows[0]["column"], rows[0]["field"], rows[0]["code"]})
	require.Equal(t, []any{6.0, nil, "", "not_readable"}, []any{rows[1]["line"], rows[1]["column"], rows[1]["field"], rows[1]["code"]})
	require.Contains(t, got.stderr, "3 scans accepted, 2 refused")
	require.Contains(t, got.stderr, "refused: 2. Mend")

	const stored = "SELECT count() FROM mailtrail.scans WHERE device = 'confirm-1'"
	require.Zero(t, s.count(stored), "a check stores nothing")
	for range 2 { // the same file is stored once
		require.Equal(t, exitFailed, s.run("confirm", "--token-file", token, path).status)
	}
	eventually(t, 30*time.Second, func() error {
		if n := s.count(stored); n != 3 {
			return fmt.Errorf("%d scans", n)
		}
		return nil
	})
	s.accounted(30 * time.Second)
	require.EqualValues(t, 3, s.count(stored))
	require.EqualValues(t, 2, s.count(stored+" AND retention_class = 'confirm' AND object = 'planet' AND pieceKeyNotUnique AND imb = ''"))
	require.EqualValues(t, 1, s.count(stored+" AND planet = '401234567891' AND routingCode = '12345' AND pieceKey = 'planet-401234567891' AND toHour(scanLocalDatetime) = 4 AND scanOffsetMinutes IN (-240, -300)"))
	require.EqualValues(t, 1, s.count(stored+" AND retention_class = 'mail_tracking' AND imb = '0027091234500000000112345678901'"))
	require.Contains(t, s.do("piece", "401234567891"), "delivery point sequence, pass 1 (918)")
	require.Equal(t, exitWrong, s.run("confirm", path).status, "a token is needed")
}
