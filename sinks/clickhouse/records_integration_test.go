package clickhouse

import (
	"crypto/sha256"
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"mailtrail/schemas/event"
	"mailtrail/schemas/retention"
)

func TestBatches(t *testing.T) {
	_, s := fresh(t)
	now := time.Now().UnixMilli()
	row := event.BatchRow{
		ID: "b'1", Part: event.Part{Number: 2, Of: 3}, Places: "0-3,5", Topic: event.ScansTopic, Partition: 1, Offset: 7, At: now, Device: "d",
		Outcomes: [event.NumOutcomes]uint64{3, 1, 2, 4}, Reasons: map[string]uint64{"bad_barcode": 2}, PushGroup: "g", PushPart: event.Part{Number: 1, Of: 4},
	}
	plain := event.BatchRow{ID: "b2", Part: event.Part{Number: 1, Of: 1}, Places: "0", Topic: event.ScansTopic, Offset: 8, At: now, Outcomes: [event.NumOutcomes]uint64{1}}
	third := row
	third.ID, third.Offset, third.PushPart.Number = "b3", 9, 3
	old := plain
	old.ID, old.At = "b4", now-5*24*3600*1000
	for range 2 {
		require.NoError(t, s.InsertBatches(t.Context(), "t", []event.BatchRow{row, plain, third, old}))
	}
	found, err := s.Batches(t.Context(), event.ScansTopic, []string{"b'1", "b2", "b4", "no"}, now)
	require.NoError(t, err)
	plain.Reasons = map[string]uint64{}
	require.Equal(t, []event.BatchRow{row, plain}, found, "b4 is too old")

	found, err = s.BatchByID(t.Context(), "b4")
	require.NoError(t, err)
	require.Len(t, found, 1)
	found, err = s.Batches(t.Context(), "other", []string{"b2"}, 0)
	require.NoError(t, err)
	require.Empty(t, found)
	require.NoError(t, s.InsertBatches(t.Context(), "none", nil))

	var total uint32
	var arrived uint64
	var missing []uint32
	require.NoError(t, s.conn.QueryRow(t.Context(), "SELECT totMsgCnt, arrived, missing FROM mailtrail.push_groups WHERE msgGrpId = 'g'").Scan(&total, &arrived, &missing))
	require.EqualValues(t, 4, total)
	require.EqualValues(t, 2, arrived)
	require.Equal(t, []uint32{2, 4}, missing)
}

func TestReplays(t *testing.T) {
	_, s := fresh(t)
	rows := []event.ReplayRow{
		{Origin: "mail.scans/0/1/0", Topic: event.ScansTopic, Partition: 2, Offset: 3, At: time.Now().UnixMilli()},
		{Origin: "mail.scans/0/2/0", Topic: event.ScansTopic, Partition: 2, Offset: 4, At: time.Now().UnixMilli()},
	}
	for range 2 {
		require.NoError(t, s.InsertReplays(t.Context(), "t", rows))
	}
	found, err := s.Replays(t.Context(), []string{"mail.scans/0/2/0", "mail.scans/9/9/9"})
	require.NoError(t, err)
	require.Equal(t, rows[1:], found)
}

func TestEpochs(t *testing.T) {
	_, s := fresh(t)
	parts := []event.EpochPart{{Epoch: "e1", Name: "facilities", Content: []byte{0, 1, 0xff}}, {Epoch: "e1", Name: "schedule", Content: retention.Builtin().Source()}}
	for range 2 {
		require.NoError(t, s.PutEpoch(t.Context(), parts))
	}
	require.NoError(t, s.PutEpoch(t.Context(), []event.EpochPart{{Epoch: "e2", Name: "schedule", Content: []byte("other")}}))
	found, err := s.Epoch(t.Context(), "e1")
	require.NoError(t, err)
	require.Equal(t, parts, found)
	found, err = s.Epoch(t.Context(), "e3")
	require.NoError(t, err)
	require.Empty(t, found)
}

