package minio

import (
	"context"
	"errors"
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
	err := c.Answers(ctx, readyWithin, s.healthy)
	switch {
	case errors.Is(err, child.ErrEnded) && taken(c.Said.String()):
		return ports.Taken("objects.endpoint", s.config.Addr)
	case errors.Is(err, child.ErrEnded):
		return fmt.Errorf("MinIO ended at start (%v): %s", c.Err, c.Said)
	case err != nil:
		return fmt.Errorf("MinIO did not answer within %s: %s", readyWithin, c.Said)
	}
	return nil
}

// healthy asks MinIO whether its drive can be written.
func (s *Server) healthy(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, answerWithin)
	defer cancel()
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://"+s.config.Addr+"/minio/health/cluster", nil)
	if err != nil {
		return err
	}
	request.Close = true
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		return err
	}
	defer response.Body.Close()
	if response.StatusCode != http.StatusOK {
		return errors.New(response.Status)
	}
	return nil
}
