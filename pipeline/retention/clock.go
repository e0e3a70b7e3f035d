package retention

import (
	"sync"
	"time"

	"github.com/rs/zerolog"
)

// jump is how far the wall clock may stand ahead of what speaks against it before it is not believed: the time that has
// passed since the last look, or the clocks of the servers.
const jump = 10 * time.Minute

// Clock is the wall clock, held by one that nobody sets, and by the clocks of servers on other hosts. Where the wall clock
// stands before the last seen time and the time that passed since, these count: a clock that is set back holds up no
// destruction. Where it has jumped ahead of them they count too: a clock that is set wrong destroys nothing that is not
// due. README.md has the table of its states.
type Clock struct {
	wall    func() time.Time
	uptime  func() time.Duration
	log     zerolog.Logger
	servers []ServerClock

	mu   sync.Mutex
	seen time.Time // the latest that was shown, at the uptime at
	at   time.Duration
	// floor is the latest time that is known to have been, at the uptime floorAt.
	floor   time.Time
	floorAt time.Duration
	// agreed: a server's clock agreed with the wall clock once since the start.
	agreed bool
	// why the wall clock is not believed, empty where it is; entered: it is in the ledger.
	why     string
	entered bool
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
	return c.readLocked()
}

func (c *Clock) readLocked() (now time.Time, off time.Duration) {
	uptime, wall := c.uptime(), c.wall().Round(0)
	now = wall
	if passed := c.seen.Add(uptime - c.at); !c.seen.IsZero() && (passed.After(wall) || wall.Sub(passed) > jump) {
		now = passed
	}
	off = wall.Sub(now)
	c.seen, c.at = now, uptime
	switch {
	case off <= jump:
		c.why = ""
	case c.why == "":
		c.hold(off, "it jumped ahead of the time that has passed")
	}
	return now, off
}

// hold says why the wall clock is not believed.
func (c *Clock) hold(off time.Duration, why string) {
	c.why, c.entered = why, false
	c.log.Error().Dur("ahead", off).Str("why", why).Msg("the wall clock is ahead and not believed; destruction goes on by the time that has passed. Set the clock right, or start again where it is right")
}

// held is by how much the wall clock is ahead and why it is not believed, where that is not entered yet; else why is empty.
func (c *Clock) held() (ahead time.Duration, why string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if _, ahead = c.readLocked(); c.entered {
		return 0, ""
	}
	return ahead, c.why
}

func (c *Clock) heldEntered() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.entered = true
}

// AtLeast tells the clock of a time that has been.
func (c *Clock) AtLeast(past time.Time) {
	c.mu.Lock()
	defer c.mu.Unlock()
	uptime := c.uptime()
	if c.floor.IsZero() || past.After(c.floor.Add(uptime-c.floorAt)) {
		c.floor, c.floorAt = past.Round(0), uptime
	}
	if c.seen.IsZero() || past.After(c.seen.Add(uptime-c.at)) {
		c.seen, c.at = past.Round(0), uptime
	}
}
