package main

import (
	"context"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

func TestWhereAServerIs(t *testing.T) {
	for address, want := range map[string]bool{"127.0.0.1:9000": true, "localhost:9000": true, "[::1]:9000": true, "192.0.2.7:9000": false} {
		here, err := onThisMachine(t.Context(), address)
		require.NoError(t, err)
		require.Equal(t, want, here, address)
	}
	_, err := onThisMachine(t.Context(), "no port")
	require.Error(t, err)
}

func TestClocksOfServers(t *testing.T) {
	wall := time.Date(2026, 11, 25, 12, 0, 0, 0, time.UTC)
	clock := askedClock{"clickhouse", func(context.Context) (time.Time, error) {
		defer func() { wall = wall.Add(time.Second) }()
		return wall.Add(time.Hour), nil
	}}
	now := func() time.Time { return wall }
	ahead, within, known, err := elsewhere{[]string{"192.0.2.7:9000"}, clock}.Ahead(t.Context(), now)
	require.NoError(t, err)
	require.True(t, known)
	require.Equal(t, 500*time.Millisecond, within)
	require.InDelta(t, time.Hour.Seconds(), ahead.Seconds(), 1)
	_, _, known, err = elsewhere{[]string{"192.0.2.7:9000", "127.0.0.1:9000"}, clock}.Ahead(t.Context(), now)
	require.NoError(t, err)
	require.False(t, known, "it is this machine's own clock")
	clock.ask = func(context.Context) (time.Time, error) {
		wall = wall.Add(2 * time.Hour)
		return wall, nil
	}
	_, _, known, _ = clock.Ahead(t.Context(), now)
	require.False(t, known, "the wall clock was set meanwhile")
}
