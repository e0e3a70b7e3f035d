package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"math/big"
	"net"
	"strings"
	"testing"
	"time"

	ch "github.com/ClickHouse/clickhouse-go/v2"
	"github.com/stretchr/testify/require"
)

func pointer[T any](value T) *T { return &value }

func TestCellValue(t *testing.T) {
	at := time.Date(2026, 11, 20, 14, 3, 22, 120_000_000, time.FixedZone("", -5*3600))
	huge, ok := new(big.Int).SetString("-170141183460469231731687303715884105728", 10)
	require.True(t, ok)
	for name, test := range map[string]struct {
		typeName   string
		value      any
		json, text string
	}{
		"null":                 {"Nullable(String)", (*string)(nil), `null`, ""},
		"null of no type":      {"Nullable(Nothing)", (*any)(nil), `null`, ""},
		"nullable":             {"Nullable(String)", pointer("x"), `"x"`, "x"},
		"low cardinality":      {"LowCardinality(Nullable(String))", pointer("x"), `"x"`, "x"},
		"small number":         {"UInt8", uint8(7), `7`, "7"},
		"large number":         {"UInt64", uint64(math.MaxUint64), `18446744073709551615`, "18446744073709551615"},
		"larger number":        {"Int128", huge, huge.String(), huge.String()},
		"bool":                 {"Bool", true, `true`, "true"},
		"float":                {"Float64", 1.5, `1.5`, "1.5"},
		"single float":         {"Float32", float32(0.1), `0.1`, "0.1"},
		"not a number":         {"Float64", math.NaN(), `null`, "NaN"},
		"infinity":             {"Float64", math.Inf(-1), `null`, "-Inf"},
		"date":                 {"Date", at, `"2026-11-20"`, "2026-11-20"},
		"nullable date":        {"Nullable(Date)", &at, `"2026-11-20"`, "2026-11-20"},
		"seconds":              {"DateTime('America/New_York')", at, `"2026-11-20T19:03:22Z"`, "2026-11-20T19:03:22Z"},
		"milliseconds":         {"DateTime64(3, 'UTC')", at, `"2026-11-20T19:03:22.120Z"`, "2026-11-20T19:03:22.120Z"},
		"no fraction":          {"DateTime64(0)", at, `"2026-11-20T19:03:22Z"`, "2026-11-20T19:03:22Z"},
		"nullable time":        {"Nullable(DateTime64(3))", &at, `"2026-11-20T19:03:22.120Z"`, "2026-11-20T19:03:22.120Z"},
		"maximum of times":     {"SimpleAggregateFunction(max, DateTime64(3))", at, `"2026-11-20T19:03:22.120Z"`, "2026-11-20T19:03:22.120Z"},
		"span":                 {"Time64(3)", -(26*time.Hour + 1500*time.Millisecond), `"-26:00:01.5"`, "-26:00:01.5"},
		"decimal":              {"Decimal(9, 2)", decimalLike("1.50"), `1.50`, "1.50"},
		"address":              {"IPv4", net.IPv4(1, 2, 3, 4), `"1.2.3.4"`, "1.2.3.4"},
		"bytes":                {"Array(UInt8)", []uint8{1, 2}, `[1,2]`, `[1,2]`},
		"no elements":          {"Array(String)", []string{}, `[]`, `[]`},
		"texts":                {"Array(String)", []string{"a<b", `"`}, `["a<b","\""]`, `["a<b","\""]`},
		"nulls in a list":      {"Array(Nullable(String))", []*string{nil, pointer("x")}, `[null,"x"]`, `[null,"x"]`},
		"nan in a list":        {"Array(Float64)", []float64{math.NaN(), 1}, `[null,1]`, `[null,1]`},
		"times in a list":      {"Array(DateTime64(3, 'UTC'))", []time.Time{at}, `["2026-11-20T19:03:22.120Z"]`, `["2026-11-20T19:03:22.120Z"]`},
		"lists in a list":      {"Array(Array(Date))", [][]time.Time{{at}, {}}, `[["2026-11-20"],[]]`, `[["2026-11-20"],[]]`},
		"map":                  {"Map(String, UInt8)", map[string]uint8{"b": 1, "a": 2}, `{"a":2,"b":1}`, `{"a":2,"b":1}`},
		"map by date":          {"Map(Date, Array(Date))", map[time.Time][]time.Time{at: {at}}, `{"2026-11-20":["2026-11-20"]}`, `{"2026-11-20":["2026-11-20"]}`},
		"tuple":                {"Tuple(UInt8, Date)", []any{uint8(1), at}, `[1,"2026-11-20"]`, `[1,"2026-11-20"]`},
		"tuple with names":     {"Tuple(b Date, `a c` DateTime64(3, 'UTC'))", map[string]any{"a c": at, "b": at}, `{"b":"2026-11-20","a c":"2026-11-20T19:03:22.120Z"}`, `{"b":"2026-11-20","a c":"2026-11-20T19:03:22.120Z"}`},
		"enumeration in lists": {"Array(Enum8('a,)' = 1, 'it\\'s' = 2))", []string{"a,)"}, `["a,)"]`, `["a,)"]`},
		"variant":              {"Variant(Date, String)", ch.NewVariantWithType(at, "Date"), `"2026-11-20"`, "2026-11-20"},
		"empty variant":        {"Dynamic", ch.NewVariant(nil), `null`, ""},
	} {
		t.Run(name, func(t *testing.T) {
			got, err := json.Marshal(cellValue(test.typeName, test.value, "json"))
			require.NoError(t, err)
			var want bytes.Buffer
			require.NoError(t, json.Compact(&want, []byte(test.json)))
			require.Equal(t, want.String(), strings.NewReplacer(`\u003c`, "<").Replace(string(got)))
			for _, format := range []rowFormat{"csv", "table"} {
				require.Equal(t, test.text, cellText(cellValue(test.typeName, test.value, format)), "%s", format)
			}
		})
	}
}

