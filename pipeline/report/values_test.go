package report

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"mailtrail/schemas/operation"
	"mailtrail/schemas/sql"
)

var around = Surroundings{Now: time.Date(2026, 11, 25, 3, 4, 5, 0, time.FixedZone("", -5*3600)), Operations: operation.Builtin()}

var question = sql.Report{Name: "x", Parameters: []sql.Parameter{
	{Name: "from", Type: "DateTime('UTC')", Default: "1970-01-01 00:00:00"}, {Name: "since", Type: "DateTime('UTC')", Default: sql.Yesterday},
	{Name: "day", Type: "Date", Default: sql.Today}, {Name: "mid", Type: "Array(String)", Default: "[]"}, {Name: "final", Type: "Array(String)", Default: sql.FinalCodes},
	{Name: "limit", Type: "UInt64", Default: "100"}, {Name: "delay", Type: "UInt32", Default: "7"}, {Name: "z", Type: "Float64", Default: "4"},
}}

func TestValues(t *testing.T) {
	values, err := Values(question, nil, around)
	require.NoError(t, err)
	require.Equal(t, map[string]string{
		"from": "1970-01-01 00:00:00", "since": "2026-11-24 08:04:05", "day": "2026-11-25", "mid": "[]", "limit": "100", "delay": "7", "z": "4",
		"final": "['01','02','17','336','53','897','899','919']",
	}, values)
	values, err = Values(question, map[string][]string{"from": {"2026-11-20T01:00:00-05:00"}, "since": {"2026-11-20"}, "mid": {"123456", "902345678"}, "final": nil, "z": {"-1.5"}}, around)
	require.NoError(t, err)
	require.Equal(t, []string{"2026-11-20 06:00:00", "2026-11-20 00:00:00", "['123456','902345678']", "[]", "-1.5"},
		[]string{values["from"], values["since"], values["mid"], values["final"], values["z"]})
}

func TestWrongValues(t *testing.T) {
	for name, texts := range map[string][]string{
		"from": {"yesterday"}, "since": {"2106-03-01"}, "day": {"2026-02-30"}, "mid": {"1'); DROP TABLE scans"}, "final": {"918", ""}, "limit": {"-1"}, "delay": {"4294967296"}, "z": {"NaN"}, "other": {"1"},
	} {
		_, err := Values(question, map[string][]string{name: texts}, around)
		var typed *ParameterError
		require.ErrorAs(t, err, &typed, name)
		require.Contains(t, err.Error(), name)
	}
	_, err := Values(question, map[string][]string{"limit": {"1", "2"}}, around)
	require.EqualError(t, err, `limit "1 2": expected one value`)
}

// The defaults of every report are values of its parameters.
func TestDefaultsOfReports(t *testing.T) {
	reports, err := sql.Reports()
	require.NoError(t, err)
	for _, r := range reports {
		values, err := Values(r, nil, around)
		require.NoError(t, err, r.Name)
		require.Len(t, values, len(r.Parameters))
	}
}
