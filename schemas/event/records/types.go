package records

import (
	"bytes"
	"fmt"
	"maps"
	"net/mail"
	"net/netip"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"mailtrail/schemas/barcode"
	"mailtrail/schemas/event"
)

// Type is what the values of a field look like.
type Type string

// The types.
const (
	// Text is free text.
	Text Type = "text"
	// Code is an identifier: ASCII letters, digits and marks, no white space.
	Code Type = "code"
	// Digits, MID, CRID and ZIP are identifiers of digits.
	Digits Type = "digits"
	MID    Type = "mid"
	CRID   Type = "crid"
	ZIP    Type = "zip"
	// IMb, IMtb and IMcb are barcodes of one symbology, Barcode of any.
	IMb     Type = "imb"
	IMtb    Type = "imtb"
	IMcb    Type = "imcb"
	Barcode Type = "barcode"
	// Date, Month and Time are of the calendar.
	Date  Type = "date"
	Month Type = "month"
	Time  Type = "time"
	// Count is a whole number, Number a decimal one, YesNo true or false.
	Count  Type = "count"
	Number Type = "number"
	YesNo  Type = "yes_no"
	// Choice is one of the field's values.
	Choice Type = "choice"
	Email  Type = "email"
	URL    Type = "url"
	IP     Type = "ip"
	UUID   Type = "uuid"
	// Token stands for a card or an account, LastFour are the last digits of one or of an SSN.
	Token    Type = "token"
	LastFour Type = "last_four"
	// Hash is a slow hash of a secret in PHC form.
	Hash Type = "hash"
)

// typeSpec is what is asked of the values of a type.
type typeSpec struct {
	// max is the most characters, 0 where the field says it.
	max int
	// free values are searched for what may stand nowhere: numbers of cards and SSNs. Others cannot hold one by their form.
	free bool
	// payment types may hold how a person pays.
	payment bool
	// check says what is wrong with a value, and where it is not a text of its own what JSON type it has.
	check func(f *Field, text []byte) *event.Error
	json  event.ValueKind
}

var types = map[Type]typeSpec{
	Text:     {free: true, check: plainText, json: event.TextValue},
	Code:     {free: true, check: matches(`^[\x21-\x7e]+$`, event.NotLetters, "ASCII letters, digits and marks without a space"), json: event.TextValue},
	Digits:   {free: true, check: matches(`^[0-9]+$`, event.NotDigits, "digits only"), json: event.TextValue},
	MID:      {max: 9, check: matches(`^([0-8][0-9]{5}|9[0-9]{8})$`, event.WrongLength, "6 digits, or 9 where it begins with 9"), json: event.TextValue},
	CRID:     {max: 12, check: matches(`^[0-9]{1,12}$`, event.NotDigits, "1 to 12 digits"), json: event.TextValue},
	ZIP:      {max: 11, check: matches(`^([0-9]{5}|[0-9]{9}|[0-9]{11})$`, event.WrongLength, "5, 9 or 11 digits"), json: event.TextValue},
	IMb:      {max: 31, check: imb, json: event.TextValue},
	IMtb:     {max: 24, check: imtb, json: event.TextValue},
	IMcb:     {max: 21, check: imcb, json: event.TextValue},
	Barcode:  {max: 42, check: anyBarcode, json: event.TextValue},
	Date:     {max: 10, check: date, json: event.TextValue},
	Month:    {max: 7, payment: true, check: month, json: event.TextValue},
	Time:     {max: 40, check: moment, json: event.TextValue},
	Count:    {max: 12, check: matches(`^(0|[1-9][0-9]{0,11})$`, event.NotCount, "a whole number from 0, of at most 12 digits"), json: event.NumberValue},
	Number:   {max: 20, check: matches(`^-?(0|[1-9][0-9]{0,11})(\.[0-9]{1,6})?$`, event.NotCount, "a decimal number of at most 12 digits before the point and 6 behind it"), json: event.NumberValue},
	YesNo:    {max: 5, check: matches(`^(true|false)$`, event.WrongType, "true or false"), json: event.BoolValue},
	Choice:   {max: 60, payment: true, check: choice, json: event.TextValue},
	Email:    {max: 254, free: true, check: email, json: event.TextValue},
	URL:      {free: true, check: webAddress, json: event.TextValue},
	IP:       {max: 45, check: ip, json: event.TextValue},
	UUID:     {max: 36, check: matches(`^[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}$`, NotAllowed, "a UUID, as 8-4-4-4-12 hexadecimal digits"), json: event.TextValue},
	Token:    {max: 64, free: true, payment: true, check: matches(`^[A-Za-z0-9_.:-]*[A-Za-z][A-Za-z0-9_.:-]*$`, NotToken, "a token of letters and digits that stands for the number, with a letter in it, never the number itself"), json: event.TextValue},
	LastFour: {max: 4, payment: true, check: matches(`^[0-9]{4}$`, event.WrongLength, "the last four digits alone"), json: event.TextValue},
	Hash:     {max: 512, check: slowHash, json: event.TextValue},
}

