package barcode_test

import (
	"bytes"
	"strings"
	"testing"

	"mailtrail/schemas/barcode"
)

// wrongBars counts plainly how many bars of a barcode were read as another state, where one may be lost or too many.
func wrongBars(read []byte, m *barcode.IMb, upsideDown bool) int {
	bars := m.Bars()
	printed := bars[:]
	if upsideDown {
		printed = upsideDownBars(printed)
	}
	least := len(read)
	for i := range max(len(read), len(printed)) {
		a, b := read, printed
		if len(a) < len(b) {
			b = append(bytes.Clone(b[:i]), b[i+1:]...)
		} else if len(a) > len(b) {
			a = append(bytes.Clone(a[:i]), a[i+1:]...)
		}
		wrong := 0
		for j := range a {
			if a[j] != '?' && a[j] != b[j] {
				wrong++
			}
		}
		least = min(least, wrong)
	}
	return least
}

func FuzzRepair(f *testing.F) {
	sound := specSamples[3].bars
	for _, bars := range []string{
		sound, "F" + sound[1:], "??" + sound[2:], sound[1:], sound + "T", strings.Repeat("?", 13) + sound[13:], strings.Repeat("T", 65), "X",
	} {
		f.Add([]byte(bars), 4)
		f.Add(upsideDownBars([]byte(bars)), 2)
	}
	repairer := barcode.NewRepairer(nil)
	f.Fuzz(func(t *testing.T, bars []byte, limit int) {
		got, err := repairer.Repair(bars, limit)
		if err != nil {
			if got != (barcode.Repaired{}) {
				t.Fatalf("%q: %+v with %v", bars, got, err)
			}
			return
		}
		read := bytes.ToUpper(bars)
		answers := got.Candidates()
		if got.Outcome == barcode.OutcomeAmbiguous {
			if len(answers) < 2 || len(answers) > barcode.MaxCandidates || !got.IMb.IsZero() || answers[0].Wrong != got.Wrong {
				t.Fatalf("%q: %+v", bars, got)
			}
		} else {
			answers = []barcode.Candidate{{IMb: got.IMb, UpsideDown: got.UpsideDown, Wrong: got.Wrong, Confidence: got.Confidence}}
			if damage := 10*got.Wrong + 3*got.Unknown + 20*(got.Lost+got.Surplus); damage > 10*min(limit, barcode.MaxRepair) && damage > 0 {
				t.Fatalf("%q: repaired beyond %d: %+v", bars, limit, got)
			}
		}
		if got.Unknown != bytes.Count(bars, []byte{'?'}) || len(bars) != barcode.BarCount-got.Lost+got.Surplus {
			t.Fatalf("%q: %+v", bars, got)
		}
		for _, c := range answers {
			if wrong := wrongBars(read, &c.IMb, c.UpsideDown); wrong != c.Wrong {
				t.Fatalf("%q: %s has %d wrong bars, not %d", bars, c.IMb.Digits(), wrong, c.Wrong)
			}
			if c.Confidence <= 0 || c.Confidence > 1 {
				t.Fatalf("%q: confidence %v", bars, c.Confidence)
			}
		}
	})
}

func FuzzParseKnownSet(f *testing.F) {
	f.Add([]byte(knownHead + "902345678\n123456 000000001-000000002 12345\n000001 - 12345123412\n"))
	f.Fuzz(func(t *testing.T, text []byte) {
		set, err := barcode.ParseKnownSet(text)
		if (err == nil) != (set != nil) {
			t.Fatalf("%q: %v", text, err)
		}
		if err == nil {
			m, _ := barcode.ParseIMb([]byte(sampleTracking))
			_ = set.Contains(&m)
		}
	})
}
