package records

import (
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"mailtrail/schemas/retention"
)

// catalog is the built-in one, read once.
var catalog = sync.OnceValue(Builtin)

// Classes whose records are scans, with a form and a door of their own.
var scans = []string{retention.MailTracking, retention.PackageTracking, retention.SpecialServiceTracking}

func TestEveryKindHasItsRowAndEveryRowItsKinds(t *testing.T) {
	schedule, used := retention.Builtin(), map[string]bool{}
	for _, class := range scans {
		used[class] = true
	}
	for _, k := range catalog().Kinds() {
		row := schedule.Row(k.Class)
		require.NotNil(t, row, "kind %s: the schedule has no class %s", k.Name, k.Class)
		require.False(t, schedule.IsOwn(k.Class), k.Name)
		require.Equal(t, row.System, k.System, "kind %s and its class are of the same system", k.Name)
		used[k.Class] = true
		if k.Never != "" || k.Elsewhere != "" {
			continue
		}
		switch {
		case row.EventBound():
			require.Equal(t, row.Clock, k.Ends, "kind %s", k.Name)
			require.NotNil(t, k.Field(k.Subject), "kind %s", k.Name)
			require.True(t, k.Field(k.Subject).Needed, "kind %s: whose end is waited for must be known", k.Name)
		case row.Clock == retention.Capture:
			require.NotEmpty(t, k.Captured, "kind %s", k.Name)
			require.True(t, k.Field(k.Captured).Needed, "kind %s", k.Name)
		default:
			require.Empty(t, k.Captured+string(k.Ends), "kind %s: receipt starts its clock", k.Name)
		}
		if k.Sealed() {
			require.True(t, row.Sealed || row.EventBound(), "kind %s is about persons, and class %s is not sealed", k.Name, k.Class)
		}
	}
	for _, row := range schedule.Classes {
		require.True(t, used[row.Class], "no kind has the class %s", row.Class)
	}
}

func TestEveryCategoryOfTheNoticesHasItsKinds(t *testing.T) {
	categories := map[string]map[int]bool{}
	for _, k := range catalog().Kinds() {
		if categories[k.Notice] == nil {
			categories[k.Notice] = map[int]bool{}
		}
		categories[k.Notice][k.Category] = true
		require.Contains(t, k.Citation(), k.Words)
	}
	for notice, most := range map[string]int{"USPS 820.200": 7, "USPS 500.000": 13, "USPS 890.000": 17} {
		require.Len(t, categories[notice], most, notice)
		for n := 1; n <= most; n++ {
			require.True(t, categories[notice][n], "%s, category %d", notice, n)
		}
	}
	require.Len(t, categories["usps.com privacy policy (2013-12-26)"], 1, "the policy has no categories")
}

// The long categories of the notices, by the number of their elements, each once.
func TestEveryElementOfALongCategoryIsAField(t *testing.T) {
	for name, want := range map[string]struct {
		elements int
		words    []string // the first and the last of the notice, and what stands doubtfully between
	}{
		"property_meeting_session":         {43, []string{"Participant Name", "Polling Questions And Associated Responses", "Participant Recording Details"}},
		"property_meeting_application":     {157, []string{"In-Meeting Messages", "Meeting Transcriptions", "Web Conferences Q&A Question Email", "Cloud Recording Registrant List of Registrants"}},
		"property_meeting_device":          {67, []string{"Device Operating System", "SIP Phone Password", "SIP Phone Voice Voicemail"}},
		"property_meeting_user":            {64, []string{"User Creation Date", "User Token", "User Web Conferences Time zone", "Chat Messaging Content"}},
		"property_meeting_administration":  {62, []string{"Account Administrator Name", "Account ID", "client feedback detail time"}},
		"property_meeting_telemetry":       {10, []string{"Event Time", "Meeting ID"}},
		"property_message_telemetry":       {19, []string{"User Email", "IP Address"}},
		"property_communication":           {53, []string{"Deleted Persistent Message Sender", "Message Text"}},
		"marketing_meeting_session":        {43, []string{"Participant name", "Participant Recording Details"}},
		"marketing_meeting_device":         {67, []string{"Device Operating System", "SIP Phone Voice Voicemail"}},
		"marketing_meeting_user":           {64, []string{"User Creation Date", "Chat Messaging Content"}},
		"marketing_meeting_administration": {85, []string{"Account Administrator Name", "client feedback detail time"}},
		"marketing_meeting_telemetry":      {10, []string{"Event Time", "Meeting ID"}},
		"marketing_chat_telemetry":         {19, []string{"User Email", "IP Address"}},
		"marketing_communication":          {53, []string{"Deleted Persistent Message Sender", "Message Text"}},
	} {
		k := catalog().Kind(name)
		require.NotNil(t, k, name)
		var words []string
		for _, f := range k.Fields {
			if !slices.Contains([]string{"recordedDatetime", "hostName", "hostEmail", "organizerName", "organizerId"}, f.Name) && f.Words != "meeting ID" {
				words = append(words, f.Words)
			}
		}
		require.Len(t, words, want.elements, name)
		for _, w := range want.words {
			require.Contains(t, words, w, name)
		}
	}
}

