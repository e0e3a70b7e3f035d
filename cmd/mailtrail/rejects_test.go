package main

import (
	"bytes"
	"encoding/json"
	"testing"

	"github.com/stretchr/testify/require"

	"mailtrail/pipeline/rejects"
	"mailtrail/schemas/event"
)

func TestRejectsUsage(t *testing.T) {
	for name, test := range map[string]struct {
		args   []string
		stderr string
	}{
		"no sub-command": {[]string{"rejects"}, "expected one of list, replay, show"},
		"bad state":      {[]string{"rejects", "list", "--state", "lost"}, "expected rejected or stored"},
		"bad ID":         {[]string{"rejects", "show", "4711"}, "TOPIC/PARTITION/OFFSET/INDEX"},
		"no ID":          {[]string{"rejects", "show"}, "accepts 1 arg"},
		"bad format":     {[]string{"rejects", "list", "--format", "xml"}, "expected table, json or csv"},
	} {
		t.Run(name, func(t *testing.T) {
			got := mailtrail(nil, test.args...)
			require.Equal(t, exitWrong, got.status)
			require.Contains(t, got.stderr, test.stderr)
			require.Empty(t, got.stdout)
		})
	}
}

func TestReplayedSentence(t *testing.T) {
	require.Equal(t, "sent 3 rejects to mail.scans; 2 were stored by an earlier replay", replayedSentence(rejects.Replayed{Sent: 3, Events: 3, Stored: 2}, false))
	require.Equal(t, "would send 1 rejects to mail.scans with 4 events; 0 were stored by an earlier replay; 1 have no payload",
		replayedSentence(rejects.Replayed{Sent: 1, Events: 4, Empty: 1}, true))
}

func shownReject() *rejects.Shown {
	return &rejects.Shown{
		Reject: rejects.Reject{ID: "mail.scans/0/5/0", RejectedAt: 1_790_000_000_123, Clock: 1_789_999_999_000, Stage: event.DeriveStage, Reason: "contradiction", Field: "imbMid",
			Bytes: 13, Seal: event.NoSeal, Partition: 2, Offset: 9, Times: 2, State: rejects.Rejected},
		Headers: []event.Header{{Key: "origin", Value: []byte("mail.scans/0/5/0")}, {Key: "device", Value: []byte("dbcs\x1b[2J")}},
		Payload: rejects.Payload{Events: []json.RawMessage{[]byte("{\"imb\":\"12\u202e\"}")}, Rest: []byte{0xff, 0x1b}},
	}
}

func TestPrintRejectForPeople(t *testing.T) {
	var out bytes.Buffer
	require.NoError(t, printReject(&out, "table", shownReject()))
	text := out.String()
	for _, want := range []string{"mail.scans/0/5/0", "2026-09-21T", "contradiction", "mail.rejects/2/9", "header device", "{\n  \"imb\": \"12\uFFFD\"\n}\n", "00000000  ff 1b"} {
		require.Contains(t, text, want)
	}
	require.NotContains(t, text, "\x1b", "what came with an event cannot steer the terminal")
	require.NotContains(t, text, "\u202e")
}

func TestPrintRejectAsARow(t *testing.T) {
	var out bytes.Buffer
	require.NoError(t, printReject(&out, "json", shownReject()))
	var row struct {
		ID      string
		Times   int
		Headers map[string]string
		Payload []map[string]string
		Rest    string
	}
	require.NoError(t, json.Unmarshal(out.Bytes(), &row))
	require.Equal(t, "mail.scans/0/5/0", row.ID)
	require.Equal(t, 2, row.Times)
	require.Equal(t, "dbcs\x1b[2J", row.Headers["device"])
	require.Equal(t, "12\u202e", row.Payload[0]["imb"])
	require.Equal(t, "ff1b", row.Rest)

	out.Reset()
	require.NoError(t, printReject(&out, "csv", shownReject()))
	require.Equal(t, 2, bytes.Count(out.Bytes(), []byte("\n")))
	require.Contains(t, out.String(), `""imb""`)
}
