package retention

import (
	"context"
	"fmt"
	"strings"
	"sync"
	"time"
)

// ServerClock is the clock of a server.
type ServerClock interface {
	// Name is the server's, for people and metrics.
	Name() string
	// Ahead is by how much the server's clock stands ahead of wall, below 0 where behind, give or take within. known is false
	// where nothing can be told: the server shares this machine's clock, or has not shown its own.
	Ahead(ctx context.Context, wall func() time.Time) (ahead, within time.Duration, known bool, err error)
}

// serverPatience is how long servers may take to tell their time. Meanwhile destruction goes on.
const serverPatience = 3 * time.Second

// reading is what a server's clock showed.
type reading struct {
	server        string
	ahead, within time.Duration
	known         bool
}

// agrees: the two clocks are within the bound. behind: the server's stands behind by more than that.
func (r *reading) agrees() bool { return max(r.ahead, -r.ahead)-r.within <= jump }
func (r *reading) behind() bool { return r.ahead+r.within < -jump }

// CompareWith names the servers whose clocks count. It is called before the clock is used.
func (c *Clock) CompareWith(servers ...ServerClock) { c.servers = servers }

// Compare holds the clock against the servers' for the first time, before anything is entered, or due by a wrong clock. A
// sweeper goes on with it.
func (c *Clock) Compare(ctx context.Context) { c.compare(ctx) }

// compare asks all servers for their time, and draws the conclusions.
func (c *Clock) compare(ctx context.Context) []reading {
	if len(c.servers) == 0 {
		return nil
	}
	ctx, cancel := context.WithTimeout(ctx, serverPatience)
	defer cancel()
	wall := func() time.Time { return c.wall().Round(0) }
	all := make([]reading, len(c.servers))
	var asked sync.WaitGroup
	for i, server := range c.servers {
		asked.Go(func() {
			ahead, within, known, err := server.Ahead(ctx, wall)
			if err != nil {
				c.log.Debug().Err(err).Str("server", server.Name()).Msg("a server does not tell its time")
			}
			all[i] = reading{server.Name(), ahead, within, known && err == nil}
		})
	}
	asked.Wait()
	c.conclude(all)
	return all
}

// conclude believes the wall clock where a server agrees with it, and does not where every one is behind it and none ever
// agreed since the start. Where none tells its time everything stays as it is.
func (c *Clock) conclude(all []reading) {
	c.mu.Lock()
	defer c.mu.Unlock()
	known, agreed, behind := 0, false, true
	var latest time.Duration // of the servers' clocks, from the wall clock
	var names []string
	for _, r := range all {
		if !r.known {
			continue
		}
		if known == 0 || r.ahead > latest {
			latest = r.ahead
		}
		known++
		agreed, behind = agreed || r.agrees(), behind && r.behind()
		names = append(names, fmt.Sprintf("%s by %s", r.server, (-r.ahead).Round(time.Second)))
		if !r.agrees() {
			c.log.Warn().Str("server", r.server).Dur("ahead", r.ahead).Msg("a server's clock and this machine's differ")
		}
	}
	_, off := c.readLocked()
	uptime, wall := c.uptime(), c.wall().Round(0)
	switch {
	case known == 0:
	case agreed:
		c.agreed = true
		if off > 0 {
			c.log.Warn().Dur("ahead", off).Msg("the wall clock is believed again: a server's clock agrees with it")
			c.seen, c.at, c.why = wall, uptime, ""
		}
	case behind && !c.agreed && off <= jump:
		believed := wall.Add(latest)
		if floor := c.floor.Add(uptime - c.floorAt); !c.floor.IsZero() && floor.After(believed) {
			believed = floor // what the ledger has cannot be taken back
		}
		if ahead := wall.Sub(believed); ahead > jump {
			c.seen, c.at = believed, uptime
			c.hold(ahead, "every server that tells its time is behind it: "+strings.Join(names, ", "))
		}
	}
}
