package retention

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus/testutil"
	"github.com/rs/zerolog"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"mailtrail/schemas/retention"
)

// remote is a server whose clock stands ahead of the true time; away: it does not answer.
type remote struct {
	name  string
	world *world
	ahead time.Duration
	away  bool
}

func (r *remote) Name() string { return r.name }

func (r *remote) Ahead(_ context.Context, wall func() time.Time) (time.Duration, time.Duration, bool, error) {
	if r.away {
		return 0, 0, false, errors.New("the server is away")
	}
	return noon.Add(r.world.uptime + r.ahead).Sub(wall()), time.Millisecond, true, nil
}

// A row of the state table in README.md each. The true time is noon at the start, and what passes since.
func TestTheStatesOfTheClock(t *testing.T) {
	const hour, away = time.Hour, 1000 * time.Hour
	for name, c := range map[string]struct {
		wall    time.Duration   // of this machine, ahead of the true time, when it starts
		servers []time.Duration // ahead of the true time
		jumps   time.Duration   // of the wall clock, after the first comparison
		later   []time.Duration // the servers then
		want    time.Duration   // the time that is believed at the end, ahead of the true time
		held    bool
	}{
		"embedded: nothing can be learnt":                     {wall: 48 * hour, want: 48 * hour},
		"no server answers":                                   {wall: 48 * hour, servers: []time.Duration{away, away}, want: 48 * hour},
		"all agree":                                           {servers: []time.Duration{time.Second, -time.Minute}},
		"it starts ahead of all":                              {wall: 48 * hour, servers: []time.Duration{0, -5 * time.Second}, held: true},
		"it starts ahead of the one that answers":             {wall: 48 * hour, servers: []time.Duration{away, 0}, held: true},
		"they differ, and all are behind: the latest of them": {wall: 48 * hour, servers: []time.Duration{-hour, 3 * hour}, want: 3 * hour, held: true},
		"one agrees":                                          {wall: 48 * hour, servers: []time.Duration{0, 48 * hour}, want: 48 * hour},
		"one is ahead":                                        {wall: 48 * hour, servers: []time.Duration{0, 96 * hour}, want: 48 * hour},
		"ahead within the bound":                              {wall: 9 * time.Minute, servers: []time.Duration{0}, want: 9 * time.Minute},
		"behind all":                                          {wall: -hour, servers: []time.Duration{0, 0}, want: -hour},
		"it jumps, and no server is there":                    {jumps: 48 * hour, held: true},
		"it jumps ahead of servers that agreed":               {servers: []time.Duration{0}, jumps: 48 * hour, held: true},
		"it jumps to where the servers are, after a pause":    {servers: []time.Duration{0}, jumps: 48 * hour, later: []time.Duration{48 * hour}, want: 48 * hour},
		"the servers fall behind one that agreed":             {servers: []time.Duration{0}, later: []time.Duration{-48 * hour}},
		"the first answers come late":                         {wall: 48 * hour, servers: []time.Duration{away}, later: []time.Duration{0}, held: true},
		"it is set right":                                     {wall: 48 * hour, servers: []time.Duration{0}, jumps: -48 * hour},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t)
			w.wall = noon.Add(c.wall)
			var servers []*remote
			for i, ahead := range c.servers {
				servers = append(servers, &remote{string(rune('a' + i)), w, ahead, ahead == away})
				w.servers = append(w.servers, servers[i])
			}
			s := w.sweeper()
			s.Compare(t.Context())
			w.pass(time.Minute)
			w.wall = w.wall.Add(c.jumps)
			for i, ahead := range c.later {
				servers[i].ahead, servers[i].away = ahead, false
			}
			s.Compare(t.Context())
			w.pass(time.Minute)
			s.Compare(t.Context())
			require.WithinDuration(t, noon.Add(w.uptime+c.want), s.clock.Now(), 2*time.Second)
			for range 2 {
				require.NoError(t, s.Sweep(t.Context()).Err())
			}
			if c.held {
				require.Len(t, w.book.held, 1, "it is entered once")
			} else {
				require.Empty(t, w.book.held)
			}
		})
	}
}

