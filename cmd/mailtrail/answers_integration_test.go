package main

import (
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	embedded "mailtrail/deploy/local/clickhouse"
)

// The commands that answer, against the real engine: every type as each format prints it, refusals in one sentence, a
// piece by any of its readings, and the operator's screen.
func TestAnswers(t *testing.T) {
	s := newSite(t)
	s.up()
	s.do("simulate", "--count", "2000", "--to", "kafka", "--log-level", "error")
	eventually(t, 20*time.Second, func() error {
		return expect(true, s.count("SELECT sum(events) FROM mailtrail.blocks") >= 2000)
	})
	t.Run("query", func(t *testing.T) { testQuery(t, s.as(t)) })
	t.Run("piece", func(t *testing.T) { testPiece(t, s.as(t)) })
	t.Run("status", func(t *testing.T) { testStatus(t, s.as(t)) })
}

func testQuery(t *testing.T, s *site) {
	for expression, want := range map[string]string{
		"NULL": `null`,
		"CAST(toDateTime64('2026-01-02 03:04:05.1', 3, 'America/New_York'), 'Nullable(DateTime64(3, \\'America/New_York\\'))')": `"2026-01-02T08:04:05.100Z"`,
		"toDateTime('2026-01-02 03:04:05', 'UTC')": `"2026-01-02T03:04:05Z"`,
		"toDate32('1950-01-01')":                   `"1950-01-01"`,
		"[toDate('2026-01-02')]":                   `["2026-01-02"]`,
		"map('b', 1, 'a', 2)":                      `{"a":2,"b":1}`,
		"tuple(1, 'x')":                            `[1,"x"]`,
		"CAST(tuple(1, toDate('2026-01-02')), 'Tuple(b UInt8, a Date)')": `{"b":1,"a":"2026-01-02"}`,
		"toDecimal64('12345678901234.5678', 4)":                          `12345678901234.5678`,
		"[CAST(toDecimal32(1.25, 2), 'Nullable(Decimal(9, 2))'), NULL]":  `[1.25,null]`,
		"toUInt256(7)": `7`,
		"toUUID('61f0c404-5cb3-11e7-907b-a6006ad3dba0')": `"61f0c404-5cb3-11e7-907b-a6006ad3dba0"`,
		"toIPv6('::1')":                   `"::1"`,
		"CAST('x', 'Enum8(\\'x\\' = 1)')": `"x"`,
		"nan":                             `null`,
		"toFloat32(0.1)":                  `0.1`,
		"CAST('x', 'LowCardinality(Nullable(String))')": `"x"`,
		"CAST('{\"a\":{\"b\":1}}', 'JSON')":             `{"a":{"b":1}}`,
		"CAST(5, 'Variant(String, UInt8)')":             `5`,
		"CAST((1, 2), 'Point')":                         `[1,2]`,
	} {
		got := s.do("query", "--format", "json", "SELECT "+expression+" AS x")
		require.Equal(t, `{"x":`+want+`}`, got, expression)
	}

	require.Equal(t, "a,b\n1,\n2,", s.do("query", "--format", "csv", "SELECT arrayJoin([1, 2]) AS a, CAST(NULL, 'Nullable(String)') AS b"))
	require.Equal(t, "a", s.do("query", "--format", "csv", "SELECT 1 AS a WHERE 0"))

	cut := s.run("query", "SELECT number FROM numbers(10000000)")
	require.Zero(t, cut.status, cut.stderr)
	require.Equal(t, tableRows+4, strings.Count(cut.stdout, "\n"), "its rows, its header and three lines")
	require.Contains(t, cut.stderr, "only the first 1000 rows are shown")
	require.Equal(t, tableRows+2, strings.Count(s.run("query", "--format", "csv", "SELECT number FROM numbers(1001)").stdout, "\n"))

	for query, says := range map[string]string{
		"SELEC 1":                                     "Syntax error",
		"SELECT nonsense":                             "nonsense",
		"SELECT * FROM nonsense":                      "nonsense",
		"DROP TABLE mailtrail_data.scans":             "Not enough privileges",
		"SELECT throwIf(number = 5) FROM numbers(10)": "throwIf",
	} {
		got := s.run("query", query)
		require.Equal(t, exitFailed, got.status, query)
		require.Contains(t, got.stderr, "ClickHouse refuses the query: ")
		require.Contains(t, got.stderr, says)
		require.Equal(t, 1, strings.Count(got.stderr, "\n"), got.stderr)
		require.NotContains(t, got.stderr, "Stack trace")
		require.NotContains(t, got.stderr, "Expected one of")
	}

	writer := s.with("--set", "clickhouse.user="+embedded.Writer, "--set", "clickhouse.password_file="+embedded.PasswordFile(s.data, embedded.Writer))
	require.Equal(t, `{"u":"writer"}`, writer.do("query", "--format", "json", "SELECT currentUser() AS u"), "a configured user is the one who asks")
	require.Equal(t, `{"u":"auditor"}`, s.do("query", "--format", "json", "SELECT currentUser() AS u"))
}

