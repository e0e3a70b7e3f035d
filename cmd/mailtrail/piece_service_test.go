package main

import (
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// mailAt is a scan of a First-Class letter from New York to Los Angeles, on a day of November 2026 at an hour of New York.
func mailAt(t *testing.T, rules *ruleBook, day, hour int, locale, code, eventType, imb, start string) pieceScan {
	t.Helper()
	s := pieceScan{at: time.Date(2026, 11, day, hour, 0, 0, 0, time.FixedZone("", -5*3600)), localeKey: locale, code: code, eventType: eventType, stid: imb[stidAt:midAt]}
	s.service = newServiceScan(&s, imb, start, rules)
	return s
}

func TestServiceLine(t *testing.T) {
	rules, err := loadRules(newApp(surroundings{}).mustConfig(t), nil)
	require.NoError(t, err)
	const letter, redirected = "0027090234567812345690012345678", "9327090234567812345633101"
	at := func(day, hour int, code, eventType, imb, start string) pieceScan {
		return mailAt(t, rules, day, hour, "V19160", code, eventType, imb, start)
	}
	first := []pieceScan{at(23, 16, "015", "A", letter, ""), at(23, 18, "891", "A", letter, "")}
	for name, test := range map[string]struct {
		scans []pieceScan
		want  string
	}{
		"on time": {[]pieceScan{at(25, 9, "919", "A", letter, "")}, "Service: first-class, clock started 2026-11-23 (scan), due 2026-11-30 at the latest that its class may take, delivered 2026-11-25 (estimated): on time.\n"},
		"late, start of the feed": {[]pieceScan{at(30, 9, "919", "A", letter, "2026-11-20")},
			"Service: first-class, clock started 2026-11-20 (feed), due 2026-11-27 at the latest that its class may take, delivered 2026-11-30 (estimated): late by 2 delivery days.\n"},
		"under way": {nil, "Service: first-class, clock started 2026-11-23 (scan), due 2026-11-30 at the latest that its class may take; not delivered yet.\n"},
		"redirected": {[]pieceScan{at(25, 9, "919", "A", letter, ""), at(25, 12, "517", "L", letter, ""), at(26, 12, "893", "A", redirected, "")},
			"Service: not measured (redirected). It was on its way again after a delivery.\n"},
	} {
		scans := slices.Concat(first, test.scans)
		require.Equal(t, test.want, serviceLine(scans, rules), name)
		slices.Reverse(scans)
		require.Equal(t, test.want, serviceLine(scans, rules), name)
	}
	parcel := scanAt(0, "01", "A")
	require.Empty(t, serviceLine([]pieceScan{parcel}, rules), "packages have no standard here")
}
