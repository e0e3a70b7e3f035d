package barcode_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"mailtrail/schemas/barcode"
)

func TestParseRecognises(t *testing.T) {
	bars := specSamples[3].bars
	for _, test := range []struct {
		name, text string
		object     barcode.Object
		upsideDown bool
		ambiguous  bool
	}{
		{"bars", bars, barcode.ObjectIMb, false, false},
		{"small bars", strings.ToLower(bars), barcode.ObjectIMb, false, false},
		{"bars upside down", string(upsideDownBars([]byte(bars))), barcode.ObjectIMb, true, false},
		{"31 digits in groups", "00 270 902345678 123456-12345-6789-01", barcode.ObjectIMb, false, false},
		{"29 digits", "00270902345678123456123456789", barcode.ObjectIMb, false, false},
		{"25 digits", "0027090234567812345612345", barcode.ObjectIMb, false, false},
		{"20 digits", "00270902345678123456", barcode.ObjectIMb, false, false},
		{"20 digits of the specification", sampleTracking, barcode.ObjectIMb, false, false},
		{"20 digits, a package too", withCheckDigit("0027090234567812345"), barcode.ObjectIMb, false, true},
		{"20 digits, a package", "0307 1790 0005 2348 3741", barcode.ObjectIMpb, false, true},
		{"20 digits, only a package", withCheckDigit("7734567890123456789"), barcode.ObjectIMpb, false, false},
		{"22 digits", "9400 1112 0620 6406 2607 87", barcode.ObjectIMpb, false, false},
		{"tray", "101999241790234567812341", barcode.ObjectIMtb, false, false},
		{"container", "99M123456ABC123DEF456", barcode.ObjectIMcb, false, false},
		{"PLANET of 12", "40 12345 6789 1", barcode.ObjectPLANET, false, true},
		{"PLANET of 12, reply", "211234567892", barcode.ObjectPLANET, false, true},
		{"PLANET of 14", "42012345678909", barcode.ObjectPLANET, false, false},
		{"PLANET as bars", planetSample.bars, barcode.ObjectPLANET, false, false},
		{"POSTNET, ZIP", "12345-5", barcode.ObjectPOSTNET, false, false},
		{"POSTNET, ZIP+4", "55555-1237-2", barcode.ObjectPOSTNET, false, false},
		{"POSTNET, delivery point", "55555-1237-55-2", barcode.ObjectPOSTNET, false, true},
		{"62 bars of a PLANET", drawTwoState("401234567891", planetDigits), barcode.ObjectPLANET, false, false},
		{"62 bars of a POSTNET", drawTwoState("555551237552", postnetDigits), barcode.ObjectPOSTNET, false, false},
		{"POSTNET as bars", postnetSample.bars, barcode.ObjectPOSTNET, false, false},
		{"S10 with other spaces", "RB\u00a0123\u2009456\u2010785\u2013GB\n", barcode.ObjectS10, false, false},
	} {
		t.Run(test.name, func(t *testing.T) {
			p, err := barcode.Parse(test.text)
			require.NoError(t, err)
			require.Equal(t, test.object, p.Object)
			require.Equal(t, test.upsideDown, p.UpsideDown)
			require.Equal(t, test.ambiguous, p.Ambiguous)
		})
	}
}

func TestParseSaysWhyNot(t *testing.T) {
	for _, test := range []struct {
		name, text string
		object     barcode.Object
		reason     error
	}{
		{"nothing", "", barcode.ObjectUnknown, barcode.ErrNotRecognised},
		{"blanks", " - ", barcode.ObjectUnknown, barcode.ErrNotRecognised},
		{"words", "where is my letter", barcode.ObjectUnknown, barcode.ErrNotRecognised},
		{"accents", "é", barcode.ObjectUnknown, barcode.ErrNotRecognised},
		{"not UTF-8", "\xff\xfe", barcode.ObjectUnknown, barcode.ErrNotRecognised},
		{"too long", strings.Repeat("A", 81), barcode.ObjectUnknown, barcode.ErrNotRecognised},
		{"23 digits", "12345678901234567890123", barcode.ObjectUnknown, barcode.ErrNotRecognised},
		{"64 bars", specSamples[0].bars[1:], barcode.ObjectIMb, barcode.ErrBarCount},
		{"an unknown bar", "?" + specSamples[0].bars[1:], barcode.ObjectIMb, barcode.ErrBarUnknown},
		{"a wrong letter", "X" + specSamples[0].bars[1:], barcode.ObjectIMb, barcode.ErrBarLetter},
		{"31 digits", "0927090234567812345612345678901", barcode.ObjectIMb, barcode.ErrBarcodeID},
		{"20 digits", "61299998820821171811", barcode.ObjectIMpb, barcode.ErrCheckDigit},
		{"22 digits", "9434611206206407667131", barcode.ObjectIMpb, barcode.ErrCheckDigit},
		{"S10 country", "RB123456785XX", barcode.ObjectS10, barcode.ErrCountry},
		{"S10 letters", "R1123456785GB", barcode.ObjectS10, barcode.ErrLetter},
		{"container", "99M123456ABC123DEF45", barcode.ObjectIMcb, barcode.ErrLength},
		{"12 digits", "401234567890", barcode.ObjectPLANET, barcode.ErrCheckDigit},
		{"14 digits", "42012345678900", barcode.ObjectPLANET, barcode.ErrCheckDigit},
		{"6 digits", "123456", barcode.ObjectPOSTNET, barcode.ErrCheckDigit},
		{"11 digits", "12345678901", barcode.ObjectUnknown, barcode.ErrNotRecognised},
		{"PLANET bars lost", planetSample.bars[:70], barcode.ObjectPOSTNET, barcode.ErrBarCount},
		{"PLANET bar wrong", "LS" + planetSample.bars[2:], barcode.ObjectPLANET, barcode.ErrDigitBars},
	} {
		t.Run(test.name, func(t *testing.T) {
			p, err := barcode.Parse(test.text)
			require.Equal(t, barcode.Parsed{}, p)
			var typed *barcode.Error
			require.ErrorAs(t, err, &typed)
			require.Equal(t, test.object, typed.Object)
			require.ErrorIs(t, err, test.reason)
		})
	}
}

// Names that stand in the public interface.
func TestNames(t *testing.T) {
	var names []string
	for object := barcode.ObjectUnknown; object <= barcode.ObjectPOSTNET+1; object++ {
		names = append(names, object.String())
	}
	for kind := barcode.KindUnknown; kind <= barcode.KindSpecialService+1; kind++ {
		names = append(names, kind.String())
	}
	for level := barcode.OELNone; level <= barcode.OELMixedADC+1; level++ {
		names = append(names, level.String())
	}
	require.Equal(t, []string{
		"unknown", "IMb", "IMtb", "IMcb", "IMpb", "S10", "PLANET", "POSTNET", "unknown",
		"unknown", "mail", "package", "special service", "unknown",
		"none", "carrier route", "5-digit", "3-digit", "ADC", "mixed ADC", "unknown",
	}, names)
	require.Equal(t, "unknown", barcode.Class(99).String())
}
