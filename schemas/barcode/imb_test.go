package barcode_test

import (
	"bytes"
	"errors"
	"flag"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"mailtrail/schemas/barcode"
)

// The four samples of USPS-B-3200, appendix C, all of tracking code 01234567094987654321.
var specSamples = []struct{ routing, bars string }{
	{"", "ATTFATTDTTADTAATTDTDTATTDAFDDFADFDFTFFFFFTATFAAAATDFFTDAADFTFDTDT"},
	{"01234", "DTTAFADDTTFTDTFTFDTDDADADAFADFATDDFTAAAFDTTADFAAATDFDTDFADDDTDFFT"},
	{"012345678", "ADFTTAFDTTTTFATTADTAAATFTFTATDAAAFDDADATATDTDTTDFDTDATADADTDFFTFA"},
	{"01234567891", "AADTFFDFTDADTAADAATFDTDDAAADDTDTTDAFADADDDTFFFDDTTTADFAAADFTDAADA"},
}

const sampleTracking = "01234567094987654321"

func TestSpecificationSamples(t *testing.T) {
	for _, sample := range specSamples {
		bars, err := barcode.Encode([]byte(sampleTracking), []byte(sample.routing))
		require.NoError(t, err)
		require.Equal(t, sample.bars, string(bars[:]))

		m, upsideDown, err := barcode.DecodeBars([]byte(sample.bars))
		require.NoError(t, err)
		require.False(t, upsideDown)
		require.Equal(t, sampleTracking+sample.routing, string(m.Digits()))
	}
}

// long asks for the full number of trials under the race detector too: go test -race ./schemas/barcode -long.
var long = flag.Bool("long", false, "full number of trials, however long it takes")

// trials is fewer where time counts. The race detector makes everything ten times slower and has nothing to find in pure functions.
func trials(full int) int {
	if !*long && (testing.Short() || raceDetector) {
		return full / 20
	}
	return full
}

func upsideDownBars(bars []byte) []byte {
	turned := bytes.Clone(bars)
	for i, letter := range bars {
		switch letter {
		case 'A':
			letter = 'D'
		case 'D':
			letter = 'A'
		}
		turned[len(bars)-1-i] = letter
	}
	return turned
}

func randomDigits(r *rand.Rand, n int) []byte {
	digits := make([]byte, n)
	for i := range digits {
		digits[i] = '0' + byte(r.IntN(10))
	}
	return digits
}

func randomIMb(t testing.TB, r *rand.Rand) barcode.IMb {
	tracking := randomDigits(r, 20)
	tracking[1] = '0' + byte(r.IntN(5))
	m, err := barcode.NewIMb(tracking, randomDigits(r, []int{0, 5, 9, 11}[r.IntN(4)]))
	require.NoError(t, err)
	return m
}

func TestRandomBarcodesAgainstTheSecondImplementation(t *testing.T) {
	count := trials(100_000)
	r := rand.New(rand.NewPCG(1, 2))
	ref := newReference()
	for range count {
		m := randomIMb(t, r)
		bars := m.Bars()
		if want := ref.encode(string(m.Tracking()), string(m.Routing())); want != string(bars[:]) {
			t.Fatalf("%s: encoded %s, the second implementation %s", m.Digits(), bars, want)
		}
		tracking, routing, ok := ref.decode(string(bars[:]))
		if !ok || tracking+routing != string(m.Digits()) {
			t.Fatalf("%s: the second implementation decodes %s %s %v", m.Digits(), tracking, routing, ok)
		}
		decoded, upsideDown, err := barcode.DecodeBars(bars[:])
		if err != nil || upsideDown || decoded != m {
			t.Fatalf("%s: decoded %s %v %v", m.Digits(), decoded.Digits(), upsideDown, err)
		}
	}
}

// Random bars are hardly ever a barcode, so bars are made from legal characters at random and both implementations must say the same of them.
func TestBarsOfLegalCharactersAgainstTheSecondImplementation(t *testing.T) {
	count := trials(100_000)
	r := rand.New(rand.NewPCG(3, 4))
	ref := newReference()
	accepted := 0
	for range count {
		chars := make([]int, 10)
		for i := range chars {
			chars[i] = ref.table[r.IntN(len(ref.table))] ^ []int{0, 8191}[r.IntN(2)]
		}
		bars := make([]byte, 65)
		for i, end := range ref.ends {
			lower, upper := chars[end[0].char]>>end[0].bit&1, chars[end[1].char]>>end[1].bit&1
			bars[i] = "TADF"[2*lower+upper]
		}
		tracking, routing, ok := ref.decode(string(bars))
		if !ok {
			tracking, routing, ok = ref.decode(string(upsideDownBars(bars)))
		}
		m, _, err := barcode.DecodeBars(bars)
		if ok != (err == nil) || ok && tracking+routing != string(m.Digits()) {
			t.Fatalf("%s: decoded %s %v, the second implementation %s %s %v", bars, m.Digits(), err, tracking, routing, ok)
		}
		if ok {
			accepted++
		}
	}
	t.Logf("%d of %d were barcodes", accepted, count)
}

