package keys

import (
	"context"
	"time"

	"github.com/cenkalti/backoff/v4"
)

// Run seals and destroys on time until ctx ends: it wakes at every date of a key and of the calendar, and at least every [Config.Every]. What
// failed is tried again with growing pauses. The authority must have started.
func (a *Authority) Run(ctx context.Context) error {
	pauses := backoff.NewExponentialBackOff(backoff.WithInitialInterval(100*time.Millisecond), backoff.WithMaxInterval(min(10*time.Second, a.config.Every)), backoff.WithMaxElapsedTime(0))
	for {
		due := a.nextDue() // before the sweep, which may go on beyond it
		report, err := a.Sweep(ctx)
		for _, id := range report.Destroyed {
			a.deps.Log.Info().Stringer("key", id).Msg("a slot key is destroyed")
		}
		wait := a.wait(due)
		if err != nil {
			wait = min(wait, pauses.NextBackOff())
			a.deps.Log.Error().Err(err).Dur("again_in", wait).Msg("slot keys that are due could not all be destroyed or entered; they are given to nobody, and it is tried again")
		} else {
			pauses.Reset()
		}
		timer := time.NewTimer(wait)
		select {
		case <-ctx.Done():
			timer.Stop()
			return ctx.Err()
		case <-a.woken:
			timer.Stop()
		case <-timer.C:
		}
	}
}

// nextDue is when the next slot is due; zero where only keys count.
func (a *Authority) nextDue() (due time.Time) {
	if a.deps.NextDue != nil {
		due = a.deps.NextDue(a.deps.Clock())
	}
	return due
}

// wait is how long until a key or a slot is due, or until it is time to look anyway.
func (a *Authority) wait(due time.Time) time.Duration {
	wait := a.config.Every
	for _, next := range []time.Time{due, a.Next()} {
		if !next.IsZero() {
			wait = min(wait, max(next.Sub(a.deps.Clock()), 0))
		}
	}
	return wait
}

// overdue is how long the oldest key is past its date, in seconds.
func (a *Authority) overdue() float64 {
	a.mu.Lock()
	defer a.mu.Unlock()
	if !a.started {
		return 0
	}
	now, longest := a.now(), time.Duration(0)
	for _, known := range a.keys {
		longest = max(longest, now.Sub(known.record.DestroyAt))
	}
	return longest.Seconds()
}
