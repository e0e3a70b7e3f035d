package records

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"mailtrail/schemas/event"
)

const hold = `{"requestedDatetime":"2026-11-20T09:00:00-05:00","holdBegins":"2026-11-22","customerName":"A. Person","mailAddresses":["1 Main St","2 Main St"],"zip11":"10118112501"}`

func decode(kind, text string) (*Record, *event.Error) {
	r := new(Record)
	return r, r.DecodeJSON(catalog().Kind(kind), []byte(text))
}

func TestARecordIsReadAndWritten(t *testing.T) {
	r, err := decode("hold_mail", hold)
	require.Nil(t, err)
	require.Equal(t, hold, string(r.AppendJSON(nil)))
	at, ok := r.CapturedAt()
	require.True(t, ok)
	require.Equal(t, time.Date(2026, 11, 20, 14, 0, 0, 0, time.UTC).UnixMilli(), at)
	keys := map[string][]string{}
	r.EachKey(func(key string, value []byte) { keys[key] = append(keys[key], string(value)) })
	require.Equal(t, map[string][]string{"customer_name": {"A. Person"}, "mailing_address": {"1 Main St", "2 Main St"}, "zip_11": {"10118112501"}}, keys)
	require.Equal(t, "2 Main St", string(r.Values("mailAddresses")[1]))
	require.Empty(t, r.Values("comments"))
	require.Empty(t, r.Values("no such field"))
}

