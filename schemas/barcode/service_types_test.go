package barcode_test

import (
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"mailtrail/schemas/barcode"
)

func TestBuiltinServiceTypes(t *testing.T) {
	types := barcode.BuiltinServiceTypes()
	require.Same(t, types, barcode.BuiltinServiceTypes())
	require.Equal(t, 231, types.Len())
	require.Equal(t, time.Date(2024, 1, 21, 0, 0, 0, 0, time.UTC), types.Effective)
	require.NotEmpty(t, types.Source)

	counts := map[barcode.Class]int{}
	scans, full := 0, 0
	for code := range 1000 {
		s, known := types.Lookup([]byte{'0' + byte(code/100), '0' + byte(code/10%10), '0' + byte(code%10)})
		if !known {
			continue
		}
		counts[s.Class]++
		if s.IVMTR {
			scans++
		}
		if s.FullService {
			full++
		}
	}
	require.Equal(t, map[barcode.Class]int{
		barcode.ClassFirst: 87, barcode.ClassMarketing: 68, barcode.ClassBoundPrintedMatter: 46, barcode.ClassPeriodicals: 14,
		barcode.ClassReply: 12, barcode.ClassPriority: 2, barcode.ClassShare: 2,
	}, counts)
	require.Equal(t, 123, scans)
	require.Equal(t, 98, full)
}

func TestServiceTypeAnchors(t *testing.T) {
	none := barcode.CorrectionNone
	for stid, want := range map[string]barcode.ServiceType{
		"300": {Class: barcode.ClassFirst, Correction: none},
		"310": {Class: barcode.ClassFirst, IVMTR: true, Correction: none},
		"260": {Class: barcode.ClassFirst, FullService: true, Correction: none},
		"270": {Class: barcode.ClassFirst, FullService: true, IVMTR: true, Correction: none},
		"271": {Class: barcode.ClassMarketing, FullService: true, IVMTR: true, Correction: none},
		"351": {Class: barcode.ClassBoundPrintedMatter, FullService: true, IVMTR: true, Correction: none},
		"045": {Class: barcode.ClassPeriodicals, FullService: true, IVMTR: true, ACS: barcode.ACSFullService, Correction: barcode.CorrectionASR},
		"140": {Class: barcode.ClassFirst, IVMTR: true, ACS: barcode.ACSOneCode, Correction: barcode.CorrectionASR2},
		"052": {Class: barcode.ClassReply, Use: barcode.UseBusinessZIP, IVMTR: true},
		"780": {Class: barcode.ClassFirst, Use: barcode.UseBallotUOCAVA},
		"734": {Class: barcode.ClassShare, Use: barcode.UseStatic, IVMTR: true},
	} {
		got, known := barcode.BuiltinServiceTypes().Lookup([]byte(stid))
		require.True(t, known, stid)
		require.Equal(t, want, got, stid)
	}
	for _, unknown := range []string{"", "27", "2700", "2A0", "999", "719"} {
		_, known := barcode.BuiltinServiceTypes().Lookup([]byte(unknown))
		require.False(t, known, unknown)
	}
	reply, _ := barcode.BuiltinServiceTypes().Lookup([]byte("052"))
	ballot, _ := barcode.BuiltinServiceTypes().Lookup([]byte("777"))
	ordinary, _ := barcode.BuiltinServiceTypes().Lookup([]byte("270"))
	require.Equal(t, []bool{true, true, false}, []bool{reply.Reply(), ballot.Reply(), ordinary.Reply()})
	require.Equal(t, []bool{true, false, false}, []bool{reply.TracedByRouting(), ballot.TracedByRouting(), ordinary.TracedByRouting()})
	require.Equal(t, "reply business-zip - -", strings.Join([]string{reply.Class.String(), reply.Use.String(), reply.ACS.String(), reply.Correction.String()}, " "))
}

const head = "effective 2026-04-29\nsource a test\n"