func TestRetrievalKeysAreThoseOfTheNotices(t *testing.T) {
	c := catalog()
	given := map[string]map[string]bool{}
	for _, k := range c.Kinds() {
		for _, key := range k.Keys {
			require.NotEmpty(t, c.KeyWords(k.System, key), "kind %s", k.Name)
			if given[k.System] == nil {
				given[k.System] = map[string]bool{}
			}
			given[k.System][key] = true
		}
		if k.Document || strings.Contains(k.System, "usps.com") {
			require.Empty(t, k.Keys, "kind %s", k.Name)
		}
		for _, f := range k.Fields {
			if f.Key != "" && f.Key != "industry_code" {
				require.Equal(t, Personal, f.Sensitivity, "kind %s field %s: what finds a person is personal", k.Name, f.Name)
			}
		}
	}
	for system, n := range map[string]int{
		"USPS 820.200 Mail Management and Tracking Activity": 6, "USPS 500.000 Property Management Records": 12,
		"USPS 890.000 Sales, Marketing, Events, and Publications": 11,
	} {
		require.Len(t, given[system], n, "%s: every key of the notice is given by some kind", system)
	}
	for name, keys := range map[string][]string{
		"parking":                {"name", "zip_code", "space_number", "parking_license"},
		"promotion":              {"company_name", "industry_code"},
		"property_meeting_user":  {"organizer_name"},
		"marketing_recording":    {"meeting_id", "host_name", "host_email"},
		"property_communication": {"organizer_name"},
	} {
		require.ElementsMatch(t, keys, c.Kind(name).Keys, name)
	}
}

// What is listed by the notices and may be kept by nobody in full.
func TestSecretsAndNumbersHaveTheirForms(t *testing.T) {
	for _, k := range catalog().Kinds() {
		for _, f := range k.Fields {
			words := strings.ToLower(f.Words)
			switch {
			case strings.Contains(words, "password") || strings.Contains(words, "secret key") || strings.Contains(words, "passcode"):
				require.Equal(t, Hash, f.Type, "%s.%s", k.Name, f.Name)
			case strings.Contains(words, "social security"):
				require.Equal(t, LastFour, f.Type, "%s.%s", k.Name, f.Name)
			case strings.Contains(words, "card number") || strings.Contains(words, "ach information") && strings.HasPrefix(f.Name, "account"):
				require.Contains(t, []Type{Token, LastFour}, f.Type, "%s.%s", k.Name, f.Name)
			}
			require.False(t, cardCodeNames.MatchString(f.Name), "%s.%s", k.Name, f.Name)
		}
	}
}

const smallFile = `system: S
notice: N
keys:
  name: name
kinds:
  - kind: one
    words: w
    class: c
    captured: at
    keys: [name]
    fields:
      - {name: at, type: time, needed: true}
      - {name: who, type: text, max: 20, sensitivity: personal, key: name}
  - kind: two
    words: w
    class: c
    document: true
    fields:
      - {name: what, type: choice, values: [a, b]}
`