func TestWhatIsWrongIsNamedAndNotShown(t *testing.T) {
	const planted = "Planted Value 77"
	doc := func(kind, members string) (string, string) {
		return kind, `{"preparedDatetime":"2026-11-20T09:00:00Z","edocJobId":"JOB1","edocSubmitterCrid":"1234567"` + members + `}`
	}
	with := func(members string) (string, string) {
		return "hold_mail", strings.TrimSuffix(hold, "}") + members + "}"
	}
	for name, c := range map[string]struct {
		make    func() (kind, text string)
		field   string
		code    event.Code
		message string
	}{
		"not JSON":              {func() (string, string) { return "hold_mail", `{"a"` }, "", event.NotReadable, "a colon at byte 5"},
		"not an object":         {func() (string, string) { return "hold_mail", `["` + planted + `"]` }, "", event.NotReadable, "a JSON object at byte 1"},
		"nothing":               {func() (string, string) { return "hold_mail", ` ` }, "", event.EmptyValue, "an object is needed"},
		"an unknown field":      {func() (string, string) { return with(`,"favouriteColour":"` + planted + `"`) }, "favouriteColour", UnknownField, "records of kind hold_mail do not have the field"},
		"a value for a name":    {func() (string, string) { return with(`,"4111 1111 1111 1111":1`) }, "(not a name)", UnknownField, "do not have the field"},
		"a security code":       {func() (string, string) { return with(`,"cvv":"123"`) }, "cvv", CardCode, "kept nowhere"},
		"another":               {func() (string, string) { return with(`,"cardSecurityCode":"123"`) }, "cardSecurityCode", CardCode, "kept nowhere"},
		"a field twice":         {func() (string, string) { return with(`,"zip11":"10118112501"`) }, "zip11", event.Repeated, "twice"},
		"a needed field absent": {func() (string, string) { return "hold_mail", `{"requestedDatetime":"2026-11-20T09:00:00Z"}` }, "holdBegins", event.Missing, "needed in records of kind hold_mail"},
		"a needed field empty":  {func() (string, string) { return "hold_mail", `{"requestedDatetime":"","holdBegins":"2026-11-22"}` }, "requestedDatetime", event.Missing, "needed"},
		"a number for a text":   {func() (string, string) { return with(`,"comments":7`) }, "comments", event.WrongType, "a text"},
		"an object":             {func() (string, string) { return with(`,"comments":{"a":"` + planted + `"}`) }, "comments", event.WrongType, "a text"},
		"a list for a text":     {func() (string, string) { return with(`,"comments":["` + planted + `"]`) }, "comments", event.WrongType, "a text"},
		"a broken list":         {func() (string, string) { return "hold_mail", `{"mailAddresses":["a" "b"]}` }, "", event.NotReadable, "a JSON value at byte 23"},
		"too long":              {func() (string, string) { return with(`,"comments":"` + strings.Repeat("ä", 2001) + `"`) }, "comments", event.TooLong, "2001 characters, at most 2000"},
		"too many": {func() (string, string) {
			return "hold_mail", `{"mailAddresses":[` + strings.Repeat(`"a",`, 20) + `"b"]}`
		}, "mailAddresses", TooMany, "more than 20"},
		"not UTF-8":          {func() (string, string) { return with(`,"comments":"` + "\xff" + `"`) }, "comments", event.NotUTF8, "UTF-8"},
		"a control mark":     {func() (string, string) { return with(`,"comments":"a\u0000b"`) }, "comments", NotAllowed, "one stands at byte 2"},
		"no time":            {func() (string, string) { return "hold_mail", `{"requestedDatetime":"` + planted + `"}` }, "requestedDatetime", event.NotTime, "RFC 3339"},
		"a local time":       {func() (string, string) { return "hold_mail", `{"requestedDatetime":"2026-11-20T09:00:00"}` }, "requestedDatetime", event.NotTime, "with its offset"},
		"no date":            {func() (string, string) { return with(`,"redeliveryDate":"2026-02-30"`) }, "redeliveryDate", event.NotTime, "YYYY-MM-DD"},
		"no ZIP code":        {func() (string, string) { return doc("container", `,"edocContainerId":"1","destinationZip":"1234"`) }, "destinationZip", event.WrongLength, "5, 9 or 11 digits"},
		"no barcode":         {func() (string, string) { return doc("piece", `,"imb":"123"`) }, "imb", event.BadBarcode, "Intelligent Mail barcode"},
		"no count":           {func() (string, string) { return doc("mailing", `,"mailpieceCount":-1`) }, "mailpieceCount", event.NotCount, "a whole number"},
		"a count too great":  {func() (string, string) { return doc("mailing", `,"mailpieceCount":4111111111111111`) }, "mailpieceCount", event.TooLong, "at most 12"},
		"no choice":          {func() (string, string) { return doc("mailing", `,"mailClass":"`+planted+`"`) }, "mailClass", NotAllowed, "expected one of first_class, marketing"},
		"a space in a code":  {func() (string, string) { return doc("mailing", `,"permitNumber":"a b"`) }, "permitNumber", event.NotLetters, "without a space"},
		"no yes and no no":   {func() (string, string) { return "web_referral", `{"registered":"maybe"}` }, "registered", event.WrongType, "true or false"},
		"no IP address":      {func() (string, string) { return "web_log", `{"ipAddress":"1.2.3"}` }, "ipAddress", NotAllowed, "an IP address"},
		"a user in a URL":    {func() (string, string) { return "web_log", `{"pages":["https://u:p@example.com"]}` }, "pages", NotAllowed, "without a user or password"},
		"no e-mail address":  {func() (string, string) { return "mail_customer", `{"customerId":"1","emailAddresses":"A <a@b.c>"}` }, "emailAddresses", NotAllowed, "alone"},
		"a password":         {func() (string, string) { return "mail_identity", `{"customerId":"1","password":"` + planted + `"}` }, "password", NotHashed, "$argon2id$"},
		"a number, no token": {func() (string, string) { return "mail_ach_payment", `{"accountToken":"12345678"}` }, "accountToken", NotToken, "a token"},
		"a month of 13":      {func() (string, string) { return "mail_card_payment", `{"customerId":"1","cardExpires":"2027-13"}` }, "cardExpires", event.NotTime, "YYYY-MM"},
		"more than four":     {func() (string, string) { return "mail_card_payment", `{"customerId":"1","cardLastFour":"12345"}` }, "cardLastFour", event.TooLong, "at most 4"},
	} {
		t.Run(name, func(t *testing.T) {
			kind, text := c.make()
			_, err := decode(kind, text)
			require.NotNil(t, err)
			require.Equal(t, c.field, err.Field)
			require.Equal(t, c.code, err.Code)
			require.Contains(t, err.Message, c.message)
			require.NotContains(t, err.Error(), planted)
		})
	}
}

