package report

import (
	"cmp"
	"fmt"
	"maps"
	"math"
	"slices"
	"strconv"
	"strings"
	"time"

	"mailtrail/schemas/operation"
	"mailtrail/schemas/sql"
)

// Surroundings are what a report's defaults are taken from.
type Surroundings struct {
	Now        time.Time
	Operations *operation.Table
}

// ParameterError says what is wrong with a value of a report's parameter.
type ParameterError struct{ Name, Value, Expected string }

// Error returns one sentence.
func (e *ParameterError) Error() string {
	return fmt.Sprintf("%s %q: expected %s", e.Name, e.Value, e.Expected)
}

// Values returns the text of each of a report's parameters as the server reads it: what was given, else the default. given has one text for each
// parameter, any number for lists. The error is a *ParameterError.
func Values(r sql.Report, given map[string][]string, around Surroundings) (map[string]string, error) {
	values := map[string]string{}
	for _, p := range r.Parameters {
		texts, own := given[p.Name]
		if !own {
			texts = around.defaults(p.Default)
		}
		value, err := valueOf(p, texts)
		if err != nil {
			return nil, err
		}
		values[p.Name] = value
	}
	for _, name := range slices.Sorted(maps.Keys(given)) {
		if _, known := values[name]; !known {
			return nil, &ParameterError{"parameter", name, "one of " + strings.Join(slices.Sorted(maps.Keys(values)), ", ")}
		}
	}
	return values, nil
}

// defaults are the texts that a default stands for.
func (a Surroundings) defaults(text string) []string {
	switch text {
	case "[]":
		return nil
	case sql.Today:
		return []string{a.Now.UTC().Format(time.DateOnly)}
	case sql.Yesterday:
		return []string{a.Now.Add(-24 * time.Hour).UTC().Format(time.DateTime)}
	case sql.FinalCodes:
		return a.Operations.Codes(func(o operation.Operation) bool {
			return o.Clock == operation.ClockLast || o.Clock == operation.ClockStop
		})
	case sql.DestinationCodes:
		return a.Operations.Codes(func(o operation.Operation) bool {
			return o.Phase == operation.PhaseDestination || o.Phase == operation.PhaseDelivery || o.Phase == operation.PhaseDelivered
		})
	case sql.KnownCodes:
		return a.Operations.Codes(func(operation.Operation) bool { return true })
	}
	return []string{text}
}

// valueOf reads the texts of a parameter by its type.
func valueOf(p sql.Parameter, texts []string) (string, error) {
	if p.Type == "Array(String)" {
		return listOf(p, texts)
	}
	if len(texts) != 1 {
		return "", &ParameterError{p.Name, strings.Join(texts, " "), "one value"}
	}
	text := texts[0]
	switch p.Type {
	case "DateTime('UTC')":
		at, err := moment(text)
		if err != nil || at.Unix() < 0 || at.Unix() > math.MaxUint32 {
			return "", &ParameterError{p.Name, text, "a day (2026-11-20) or a moment (RFC 3339, 2026-11-20T14:00:00-05:00) between 1970 and 2105"}
		}
		return at.UTC().Format(time.DateTime), nil
	case "Date":
		if at, err := time.Parse(time.DateOnly, text); err != nil || at.Year() < 1970 || at.Year() > 2148 {
			return "", &ParameterError{p.Name, text, "a day, as 2026-11-20"}
		}
		return text, nil
	case "Float64":
		if number, err := strconv.ParseFloat(text, 64); err != nil || math.IsInf(number, 0) || math.IsNaN(number) {
			return "", &ParameterError{p.Name, text, "a number"}
		}
		return text, nil
	}
	bits := cmp.Or(map[string]int{"UInt32": 32}[p.Type], 64)
	if _, err := strconv.ParseUint(text, 10, bits); err != nil {
		return "", &ParameterError{p.Name, text, "a whole number, not below zero"}
	}
	return text, nil
}

// moment reads a day or a moment.
func moment(text string) (time.Time, error) {
	for _, form := range []string{time.DateOnly, time.DateTime} {
		if at, err := time.Parse(form, text); err == nil {
			return at, nil
		}
	}
	return time.Parse(time.RFC3339, text)
}

// longestWord is longer than any identifier or code of the feed.
const longestWord = 50

// listOf writes a list as the server reads it.
func listOf(p sql.Parameter, texts []string) (string, error) {
	quoted := make([]string, len(texts))
	for i, text := range texts {
		if text == "" || len(text) > longestWord || strings.ContainsFunc(text, func(c rune) bool { return c < ' ' || c > '~' || c == '\'' || c == '\\' }) {
			return "", &ParameterError{p.Name, text, "1 to 50 printable ASCII characters without quotes and backslashes"}
		}
		quoted[i] = "'" + text + "'"
	}
	return "[" + strings.Join(quoted, ",") + "]", nil
}