func TestRoundTripOfEveryFieldCombination(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		id := rapid.StringMatching(`[0-9][0-4]`).Draw(t, "barcode id")
		stid := rapid.StringMatching(`[0-9]{3}`).Draw(t, "stid")
		field := rapid.OneOf(
			rapid.StringMatching(`[0-8][0-9]{14}`), rapid.StringMatching(`9[0-9]{14}`), rapid.SampledFrom([]string{"000000000000000", "999999999999999"}),
		).Draw(t, "mid and serial")
		routing := rapid.OneOf(
			rapid.Just(""), rapid.StringMatching(`[0-9]{5}`), rapid.StringMatching(`[0-9]{9}`), rapid.StringMatching(`[0-9]{11}`),
			rapid.SampledFrom([]string{"00000", "99999", "000000000", "999999999", "00000000000", "99999999999"}),
		).Draw(t, "routing")

		m, err := barcode.ParseIMb([]byte(id + stid + field + routing))
		require.NoError(t, err)
		require.Equal(t, id, string(m.BarcodeID()))
		require.Equal(t, stid, string(m.STID()))
		require.Equal(t, field, string(m.CustomerField()))
		require.Equal(t, routing, string(m.Routing()))
		require.Equal(t, id == "93", m.Redirected())
		require.Equal(t, id == "94", m.PostalMade())
		if !m.PostalMade() {
			require.Equal(t, field, string(m.MID())+string(m.Serial()))
			require.Len(t, m.MID(), map[bool]int{true: 9, false: 6}[field[0] == '9'])
		}

		bars := m.Bars()
		for _, read := range [][]byte{bars[:], bytes.ToLower(bars[:]), upsideDownBars(bars[:])} {
			decoded, _, err := barcode.DecodeBars(read)
			require.NoError(t, err)
			require.Equal(t, m, decoded)
		}
	})
}

// Every barcode id with every STID, both lengths of MID and all lengths of routing code, at the ends of their ranges.
func TestRoundTripOfEveryBarcodeIDAndSTID(t *testing.T) {
	fields := []string{"000000000000000", "899999999999999", "900000000000000", "999999999999999"}
	routings := []string{"", "00000", "99999", "000000000", "999999999", "00000000000", "99999999999"}
	step := 100_000 / trials(100_000)
	for id := range 100 {
		if id%10 > 4 {
			continue
		}
		for stid := 0; stid < 1000; stid += step {
			field, routing := fields[(id+stid)%len(fields)], routings[(id+stid)%len(routings)]
			m, err := barcode.ParseIMb(fmt.Appendf(nil, "%02d%03d%s%s", id, stid, field, routing))
			require.NoError(t, err)
			bars := m.Bars()
			decoded, upsideDown, err := barcode.DecodeBars(bars[:])
			if err != nil || upsideDown || decoded != m {
				t.Fatalf("%s: decoded %s %v %v", m.Digits(), decoded.Digits(), upsideDown, err)
			}
		}
	}
}

func TestNoSingleWrongBarDecodes(t *testing.T) {
	count := trials(10_000)
	r := rand.New(rand.NewPCG(5, 6))
	for range count {
		m := randomIMb(t, r)
		bars := m.Bars()
		for i, right := range bars {
			for _, wrong := range []byte("ADFT") {
				bars[i] = wrong
				decoded, _, err := barcode.DecodeBars(bars[:])
				if wrong != right && err == nil {
					t.Fatalf("%s with bar %d as %c decodes to %s", m.Digits(), i+1, wrong, decoded.Digits())
				}
			}
			bars[i] = right
		}
	}
}

func TestPartsOfAnIMb(t *testing.T) {
	m, err := barcode.ParseIMb([]byte(" 4027090234567812345600000123401 "))
	require.NoError(t, err)
	require.Equal(t, "902345678", string(m.MID()))
	require.Equal(t, "123456", string(m.Serial()))
	require.Equal(t, barcode.OELADC, m.OEL())
	require.Equal(t, "ADC", m.OEL().String())
	require.Equal(t, "x4027090234567812345600000123401", string(m.AppendDigits([]byte("x"))))

	redirected, err := barcode.ParseIMb([]byte("9327090234567812345600000123401"))
	require.NoError(t, err)
	require.True(t, redirected.Redirected())
	require.Equal(t, m.CustomerField(), redirected.CustomerField())
	require.False(t, m.Redirected())

	postal, err := barcode.ParseIMb([]byte("94009100013230400001"))
	require.NoError(t, err)
	require.True(t, postal.PostalMade())
	require.Nil(t, postal.MID())
	require.Nil(t, postal.Serial())
	require.Equal(t, barcode.OELNone, postal.OEL())

	mark, ok := postal.PostalMark()
	require.True(t, ok)
	require.Equal(t, barcode.PostalMark{MachineType: 1, MachineNumber: 1, DayOfYear: 323, HalfHour: 4, Sequence: 1}, mark)
	for name, digits := range map[string]string{"not postal-made": "00270902345678123456", "day 0": "94009100010000400001", "day 367": "94009100013670400001", "half hour 48": "94009100013664800001"} {
		m, err := barcode.ParseIMb([]byte(digits))
		require.NoError(t, err)
		mark, ok := m.PostalMark()
		require.False(t, ok, name)
		require.Zero(t, mark)
	}

	var zero barcode.IMb
	require.True(t, zero.IsZero())
	require.Empty(t, zero.Digits())
	require.Empty(t, zero.Routing())
	require.Equal(t, [65]byte{}, zero.Bars())
}

