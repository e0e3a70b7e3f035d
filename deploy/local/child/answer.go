package child

import (
	"context"
	"errors"
	"time"
)

// Why a server that was started does not answer.
var (
	ErrSilent = errors.New("it does not answer in time")
	ErrEnded  = errors.New("it ended at its start")
)

// Answers returns when the server answers, or with [ErrEnded] or [ErrSilent].
func (c *Child) Answers(ctx context.Context, within time.Duration, ask func(context.Context) error) error {
	ctx, cancel := context.WithTimeout(ctx, within)
	defer cancel()
	tick := time.NewTicker(25 * time.Millisecond)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return ErrSilent
		case <-c.Ended:
			return ErrEnded
		case <-tick.C:
			if ask(ctx) == nil {
				return nil
			}
		}
	}
}