func TestWhatIsTaken(t *testing.T) {
	for name, c := range map[string]struct{ kind, text, want string }{
		"null and nothing are absent": {"web_log", `{"domain":null,"browser":"","pages":[],"operatingSystem":"Plan 9"}`, `{"operatingSystem":"Plan 9"}`},
		"one for a list":              {"web_log", `{"pages":"https://example.com/a?b=c"}`, `{"pages":["https://example.com/a?b=c"]}`},
		"a text for a number":         {"web_referral", `{"clickThroughs":"7","registered":"true","saleValue":"12.50"}`, `{"clickThroughs":7,"registered":true,"saleValue":12.50}`},
		"escapes":                     {"web_log", `{"browser":"a\u00e4\"\\\n"}`, `{"browser":"aä\"\\\n"}`},
		"an IPv6 address":             {"web_log", `{"ipAddress":"2001:db8::1"}`, `{"ipAddress":"2001:db8::1"}`},
		"a package's barcode":         {"special_service", `{"acceptedDatetime":"2026-11-20T09:00:00Z","articleNumber":"9261290113185417468510"}`, `{"acceptedDatetime":"2026-11-20T09:00:00Z","articleNumber":"9261290113185417468510"}`},
		"a slow hash":                 {"mail_identity", `{"customerId":"1","password":"$argon2id$v=19$m=65536,t=3,p=4$c29tZXNhbHRzb21l$RdescudvJCsgt3ub+b4dWRWJTmaaJObG"}`, `{"customerId":"1","password":"$argon2id$v=19$m=65536,t=3,p=4$c29tZXNhbHRzb21l$RdescudvJCsgt3ub+b4dWRWJTmaaJObG"}`},
	} {
		t.Run(name, func(t *testing.T) {
			r, err := decode(c.kind, c.text)
			require.Nil(t, err)
			require.Equal(t, c.want, string(r.AppendJSON(nil)))
		})
	}
}

func TestCapturedAtOfADateIsItsFirstMoment(t *testing.T) {
	r, err := decode("web_log", `{"browser":"b"}`)
	require.Nil(t, err)
	_, ok := r.CapturedAt()
	require.False(t, ok, "receipt starts its clock")
	c, failed := Parse(map[string][]byte{"f": []byte(strings.Replace(smallFile, "type: time", "type: date", 1))})
	require.NoError(t, failed)
	require.Nil(t, r.DecodeJSON(c.Kind("one"), []byte(`{"at":"2026-11-20"}`)))
	at, ok := r.CapturedAt()
	require.True(t, ok)
	require.Equal(t, time.Date(2026, 11, 20, 0, 0, 0, 0, time.UTC).UnixMilli(), at)
}

// What is written reads back as the same record, whatever is in it.
func TestRecordsRoundTrip(t *testing.T) {
	c := catalog()
	k := c.Kind("web_log")
	rapid.Check(t, func(t *rapid.T) {
		text := "{"
		for i, name := range []string{"domain", "operatingSystem", "browser"} {
			value := strings.Map(func(r rune) rune {
				if r < ' ' || r == 0x7f || r >= 0x80 && r < 0xa0 {
					return -1
				}
				return r
			}, rapid.StringN(0, 60, -1).Draw(t, name))
			if i > 0 {
				text += ","
			}
			quoted := k.Field(name).appendValue(nil, []byte(value))
			text += fmt.Sprintf("%q:%s", name, quoted)
		}
		var first, second Record
		if err := first.DecodeJSON(k, []byte(text+"}")); err != nil {
			require.True(t, Forbidden(err.Code), "%v", err)
			return
		}
		line := first.AppendJSON(nil)
		require.Nil(t, second.DecodeJSON(k, line))
		require.Equal(t, line, second.AppendJSON(nil))
	})
}

