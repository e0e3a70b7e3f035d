package retention

import (
	"sync"
	"time"

	"github.com/rs/zerolog"
)

// jump is how far the wall clock may run ahead of the time that has passed since the last look before it is not believed.
const jump = 10 * time.Minute

// Clock is the wall clock, held by one that nobody sets. Where the wall clock stands before the last seen time and the time
// that passed since, these count: a clock that is set back holds up no destruction. Where it has jumped ahead of them they
// count too: a clock that is set wrong destroys nothing that is not due. A process that starts believes its wall clock,
// if it is not behind, since it cannot know how long it was off.
type Clock struct {
	wall   func() time.Time
	uptime func() time.Duration
	log    zerolog.Logger

	mu   sync.Mutex
	seen time.Time // the latest that was shown, at the uptime at
	at   time.Duration
	told bool // of a jump that lasts
}

// NewClock makes one that believes the wall clock as it stands now. uptime is a clock that is never set: the time since any
// fixed moment.
func NewClock(wall func() time.Time, uptime func() time.Duration, log zerolog.Logger) *Clock {
	return &Clock{wall: wall, uptime: uptime, log: log, seen: wall().Round(0), at: uptime()}
}

// Now is the time. It is at least what passed since the last call.
func (c *Clock) Now() time.Time {
	now, _ := c.read()
	return now
}

// off is by how much the wall clock stands ahead of the time, below 0 where it stands behind.
func (c *Clock) off() time.Duration {
	_, off := c.read()
	return off
}

func (c *Clock) read() (now time.Time, off time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	uptime, wall := c.uptime(), c.wall().Round(0)
	now = wall
	if passed := c.seen.Add(uptime - c.at); !c.seen.IsZero() && (passed.After(wall) || wall.Sub(passed) > jump) {
		now = passed
	}
	off = wall.Sub(now)
	if c.told = c.told && off > 0; off > jump && !c.told {
		c.told = true
		c.log.Error().Dur("ahead", off).Msg("the wall clock jumped ahead; destruction goes on by the time that has passed. Set the clock right, or start again where it is right")
	}
	c.seen, c.at = now, uptime
	return now, off
}

// AtLeast tells the clock of a time that has been.
func (c *Clock) AtLeast(past time.Time) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if uptime := c.uptime(); c.seen.IsZero() || past.After(c.seen.Add(uptime-c.at)) {
		c.seen, c.at = past.Round(0), uptime
	}
}