func TestReplacementTables(t *testing.T) {
	types, err := barcode.ParseServiceTypes([]byte("# remark\n\n" + head + "270 marketing - full iv - none # not a remark\n"))
	require.Nil(t, types)
	require.EqualError(t, err, `line 5: entry: "11 words": expected seven words, or eight or nine: stid class use level scans acs correction [from [until]]`)

	types, err = barcode.ParseServiceTypes([]byte(head + "270 marketing - full iv - none\n"))
	require.NoError(t, err)
	require.Equal(t, 1, types.Len())
	require.Equal(t, "a test", types.Source)
	require.NotEqual(t, barcode.BuiltinServiceTypes().Digest, types.Digest)

	for text, want := range map[string]string{
		"source x\n":                                                                                  `effective: expected a line "effective YYYY-MM-DD"`,
		"effective 2026-01-02\n":                                                                      `source: expected a line "source" that says where the table comes from`,
		"effective 2026-13-02\n":                                                                      `line 1: effective: "2026-13-02": expected a day, YYYY-MM-DD`,
		head + "27 marketing - full iv - none\n":                                                      `line 3: stid: "27": expected [3] digits`,
		head + "2x0 marketing - full iv - none\n":                                                     `line 3: stid: "2x0": expected [3] digits`,
		head + "270 Marketing - full iv - none\n":                                                     `line 3: class: "Marketing": expected one of first-class marketing periodicals bound-printed-matter reply priority share`,
		head + "270 marketing x full iv - none\n":                                                     `line 3: use: "x": expected one of - political ballot ballot-return ballot-business ballot-permit ballot-uocava courtesy-mid permit-mid business-mid courtesy-zip permit-zip business-zip flat-rate unique static`,
		head + "270 marketing - high iv - none\n":                                                     `line 3: level: "high": expected one of basic full`,
		head + "270 marketing - full yes - none\n":                                                    `line 3: scans: "yes": expected one of - iv`,
		head + "270 marketing - full iv acs none\n":                                                   `line 3: acs: "acs": expected one of - onecode full traditional`,
		head + "270 marketing - full iv - no\n":                                                       `line 3: correction: "no": expected one of - none manual alternative asr asr-1 asr-2 csr-1 csr-2 rsr-1 rsr-2 trsr-1 trsr-2`,
		head + strings.Repeat("270 marketing - full iv - none\n", 2):                                  `line 4: stid: "270": expected every stid once on each day`,
		head + "270 marketing - full iv - none 2024-13-01\n":                                          `line 3: from: "2024-13-01": expected a day, YYYY-MM-DD, or "-"`,
		head + "270 marketing - full iv - none - 2024\n":                                              `line 3: until: "2024": expected a day, YYYY-MM-DD, or "-"`,
		head + "270 marketing - full iv - none 2024-02-01 2024-02-01\n":                               `line 3: until: "2024-02-01": expected a day after from`,
		head + "270 share - full iv - none\n270 marketing - full iv - none 2024-01-01\n":              `line 4: stid: "270": expected every stid once on each day`,
		head + "270 share - full iv - none 2024-01-01\n270 marketing - full iv - none - 2024-01-02\n": `line 4: stid: "270": expected every stid once on each day`,
	} {
		_, err := barcode.ParseServiceTypes([]byte(text))
		require.EqualError(t, err, want)
		var typed *barcode.TableError
		require.ErrorAs(t, err, &typed)
	}
}

