package objectstore

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"mailtrail/schemas/retention"
)

// The days of the rule follow from the limit, whatever it is, and never take what is not due.
func TestRulesFollowTheSchedule(t *testing.T) {
	builtin := string(retention.Builtin().Source())
	for limit, want := range map[string]int{"limit: 3d": 3, "limit: 73h": 4, "limit: 100h": 5, "limit: 90d": 90} {
		schedule, err := retention.Parse([]byte(strings.Replace(builtin, "limit: 3d", limit, 1)))
		require.NoError(t, err)
		rules := wantedRules(schedule)
		require.Equal(t, []rule{{id: "mailtrail-mailpiece_images", prefix: "mailpiece_images/", days: want, uploads: 1}}, rules)
		row := schedule.Row(retention.MailpieceImages)
		require.GreaterOrEqual(t, row.BackstopIn(retention.Objects, 0), row.LimitAt(0), "the rule takes nothing that is not due")
		require.Equal(t, row.BackstopAt(0), row.BackstopIn(retention.ClickHouse, 0))
	}
}

func TestRulesOnUploadsCountWhereTheStoreHeedsThem(t *testing.T) {
	want := wantedRules(retention.Builtin())
	forgot := []rule{want[0]}
	forgot[0].uploads = 0
	require.Empty(t, compareRules(forgot, want, false))
	require.Equal(t, []string{"rule mailtrail-mailpiece_images: unfinished uploads never -> 1 day"}, compareRules(forgot, want, true))
}