// A sweeper that starts under a clock that is ahead destroys nothing that is not due, and what is due goes by the servers' time.
func TestASweeperThatStartsAhead(t *testing.T) {
	row := retention.Builtin().Row(retention.MailTracking)
	slot := slotOf(retention.MailTracking, "scans", 29)
	due := time.Unix(row.DestroyAt(slot.Start), 0)
	w := newWorld(t)
	w.store.slots[slot] = 3
	w.wall = noon.Add(48 * time.Hour)
	w.servers = []ServerClock{&remote{name: "clickhouse there:9000", world: w}}
	w.book.broken = true
	s := w.sweeper()
	s.Compare(t.Context())
	require.Error(t, s.Sweep(t.Context()).Err(), "the ledger takes nothing")
	w.book.broken = false
	require.Empty(t, s.Sweep(t.Context()).Drops)
	require.Equal(t, []string{"every server that tells its time is behind it: clickhouse there:9000 by 48h0m0s"}, w.book.held)
	require.InDelta(t, -48*3600, testutil.ToFloat64(s.metrics.servers.WithLabelValues("clickhouse there:9000")), 1)
	require.InDelta(t, 48*3600, testutil.ToFloat64(gauge(t, w, "mailtrail_retention_clock_ahead_seconds")), 1)
	w.pass(due.Sub(noon))
	s.Compare(t.Context())
	require.Len(t, s.Sweep(t.Context()).Drops, 1)
	require.Len(t, w.book.held, 1)

	// What the ledger has cannot be taken back.
	w = newWorld(t)
	w.wall, w.book.last = noon.Add(48*time.Hour), noon.Add(47*time.Hour)
	w.servers = []ServerClock{&remote{name: "a", world: w}}
	s = w.sweeper()
	s.Sweep(t.Context())
	for range 3 {
		s.Compare(t.Context())
		s.Sweep(t.Context())
		require.WithinDuration(t, w.book.last, s.clock.Now(), time.Second)
	}
	require.Len(t, w.book.held, 1)
}

// Whatever the clocks do, time never goes back behind the ledger's, never stands still, and a held clock is ahead.
func TestTheClockNeverRunsSlow(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		w := &world{wall: noon}
		server := &remote{name: "a", world: w}
		c := NewClock(func() time.Time { return w.wall }, func() time.Duration { return w.uptime }, zerolog.Nop())
		c.CompareWith(server)
		var floor time.Time
		compared := false
		last := c.Now()
		for range rapid.IntRange(1, 30).Draw(rt, "steps") {
			passed := time.Duration(rapid.IntRange(0, 7200).Draw(rt, "passed")) * time.Second
			w.uptime, w.wall = w.uptime+passed, w.wall.Add(passed)
			switch rapid.IntRange(0, 4).Draw(rt, "what") {
			case 0:
				w.wall = w.wall.Add(time.Duration(rapid.IntRange(-500000, 500000).Draw(rt, "jump")) * time.Second)
			case 1:
				server.ahead = time.Duration(rapid.IntRange(-500000, 500000).Draw(rt, "server")) * time.Second
			case 2:
				c.compare(context.Background())
				compared = true
			case 3:
				floor = c.Now()
				c.AtLeast(floor)
			}
			now := c.Now()
			if now.Before(floor) {
				rt.Fatalf("it is %s, and the ledger has %s", now, floor)
			}
			if !compared && now.Sub(last) < passed {
				rt.Fatalf("%s passed and the clock went %s", passed, now.Sub(last))
			}
			if off := c.off(); off > jump && c.why == "" {
				rt.Fatalf("the wall clock is %s ahead, and nobody says why", off)
			}
			last = now
		}
	})
}

// The brokers' stamps tell their clock where a record came between two looks, and nothing else does.
func TestStampsTellTheBrokersClock(t *testing.T) {
	wall := noon
	var newest []Appended
	topic := NewTopicClock("kafka mail.scans", func(context.Context) ([]Appended, error) { return newest, nil })
	topic.looked = map[int32]look{} // not the very first look
	ask := func() (ahead, within time.Duration, known bool) {
		ahead, within, known, err := topic.Ahead(t.Context(), func() time.Time { return wall })
		require.NoError(t, err)
		return ahead, within, known
	}
	unknown := func(why string) {
		t.Helper()
		_, _, known := ask()
		require.False(t, known, why)
	}
	unknown("an empty topic")
	newest = []Appended{{0, 10, noon.Add(-48 * time.Hour)}, {1, 5, noon.Add(-time.Hour)}}
	unknown("records of any age")
	wall = wall.Add(time.Minute)
	unknown("nothing was appended")
	wall = wall.Add(time.Minute)
	newest[0] = Appended{0, 11, noon.Add(90*time.Second - 48*time.Hour)} // the broker is two days behind
	ahead, within, known := ask()
	require.True(t, known)
	require.InDelta(t, (-48 * time.Hour).Seconds(), ahead.Seconds(), 30)
	require.Equal(t, 30*time.Second, within)
	newest[0], newest[1] = Appended{0, 12, noon.Add(2*time.Minute - 48*time.Hour)}, Appended{1, 6, noon.Add(2 * time.Minute)}
	ahead, _, known = ask()
	require.True(t, known)
	require.Zero(t, ahead, "of several brokers the one that is most ahead")
	wall = wall.Add(time.Hour)
	newest[1] = Appended{1, 7, noon.Add(3 * time.Minute)}
	unknown("too long between two looks")
	wall = wall.Add(-20 * time.Hour)
	newest[1] = Appended{1, 8, noon.Add(4 * time.Minute)}
	ahead, _, known = ask()
	require.True(t, known)
	require.GreaterOrEqual(t, ahead, 18*time.Hour, "a stamp of the future tells that the broker has been there")
}
