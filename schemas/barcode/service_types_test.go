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
	require.EqualError(t, err, `line 5: entry: "11 words": expected seven words: stid class use level scans acs correction`)

	types, err = barcode.ParseServiceTypes([]byte(head + "270 marketing - full iv - none\n"))
	require.NoError(t, err)
	require.Equal(t, 1, types.Len())
	require.Equal(t, "a test", types.Source)
	require.NotEqual(t, barcode.BuiltinServiceTypes().Digest, types.Digest)

	for text, want := range map[string]string{
		"source x\n":                                                 `effective: expected a line "effective YYYY-MM-DD"`,
		"effective 2026-01-02\n":                                     `source: expected a line "source" that says where the table comes from`,
		"effective 2026-13-02\n":                                     `line 1: effective: "2026-13-02": expected a day, YYYY-MM-DD`,
		head + "27 marketing - full iv - none\n":                     `line 3: stid: "27": expected [3] digits`,
		head + "2x0 marketing - full iv - none\n":                    `line 3: stid: "2x0": expected [3] digits`,
		head + "270 Marketing - full iv - none\n":                    `line 3: class: "Marketing": expected one of first-class marketing periodicals bound-printed-matter reply priority share`,
		head + "270 marketing x full iv - none\n":                    `line 3: use: "x": expected one of - political ballot ballot-return ballot-business ballot-permit ballot-uocava courtesy-mid permit-mid business-mid courtesy-zip permit-zip business-zip flat-rate unique static`,
		head + "270 marketing - high iv - none\n":                    `line 3: level: "high": expected one of basic full`,
		head + "270 marketing - full yes - none\n":                   `line 3: scans: "yes": expected one of - iv`,
		head + "270 marketing - full iv acs none\n":                  `line 3: acs: "acs": expected one of - onecode full traditional`,
		head + "270 marketing - full iv - no\n":                      `line 3: correction: "no": expected one of - none manual alternative asr asr-1 asr-2 csr-1 csr-2 rsr-1 rsr-2 trsr-1 trsr-2`,
		head + strings.Repeat("270 marketing - full iv - none\n", 2): `line 4: stid: "270": expected every stid once`,
	} {
		_, err := barcode.ParseServiceTypes([]byte(text))
		require.EqualError(t, err, want)
		var typed *barcode.TableError
		require.ErrorAs(t, err, &typed)
	}
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
