package operation_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"mailtrail/schemas/operation"
	"mailtrail/schemas/reference"
)

var noon = time.Date(2026, 11, 20, 12, 0, 0, 0, time.UTC)

func TestBuiltinCodes(t *testing.T) {
	table := operation.Builtin()
	require.Same(t, table, operation.Builtin())
	require.NotEmpty(t, table.Source)
	for code, want := range map[string]operation.Operation{
		"893": {Phase: operation.PhaseDestination, Stated: true, Name: "managed mail, first sort on arrival"},
		"919": {Phase: operation.PhaseDestination, Clock: operation.ClockLast, Stated: true, Name: "delivery point sequence, pass 2"},
		"015": {Phase: operation.PhaseAcceptance, Clock: operation.ClockStart, Name: "cancelled"},
		"01":  {Phase: operation.PhaseDelivered, Clock: operation.ClockStop, Stated: true, Name: "delivered"},
		"06":  {Phase: operation.PhaseForwarding, Stated: true, Name: "forwarded"},
	} {
		got, standing := table.Lookup(code, "A", noon)
		require.Equal(t, reference.StandingInForce, standing, code)
		require.Equal(t, want, got, code)
	}
	for _, unknown := range []string{"", "000", "8930", "1", "zz"} {
		got, standing := table.Lookup(unknown, "A", noon)
		require.Equal(t, reference.StandingUnknown, standing, unknown)
		require.Equal(t, operation.PhaseUnknown, got.Phase)
	}
	logical, standing := table.Lookup("517", "L", noon)
	require.Equal(t, reference.StandingInForce, standing)
	require.Equal(t, operation.ClockStop, logical.Clock)
	known, _ := table.Lookup("OF", "L", noon)
	require.Equal(t, operation.PhaseDelivery, known.Phase, "a code that is known says more than the type of the event")
	require.Equal(t, []string{"336", "897", "899", "919"}, table.Codes(func(o operation.Operation) bool { return o.Clock == operation.ClockLast }))
}

const head = "effective 2026-01-01\nsource a test\n"

func TestReplacementCodes(t *testing.T) {
	table, err := operation.Parse([]byte(head + "893 origin - stated - 2026-07-01 an older meaning\n893 destination last stated 2026-07-01 - a newer one\n"))
	require.NoError(t, err)
	require.Equal(t, 1, table.Len())
	for _, c := range []struct {
		day      int
		name     string
		standing reference.Standing
	}{{30, "an older meaning", reference.StandingInForce}, {31, "a newer one", reference.StandingInForce}} {
		got, standing := table.Lookup("893", "", time.Date(2026, 6, c.day, 23, 0, 0, 0, time.FixedZone("", -5*3600)))
		require.Equal(t, c.name, got.Name)
		require.Equal(t, c.standing, standing)
	}
	for text, want := range map[string]string{
		head + "893 origin - stated -\n":                                       `line 3: entry: "5 words": expected seven words or more: code phase clock basis from until name`,
		head + "8931 origin - stated - - x\n":                                  `line 3: code: "8931": expected at most three characters`,
		head + "8a1 origin - stated - - x\n":                                   `line 3: code: "8a1": expected digits and capital letters`,
		head + "891 outgoing - stated - - x\n":                                 `line 3: phase: "outgoing": expected one of documented acceptance origin transport destination delivery delivered forwarding return undeliverable`,
		head + "891 origin begin stated - - x\n":                               `line 3: clock: "begin": expected one of - start last stop`,
		head + "891 origin - heard - - x\n":                                    `line 3: basis: "heard": expected one of pattern stated`,
		head + "891 origin - stated 2026-13-01 - x\n":                          `line 3: from: "2026-13-01": expected a day, YYYY-MM-DD, or "-"`,
		head + "891 origin - stated - - x\n891 origin - stated 2026-01-01 - x": `line 4: code: "891": expected every code once on each day`,
		"source x\n891 origin - stated - - x\n":                                `effective: expected a line "effective YYYY-MM-DD"`,
	} {
		_, err := operation.Parse([]byte(text))
		require.EqualError(t, err, want)
		var typed *reference.TableError
		require.ErrorAs(t, err, &typed)
	}
}

func TestUndeliversAndEvidence(t *testing.T) {
	undelivers := map[operation.Phase]bool{
		operation.PhaseAcceptance: true, operation.PhaseOrigin: true, operation.PhaseTransport: true, operation.PhaseDestination: true,
		operation.PhaseForwarding: true, operation.PhaseReturn: true, operation.PhaseUndeliverable: true,
	}
	for p := operation.PhaseUnknown; p <= operation.PhaseUndeliverable; p++ {
		require.Equal(t, undelivers[p], p.Undelivers(), p)
	}
	for word, want := range map[string]string{"": "actual", "A": "actual", "S": "assumed", "L": "logical", "X": "other"} {
		require.Equal(t, want, operation.EvidenceOf(word).String())
	}
}

// Whatever the text, there is a table whose text gives the same table again, or an error with its place.
func FuzzParse(f *testing.F) {
	f.Add([]byte(operation.Builtin().Text()))
	f.Add([]byte(head + "event L delivered stop stated - - x\n"))
	f.Fuzz(func(t *testing.T, text []byte) {
		table, err := operation.Parse(text)
		if err != nil {
			require.IsType(t, &reference.TableError{}, err)
			return
		}
		again, err := operation.Parse([]byte(table.Text()))
		require.NoError(t, err)
		require.Equal(t, table, again)
	})
}
