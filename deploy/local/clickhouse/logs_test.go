package clickhouse

import (
	"context"
	"os"
	"path/filepath"
	"testing"
	"testing/synctest"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/testutil"
	"github.com/rs/zerolog"
	"github.com/stretchr/testify/require"

	"mailtrail/schemas/retention"
)

// For a week of hours a log that is written to all the time, and then one that is not, never holds a line as old as its limit.
func TestLogsStayWithinTheirLimit(t *testing.T) {
	folder := filepath.Join(t.TempDir(), "logs")
	require.NoError(t, os.Mkdir(folder, 0o700))
	live := filepath.Join(folder, "clickhouse.log")
	row := retention.Builtin().Row("log_files")
	limit := row.Longest()
	k, err := newLogKeeper(retention.Builtin(), live, zerolog.Nop(), prometheus.NewRegistry())
	require.NoError(t, err)
	require.Equal(t, limit-time.Duration(row.Margin), k.age)

	engine, err := os.OpenFile(live, os.O_CREATE|os.O_WRONLY|os.O_APPEND, 0o600)
	require.NoError(t, err)
	defer engine.Close()
	stranger := filepath.Join(folder, "other.log")
	require.NoError(t, os.WriteFile(stranger, nil, 0o600))
	now := time.Date(2026, 11, 25, 12, 0, 0, 0, time.UTC)
	k.now = func() time.Time { return now }
	most := 0
	for hour := range 14 * 24 {
		if hour < 7*24 {
			_, err := engine.WriteString(now.Format("2006.01.02 15:04:05.000000") + " [ 1 ] {} <Information> a line\n")
			require.NoError(t, err)
		}
		now = now.Add(k.age / 48)
		require.NoError(t, k.tidy())
		paths, err := filepath.Glob(live + "*")
		require.NoError(t, err)
		most = max(most, len(paths))
		for _, path := range paths {
			began, err := logBegan(path)
			if path == live && err != nil {
				require.ErrorIs(t, err, errEmpty)
				continue
			}
			require.NoError(t, err)
			require.Less(t, now.Sub(began), limit, path)
		}
	}
	require.LessOrEqual(t, most, 3)
	require.Greater(t, testutil.ToFloat64(k.files.WithLabelValues("set_aside")), 5.0)
	require.Equal(t, testutil.ToFloat64(k.files.WithLabelValues("set_aside")), testutil.ToFloat64(k.files.WithLabelValues("removed")), "all copies are gone")
	info, err := os.Stat(live)
	require.NoError(t, err)
	require.Zero(t, info.Size())
	require.FileExists(t, stranger)
}

func TestLogsOfLongAgoGoAtTheStart(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		live := filepath.Join(t.TempDir(), "logs", "clickhouse.log")
		require.NoError(t, os.Mkdir(filepath.Dir(live), 0o700))
		require.NoError(t, os.WriteFile(live, []byte("1999.01.01 00:00:00.0 old\n"), 0o600)) // the bubble's clock begins in 2000
		require.NoError(t, os.WriteFile(live+".0", []byte("1999.01.01 00:00:00.0 old\n"), 0o600))
		k, err := newLogKeeper(retention.Builtin(), live, zerolog.Nop(), prometheus.NewRegistry())
		require.NoError(t, err)
		ctx, stop := context.WithCancel(t.Context())
		ended := make(chan struct{})
		go func() { k.run(ctx); close(ended) }()
		synctest.Wait()
		require.NoFileExists(t, live+".0")
		info, err := os.Stat(live)
		require.NoError(t, err)
		require.Zero(t, info.Size())
		stop()
		<-ended
	})
}
