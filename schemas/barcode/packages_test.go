package barcode_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"mailtrail/schemas/barcode"
)

// withCheckDigit appends the GS1 check digit, reckoned from the left with the weights of the digit's distance from the end.
func withCheckDigit(body string) string {
	sum := 0
	for i, digit := range body {
		sum += int(digit-'0') * (1 + 2*((len(body)-i)%2))
	}
	return fmt.Sprintf("%s%d", body, (100000-sum)%10)
}

func TestIMpbFields(t *testing.T) {
	for _, test := range []struct{ name, digits, zip, ai, stc, mid, serial string }{
		{"92, 22 digits", "9261292700768711948021", "", "92", "612", "927007687", "1194802"},
		{"92, 26 digits", "92001903060085300042901077", "", "92", "001", "903060085", "30004290107"},
		{"93", "9361289878700317633795", "", "93", "612", "898787", "0031763379"},
		{"94, MID of 6", "9400111206206406260787", "", "94", "001", "206206", "40626078"},
		{"94, MID of 9", withCheckDigit("940010190234567812345"), "", "94", "001", "902345678", "12345"},
		{"94, 30 digits", withCheckDigit("94001019023456781234567890123"), "", "94", "001", "902345678", "1234567890123"},
		{"95", "9505511069605048600624", "", "95", "055", "", "1106960504860062"},
		{"91", "9101123456789000000013", "", "91", "01", "123456789", "00000001"},
		{"91 unseen, counted", "71969010756003077385", "", "91", "71", "969010756", "00307738"},
		{"91 unseen, not counted", "03071790000523483741", "", "91", "03", "071790000", "52348374"},
		{"ZIP5", "420787459400111206206406260787", "78745", "94", "001", "206206", "40626078"},
		{"ZIP5 and 26 digits", "4201234592001903060085300042901077", "12345", "92", "001", "903060085", "30004290107"},
		{"ZIP9 and 22 digits", "4201028200009261290113185417468510", "102820000", "92", "612", "901131854", "1746851"},
		{"ZIP9 and 26 digits", "42012345678992001903060085300042901077", "123456789", "92", "001", "903060085", "30004290107"},
		{"ZIP5 and 30 digits", "42012345" + withCheckDigit("94001019023456781234567890123"), "12345", "94", "001", "902345678", "1234567890123"},
		{"ZIP9 and 30 digits", "420123456789" + withCheckDigit("94001019023456781234567890123"), "123456789", "94", "001", "902345678", "1234567890123"},
	} {
		t.Run(test.name, func(t *testing.T) {
			p, err := barcode.ParseIMpb([]byte(test.digits))
			require.NoError(t, err)
			require.Equal(t, test.zip, string(p.DestinationZIP()))
			require.Equal(t, test.ai, string(p.ApplicationIdentifier()))
			require.Equal(t, test.stc, string(p.STC()))
			require.Equal(t, test.mid, string(p.MID()))
			require.Equal(t, test.serial, string(p.Serial()))
			require.Equal(t, test.digits[len(test.digits)-1], p.CheckDigit())
			require.False(t, p.Ambiguous())
		})
	}
}