func TestDelimitedText(t *testing.T) {
	k := catalog().Kind("bundle")
	const head = "edocJobId,edocSubmitterCrid,preparedDatetime,edocPackageId,mailpieceCount\n"
	d, err := NewDelimited(k, []byte("\ufeff"+head+"JOB1,123,2026-11-20T09:00:00Z,P1,10\nJOB1,123,2026-11-20T09:00:00Z\nJOB1,123,then,P3,\n\"JOB1\",123,2026-11-20T09:00:00Z,\"P\"\"4\",\n"))
	require.Nil(t, err)
	var lines []string
	for {
		var r Record
		ok, broken, err := d.Next(&r)
		if !ok {
			break
		}
		require.False(t, broken)
		if err != nil {
			lines = append(lines, err.Error())
			continue
		}
		lines = append(lines, string(r.AppendJSON(nil)))
	}
	require.Equal(t, []string{
		`{"edocJobId":"JOB1","edocSubmitterCrid":"123","preparedDatetime":"2026-11-20T09:00:00Z","edocPackageId":"P1","mailpieceCount":10}`,
		"not_readable: the line has 3 fields, and the first line has 5",
		"not_a_time: field preparedDatetime: expected an RFC 3339 date and time with its offset, such as 2026-11-20T14:03:22-05:00",
		`{"edocJobId":"JOB1","edocSubmitterCrid":"123","preparedDatetime":"2026-11-20T09:00:00Z","edocPackageId":"P\"4"}`,
	}, lines)

	for name, c := range map[string]struct{ kind, text, want string }{
		"nothing":          {"bundle", " \n", "empty_value"},
		"of a person":      {"hold_mail", "comments\n", "not_readable: records of kind hold_mail come as JSON alone"},
		"an unknown field": {"bundle", "edocJobId,colour\n", "unknown_field: field colour"},
		"a field twice":    {"bundle", "edocJobId,edocJobId\n", "repeated_field: field edocJobId"},
		"a broken head":    {"bundle", "\"edocJobId,\n", "not_readable: line"},
	} {
		_, err := NewDelimited(catalog().Kind(c.kind), []byte(c.text))
		require.NotNil(t, err, name)
		require.Contains(t, err.Error(), c.want, name)
	}
	d, err = NewDelimited(k, []byte("edocJobId\tedocPackageId\nJOB1\t\"a\n"))
	require.Nil(t, err)
	_, broken, err := d.Next(&Record{})
	require.True(t, broken)
	require.Equal(t, event.NotReadable, err.Code)
}

func FuzzDecodeJSON(f *testing.F) {
	f.Add("hold_mail", []byte(hold))
	for _, seed := range []string{`{}`, `{"comments":"4111 1111 1111 1111"}`, `{"pages":["a",null,7]}`, `{"answer":"$scrypt$ln=16,r=8,p=1$aaaaaaaaaaa$bbbbbbbbbbbbbbbbbbbbbbb"}`, "{\"comments\":\"\\ud800\"}"} {
		f.Add("web_log", []byte(seed))
		f.Add("identity_verification", []byte(seed))
		f.Add("hold_mail", []byte(seed))
	}
	c := catalog()
	f.Fuzz(func(t *testing.T, kind string, data []byte) {
		k := c.Kind(kind)
		if k == nil {
			return
		}
		var first, second Record
		if first.DecodeJSON(k, data) != nil {
			return
		}
		line := first.AppendJSON(nil)
		if err := second.DecodeJSON(k, line); err != nil {
			t.Fatalf("what was written cannot be read: %v", err)
		}
		if string(second.AppendJSON(nil)) != string(line) {
			t.Fatal("what was written reads back as another record")
		}
	})
}

func FuzzDelimited(f *testing.F) {
	f.Add([]byte("edocJobId,edocSubmitterCrid\nA,1\n"))
	f.Add([]byte("edocJobId;edocSubmitterCrid\n\"A\";1\n"))
	k := catalog().Kind("bundle")
	f.Fuzz(func(t *testing.T, data []byte) {
		d, err := NewDelimited(k, data)
		if err != nil {
			return
		}
		var r Record
		for range 1000 {
			ok, broken, err := d.Next(&r)
			if !ok || broken {
				return
			}
			if err == nil {
				var again Record
				if err := again.DecodeJSON(k, r.AppendJSON(nil)); err != nil {
					t.Fatalf("what was written cannot be read: %v", err)
				}
			}
		}
	})
}
