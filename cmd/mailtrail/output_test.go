package main

import (
	"bytes"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

func TestRowsInEachFormat(t *testing.T) {
	when := time.Date(2026, 11, 20, 9, 0, 0, 5e6, time.FixedZone("", -5*3600))
	for format, want := range map[rowFormat]string{
		"json": `{"name":"a<b","count":7,"when":"2026-11-20T14:00:00.005Z","mids":["1","2"]}` + "\n" + `{"name":"x\u001b[2Jy","count":null,"when":null,"mids":null}` + "\n",
		"csv":  "name,count,when,mids\na<b,7,2026-11-20T14:00:00.005Z,1 2\nx\x1b[2Jy,,,\n",
		"table": "┌────────┬───────┬──────────────────────────┬──────┐\n" +
			"│ name   │ count │ when                     │ mids │\n" +
			"├────────┼───────┼──────────────────────────┼──────┤\n" +
			"│ a<b    │     7 │ 2026-11-20T14:00:00.005Z │ 1 2  │\n" +
			"│ x\uFFFD[2Jy │       │                          │      │\n" +
			"└────────┴───────┴──────────────────────────┴──────┘\n",
	} {
		var out bytes.Buffer
		rows, err := newRowWriter(&out, format, "name", "count", "when", "mids")
		require.NoError(t, err)
		require.NoError(t, rows.Row("a<b", 7, when, []string{"1", "2"}))
		require.NoError(t, rows.Row("x\x1b[2Jy", nil, nil, nil))
		require.Error(t, rows.Row("too", "few"))
		require.NoError(t, rows.Close())
		require.Equal(t, want, out.String(), format)
	}
}

func TestProgressSaysALineNowAndThen(t *testing.T) {
	now := time.Date(2026, 11, 20, 12, 0, 0, 0, time.UTC)
	var stdout, stderr bytes.Buffer
	a := newApp(surroundings{stdout: &stdout, stderr: &stderr})
	a.now = func() time.Time { return now }
	p := a.newProgress("sending", "events", 1000)
	for range 10 {
		now = now.Add(time.Second)
		p.Add(100)
	}
	p.Close()
	require.Equal(t, []string{
		"sending: 500 of 1000 (50%) events, 100 a second, 5s",
		"sending: 1000 of 1000 (100%) events, 100 a second, 10s",
		"sending: 1000 of 1000 (100%) events, 100 a second, 10s",
	}, strings.Split(strings.TrimSpace(stderr.String()), "\n"))
	require.Empty(t, stdout.String())
}

func TestLogger(t *testing.T) {
	for format, want := range map[string]string{
		"json":    `{"level":"warn","port":1,"time":"2026-11-20T12:00:00.007Z","message":"a word"}` + "\n",
		"auto":    `{"level":"warn","port":1,"time":"2026-11-20T12:00:00.007Z","message":"a word"}` + "\n",
		"console": "WRN a word port=1\n",
	} {
		var stderr bytes.Buffer
		a := newApp(surroundings{stderr: &stderr})
		a.now = func() time.Time { return time.Date(2026, 11, 20, 12, 0, 0, 7e6, time.UTC) }
		a.sets = []string{"log.format=" + format, "log.level=info"}
		a.logLevel = "warn"
		log, err := a.logger()
		require.NoError(t, err)
		log.Info().Msg("not said")
		log.Warn().Int("port", 1).Msg("a word")
		require.Contains(t, stderr.String(), want, format)
		require.Equal(t, 1, strings.Count(stderr.String(), "\n"))
	}
}