// A STID that meant something else before, was not in use for a while, and is retired again.
func TestServiceTypesAtADay(t *testing.T) {
	types, err := barcode.ParseServiceTypes([]byte(head +
		"270 marketing - full iv - none 2024-02-01 2026-07-01\n" +
		"270 share - basic - - none 2020-01-01 2023-01-01\n" +
		"310 first-class - basic iv - none\n" +
		"311 marketing - basic iv - none 2024-01-21\n"))
	require.NoError(t, err)
	require.Equal(t, 3, types.Len())

	share := barcode.ServiceType{Class: barcode.ClassShare, Correction: barcode.CorrectionNone}
	marketing := barcode.ServiceType{Class: barcode.ClassMarketing, FullService: true, IVMTR: true, Correction: barcode.CorrectionNone}
	basic := barcode.ServiceType{Class: barcode.ClassMarketing, IVMTR: true, Correction: barcode.CorrectionNone}
	first := barcode.ServiceType{Class: barcode.ClassFirst, IVMTR: true, Correction: barcode.CorrectionNone}
	newYork := time.FixedZone("", -5*3600)
	at := func(year int, month time.Month, day, hour int, zone *time.Location) time.Time {
		return time.Date(year, month, day, hour, 0, 0, 0, zone)
	}
	for name, test := range map[string]struct {
		stid     string
		at       time.Time
		service  barcode.ServiceType
		standing barcode.Standing
	}{
		"before all":              {"270", at(2019, 12, 31, 23, time.UTC), share, barcode.StandingFuture},
		"first day":               {"270", at(2020, 1, 1, 0, time.UTC), share, barcode.StandingInForce},
		"last day":                {"270", at(2022, 12, 31, 23, time.UTC), share, barcode.StandingInForce},
		"between":                 {"270", at(2023, 1, 1, 0, time.UTC), share, barcode.StandingRetired},
		"second meaning":          {"270", at(2024, 2, 1, 0, time.UTC), marketing, barcode.StandingInForce},
		"the day of the place":    {"270", at(2026, 6, 30, 23, newYork), marketing, barcode.StandingInForce},
		"retired":                 {"270", at(2026, 7, 1, 0, newYork), marketing, barcode.StandingRetired},
		"open at both ends":       {"310", time.Time{}, first, barcode.StandingInForce},
		"open at the end, before": {"311", at(2024, 1, 20, 0, time.UTC), basic, barcode.StandingFuture},
		"open at the end":         {"311", at(2999, 1, 1, 0, time.UTC), basic, barcode.StandingInForce},
		"unknown":                 {"999", at(2024, 1, 1, 0, time.UTC), barcode.ServiceType{}, barcode.StandingUnknown},
		"no STID":                 {"2x0", at(2024, 1, 1, 0, time.UTC), barcode.ServiceType{}, barcode.StandingUnknown},
	} {
		t.Run(name, func(t *testing.T) {
			service, standing := types.LookupAt([]byte(test.stid), test.at)
			require.Equal(t, test.service, service)
			require.Equal(t, test.standing, standing)
		})
	}

	newest, known := types.Lookup([]byte("270"))
	require.True(t, known)
	require.Equal(t, marketing, newest, "without a day the newest counts, whatever the order of the lines")
	history := types.History([]byte("270"))
	require.Len(t, history, 2)
	require.Equal(t, share, history[0].ServiceType)
	require.Equal(t, at(2023, 1, 1, 0, time.UTC), history[0].Until)

	again, err := barcode.ParseServiceTypes([]byte(types.Text()))
	require.NoError(t, err)
	require.Equal(t, types, again)
}

func TestStandings(t *testing.T) {
	var names []string
	for standing := barcode.StandingUnknown; standing <= barcode.StandingRetired+1; standing++ {
		names = append(names, standing.String())
	}
	require.Equal(t, []string{"unknown", "future", "in force", "retired", "unknown"}, names)
}

func TestSpecialServices(t *testing.T) {
	special := barcode.BuiltinSpecialServices()
	require.Same(t, special, barcode.BuiltinSpecialServices())
	for stc, want := range map[string]barcode.SpecialService{
		"073": barcode.SpecialServiceCertified, "71": barcode.SpecialServiceCertified, "088": barcode.SpecialServiceRegistered,
		"033": barcode.SpecialServiceCollectOnDelivery, "021": barcode.SpecialServiceSignatureConfirmation, "73": barcode.SpecialServiceInsured,
	} {
		got, found := special.Lookup([]byte(stc))
		require.True(t, found, stc)
		require.Equal(t, want, got, stc)
	}
	for _, ordinary := range []string{"", "0", "03", "055", "001", "0073", "xx", "x73"} {
		got, found := special.Lookup([]byte(ordinary))
		require.False(t, found, ordinary)
		require.Equal(t, "none", got.String())
	}

	_, err := barcode.ParseSpecialServices([]byte(head + "073 certified\n73 insured\n073 insured\n"))
	require.EqualError(t, err, `line 5: code: "073": expected every code once`)
	_, err = barcode.ParseSpecialServices([]byte(head + "7 certified\n"))
	require.EqualError(t, err, `line 3: code: "7": expected [2 3] digits`)
	_, err = barcode.ParseSpecialServices([]byte(head + "073 gold\n"))
	require.EqualError(t, err, `line 3: service: "gold": expected one of adult-signature certified collect-on-delivery insured registered restricted-delivery return-receipt signature-confirmation`)
	_, err = barcode.ParseSpecialServices([]byte(head + "073\n"))
	require.EqualError(t, err, `line 3: entry: "1 words": expected two words: code service`)
}
