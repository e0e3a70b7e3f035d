package gateway

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/rs/zerolog"
	"github.com/stretchr/testify/require"
)

func TestBacklogRefusesFromHalfOfTheTopicsLife(t *testing.T) {
	now := time.Unix(2_000_000_000, 0)
	var oldest int64
	var failure error
	b := NewBacklog("t", 7*24*time.Hour, func(context.Context) (int64, error) { return oldest, failure },
		func() time.Time { return now }, zerolog.Nop(), prometheus.NewRegistry())
	aged := func(age time.Duration) int64 { return now.Add(-age).UnixMilli() }
	cases := []struct {
		name   string
		oldest int64
		err    error
		refuse bool
	}{
		{"nothing waits", 0, nil, false},
		{"a day old", aged(24 * time.Hour), nil, false},
		{"just under half", aged(84*time.Hour - time.Second), nil, false},
		{"over half", aged(84*time.Hour + time.Second), nil, true},
		{"what was measured last stays in force", 0, errors.New("no broker"), true},
		{"caught up", 0, nil, false},
		{"a stamp of 1970", 1, nil, false},
		{"a clock ahead of ours", aged(-time.Hour), nil, false},
	}
	for _, c := range cases {
		oldest, failure = c.oldest, c.err
		b.measure(context.Background())
		retry, reason, refuse := b.Refuse()
		require.Equal(t, c.refuse, refuse, c.name)
		if refuse {
			require.Positive(t, retry)
			require.Contains(t, reason, "84h0m0s")
		}
	}
}
