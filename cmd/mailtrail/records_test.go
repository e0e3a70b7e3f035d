package main

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"mailtrail/schemas/event/records"
)

func TestRecordsKindsNameRuleAndLimit(t *testing.T) {
	env := []string{"MAILTRAIL_DATA=" + t.TempDir()}
	out := mailtrail(env, "records", "kinds", "--format", "json").stdout
	lines := strings.Split(strings.TrimSpace(out), "\n")
	require.Len(t, lines, len(records.Builtin().Kinds()))
	found := map[string]map[string]any{}
	for _, line := range lines {
		var row map[string]any
		require.NoError(t, json.Unmarshal([]byte(line), &row))
		found[row["kind"].(string)] = row
	}
	hold := found["hold_mail"]
	require.Equal(t, "USPS 820.200, Categories of Records 5: Customer preference data", hold["citation"])
	require.Equal(t, "hold_mail", hold["class"])
	require.Equal(t, "1y", hold["limit"])
	require.Equal(t, "capture", hold["starts"])
	require.Contains(t, found["session_cookie_data"]["taken"], "never: ")
	require.Equal(t, "by POST /v1/images", found["mailpiece_image"]["taken"])
	require.Equal(t, "not yet", found["mail_customer"]["taken"], "it ends with a relationship")

	out = mailtrail(env, "records", "kinds", "hold_mail", "--format", "csv").stdout
	require.Contains(t, out, "\nmailAddresses,mail address(es),up to 20 of text,false,300,")
	wrong := mailtrail(env, "records", "kinds", "nothing")
	require.Equal(t, exitWrong, wrong.status)
	require.Contains(t, wrong.stderr, "nothing is no kind of records: expected one of ad_cookie, ")
}