func TestParseNamesMistakes(t *testing.T) {
	cases := map[string]struct{ old, new, want string }{
		"unknown key":            {"    class: c\n    captured", "    clas: c\n    captured", "f.yaml: line 8: clas: unknown key"},
		"unknown key of a field": {"needed: true", "need: true", "f.yaml: line 12: need: unknown key"},
		"not YAML":               {"kinds:", "kinds: [", "f.yaml: line 5"},
		"a wrong type":           {"max: 20", "max: many", "\"many\": cannot unmarshal"},
		"no system":              {"system: S\n", "", "f.yaml: system: it is needed"},
		"no class":               {"    class: c\n    document", "    document", "f.yaml: line 14: two: class: it is needed"},
		"bad name":               {"kind: one", "kind: One", "line 6: One: kind: \"One\", expected lower-case letters"},
		"a kind twice":           {"kind: two", "kind: one", "line 14: kind: \"one\" stands twice"},
		"a field twice":          {"name: who", "name: at", "line 13: one: at: name: \"at\" stands twice, on line 12 too"},
		"bad field name":         {"name: who", "name: Who", "line 13: one: Who: name: \"Who\", expected letters and digits"},
		"unknown type":           {"type: text", "type: txt", "line 13: one: who: type: \"txt\", expected one of barcode, choice"},
		"unknown sensitivity":    {"sensitivity: personal", "sensitivity: high", "sensitivity: \"high\", expected none, personal, payment or secret"},
		"text without a length":  {"max: 20, ", "", "line 13: one: who: max: 0, expected 1 to 20000 characters"},
		"a length too many":      {"type: time, ", "type: time, max: 9, ", "a value of type time has at most 40 characters by itself"},
		"a choice of nothing":    {", values: [a, b]", "", "values: 0 of them: expected some for type choice"},
		"a payment in clear":     {"sensitivity: personal, key: name", "sensitivity: payment, key: name", "type: \"text\" of sensitivity payment: expected one that cannot hold"},
		"a secret in clear":      {"sensitivity: personal, key: name", "sensitivity: secret, key: name", "type: \"text\" of sensitivity secret: expected hash"},
		"many of one":            {"max: 20", "max: 20, many: 1", "many: 1, expected 2 to 1000"},
		"no such captured":       {"captured: at", "captured: then", "line 6: one: captured: \"then\" is no field of the kind"},
		"an unknown end":         {"captured: at", "ends: sometime", "ends: \"sometime\", expected one of relationship_end"},
		"an end of nobody":       {"captured: at", "ends: relationship_end", "subject: \"\" is no field of the kind"},
		"two clocks":             {"captured: at", "captured: at\n    ends: reply", "ends: \"reply\" stands beside captured"},
		"an unknown key of keys": {"keys: [name]", "keys: [face]", "keys: \"face\" is no retrieval key of the notice"},
		"a key that none gives":  {", key: name}", "}", "no field gives the key \"name\""},
		"a key beside the list":  {"    keys: [name]\n", "", "line 12: one: who: key: \"name\" is not among the kind's keys"},
		"a person in a document": {"values: [a, b]", "values: [a, b], sensitivity: personal", "line 14: two: document: true, but a field is about a person"},
		"no fields":              {"    fields:\n      - {name: what, type: choice, values: [a, b]}\n", "", "line 14: two: fields: it is needed"},
	}
	_, err := Parse(map[string][]byte{"f.yaml": []byte(smallFile)})
	require.NoError(t, err)
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			changed := strings.Replace(smallFile, c.old, c.new, 1)
			require.NotEqual(t, smallFile, changed)
			_, err := Parse(map[string][]byte{"f.yaml": []byte(changed)})
			require.ErrorContains(t, err, c.want)
		})
	}
}

func TestSourcesMakeTheSameCatalog(t *testing.T) {
	again, err := Parse(catalog().Sources())
	require.NoError(t, err)
	require.Equal(t, catalog().Kinds(), again.Kinds())
	require.Len(t, again.Sources(), 5)
	require.Contains(t, again.Names(), "hold_mail")
}

func FuzzParse(f *testing.F) {
	f.Add([]byte(smallFile))
	for _, seed := range []string{"", "kinds: [{kind: {a: b}}]", "a: &x [*x]", "kinds:\n- fields: [1]", "- a"} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, source []byte) {
		c, err := Parse(map[string][]byte{"f.yaml": source})
		if err != nil {
			return
		}
		for _, k := range c.Kinds() {
			if k.Name == "" || k.Class == "" {
				t.Fatalf("a kind without name or class was taken")
			}
		}
	})
}
