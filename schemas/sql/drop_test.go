package sql

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"mailtrail/schemas/retention"
)

// The partition is named in the statement, and as the server shows it.
func TestDropSlot(t *testing.T) {
	s, schedule := builtin(t), retention.Builtin()
	const slot = 20_000 * 86_400
	for _, test := range []struct{ class, table, statement, left string }{
		{
			retention.MailTracking, "scans", "ALTER TABLE mailtrail_data.scans DROP PARTITION ('mail_tracking','2024-10-04 00:00:00')",
			`database = 'mailtrail_data' AND table = 'scans' AND NOT active AND partition = '(\'mail_tracking\',\'2024-10-04 00:00:00\')'`,
		},
		{
			retention.Receipts, "blocks", "ALTER TABLE mailtrail_data.blocks DROP PARTITION '2024-10-04 00:00:00'",
			"database = 'mailtrail_data' AND table = 'blocks' AND NOT active AND partition = '2024-10-04 00:00:00'",
		},
		{
			retention.SystemLogs, "system.query_log", "ALTER TABLE system.query_log DROP PARTITION 20000",
			"database = 'system' AND table = 'query_log' AND NOT active AND partition = '20000'",
		},
	} {
		drop, err := s.DropSlot(schedule.Row(test.class), test.table, slot)
		require.NoError(t, err)
		require.Equal(t, SlotDrop{test.statement, "SELECT count() FROM system.parts WHERE " + test.left, 480 * time.Second}, drop)
	}
	for _, wrong := range []struct{ class, table, says string }{
		{retention.MailTracking, "blocks", "the schedule has no table blocks of class mail_tracking"},
		{"reference", "epochs", "class reference has no slots"},
	} {
		_, err := s.DropSlot(schedule.Row(wrong.class), wrong.table, slot)
		require.ErrorContains(t, err, wrong.says)
	}
}