func TestKnownBarcodes(t *testing.T) {
	owner, s := fresh(t)
	now, text := time.Now().UnixMilli(), []byte("effective 2026-01-01\nsource a test\n123456\n")
	for range 2 {
		require.NoError(t, s.PutKnown(t.Context(), "h1", text, now))
	}
	require.NoError(t, s.PutKnown(t.Context(), "h1", text, now-(24*time.Hour).Milliseconds()))
	require.EqualValues(t, 2, number(t, s, "SELECT count() FROM mailtrail_data.known_barcodes"), "once a slot")
	found, err := s.Known(t.Context(), "h1")
	require.NoError(t, err)
	require.Equal(t, text, found)
	found, err = s.Known(t.Context(), "h2")
	require.NoError(t, err)
	require.Nil(t, found)
	require.NoError(t, s.DropSlot(t.Context(), retention.KnownBarcodes, "known_barcodes", today()))
	require.EqualValues(t, 1, number(t, s, "SELECT count() FROM mailtrail_data.known_barcodes"))

	// What a version before wrote into the epochs in full moves, once, and only its hash stays there.
	require.NoError(t, s.PutEpoch(t.Context(), []event.EpochPart{{Epoch: "old", Name: "known_barcodes", Content: text}, {Epoch: "old", Name: "version", Content: []byte("decoder 1")}}))
	require.NoError(t, s.PutEpoch(t.Context(), []event.EpochPart{{Epoch: "none", Name: "known_barcodes"}}))
	drift, err := owner.Drift(t.Context())
	require.NoError(t, err)
	require.Contains(t, drift, Change{"mailtrail_data.epochs: rows", Altered, []string{"1 epochs held known barcodes in full, which have a table with a limit now"}})
	for _, moved := range []int{1, 0} {
		changes, err := owner.Migrate(t.Context())
		require.NoError(t, err)
		count := 0
		for _, c := range changes {
			if c.Action != Unchanged {
				count++
			}
		}
		require.Equal(t, moved, count, "%v", changes)
	}
	parts, err := s.Epoch(t.Context(), "old")
	require.NoError(t, err)
	hash := fmt.Sprintf("%x", sha256.Sum256(text))
	require.Equal(t, hash, string(parts[0].Content))
	require.Equal(t, "decoder 1", string(parts[1].Content))
	found, err = s.Known(t.Context(), hash)
	require.NoError(t, err)
	require.Equal(t, text, found)

	// The text of the change that left the hash holds no value, so the auditor has nothing against it; it has against others.
	changes := func() (kept []bool) {
		mutations, err := s.InspectMutations(t.Context())
		require.NoError(t, err)
		for _, m := range mutations {
			if m.Table == "epochs" {
				require.True(t, m.Done)
				kept = append(kept, m.Changes)
			}
		}
		return kept
	}
	require.Equal(t, []bool{false}, changes())
	exec(t, owner, "ALTER TABLE mailtrail_data.epochs UPDATE content = lower(hex(SHA256(content))) WHERE name = 'nobody' SETTINGS mutations_sync = 2")
	require.ElementsMatch(t, []bool{false, true}, changes())
}

func TestReceipts(t *testing.T) {
	_, s := fresh(t)
	now := time.Now().UnixMilli()
	receipt := event.Receipt{
		Topic: event.ScansTopic, Partition: 2, First: 0, Last: 9, At: now, Epoch: "e1", Events: 12, Control: 1, Aborted: 2,
		Outcomes: []event.OutcomeCount{{Class: retention.MailTracking, Outcome: event.Stored, Events: 10}, {Outcome: event.Rejected, Reason: "bad_barcode", Events: 2}},
		Slots:    []event.SlotCount{{Class: retention.MailTracking, Slot: today(), Rows: 10}},
	}
	empty := event.Receipt{Topic: event.ScansTopic, Partition: 2, First: 10, Last: 10, At: now, Epoch: "e1", Control: 1}
	for range 2 {
		require.NoError(t, s.InsertReceipt(t.Context(), "t2", empty))
		require.NoError(t, s.InsertReceipt(t.Context(), "t1", receipt))
	}
	var found []event.Receipt
	for r, err := range s.Receipts(t.Context(), event.ScansTopic, 2) {
		require.NoError(t, err)
		found = append(found, r)
	}
	require.Equal(t, []event.Receipt{receipt, empty}, found)
	last, err := s.LastReceipts(t.Context(), event.ScansTopic)
	require.NoError(t, err)
	require.Equal(t, map[int32]int64{2: 10}, last)

	var reason string
	var events uint64
	require.NoError(t, s.conn.QueryRow(t.Context(), "SELECT reason, events FROM mailtrail.rejects_summary").Scan(&reason, &events))
	require.Equal(t, "bad_barcode", reason)
	require.EqualValues(t, 2, events)
}
