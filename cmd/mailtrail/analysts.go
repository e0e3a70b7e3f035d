package main

import (
	"context"
	"slices"
	"time"

	"github.com/rs/zerolog"

	embedded "mailtrail/deploy/local/clickhouse"
)

// restartForAnalysts restarts the embedded ClickHouse when an analyst was added or revoked: it reads its users once.
func restartForAnalysts(ctx context.Context, analysts func() ([]embedded.Analyst, error), server *embedded.Server, log zerolog.Logger) error {
	known, err := analysts()
	if err != nil {
		return err
	}
	every := time.NewTicker(2 * time.Second)
	defer every.Stop()
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-every.C:
		}
		now, err := analysts()
		if err != nil || slices.Equal(now, known) {
			continue
		}
		log.Info().Msg("analysts have changed: ClickHouse starts again, inserts wait about 3 s")
		if err := server.Restart(ctx); err != nil {
			if ctx.Err() == nil {
				log.Error().Err(err).Msg("ClickHouse did not start again with the new analysts")
			}
			continue
		}
		known = now
	}
}
