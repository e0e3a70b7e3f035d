package records

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"mailtrail/schemas/event"
)

func TestWhatMayStandNowhere(t *testing.T) {
	for text, want := range map[string]event.Code{
		"4111111111111111":                       CardNumber,
		"pay with 4111 1111 1111 1111 please":    CardNumber,
		"4111-1111-1111-1111 12/27":              CardNumber,
		"no. 12: 4111-1111-1111-1111":            CardNumber,
		"3782 822463 10005":                      CardNumber, // 4-6-5
		"4222222222222":                          CardNumber, // 13 digits
		"6304000000000000000":                    CardNumber, // 19 digits
		"4111\u00a01111\u00a01111\u00a01111":     CardNumber,
		"4111–1111–1111–1111":                    CardNumber,
		"4111.1111.1111.1111":                    CardNumber,
		"4111 - 1111 - 1111 - 1111":              CardNumber,
		"4 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1":        CardNumber,
		"card4111111111111111x":                  CardNumber,
		"４１１１ １１１１ １１１１ １１１１":                    CardNumber, // full width
		"٤١١١١١١١١١١١١١١١":                       CardNumber, // Arabic-Indic
		"4111\n1111\n1111\n1111":                 CardNumber,
		"4111111111111112":                       "",
		"9400111899223197428490":                 "", // a package of 22 digits
		"00270901234560000121":                   "", // a tracking code of 20 digits
		"0027090012345600001210118112501":        "",
		"call 202-555-0143 before 2026-11-20":    "",
		"411111111111111":                        "", // 15 digits, check digit wrong
		"4111, 1111, 1111, 1111":                 "", // a list of numbers
		"CVV 123":                                CardCode,
		"the cvc2 is 1234":                       CardCode,
		"security code: 987":                     CardCode,
		"card_cvv=123":                           CardCode,
		"gate code 123":                          "",
		"078-05-1120":                            FullSSN,
		"ssn 078 05 1120.":                       FullSSN,
		"078051120":                              FullSSN,
		"000-12-3456":                            "", // never issued
		"666-12-3456":                            "",
		"900-12-3456":                            "",
		"078-00-1120":                            "",
		"078-05-0000":                            "",
		"10118-1125":                             "", // ZIP+4
		"last four 1120":                         "",
		"between 100 and 10, then 2026":          "",
		"appointment 12345678901 on 11/22/2026?": "",
		"Grüße ohne Ziffern":                     "",
	} {
		err := forbidden("f", []byte(text), true)
		if want == "" {
			require.Nil(t, err, "%q", text)
			continue
		}
		require.NotNil(t, err, "%q", text)
		require.Equal(t, want, err.Code, "%q", text)
		require.True(t, Forbidden(err.Code))
	}
}

// In a code nine digits pass: a customer's id, a D-U-N-S number.
func TestNineDigitsOfACodePass(t *testing.T) {
	require.Nil(t, forbidden("f", []byte("078051120"), false))
	require.Equal(t, FullSSN, forbidden("f", []byte("078-05-1120"), false).Code)
	_, err := decode("mail_customer", `{"customerId":"123456789"}`)
	require.Nil(t, err)
	_, err = decode("mail_customer", `{"customerId":"4111111111111111"}`)
	require.Equal(t, CardNumber, err.Code)
}

// A card's number that is planted into any free field of any kind is found, and no error shows it.
func TestAPlantedCardIsFoundInEveryField(t *testing.T) {
	const card = "4111111111111111"
	fields := 0
	for _, k := range catalog().Kinds() {
		for i := range k.Fields {
			f := &k.Fields[i]
			var r Record
			err := r.DecodeJSON(&k, []byte(`{"`+f.Name+`":"`+card+`"}`))
			require.NotNil(t, err, "%s.%s", k.Name, f.Name)
			require.NotContains(t, err.Error(), card)
			if f.Longest() >= len(card) && types[f.Type].free {
				require.Equal(t, CardNumber, err.Code, "%s.%s", k.Name, f.Name)
				fields++
			} else {
				require.NotEqual(t, event.Missing, err.Code, "%s.%s took a card's number", k.Name, f.Name)
			}
		}
	}
	require.Greater(t, fields, 400)
}

// withCheckDigit makes a number that Luhn's rule holds for.
func withCheckDigit(digits string) string {
	for c := byte('0'); c <= '9'; c++ {
		if whole := digits + string(c); luhn([]byte(strings.Map(func(r rune) rune { return r - '0' }, whole))) {
			return whole
		}
	}
	panic("one of ten digits is the check digit")
}

func TestEveryCardIsFoundWhereverItStands(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		card := withCheckDigit(rapid.StringOfN(rapid.RuneFrom([]rune("0123456789")), 12, 18, -1).Draw(t, "card"))
		mark := rapid.SampledFrom([]string{"", " ", "-", ".", "\u00a0", " - "}).Draw(t, "mark")
		var text strings.Builder
		for i, c := range card {
			if i > 0 && rapid.Bool().Draw(t, "apart") {
				text.WriteString(mark)
			}
			text.WriteRune(c)
		}
		around := rapid.StringOf(rapid.RuneFrom([]rune("abc äö,:;()"))).Draw
		whole := around(t, "before") + "," + text.String() + "," + around(t, "behind")
		err := forbidden("f", []byte(whole), true)
		require.NotNil(t, err, "%q", whole)
		require.NotContains(t, err.Message, card)
	})
}

// What is too long to be looked through is taken to hold one: the look would take many times its length of memory.
func TestLongBytesAreNotLookedThrough(t *testing.T) {
	short := []byte(strings.Repeat("1 ", mostLooked/2))
	require.False(t, HoldsForbidden(short))
	long := []byte(strings.Repeat("1 ", 8<<20))
	require.Zero(t, testing.AllocsPerRun(1, func() { require.True(t, HoldsForbidden(long)) }))
}

func TestSlowHashes(t *testing.T) {
	const salt, hash = "c29tZXNhbHRzb21l", "RdescudvJCsgt3ub+b4dWRWJTmaaJObG"
	f := &Field{Name: "f", Type: Hash}
	for text, good := range map[string]bool{
		"$argon2id$v=19$m=65536,t=3,p=4$" + salt + "$" + hash:  true,
		"$argon2id$v=19$m=1024,t=3,p=4$" + salt + "$" + hash:   false, // too little memory
		"$argon2id$v=19$t=3,p=4$" + salt + "$" + hash:          false,
		"$scrypt$ln=16,r=8,p=1$" + salt + "$" + hash:           true,
		"$scrypt$ln=4,r=8,p=1$" + salt + "$" + hash:            false,
		"$pbkdf2-sha256$i=600000$" + salt + "$" + hash:         true,
		"$pbkdf2-sha256$i=1000$" + salt + "$" + hash:           false,
		"$pbkdf2-sha1$i=600000$" + salt + "$" + hash:           false,
		"$bcrypt$v=98$r=12$" + salt + "$" + hash:               true,
		"$2b$12$c29tZXNhbHRzb21lRdescudvJCsgt3ub":              false, // no PHC form
		"5f4dcc3b5aa765d61d8327deb882cf99":                     false, // MD5
		"$sha256$i=600000$" + salt + "$" + hash:                false,
		"password":                                             false,
		"$argon2id$v=19$m=65536,t=3,p=4$" + salt + "$tooshort": false,
	} {
		err := f.checkValue([]byte(text))
		require.Equal(t, good, err == nil, "%s: %v", text, err)
		if err != nil {
			require.NotContains(t, err.Message, text)
			require.Equal(t, NotHashed, err.Code)
		}
	}
}
