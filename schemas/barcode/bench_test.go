package barcode_test

import (
	"math/rand/v2"
	"testing"

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
		"imcb": func() {
			parsed, _ := barcode.ParseIMcb(imcb)
			key = parsed.AppendPieceKey(key[:0])
		},
	} {
		require.Zero(t, testing.AllocsPerRun(100, work), name)
	}
}
