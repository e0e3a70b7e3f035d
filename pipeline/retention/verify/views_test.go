package verify

import (
	"testing"

	"github.com/stretchr/testify/require"
)

func TestViews(t *testing.T) {
	const mail, package90, receipts = "((retention_class = 'mail_tracking') AND (slot > (now() - toIntervalSecond(2584800))))",
		"((retention_class = 'package_tracking') AND (slot > (now() - toIntervalSecond(7768800))))", "(slot > (now() - toIntervalSecond(8632800)))"
	for _, c := range []struct{ query, wrong string }{
		{"SELECT a FROM mailtrail_data.blocks WHERE " + receipts, ""},
		{"SELECT a FROM mailtrail_data.blocks WHERE " + receipts + " AND (topic = 'a') GROUP BY a", ""},
		{"SELECT a FROM mailtrail_data.blocks ARRAY JOIN outcomes AS o WHERE " + receipts, ""},
		{"SELECT a FROM mailtrail_data.scans WHERE (" + mail + " OR " + package90 + ") GROUP BY a", ""},
		{"SELECT a FROM (SELECT a FROM mailtrail_data.scans WHERE " + mail + ")", ""},
		{"SELECT a FROM mailtrail_data.facilities", ""},
		{"SELECT a FROM (SELECT a FROM mailtrail_data.blocks WHERE " + receipts + " UNION ALL SELECT a FROM mailtrail_data.scans)", "it reads scans without the condition"},
		{"SELECT a FROM mailtrail_data.blocks", "without the condition"},
		{"SELECT a FROM mailtrail_data.blocks WHERE " + receipts + " OR (topic = 'a')", "without the condition"},
		{"SELECT a FROM mailtrail_data.blocks WHERE (" + receipts + " AND (topic = 'a')) OR 1", "without the condition"},
		{"SELECT a FROM mailtrail_data.blocks WHERE NOT " + receipts, "without the condition"},
		{"SELECT a FROM mailtrail_data.blocks AS b INNER JOIN mailtrail_data.scans AS s ON a = b WHERE " + receipts, "without the condition"},
		{"SELECT a FROM mailtrail_data.blocks WHERE (slot > (now() - toIntervalSecond(8632801)))", "shows class receipts for 99d22h0m1s; it is due after 99d22h0m0s"},
		{"SELECT a FROM mailtrail_data.scans WHERE ((retention_class = 'mail_tracking') AND (slot > (now() - toIntervalSecond(7768800))))", "shows class mail_tracking for 89d22h0m0s"},
		{"SELECT a FROM mailtrail_data.scans WHERE ((retention_class = 'letters') AND (slot > (now() - toIntervalSecond(1))))", "shows class letters"},
		{"SELECT a FROM `mailtrail_data`.`copies` WHERE " + receipts, "which the schedule does not have"},
	} {
		w := newWorld(t)
		w.server.table("mailtrail.blocks").Select = c.query
		findings := w.check(t).Findings
		if c.wrong == "" {
			require.Empty(t, findings, c.query)
			continue
		}
		require.Len(t, findings, 1, c.query)
		require.Equal(t, ViewPredicate, findings[0].Kind)
		require.Contains(t, findings[0].Text, c.wrong)
	}
}