func typeNames() []string {
	var names []string
	for name := range maps.Keys(types) {
		names = append(names, string(name))
	}
	slices.Sort(names)
	return names
}

// Longest is the most characters that a value of the field may have.
func (f *Field) Longest() int {
	if max := types[f.Type].max; max > 0 {
		return max
	}
	return f.Max
}

// checkValue says what is wrong with one value of the field.
func (f *Field) checkValue(text []byte) *event.Error {
	if !utf8.Valid(text) {
		return f.wrong(event.NotUTF8, "UTF-8 text")
	}
	if n := utf8.RuneCount(text); n > f.Longest() {
		return f.wrong(event.TooLong, "%d characters, at most %d", n, f.Longest())
	}
	spec := types[f.Type]
	if spec.free {
		// Before its form is looked at, so that what may stand nowhere is called by its name.
		if err := forbidden(f.Name, text, f.Type == Text); err != nil {
			return err
		}
	}
	return spec.check(f, text)
}

func (f *Field) wrong(code event.Code, format string, values ...any) *event.Error {
	return &event.Error{Field: f.Name, Code: code, Message: fmt.Sprintf(format, values...)}
}

// matches makes a check that values have a form.
func matches(pattern string, code event.Code, expected string) func(*Field, []byte) *event.Error {
	form := regexp.MustCompile(pattern)
	return func(f *Field, text []byte) *event.Error {
		if !form.Match(text) {
			return f.wrong(code, "expected %s", expected)
		}
		return nil
	}
}

func plainText(f *Field, text []byte) *event.Error {
	if i := bytes.IndexFunc(text, func(r rune) bool { return unicode.IsControl(r) && r != '\n' && r != '\r' && r != '\t' }); i >= 0 {
		return f.wrong(NotAllowed, "text without control characters; one stands at byte %d", i+1)
	}
	return nil
}

func imb(f *Field, text []byte) *event.Error {
	_, err := barcode.ParseIMb(text)
	return f.barcode(err, "the 20, 25, 29 or 31 digits of an Intelligent Mail barcode")
}

func imtb(f *Field, text []byte) *event.Error {
	_, err := barcode.ParseIMtb(text)
	return f.barcode(err, "the 24 digits of an Intelligent Mail tray barcode")
}

func imcb(f *Field, text []byte) *event.Error {
	_, err := barcode.ParseIMcb(text)
	return f.barcode(err, "the 21 characters of an Intelligent Mail container barcode")
}

// anyBarcode takes what is long enough not to be the number of a card.
func anyBarcode(f *Field, text []byte) *event.Error {
	parsed, err := barcode.Parse(string(text))
	if err == nil && (parsed.Object == barcode.ObjectPLANET || parsed.Object == barcode.ObjectPOSTNET) {
		err = barcode.ErrNotRecognised
	}
	return f.barcode(err, "the digits of an IMb, IMtb or package barcode, or the characters of an IMcb or S10")
}

func (f *Field) barcode(err error, expected string) *event.Error {
	if err != nil {
		return f.wrong(event.BadBarcode, "expected %s", expected)
	}
	return nil
}

func date(f *Field, text []byte) *event.Error {
	if _, ok := event.ParseMoment(append(bytes.Clone(text), "T00:00:00"...)); !ok || len(text) != 10 {
		return f.wrong(event.NotTime, "expected a date YYYY-MM-DD between 1970 and 2199")
	}
	return nil
}

func month(f *Field, text []byte) *event.Error {
	if date(f, append(bytes.Clone(text), "-01"...)) != nil {
		return f.wrong(event.NotTime, "expected a month YYYY-MM")
	}
	return nil
}

func moment(f *Field, text []byte) *event.Error {
	if m, ok := event.ParseMoment(text); !ok || !m.HasOffset {
		return f.wrong(event.NotTime, "expected an RFC 3339 date and time with its offset, such as 2026-11-20T14:03:22-05:00")
	}
	return nil
}

func choice(f *Field, text []byte) *event.Error {
	if !slices.Contains(f.Values, string(text)) {
		return f.wrong(NotAllowed, "expected one of %s", strings.Join(f.Values, ", "))
	}
	return nil
}

func email(f *Field, text []byte) *event.Error {
	if address, err := mail.ParseAddress(string(text)); err != nil || address.Address != string(text) {
		return f.wrong(NotAllowed, "expected an e-mail address alone, as name@example.com")
	}
	return nil
}

func webAddress(f *Field, text []byte) *event.Error {
	if u, err := url.Parse(string(text)); err != nil || u.User != nil {
		return f.wrong(NotAllowed, "expected a URL without a user or password in it")
	}
	return nil
}

func ip(f *Field, text []byte) *event.Error {
	if _, err := netip.ParseAddr(string(text)); err != nil {
		return f.wrong(NotAllowed, "expected an IP address")
	}
	return nil
}