func TestIMbErrorsNameThePart(t *testing.T) {
	for _, test := range []struct {
		name, tracking, routing string
		part                    barcode.Part
		place                   int
		reason                  error
		text                    string
	}{
		{"length", "123", "123", barcode.PartTracking, 0, barcode.ErrTrackingLength, "IMb: tracking code: wrong length; expected 20 digits"},
		{"padded", sampleTracking[1:] + " ", "", barcode.PartTracking, 0, barcode.ErrTrackingLength, ""},
		{"letter", "0A234567094987654321", "1", barcode.PartTracking, 2, barcode.ErrTrackingDigit, "IMb: tracking code: place 2: not a digit; expected 0 to 9"},
		{"first letter", "A1234567094987654321", "1", barcode.PartTracking, 1, barcode.ErrTrackingDigit, "IMb: tracking code: place 1: not a digit; expected 0 to 9"},
		{"second digit", "05234567094987654321", "1", barcode.PartBarcodeID, 2, barcode.ErrBarcodeID, "IMb: barcode id: place 2: second digit is not 0 to 4; expected 0 to 4"},
		{"routing length", sampleTracking, "12A4", barcode.PartRouting, 0, barcode.ErrRoutingLength, "IMb: routing code: wrong length; expected 0, 5, 9 or 11 digits"},
		{"routing letter", sampleTracking, "1234O", barcode.PartRouting, 5, barcode.ErrRoutingDigit, "IMb: routing code: place 5: not a digit; expected 0 to 9"},
	} {
		t.Run(test.name, func(t *testing.T) {
			_, err := barcode.NewIMb([]byte(test.tracking), []byte(test.routing))
			requireError(t, err, barcode.ObjectIMb, test.part, test.place, test.reason)
			if test.text != "" {
				require.EqualError(t, err, test.text)
			}
		})
	}
	_, err := barcode.ParseIMb([]byte(sampleTracking + "1234567890"))
	require.ErrorIs(t, err, barcode.ErrRoutingLength)
	_, err = barcode.ParseIMb([]byte(sampleTracking + " 1234"))
	requireError(t, err, barcode.ObjectIMb, barcode.PartRouting, 1, barcode.ErrRoutingDigit)
	_, err = barcode.ParseIMb(nil)
	require.ErrorIs(t, err, barcode.ErrTrackingLength)
}

func requireError(t *testing.T, err error, object barcode.Object, part barcode.Part, place int, reason error) {
	t.Helper()
	var typed *barcode.Error
	require.ErrorAs(t, err, &typed)
	require.Equal(t, object, typed.Object)
	require.Equal(t, part, typed.Part)
	require.Equal(t, place, typed.Place)
	require.ErrorIs(t, err, reason)
}

func TestBarsThatCannotBeRead(t *testing.T) {
	good := specSamples[3].bars
	for _, test := range []struct {
		name, bars string
		place      int
		reason     error
		unreadable bool
	}{
		{"none", "", 0, barcode.ErrBarCount, true},
		{"one lost", good[1:], 0, barcode.ErrBarCount, true},
		{"one too many", good + "T", 0, barcode.ErrBarCount, true},
		{"one lost and one unknown", "?" + good[2:], 0, barcode.ErrBarCount, true},
		{"unknown", good[:3] + "?" + good[4:], 4, barcode.ErrBarUnknown, true},
		{"wrong", "T" + good[1:], 0, barcode.ErrNoBarcode, true},
		{"reversed only", string(reversed(good)), 0, barcode.ErrNoBarcode, true},
		{"no bar", good[:64] + "X", 65, barcode.ErrBarLetter, false},
		{"no bar behind an unknown one", "?" + good[1:64] + "X", 65, barcode.ErrBarLetter, false},
		{"no bar in a long text", strings.Repeat("T", 100) + "0", 101, barcode.ErrBarLetter, false},
	} {
		t.Run(test.name, func(t *testing.T) {
			m, upsideDown, err := barcode.DecodeBars([]byte(test.bars))
			requireError(t, err, barcode.ObjectIMb, barcode.PartBars, test.place, test.reason)
			require.Equal(t, test.unreadable, isUnreadable(err))
			require.True(t, m.IsZero())
			require.False(t, upsideDown)
		})
	}
}

func isUnreadable(err error) bool { return errors.Is(err, barcode.ErrUnreadable) }

func reversed(s string) []byte {
	b := []byte(s)
	slices.Reverse(b)
	return b
}