// decimalLike is a number that keeps its digits, as decimals do.
type decimalLike string

func (d decimalLike) String() string { return string(d) }

func TestSentence(t *testing.T) {
	for message, want := range map[string]string{
		"Unknown expression identifier `x` in scope SELECT x":                                                         "Unknown expression identifier `x` in scope SELECT x",
		"Syntax error: failed at position 1 (SELEC): SELEC 1. Expected one of: SELECT, WITH, EXPLAIN. (SYNTAX_ERROR)": "Syntax error: failed at position 1 (SELEC): SELEC 1",
		"There is\n  no such table. (version 26.7.2.1 (official build))":                                              "There is no such table",
		"It broke. Stack trace:\n\n0. ? @ 0x000000001c8fa4b3\n1. ? @ 0x000000000ef1e3de":                              "It broke",
		"DB::Exception (inner): x. (version 26.7.2.1)":                                                                "DB::Exception (inner): x",
		strings.Repeat("é", 400): strings.Repeat("é", 300) + " ...",
	} {
		require.Equal(t, want, sentence(message))
	}
}

func TestRefusedQuery(t *testing.T) {
	a := newApp(surroundings{})
	c, err := a.config()
	require.NoError(t, err)
	refused := fmt.Errorf("clickhouse: query: %w", &ch.Exception{Code: 47, Name: "DB::Exception", Message: "Unknown identifier x", StackTrace: "0. ?"})
	require.EqualError(t, refusedQuery(c, refused), "ClickHouse refuses the query: Unknown identifier x (code 47)")
	for _, other := range []error{errors.New("connection refused"), &ch.Exception{Code: 516, Message: "password is incorrect (check clickhouse.user)"}} {
		require.ErrorIs(t, refusedQuery(c, other), other)
		require.ErrorContains(t, refusedQuery(c, other), "127.0.0.1:9000 (clickhouse.addr)")
	}
}

func TestSQLText(t *testing.T) {
	for name, test := range map[string]struct {
		args  []string
		stdin string
		want  string
		wrong bool
	}{
		"argument":           {[]string{" SELECT 1 "}, "SELECT 2", "SELECT 1", false},
		"dash":               {[]string{"-"}, "SELECT 2;\n", "SELECT 2;", false},
		"no argument":        {nil, "SELECT 2", "SELECT 2", false},
		"nothing at all":     {nil, " \n", "", true},
		"an empty argument":  {[]string{""}, "SELECT 2", "", true},
		"a comment is asked": {[]string{"-- why"}, "", "-- why", false},
	} {
		t.Run(name, func(t *testing.T) {
			a := newApp(surroundings{stdin: strings.NewReader(test.stdin)})
			got, err := a.sqlText(test.args)
			require.Equal(t, test.want, got)
			require.Equal(t, test.wrong, err != nil && exitStatus(err) == exitWrong, "%v", err)
		})
	}
}

func TestQueryWithoutServer(t *testing.T) {
	got := mailtrail(nil, "query", "SELECT 1", "--data", t.TempDir())
	require.Equal(t, exitFailed, got.status)
	require.Contains(t, got.stderr, "run `mailtrail up` first")
	require.Empty(t, got.stdout)

	var stdout, stderr bytes.Buffer
	status := run(context.Background(), []string{"query", "--set", "mode=external", "--set", "clickhouse.addr=127.0.0.1:1"}, surroundings{stdin: strings.NewReader("SELECT 1"), stdout: &stdout, stderr: &stderr})
	require.Equal(t, exitFailed, status)
	require.Contains(t, stderr.String(), "ClickHouse on 127.0.0.1:1 (clickhouse.addr)")
}
