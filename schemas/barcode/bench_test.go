package barcode_test

import (
	"math/rand/v2"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"mailtrail/schemas/barcode"
)

func BenchmarkEncode(b *testing.B) {
	tracking, routing := []byte(sampleTracking), []byte("01234567891")
	b.ReportAllocs()
	for b.Loop() {
		if _, err := barcode.Encode(tracking, routing); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkDecodeBars(b *testing.B) {
	bars := []byte(specSamples[3].bars)
	b.ReportAllocs()
	for b.Loop() {
		if _, _, err := barcode.DecodeBars(bars); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkDecodeBarsUpsideDown(b *testing.B) {
	bars := upsideDownBars([]byte(specSamples[3].bars))
	b.ReportAllocs()
	for b.Loop() {
		if _, _, err := barcode.DecodeBars(bars); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkDecodeBarsUnreadable(b *testing.B) {
	bars := []byte("D" + specSamples[3].bars[1:])
	b.ReportAllocs()
	for b.Loop() {
		if _, _, err := barcode.DecodeBars(bars); err == nil {
			b.Fatal("read")
		}
	}
}

// Digits into all fields of a piece.
func BenchmarkFieldSplit(b *testing.B) {
	digits := []byte("0027090012345600001210118112501")
	types := barcode.BuiltinServiceTypes()
	sum := 0
	b.ReportAllocs()
	for b.Loop() {
		m, err := barcode.ParseIMb(digits)
		if err != nil {
			b.Fatal(err)
		}
		service, _ := types.Lookup(m.STID())
		sum += len(m.BarcodeID()) + len(m.MID()) + len(m.Serial()) + len(m.Routing()) + int(m.OEL()) + int(service.Class)
		if m.Redirected() || m.PostalMade() {
			b.Fatal("neither")
		}
	}
	if sum == 0 {
		b.Fatal("nothing")
	}
}

func BenchmarkServiceTypeAtADay(b *testing.B) {
	types, day := barcode.BuiltinServiceTypes(), time.Date(2026, 7, 1, 0, 0, 0, 0, time.UTC)
	b.ReportAllocs()
	for b.Loop() {
		if _, standing := types.LookupAt([]byte("270"), day); standing != barcode.StandingInForce {
			b.Fatal(standing)
		}
	}
}

func BenchmarkParse(b *testing.B) {
	for _, text := range []string{"0027090012345600001210118112501", specSamples[3].bars, "4201028200009261290113185417468510", "RB 123 456 785 GB", "401234567891"} {
		p, err := barcode.Parse(text)
		if err != nil {
			b.Fatal(err)
		}
		b.Run(p.Object.String(), func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if _, err := barcode.Parse(text); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

func BenchmarkPNG(b *testing.B) {
	m := randomIMb(b, rand.New(rand.NewPCG(7, 8)))
	layout, err := barcode.NewLayout(600)
	if err != nil {
		b.Fatal(err)
	}
	for b.Loop() {
		if _, err := layout.PNG(&m, false); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkParseIMbAndPieceKey(b *testing.B) {
	digits := []byte("0027090012345600001210118112501")
	types := barcode.BuiltinServiceTypes()
	key := make([]byte, 0, barcode.MaxPieceKey)
	b.ReportAllocs()
	for b.Loop() {
		m, err := barcode.ParseIMb(digits)
		if err != nil {
			b.Fatal(err)
		}
		key, _ = m.AppendPieceKey(key[:0], types)
	}
}

func BenchmarkParseIMpbAndPieceKey(b *testing.B) {
	digits := []byte("4201028200009261290113185417468510")
	key := make([]byte, 0, barcode.MaxPieceKey)
	b.ReportAllocs()
	for b.Loop() {
		p, err := barcode.ParseIMpb(digits)
		if err != nil {
			b.Fatal(err)
		}
		key = p.AppendPieceKey(key[:0])
	}
}

func TestHotPathDoesNotAllocate(t *testing.T) {
	m := randomIMb(t, rand.New(rand.NewPCG(7, 8)))
	bars := m.Bars()
	turned := upsideDownBars(bars[:])
	digits := m.AppendDigits(nil)
	types := barcode.BuiltinServiceTypes()
	key := make([]byte, 0, barcode.MaxPieceKey)
	impb, s10 := []byte("4201028200009261290113185417468510"), []byte("RB123456785GB")
	planet, planetBars, postnet := []byte(planetSample.digits), []byte(planetSample.bars), []byte(postnetSample.digits)
	imtb, imcb := []byte("123451231902345678000011"), []byte("99M123456ABCDEF123456")
	for name, work := range map[string]func(){
		"encode":      func() { _, _ = barcode.Encode(m.Tracking(), m.Routing()) },
		"bars":        func() { _ = m.Bars() },
		"decode":      func() { _, _, _ = barcode.DecodeBars(bars[:]) },
		"upside down": func() { _, _, _ = barcode.DecodeBars(turned) },
		"imb": func() {
			parsed, _ := barcode.ParseIMb(digits)
			key, _ = parsed.AppendPieceKey(key[:0], types)
		},
		"impb": func() {
			parsed, _ := barcode.ParseIMpb(impb)
			key = parsed.AppendPieceKey(key[:0])
		},
		"s10": func() {
			parsed, _ := barcode.ParseS10(s10)
			key = parsed.AppendPieceKey(key[:0])
		},
		"imtb": func() {
			parsed, _ := barcode.ParseIMtb(imtb)
			key = parsed.AppendPieceKey(key[:0])
		},
		"service type at a day": func() { _, _ = types.LookupAt(m.STID(), time.Time{}) },
		"planet": func() {
			parsed, _ := barcode.ParsePLANET(planet)
			key = parsed.AppendPieceKey(key[:0])
		},
		"planet bars": func() { _, _ = barcode.DecodePLANETBars(planetBars) },
		"postnet":     func() { _, _ = barcode.ParsePOSTNET(postnet) },
		"imcb": func() {
			parsed, _ := barcode.ParseIMcb(imcb)
			key = parsed.AppendPieceKey(key[:0])
		},
	} {
		require.Zero(t, testing.AllocsPerRun(100, work), name)
	}
}
