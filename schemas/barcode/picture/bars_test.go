package picture_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"mailtrail/pipeline/simulate/mailpiece"
	"mailtrail/schemas/barcode"
	"mailtrail/schemas/barcode/picture"
)

// printBars prints bars letter by letter in nominal dimensions, wrong ones too. A blank is a bar that is not there, h
// one with half an ascender.
func printBars(s *mailpiece.Sheet, letters string) {
	const pitch, width, tracker, extension = 1. / 22, 0.02, 0.048, 0.0485
	for i, letter := range letters {
		left, top, bottom := 0.5+pitch*float64(i), 0.4, 0.4+tracker
		if strings.ContainsRune("AF", letter) {
			top -= extension
		}
		if strings.ContainsRune("DF", letter) {
			bottom += extension
		}
		if letter == 'h' {
			top -= extension / 2
		}
		if letter != ' ' {
			s.Rectangle(left, top, left+width, bottom)
		}
	}
}

const (
	sampleDigits = "0123456709498765432101234567891"
	sampleBars   = "AADTFFDFTDADTAADAATFDTDDAAADDTDTTDAFADADDDTFFFDDTTTADFAAADFTDAADA"
)

// What is plain in the picture is believed: it is not repaired away but for a single bar.
func TestBars(t *testing.T) {
	change := func(letters string, places ...int) string {
		bars := []byte(letters)
		for i := 0; i < len(places); i++ {
			bars[places[i]] = map[byte]byte{'A': 'F', 'F': 'A', 'D': 'T', 'T': 'D'}[bars[places[i]]]
		}
		return string(bars)
	}
	lose := func(letters string, places ...int) string {
		bars := []byte(letters)
		for _, place := range places {
			bars[place] = ' '
		}
		return string(bars)
	}
	for name, test := range map[string]struct {
		bars           string
		wrong, unknown int
		err            error
		read           string // the bars of a refusal
	}{
		"as they should be":           {bars: sampleBars},
		"one other bar":               {bars: change(sampleBars, 20), wrong: 1},
		"two other bars":              {bars: change(sampleBars, 20, 40), err: picture.ErrUnlike, read: change(sampleBars, 20, 40)},
		"six other bars":              {bars: change(sampleBars, 5, 14, 20, 31, 40, 52), err: barcode.ErrBeyondRepair},
		"a bar that is not there":     {bars: lose(sampleBars, 30), unknown: 1},
		"three that are not there":    {bars: lose(sampleBars, 30, 31, 32), unknown: 3},
		"six that are not there":      {bars: lose(sampleBars, 10, 11, 30, 31, 50, 51), unknown: 6},
		"eight that are not there":    {bars: lose(sampleBars, 10, 11, 20, 21, 30, 31, 50, 51), err: barcode.ErrBeyondRepair},
		"half an ascender":            {bars: sampleBars[:31] + "h" + sampleBars[32:], unknown: 1},
		"the first is not there":      {bars: lose(sampleBars, 0), unknown: 1},
		"the last two are not there":  {bars: lose(sampleBars, 63, 64), unknown: 2},
		"one at either end":           {bars: lose(sampleBars, 0, 64), unknown: 2},
		"a mark in front":             {bars: "F" + sampleBars},
		"marks on both sides":         {bars: "T" + sampleBars + "FA"},
		"four marks behind":           {bars: sampleBars + "FADT", read: "-"},
		"the first five not there":    {bars: lose(sampleBars, 0, 1, 2, 3, 4), unknown: 5},
		"the first six not there":     {bars: lose(sampleBars, 0, 1, 2, 3, 4, 5), read: "-"},
		"half of them not there":      {bars: sampleBars[:33], read: "-"},
		"a wrong bar, and one absent": {bars: change(lose(sampleBars, 64), 8), err: barcode.ErrBarCount},
	} {
		t.Run(name, func(t *testing.T) {
			l := newLabels(50)
			sheet := l.pressFor(t, 200).Blank(labelWidth, labelHeight)
			printBars(sheet, test.bars)
			found, err := picture.NewReader(nil).Read(sheet.Photograph(1, l.camera(3, 0.01)))
			require.NoError(t, err)
			if test.read == "-" {
				require.Empty(t, found, "nothing is told of what is no barcode")
				return
			}
			require.Len(t, found, 1)
			one := found[0]
			if test.err != nil {
				require.ErrorIs(t, one.Err, test.err, "%s", one.Bars)
				require.True(t, one.Repaired.IMb.IsZero())
				if test.read != "" {
					require.Equal(t, test.read, string(one.Bars))
				}
				return
			}
			require.NoError(t, one.Err, "%s", one.Bars)
			require.Equal(t, sampleDigits, string(one.Repaired.IMb.Digits()))
			require.Equal(t, []int{test.wrong, test.unknown}, []int{one.Repaired.Wrong, one.Repaired.Unknown}, "%s", one.Bars)
		})
	}
}
