package simulate

import (
	"context"
	"time"
)

// pace holds a stream to a number of events a second. What is due follows from
// the beginning alone, so delays do not add up: after a stall it catches up, and
// no more than rate x time has ever passed.
type pace struct {
	rate   float64
	begun  time.Time
	passed float64
}

func newPace(rate float64) pace { return pace{rate: rate, begun: time.Now()} }

// wait returns when n more events may pass, or with the error of ctx.
func (p *pace) wait(ctx context.Context, n int) error {
	p.passed += float64(n)
	if err := ctx.Err(); err != nil || p.rate == 0 {
		return err
	}
	due := p.begun.Add(time.Duration(p.passed / p.rate * float64(time.Second)))
	if left := time.Until(due); left > 0 {
		return sleep(ctx, left)
	}
	return nil
}

// sleep waits, or returns the error of ctx.
func sleep(ctx context.Context, d time.Duration) error {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}
