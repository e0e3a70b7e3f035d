package images

import (
	"math/rand/v2"
	"net/http"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// TestFigures measures taking in and reading back.
func TestFigures(t *testing.T) {
	s := newSite(t)
	stored := 0
	for _, l := range []load{
		{clients: 1024, perRequest: 1, size: 40_000, lasts: sized(2*time.Second, time.Minute)},
		{clients: 16, perRequest: 20, size: 40_000, lasts: sized(2*time.Second, time.Minute)},
		{clients: 1024, perRequest: 1, size: 4_000, lasts: sized(2*time.Second, time.Minute)},
		{clients: 16, perRequest: 100, size: 4_000, lasts: sized(2*time.Second, time.Minute)},
	} {
		got := s.run(l)
		require.Positive(t, got.images)
		stored += got.images
		say("%5d bytes, %3d a request, %3d clients: %8.0f images/s, %4.0f MB/s; acknowledged after p50 %v, p99 %v; %d refused",
			l.size, l.perRequest, l.clients, float64(got.images)/got.took.Seconds(), float64(got.images*l.size)/1e6/got.took.Seconds(), at(got.answers, 0.5), at(got.answers, 0.99), got.refused)
	}
	filled := s.run(load{clients: 16, perRequest: 100, size: 1_000, lasts: time.Hour, most: sized(1600, 1_000_000) / 100})
	stored += filled.images
	s.awaitIndex(stored)
	s.measureReads(filled.ids, stored)
	say("%s", s.do(nil, "audit"))
}

// awaitIndex waits until the index has all images.
func (s *site) awaitIndex(images int) {
	require.Eventually(s.t, func() bool {
		var rows uint64
		err := s.SQL.QueryRow(s.t.Context(), "SELECT count() FROM mailtrail.images").Scan(&rows)
		return err == nil && rows >= uint64(images)
	}, 10*time.Minute, 100*time.Millisecond)
}

// measureReads reads images by id, one after the other and from several clients at once.
func (s *site) measureReads(ids []string, stored int) {
	client := &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: 16}}
	var times []time.Duration
	for range sized(200, 5000) {
		took, bytes, err := s.read(client, ids[rand.IntN(len(ids))])
		require.NoError(s.t, err)
		require.Positive(s.t, bytes)
		times = append(times, took)
	}
	say("read by id, one client, %d images stored: p50 %v, p99 %v", stored, at(times, 0.5), at(times, 0.99))
}
