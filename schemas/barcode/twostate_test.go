package barcode_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"mailtrail/schemas/barcode"
)

// The digits as they are drawn in the postal service's manuals: tall bars and short bars.
var (
	postnetDigits = strings.Fields("||... ...|| ..|.| ..||. .|..| .|.|. .||.. |...| |..|. |.|..")
	planetDigits  = strings.Fields("..||| |||.. ||.|. ||..| |.||. |.|.| |..|| .|||. .||.| .|.||")
)

func drawTwoState(digits string, drawn []string) string {
	bars := "|"
	for _, digit := range digits {
		bars += drawn[digit-'0']
	}
	return strings.NewReplacer("|", "L", ".", "S").Replace(bars + "|")
}

var (
	planetSample  = struct{ digits, bars string }{"42012345678909", drawTwoState("42012345678909", planetDigits)}
	postnetSample = struct{ digits, bars string }{"5555512372", drawTwoState("5555512372", postnetDigits)}
)

// withSumDigit appends the digit that makes the sum of all a multiple of ten.
func withSumDigit(body string) string {
	sum := 0
	for _, digit := range body {
		sum += int(digit - '0')
	}
	return body + string(rune('0'+(100000-sum)%10))
}

func TestPLANET(t *testing.T) {
	for _, test := range []struct {
		name, digits, subscriber, customer string
		outgoing                           bool
	}{
		{"First-Class letters, 12 digits", "401234567891", "12345", "6789", true},
		{"Standard Mail letters, 14 digits", "42012345678909", "01234", "567890", true},
		{"cards", withSumDigit("47123456789"), "12345", "6789", true},
		{"others", withSumDigit("22123456789"), "12345", "6789", true},
		{"reply, 12 digits", withSumDigit("21123456789"), "", "123456789", false},
		{"reply, 14 digits", withSumDigit("2112345678901"), "", "12345678901", false},
		{"unknown service type", withSumDigit("48123456789"), "", "123456789", false},
	} {
		t.Run(test.name, func(t *testing.T) {
			p, err := barcode.ParsePLANET([]byte(" " + test.digits + " "))
			require.NoError(t, err)
			require.Equal(t, test.digits, string(p.Digits()))
			require.Equal(t, test.digits[:2], string(p.ServiceType()))
			require.Equal(t, test.outgoing, p.Outgoing())
			require.Equal(t, test.subscriber, string(p.Subscriber()))
			require.Equal(t, test.customer, string(p.Customer()))
			require.Equal(t, test.digits[len(test.digits)-1], p.CheckDigit())
			require.Equal(t, drawTwoState(test.digits, planetDigits), string(p.AppendBars(nil)))
		})
	}
}

func TestPOSTNET(t *testing.T) {
	for _, digits := range []string{"123455", "5555512372", "555551237552"} {
		p, err := barcode.ParsePOSTNET([]byte(digits))
		require.NoError(t, err)
		require.Equal(t, digits, string(p.Routing())+string(p.CheckDigit()))
		require.Equal(t, drawTwoState(digits, postnetDigits), string(p.AppendBars(nil)))
	}
}

func TestRoundTripOfTwoStateBars(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		planet, err := barcode.ParsePLANET([]byte(withSumDigit(rapid.StringMatching(`[0-9]{11}([0-9]{2})?`).Draw(t, "PLANET"))))
		require.NoError(t, err)
		decoded, err := barcode.DecodePLANETBars([]byte(strings.ToLower(string(planet.AppendBars(nil)))))
		require.NoError(t, err)
		require.Equal(t, planet, decoded)

		postnet, err := barcode.ParsePOSTNET([]byte(withSumDigit(rapid.StringMatching(`[0-9]{5}|[0-9]{9}|[0-9]{11}`).Draw(t, "POSTNET"))))
		require.NoError(t, err)
		back, err := barcode.DecodePOSTNETBars(postnet.AppendBars(nil))
		require.NoError(t, err)
		require.Equal(t, postnet, back)

		_, err = barcode.DecodePOSTNETBars(planet.AppendBars(nil))
		require.Error(t, err, "the bars of one are never those of the other")
	})
}

func TestTwoStateErrors(t *testing.T) {
	bars := planetSample.bars
	for _, test := range []struct {
		name   string
		read   func([]byte) error
		text   string
		object barcode.Object
		part   barcode.Part
		place  int
		reason error
	}{
		{"PLANET length", parsePLANET, "4012345678910", barcode.ObjectPLANET, barcode.PartWhole, 0, barcode.ErrLength},
		{"PLANET letter", parsePLANET, "4012345O7891", barcode.ObjectPLANET, barcode.PartWhole, 8, barcode.ErrDigit},
		{"PLANET check digit", parsePLANET, "401234567890", barcode.ObjectPLANET, barcode.PartCheckDigit, 0, barcode.ErrCheckDigit},
		{"PLANET bars lost", decodePLANET, bars[1:], barcode.ObjectPLANET, barcode.PartBars, 0, barcode.ErrBarCount},
		{"PLANET other letter", decodePLANET, bars[:8] + "T" + bars[9:], barcode.ObjectPLANET, barcode.PartBars, 9, barcode.ErrBarLetter},
		{"PLANET frame at the front", decodePLANET, "S" + bars[1:], barcode.ObjectPLANET, barcode.PartBars, 1, barcode.ErrFrameBar},
		{"PLANET frame at the end", decodePLANET, bars[:71] + "S", barcode.ObjectPLANET, barcode.PartBars, 72, barcode.ErrFrameBar},
		{"PLANET no digit", decodePLANET, "LLLLLL" + bars[6:], barcode.ObjectPLANET, barcode.PartBars, 2, barcode.ErrDigitBars},
		{"PLANET wrong digit", decodePLANET, "LSSLLL" + bars[6:], barcode.ObjectPLANET, barcode.PartCheckDigit, 0, barcode.ErrCheckDigit},
		{"POSTNET length", parsePOSTNET, "12345", barcode.ObjectPOSTNET, barcode.PartWhole, 0, barcode.ErrLength},
		{"POSTNET letter", parsePOSTNET, "12345S", barcode.ObjectPOSTNET, barcode.PartWhole, 6, barcode.ErrDigit},
		{"POSTNET check digit", parsePOSTNET, "123456", barcode.ObjectPOSTNET, barcode.PartCheckDigit, 0, barcode.ErrCheckDigit},
		{"POSTNET bars lost", decodePOSTNET, postnetSample.bars[1:], barcode.ObjectPOSTNET, barcode.PartBars, 0, barcode.ErrBarCount},
		{"POSTNET no digit", decodePOSTNET, postnetSample.bars[:46] + "LLLLL" + "L", barcode.ObjectPOSTNET, barcode.PartBars, 47, barcode.ErrDigitBars},
	} {
		t.Run(test.name, func(t *testing.T) {
			requireError(t, test.read([]byte(test.text)), test.object, test.part, test.place, test.reason)
		})
	}
	var planet barcode.PLANET
	var postnet barcode.POSTNET
	require.True(t, planet.IsZero())
	require.True(t, postnet.IsZero())
	require.Empty(t, planet.Customer())
	require.Empty(t, postnet.Routing())
}

func parsePLANET(text []byte) error   { _, err := barcode.ParsePLANET(text); return err }
func parsePOSTNET(text []byte) error  { _, err := barcode.ParsePOSTNET(text); return err }
func decodePLANET(text []byte) error  { _, err := barcode.DecodePLANETBars(text); return err }
func decodePOSTNET(text []byte) error { _, err := barcode.DecodePOSTNETBars(text); return err }
