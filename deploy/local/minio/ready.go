package minio

import (
	"context"
	"fmt"
	"net/http"
	"time"

	"mailtrail/deploy/local/child"
	"mailtrail/deploy/local/ports"
)

const (
	// readyWithin is how long a start may take: half a second as a rule, longer on a busy machine or after a crash.
	readyWithin = 2 * time.Minute
	// answerWithin is how long one look may take.
	answerWithin = 2 * time.Second
)

// awaitReady returns when MinIO says that it can write, or fails when it ends or takes too long.
func (s *Server) awaitReady(ctx context.Context, c *child.Child) error {
	ctx, cancel := context.WithTimeout(ctx, readyWithin)
	defer cancel()
	tick := time.NewTicker(25 * time.Millisecond)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return fmt.Errorf("MinIO did not answer within %s: %s", readyWithin, c.Said)
		case <-c.Ended:
			if taken(c.Said.String()) {
				return ports.Taken("objects.endpoint", s.config.Addr)
			}
			return fmt.Errorf("MinIO ended at start (%v): %s", c.Err, c.Said)
		case <-tick.C:
			if s.healthy(ctx) {
				return nil
			}
		}
	}
}

// healthy asks MinIO whether its drive can be written.
func (s *Server) healthy(ctx context.Context) bool {
	ctx, cancel := context.WithTimeout(ctx, answerWithin)
	defer cancel()
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://"+s.config.Addr+"/minio/health/cluster", nil)
	if err != nil {
		return false
	}
	request.Close = true
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		return false
	}
	defer response.Body.Close()
	return response.StatusCode == http.StatusOK
}