func TestIMpbErrors(t *testing.T) {
	for _, test := range []struct {
		name, digits string
		part         barcode.Part
		place        int
		reason       error
	}{
		{"nothing", "", barcode.PartWhole, 0, barcode.ErrLength},
		{"only 420", "420", barcode.PartWhole, 0, barcode.ErrLength},
		{"420 and a ZIP code", "42012345", barcode.PartWhole, 0, barcode.ErrLength},
		{"letter", "94001112O6206406260787", barcode.PartWhole, 9, barcode.ErrDigit},
		{"23 digits", "94001112062064062607870", barcode.PartWhole, 0, barcode.ErrLength},
		{"26 digits of 91", withCheckDigit("9101123456789000000013123"), barcode.PartWhole, 0, barcode.ErrLength},
		{"30 digits of 92", withCheckDigit("92001019023456781234567890123"), barcode.PartWhole, 0, barcode.ErrLength},
		{"identifier", "2334611306206407667222", barcode.PartApplicationIdentifier, 0, barcode.ErrApplicationIdentifier},
		{"identifier 90", withCheckDigit("904611306206407667222"), barcode.PartApplicationIdentifier, 0, barcode.ErrApplicationIdentifier},
		{"identifier 96", withCheckDigit("964611306206407667222"), barcode.PartApplicationIdentifier, 0, barcode.ErrApplicationIdentifier},
		{"identifier behind ZIP", "420000000000000000000000000000", barcode.PartApplicationIdentifier, 0, barcode.ErrApplicationIdentifier},
		{"check digit", "9434611206206407667131", barcode.PartCheckDigit, 0, barcode.ErrCheckDigit},
		{"check digit behind ZIP9", "4201028200009261290113185417468511", barcode.PartCheckDigit, 0, barcode.ErrCheckDigit},
		{"check digit behind ZIP5", "420000009200000000000000000000", barcode.PartCheckDigit, 0, barcode.ErrCheckDigit},
		{"check digit of 20", "61299998820821171811", barcode.PartCheckDigit, 0, barcode.ErrCheckDigit},
	} {
		t.Run(test.name, func(t *testing.T) {
			p, err := barcode.ParseIMpb([]byte(test.digits))
			requireError(t, err, barcode.ObjectIMpb, test.part, test.place, test.reason)
			require.True(t, p.IsZero())
			require.Empty(t, p.Construct())
			require.Empty(t, p.MID())
			require.Empty(t, p.Serial())
		})
	}
}

// Digits that can be read with a ZIP code of 5 and of 9: both application identifiers and both check digits hold.
func TestZIPLengthThatCannotBeTold(t *testing.T) {
	// Behind ZIP5 the STC ends with the 9 and the MID begins with the 2 that behind ZIP9 are AI 92. The four digits before them
	// add a multiple of ten to the sum, so one check digit serves both.
	for _, test := range []struct {
		name, behindZIP5 string
		zip              int
	}{
		{"only the MID behind ZIP5 fits", "9300920011234567890120001", 5},
		{"both MIDs fit", "9300920019234567890120001", 9},
		{"only the MID behind ZIP9 fits", "9201920019234567890120001", 9},
		{"neither MID fits", "9201920011234567890120001", 9},
	} {
		t.Run(test.name, func(t *testing.T) {
			digits := "42012345" + withCheckDigit(test.behindZIP5)
			p, err := barcode.ParseIMpb([]byte(digits))
			require.NoError(t, err)
			require.True(t, p.Ambiguous())
			require.Len(t, p.DestinationZIP(), test.zip)
			parsed, err := barcode.Parse(digits)
			require.NoError(t, err)
			require.True(t, parsed.Ambiguous)
		})
	}
}

func TestEveryWrongDigitOfAPackageIsFound(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		body := rapid.StringMatching(`92[0-9]{3}9[0-9]{15}([0-9]{4})?`).Draw(t, "body")
		digits := []byte(withCheckDigit(body))
		_, err := barcode.ParseIMpb(digits)
		require.NoError(t, err)
		place := rapid.IntRange(2, len(digits)-1).Draw(t, "place")
		digits[place] = '0' + (digits[place]-'0'+byte(rapid.IntRange(1, 9).Draw(t, "change")))%10
		_, err = barcode.ParseIMpb(digits)
		require.ErrorIs(t, err, barcode.ErrCheckDigit)
	})
}

