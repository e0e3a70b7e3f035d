package retention

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"mailtrail/schemas/retention"
)

type fixed struct {
	held []Held
	err  error
}

func (f fixed) Held(context.Context) ([]Held, error) { return f.held, f.err }

func TestDraw(t *testing.T) {
	schedule := retention.Builtin()
	now := time.Date(2026, 11, 25, 12, 0, 0, 0, time.UTC)
	slot := func(days int) int64 { return now.Truncate(24*time.Hour).AddDate(0, 0, -days).Unix() }
	scans, topic := retention.Place{Store: retention.ClickHouse, Name: "scans"}, retention.Place{Store: retention.Kafka, Name: "mail.scans"}
	plan := Draw(t.Context(), schedule, map[retention.Store]Store{
		retention.Kafka: fixed{held: []Held{{Place: topic, From: now.Unix() - 100, GoneAt: now.Unix() + 500}}},
		retention.ClickHouse: fixed{held: []Held{
			{Class: retention.MailTracking, Place: scans, From: slot(1), Rows: 5},
			{Class: retention.MailTracking, Place: scans, From: slot(3), Rows: 7},
			{Class: retention.PackageTracking, Place: scans, From: slot(3), Rows: 9},
			{Class: retention.SystemLogs, Place: retention.Place{Store: retention.ClickHouse, Name: "system.query_log"}, Strange: "202611"},
			{Class: retention.MailTracking, Place: retention.Place{Store: retention.ClickHouse, Name: "foreign"}, From: slot(3)},
		}},
		retention.Files: fixed{err: errors.New("away")},
	}, now)
	require.Len(t, plan.Lines, len(schedule.Rows()))
	require.Equal(t, []Silence{{retention.Files, errors.New("away")}}, plan.Silent)

	lines := map[string]Line{}
	for _, line := range plan.Lines {
		lines[line.Class] = line
	}
	mail := lines[retention.MailTracking]
	require.Len(t, mail.Losses, 3)
	require.Equal(t, topic, mail.Losses[0].Place, "the next to go first")
	require.Equal(t, now.Unix()+500, mail.Losses[0].DestroyAt)
	require.EqualValues(t, 7, mail.Losses[1].Rows)
	require.Equal(t, mail.DestroyAt(slot(3)), mail.Losses[1].DestroyAt)
	require.Less(t, mail.Losses[1].DestroyAt, mail.Losses[1].BackstopAt)
	require.Less(t, mail.Losses[1].BackstopAt, mail.Losses[1].LimitAt)
	require.Len(t, lines[retention.PackageTracking].Losses, 2)
	require.Len(t, lines[retention.SpecialServiceTracking].Losses, 1, "a topic does not tell its classes apart")
	require.Len(t, lines[retention.SystemLogs].Strange, 1)
	require.Empty(t, lines["surveys"].Losses)
	require.True(t, lines[retention.Receipts].Own)
}
