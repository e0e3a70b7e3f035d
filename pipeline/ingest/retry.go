package ingest

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/cenkalti/backoff/v4"
)

// try bounds one attempt, so that a store that does not answer is asked again.
const try = 2 * time.Minute

// retry does something until it succeeds. What can heal is tried again for ever
// with growing pauses; anything else is tried again too, every half a minute
// and as an error in the log, since a person can mend it in the meantime and
// nothing may be lost. Only losing the partition, offsets that are gone, what a
// slot's key answers and the end of ctx are returned.
func (w *worker) retry(ctx context.Context, what string, transient func(error) bool, do func(context.Context) error) error {
	pauses := backoff.NewExponentialBackOff(backoff.WithInitialInterval(100*time.Millisecond), backoff.WithMaxInterval(10*time.Second), backoff.WithMaxElapsedTime(0))
	for {
		err := w.attempt(ctx, do)
		switch {
		case err == nil:
			return nil
		case ctx.Err() != nil:
			return fmt.Errorf("%s: %w", what, context.Cause(ctx))
		case errors.Is(err, ErrNotOwner), errors.Is(err, ErrGone), errors.Is(err, ErrKeyEnded), errors.Is(err, ErrForeign):
			return err
		case w.impatient && !transient(err):
			return fmt.Errorf("%s: %w", what, err)
		case transient(err) || errors.Is(err, context.DeadlineExceeded):
			wait := pauses.NextBackOff()
			w.metrics.retries.WithLabelValues(what, "transient").Inc()
			w.log.Warn().Err(err).Dur("again_in", wait).Msgf("cannot %s yet", what)
			pause(ctx, wait)
		default:
			w.metrics.retries.WithLabelValues(what, "needs_a_person").Inc()
			w.log.Error().Err(err).Dur("again_in", 30*time.Second).Msgf("cannot %s: this does not heal by itself; trying again until it is mended", what)
			pause(ctx, 30*time.Second)
		}
	}
}

func (w *worker) attempt(ctx context.Context, do func(context.Context) error) error {
	ctx, cancel := context.WithTimeout(ctx, try)
	defer cancel()
	return do(ctx)
}