func TestS10(t *testing.T) {
	s, err := barcode.ParseS10([]byte("rb123456785gb"))
	require.NoError(t, err)
	require.Equal(t, "RB123456785GB", string(s.Text()))
	require.Equal(t, "RB", string(s.ServiceIndicator()))
	require.Equal(t, "12345678", string(s.Serial()))
	require.Equal(t, "GB", string(s.Country()))

	for _, valid := range []string{"EE000000005US", "LX020000000DE", "CP000000005CH"} {
		_, err := barcode.ParseS10([]byte(valid))
		require.NoError(t, err, valid)
	}
	for _, test := range []struct {
		text   string
		part   barcode.Part
		place  int
		reason error
	}{
		{"RB123456785G", barcode.PartWhole, 0, barcode.ErrLength},
		{"R1123456785GB", barcode.PartServiceIndicator, 2, barcode.ErrLetter},
		{"RB12345O785GB", barcode.PartSerial, 6, barcode.ErrDigit},
		{"RB123456786US", barcode.PartCheckDigit, 0, barcode.ErrCheckDigit},
		{"RB12345678XUS", barcode.PartCheckDigit, 0, barcode.ErrCheckDigit},
		{"RB123456785XX", barcode.PartCountry, 0, barcode.ErrCountry},
		{"RB12345678512", barcode.PartCountry, 0, barcode.ErrCountry},
	} {
		s, err := barcode.ParseS10([]byte(test.text))
		requireError(t, err, barcode.ObjectS10, test.part, test.place, test.reason)
		require.True(t, s.IsZero())
	}
}

func TestS10Kind(t *testing.T) {
	want := map[byte]barcode.Kind{'C': barcode.KindPackage, 'E': barcode.KindPackage, 'H': barcode.KindPackage}
	for _, letter := range []byte("LMQRUV") {
		want[letter] = barcode.KindMail
	}
	for letter := byte('A'); letter <= 'Z'; letter++ {
		s, err := barcode.ParseS10([]byte(string(letter) + "B123456785GB"))
		require.NoError(t, err)
		require.Equal(t, want[letter], s.Kind(), string(letter))
	}
}

func TestIMtb(t *testing.T) {
	tray, err := barcode.ParseIMtb([]byte("101999241790234567812341"))
	require.NoError(t, err)
	require.Equal(t, "10199", string(tray.DestinationZIP()))
	require.Equal(t, "924", string(tray.CIN()))
	require.Equal(t, byte('1'), tray.ProcessingCode())
	require.Equal(t, "790234", string(tray.MID()))
	require.Equal(t, "56781234", string(tray.Serial()))
	require.Equal(t, byte('1'), tray.LabelType())
	require.Equal(t, barcode.KindMail, tray.Kind())

	tray, err = barcode.ParseIMtb([]byte("101999241902345678123451"))
	require.NoError(t, err)
	require.Equal(t, "902345678", string(tray.MID()))
	require.Equal(t, "12345", string(tray.Serial()))

	_, err = barcode.ParseIMtb([]byte("10199924179023456781234"))
	requireError(t, err, barcode.ObjectIMtb, barcode.PartWhole, 0, barcode.ErrLength)
	zero, err := barcode.ParseIMtb([]byte("1019992417902345678123S1"))
	requireError(t, err, barcode.ObjectIMtb, barcode.PartWhole, 23, barcode.ErrDigit)
	require.True(t, zero.IsZero())
}

func TestIMcb(t *testing.T) {
	for _, test := range []struct{ text, mid, serial string }{
		{"99M123456ABC123DEF456", "123456", "ABC123DEF456"},
		{"99m902345678abc123def", "902345678", "ABC123DEF"},
	} {
		c, err := barcode.ParseIMcb([]byte(test.text))
		require.NoError(t, err)
		require.Equal(t, test.mid, string(c.MID()))
		require.Equal(t, test.serial, string(c.Serial()))
		require.Equal(t, strings.ToUpper(test.text), string(c.Text()))
		require.Equal(t, barcode.KindMail, c.Kind())
	}
	for _, test := range []struct {
		text   string
		part   barcode.Part
		place  int
		reason error
	}{
		{"99M123456ABC123DEF45", barcode.PartWhole, 0, barcode.ErrLength},
		{"98M123456ABC123DEF456", barcode.PartPrefix, 0, barcode.ErrPrefix},
		{"99M12345AABC123DEF456", barcode.PartMID, 6, barcode.ErrDigit},
		{"99M123456ABC123DEF45_", barcode.PartSerial, 12, barcode.ErrAlphanumeric},
	} {
		c, err := barcode.ParseIMcb([]byte(test.text))
		requireError(t, err, barcode.ObjectIMcb, test.part, test.place, test.reason)
		require.True(t, c.IsZero())
	}
}
