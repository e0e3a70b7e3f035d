package ingest

import (
	"bytes"
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"mailtrail/schemas/barcode"
	"mailtrail/schemas/event"
)

// misread returns the event of a letter of which so many bars were read wrongly, and how to mend them.
func misread(t *testing.T, wrong int) (value []byte, mending string) {
	bars, err := barcode.Encode([]byte("00270123456000000007"), []byte("10118112501"))
	require.NoError(t, err)
	read := bytes.Clone(bars[:])
	for i := range wrong {
		at := 5 + 11*i
		if read[at] = 'T'; bars[at] == 'T' {
			read[at] = 'F'
		}
		mending += fmt.Sprintf(",%d%c", at+1, bars[at])
	}
	at := time.UnixMilli(testNow - 1000).UTC().Format(time.RFC3339)
	return fmt.Appendf(nil, `{"bars":%q,"scanDatetime":%q,"machineId":"M"}`, read, at), mending[1:]
}

func TestDamagedBarsInTheStream(t *testing.T) {
	two, _ := misread(t, 2)
	four, mending := misread(t, 4)
	origin := header(event.OriginHeader, "mail.scans/0/41/2")
	repair := header(event.RepairHeader, "9412 "+mending)
	for name, c := range map[string]struct {
		value   []byte
		headers []event.Header
		reason  event.Code
	}{
		"two wrong bars":                 {two, nil, ""},
		"four":                           {four, nil, event.UnreadableBars},
		"four, repaired before":          {four, []event.Header{origin, repair}, ""},
		"four, replayed as they are":     {four, []event.Header{origin}, event.UnreadableBars},
		"a repair of no replay is none":  {four, []event.Header{repair}, event.UnreadableBars},
		"a repair of other bars":         {two, []event.Header{origin, repair}, event.UnreadableBars},
		"a repair that cannot be read":   {four, []event.Header{origin, header(event.RepairHeader, mending)}, event.BadHeader},
		"a repair that leaves the event": {four, []event.Header{origin, header(event.RepairHeader, "9412 ")}, event.UnreadableBars},
	} {
		t.Run(name, func(t *testing.T) {
			got := outcomeOf(t, event.Message{Value: c.value, Headers: c.headers, Time: testNow})
			if c.reason == "" {
				require.Equal(t, 1, got.head.Len())
				require.Equal(t, event.PieceNumber([]byte("F-123456-000000007")), scansOf(got.rows).Piece[0])
				return
			}
			require.Zero(t, got.head.Len())
			m := slices.Collect(got.letters())[0]
			require.Equal(t, string(c.reason), string(m.Header(event.ReasonHeader)))
			tried := len(c.headers) == 2 && c.reason != event.BadHeader
			require.Equal(t, tried, m.Header(event.RepairHeader) != nil, "a reject tells that it was repaired before")
			require.Equal(t, c.value, m.Value, "a reject keeps the bars")
		})
	}
}

func TestKnownBarcodesAreOfTheEpoch(t *testing.T) {
	rules := testRules(t)
	plain, parts := NewEpoch(rules)
	known, err := barcode.ParseKnownSet([]byte("effective 2026-01-01\nsource a test\n123456\n"))
	require.NoError(t, err)
	tables := *rules.Tables.(ScanTables).Tables
	tables.Known = known
	rules.Tables = ScanTables{&tables}
	epoch, knownParts := NewEpoch(rules)
	require.NotEqual(t, plain.Name, epoch.Name, "a known set decides")

	again, err := LoadEpoch(Scans(nil), rules.Tables.Version(), epoch.Name, knownParts)
	require.NoError(t, err)
	require.Equal(t, known, again.Rules.Tables.(ScanTables).Known)
	again, err = LoadEpoch(Scans(nil), rules.Tables.Version(), plain.Name, parts)
	require.NoError(t, err)
	require.Nil(t, again.Rules.Tables.(ScanTables).Known)
}

// The searches of one message are no account of the next.
func TestEachMessageHasItsOwnSearches(t *testing.T) {
	const many = 5_000 // as schemas/derive bounds them
	value, _ := misread(t, 1)
	var scan event.Scan
	require.Nil(t, scan.DecodeJSON(value))
	require.Nil(t, scan.Check())
	batch := bytes.Repeat(scan.AppendProto(nil), many+1)
	build := newBuilder(testRules(t), testNow)
	b := newBlock(event.ScansTopic, 0, 0, &event.ScanColumns{})
	for offset := range int64(2) {
		build.add(b, &event.Message{Offset: offset, Time: testNow, Value: batch, Headers: []event.Header{header(event.ContentTypeHeader, event.ProtoType)}})
	}
	require.Equal(t, 2*many, b.head.Len())
	require.Len(t, b.rejects, 2)
}
