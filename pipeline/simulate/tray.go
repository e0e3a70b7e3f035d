package simulate

import (
	"container/heap"
	"time"

	"mailtrail/schemas/event"
)

// tray is mail that travels together. What its pieces are follows from its
// seed, so it needs no memory for them.
type tray struct {
	seed   uint64
	serial uint64 // of its first piece
	// starts are when its runs begin, Unix milliseconds.
	starts [maxStages]int64
	// lag is how late its scans arrive, in milliseconds.
	lag         int64
	mailer      int32
	origin      int16
	destination int16
	originUnit  int16 // of the origin plant
	unit        int16 // of the destination plant
	pieces      int16
	journey     uint8
	stage       uint8 // the run that comes next
	// stid is the place of its unknown STID plus one; 0: the mailer's own.
	stid uint16
}

func (t *tray) way() *journey { return &journeys[t.journey] }

// due is when the scans of the tray's next run arrive, as far as order goes.
func (t *tray) due() int64 { return t.starts[t.stage] }

// queue is the trays under way, by the time of their next run.
type queue []*tray

func (q queue) Len() int { return len(q) }
func (q queue) Less(i, j int) bool {
	if a, b := q[i].due(), q[j].due(); a != b {
		return a < b
	}
	return q[i].seed < q[j].seed
}
func (q queue) Swap(i, j int) { q[i], q[j] = q[j], q[i] }
func (q *queue) Push(x any)   { *q = append(*q, x.(*tray)) }
func (q *queue) Pop() any {
	last := len(*q) - 1
	t := (*q)[last]
	(*q)[last] = nil
	*q = (*q)[:last]
	return t
}

// plan makes trays until their scans are as many as asked for.
func (m *model) plan() {
	for planned := uint64(0); planned < m.options.Count; {
		t := m.newTray()
		heap.Push(&m.queue, t)
		planned += uint64(t.pieces) * uint64(len(t.way().stages)) * (missedOf - missed) / missedOf
	}
}

// newTray draws a tray whose last scan lies in the day of mail.
func (m *model) newTray() *tray {
	r := &m.plans
	t := &tray{seed: r.next(), journey: m.drawJourney(r)}
	way := t.way()
	// A small run of the model has small trays, so that there are enough of them.
	scale := min(1, max(0.01, float64(m.options.Count)/100_000))
	t.pieces = int16(max(1, int64(float64(r.between(way.smallest, way.greatest+1))*scale)))
	t.mailer = int32(m.mailers.draw(r))
	if way.presort {
		t.origin = int16(m.mailers.all[t.mailer].plant)
		t.serial = m.mailers.take(int(t.mailer), int(t.pieces))
	} else {
		t.origin = int16(r.below(int64(len(m.network.plants))))
		t.serial = m.mailers.takeSingles(int(t.pieces))
	}
	t.destination = t.origin
	if !r.chance(0.3) {
		t.destination = int16(r.below(int64(len(m.network.plants))))
	}
	t.originUnit = int16(r.below(int64(len(m.network.plants[t.origin].units))))
	t.unit = int16(r.below(int64(len(m.network.plants[t.destination].units))))
	if r.chance(m.options.Shares.UnknownSTID) {
		t.stid = 1 + uint16(r.below(int64(len(m.mailers.unknown))))
	}
	m.schedule(t, r)
	if longest := m.longestLag(t); r.chance(m.options.Shares.Late) && longest > shortestLag {
		t.lag = r.between(shortestLag, longest)
	}
	return t
}

func (m *model) drawJourney(r *random) uint8 {
	total := int64(0)
	for i := range journeys {
		total += journeys[i].weight
	}
	at := r.below(total)
	for i := range journeys {
		if at -= journeys[i].weight; at < 0 {
			return uint8(i)
		}
	}
	return 0
}

// schedule sets the times of the tray's runs, the last first.
func (m *model) schedule(t *tray, r *random) {
	way := t.way()
	last := len(way.stages) - 1
	from, until := way.from*time.Hour.Milliseconds(), way.until*time.Hour.Milliseconds()
	end := m.momentOfDay(t, r.between(from, until))
	for i := last; i >= 0; i-- {
		s := &way.stages[i]
		t.starts[i] = end - m.length(t, s)
		end = t.starts[i] - s.wait.Milliseconds()
		if s.wait > 0 {
			end -= r.below(s.wait.Milliseconds())
		}
		if i > 0 && s.site == destinationPlant && way.stages[i-1].site == originPlant {
			end -= transitDays(m.network.plants[t.origin].ZIP5, m.network.plants[t.destination].ZIP5) * dayMilli
		}
	}
}

// length is how long a run takes, in milliseconds.
func (m *model) length(t *tray, s *stage) int64 {
	if s.tray {
		return 2 * nestPace
	}
	return int64(t.pieces) * s.pace.Milliseconds()
}

// momentOfDay returns when, on the day of mail, the clocks at the tray's
// destination show the time of day.
func (m *model) momentOfDay(t *tray, timeOfDay int64) int64 {
	begin := m.options.Start.UnixMilli()
	zone := m.network.plants[t.destination].Zone
	offset := int64(m.network.offset(zone, begin)) * minuteMilli
	wall := begin + offset
	moment := wall - wall%dayMilli + timeOfDay - offset
	if moment < begin {
		moment += dayMilli
	}
	return moment
}

// shortestLag is what makes mail late, in milliseconds.
const shortestLag = 2 * 3_600_000

// longestLag is the lag under which late mail stays younger than oldestLate,
// and than what the doors still take.
func (m *model) longestLag(t *tray) int64 {
	age := min(oldestLate, m.options.Schedule.Behind(event.ScansTopic)-longestRun-border)
	return t.starts[0] - m.options.Now.Add(-age).UnixMilli()
}
