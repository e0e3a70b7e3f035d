package clickhouse

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"mailtrail/schemas/event"
	"mailtrail/schemas/retention"
)

func recordsBlock(rows int) *event.RecordColumns {
	c := &event.RecordColumns{Heads: event.Heads{Topic: event.RecordsTopic, Partition: 2}}
	for i := range rows {
		class, sealed := "mail_documentation", false
		if i%2 == 1 {
			class, sealed = "hold_mail", true
		}
		slot := today() - int64(i%3)*86400
		c.Append(&event.Head{Class: class, Slot: slot, Offset: int64(i / 4), Index: uint32(i % 4), Received: slot*1000 + 5, Captured: slot*1000 + 1},
			event.RecordRow{Kind: "k" + fmt.Sprint(i%2), Device: "d", Sealed: sealed, Payload: []byte("payload " + fmt.Sprint(i)),
				Keys: []event.RecordKey{{Name: "name", Hash: [16]byte{byte(i), 255, 0}}, {Name: "id", Hash: [16]byte{1}}}})
	}
	return c
}

func TestRecordsAreStoredOnceBySlot(t *testing.T) {
	owner, s := fresh(t)
	c := recordsBlock(12)
	for range 2 {
		require.NoError(t, s.InsertRecords(t.Context(), "mail.records:2:0-2:1", c))
	}
	require.NoError(t, s.InsertRecords(t.Context(), "none", recordsBlock(0)))
	require.EqualValues(t, 12, number(t, owner, "SELECT count() FROM mailtrail_data.records"))
	require.EqualValues(t, 12, number(t, owner, "SELECT uniqExact((offset, index)) FROM mailtrail_data.records WHERE topic = 'mail.records' AND partition = 2 AND device = 'd'"))
	require.EqualValues(t, 6, number(t, owner, "SELECT count() FROM mailtrail_data.records WHERE sealed AND retention_class = 'hold_mail' AND kind = 'k1'"))
	require.EqualValues(t, 1, number(t, owner, "SELECT count() FROM mailtrail_data.records WHERE has(key_hashes, toFixedString(unhex('03FF0000000000000000000000000000'), 16)) AND key_names = ['name', 'id'] AND payload = 'payload 3'"))

	held, err := owner.HeldSlots(t.Context())
	require.NoError(t, err)
	slots := 0
	for _, h := range held {
		if h.Table == "records" {
			require.Empty(t, h.Strange)
			slots++
		}
	}
	require.Equal(t, 6, slots)
	require.EqualValues(t, 6, number(t, owner, "SELECT rows FROM mailtrail.retention_status WHERE class = 'hold_mail'"))
	require.NoError(t, owner.DropSlot(t.Context(), "hold_mail", "records", today()))
	require.EqualValues(t, 10, number(t, owner, "SELECT count() FROM mailtrail_data.records"))
}

// The rows of mail.records are held against their receipts in their own table.
func TestAuditOfRecords(t *testing.T) {
	owner, s := fresh(t)
	c := recordsBlock(12)
	require.NoError(t, s.InsertRecords(t.Context(), "a", c))
	r := event.Receipt{Topic: c.Topic, Partition: c.Partition, Last: 2, At: time.Now().UnixMilli(), Epoch: "e", Events: 12}
	for i := range c.Len() {
		r.Slots = append(r.Slots, event.SlotCount{Class: c.HeadAt(i).Class, Slot: c.Slot[i], Rows: 1})
	}
	require.NoError(t, s.InsertReceipt(t.Context(), "a", r))
	differences := func() []BlockDifference {
		found, err := s.BlockDifferences(t.Context(), c.Topic, c.Partition, 3)
		require.NoError(t, err)
		return found
	}
	require.Empty(t, differences())
	exec(t, owner, "DELETE FROM mailtrail_data.records WHERE offset = 1 AND index = 1")
	require.Equal(t, []BlockDifference{{Covered: true, Class: "hold_mail", Slot: c.Slot[5], Expected: 2, Rows: 1, Identities: 1}}, differences())
	places, err := s.Places(t.Context(), c.Topic, c.Partition, 1, 1)
	require.NoError(t, err)
	require.Len(t, places, 3)
}

// Analysts see no row of the table, by whatever name.
func TestAnalystsSeeNoRecords(t *testing.T) {
	_, s := fresh(t)
	require.NoError(t, s.InsertRecords(t.Context(), "t", recordsBlock(4)))
	ann := open(t, "ann", retention.Builtin())
	for _, query := range []string{"SELECT * FROM mailtrail_data.records", "SELECT payload FROM records", "SELECT * FROM mailtrail.records", "SELECT count() FROM merge('mailtrail_data', '.*')"} {
		rows, err := ann.Query(t.Context(), query)
		if err == nil {
			for range rows.All() {
				t.Errorf("%s: an analyst sees a row", query)
			}
			rows.Close()
			continue
		}
		require.NotContains(t, err.Error(), "payload 1", query)
	}
}

// A schedule may leave records out: then there is no table for them.
func TestAScheduleWithoutRecordsHasNoTable(t *testing.T) {
	source := string(retention.Builtin().Source())
	for _, line := range []string{"    tables: [records]\n", "    topic: mail.records\n"} {
		source = strings.ReplaceAll(source, line, "")
	}
	schedule, err := retention.Parse([]byte(source))
	require.NoError(t, err)
	owner, _ := fresh(t)
	exec(t, owner, "DROP DATABASE mailtrail SYNC")
	exec(t, owner, "DROP DATABASE mailtrail_data SYNC")
	without := open(t, owner.cfg.User, schedule)
	_, err = without.Migrate(t.Context())
	require.NoError(t, err)
	require.EqualValues(t, 0, number(t, without, "SELECT count() FROM system.tables WHERE database = 'mailtrail_data' AND name = 'records'"))
	require.EqualValues(t, 0, number(t, without, "SELECT count() FROM mailtrail.retention_status WHERE class = 'hold_mail'"))
}
