package retention

import (
	"sync"
	"time"
)

// clock never runs backwards: where the wall clock stands before the last seen time and the time that passed since, these
// count. So a clock that is set back holds up no destruction.
type clock struct {
	wall   func() time.Time
	uptime func() time.Duration

	mu   sync.Mutex
	seen time.Time // the latest that was shown, at the uptime at
	at   time.Duration
}

// now is the time. It is at least what passed since the last call.
func (c *clock) now() time.Time {
	now, _ := c.read()
	return now
}

// behind is by how much the wall clock stands behind the time.
func (c *clock) behind() time.Duration {
	_, behind := c.read()
	return behind
}

func (c *clock) read() (now time.Time, behind time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	uptime, wall := c.uptime(), c.wall().Round(0)
	now = wall
	if least := c.seen.Add(uptime - c.at); !c.seen.IsZero() && least.After(now) {
		now = least
	}
	c.seen, c.at = now, uptime
	return now, now.Sub(wall)
}

// atLeast tells the clock of a time that has been.
func (c *clock) atLeast(past time.Time) {
	c.mu.Lock()
	defer c.mu.Unlock()
	uptime := c.uptime()
	if c.seen.IsZero() || past.After(c.seen.Add(uptime-c.at)) {
		c.seen, c.at = past.Round(0), uptime
	}
}