func testPiece(t *testing.T, s *site) {
	found := jsonLines(t, s.do("query", "--format", "json", `SELECT imb, count() AS n FROM scans WHERE object = 'imb' AND length(imb) = 31 AND NOT pieceKeyNotUnique
		GROUP BY imb, pieceKey ORDER BY n DESC, imb LIMIT 1`))
	require.Len(t, found, 1)
	imb := found[0]["imb"].(string)
	for _, form := range [][]string{{imb}, {imb[:20]}, {imb[:2], imb[2:5], imb[5:20], imb[20:25] + "-" + imb[25:29], imb[29:]}} {
		scans := jsonLines(t, s.do(append([]string{"piece", "--format", "json"}, form...)...))
		require.GreaterOrEqual(t, float64(len(scans)), found[0]["n"].(float64))
		for i, scan := range scans {
			at, err := time.Parse(time.RFC3339, scan["scanDatetime"].(string))
			require.NoError(t, err)
			require.NotContains(t, scan["scanDatetime"], "Z", "times are on the facility's clock")
			if i > 0 {
				before, _ := time.Parse(time.RFC3339, scans[i-1]["scanDatetime"].(string))
				require.False(t, at.After(before), "newest first")
			}
		}
	}
	require.Contains(t, s.do("piece", imb), "Last seen at ")

	unseen := s.run("piece", "00270902345678123456")
	require.Equal(t, exitFailed, unseen.status)
	require.Contains(t, unseen.stderr, "no scan of this piece is kept; read as IMb, its scans are of class mail_tracking, which are kept for up to 30d")
	require.Empty(t, unseen.stdout)
}

func testStatus(t *testing.T, s *site) {
	sections := map[string][]map[string]any{}
	for _, row := range jsonLines(t, s.do("status", "--format", "json")) {
		name := row["section"].(string)
		sections[name] = append(sections[name], row)
	}
	require.Len(t, sections["kafka"], 4)
	total := 0.0
	for _, partition := range sections["kafka"] {
		total += partition["end"].(float64)
	}
	require.GreaterOrEqual(t, total, 2000.0)
	require.Len(t, sections["class"], 9)
	require.NotEmpty(t, sections["table"])
	require.NotEmpty(t, sections["disk"])
	require.Regexp(t, `^[0-9]+\.[0-9]+`, sections["clickhouse"][0]["version"])
	require.Equal(t, thisBuild().goVersion, sections["mailtrail"][0]["go_version"])

	halved := s.with("--set", "kafka.brokers=127.0.0.1:1").run("status")
	require.Equal(t, exitFailed, halved.status)
	require.Contains(t, halved.stdout, "Kafka on 127.0.0.1:1 (kafka.brokers)")
	require.Contains(t, halved.stdout, "mail_tracking", "what can be told is told")
}
