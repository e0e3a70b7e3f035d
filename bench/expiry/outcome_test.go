package expiry

import (
	"time"

	"github.com/stretchr/testify/require"

	"mailtrail/schemas/event"
	"mailtrail/schemas/retention"
)

// mailtrails are the disks that mailtrail answers for.
var mailtrails = []disk{scansDisk, rejectsDisk, tableDisk, elsewhere}

// check holds what was seen against what must be, and returns the times of each canary whose limit has passed.
func (w *watch) check() *times {
	ended := w.looks[len(w.looks)-1].began
	require.Empty(w.t, w.late, "seen past their limits: %d", len(w.late))
	seen := newTimes()
	var checked [kinds]int
	life := w.topicLife()
	for _, c := range w.flock.planted() {
		w.neverInClear(c)
		if !c.limit.Before(ended) || !w.atItsLimit(c, seen) {
			continue
		}
		checked[c.kind]++
		w.found(c, scansDisk)
		w.topicTimes(c, life, seen)
		if c.kind != rejected {
			w.found(c, tableDisk)
			w.tableTimes(c, seen)
		}
	}
	for kind, n := range checked {
		require.Greater(w.t, n, 5, "canaries of kind %d whose limit has passed", kind)
	}
	seen.canaries = checked[mail] + checked[service] + checked[rejected]
	return seen
}

// found is the positive control: a raw search of the store finds the canary before its limit.
func (w *watch) found(c *canary, where disk) {
	for _, s := range w.searches {
		if s.ended.Before(c.limit) && s.found[where][c.number] != "" {
			return
		}
	}
	require.Fail(w.t, "a raw search never found a canary", "%+v in %s", *c, where)
}

// neverInClear: dead letters are ciphertext, and no other file has a record at all.
func (w *watch) neverInClear(c *canary) {
	for _, s := range w.searches {
		for _, where := range []disk{rejectsDisk, elsewhere} {
			require.Empty(w.t, s.found[where][c.number], "canary %d (kind %d) lies in clear in %s", c.number, c.kind, where)
		}
		if c.kind == rejected {
			require.Empty(w.t, s.found[tableDisk][c.number], "the rejected canary %d lies in %s", c.number, tableDisk)
		}
	}
}

// atItsLimit: no search from the limit on finds the canary in any file of mailtrail's. It is false where none began since.
func (w *watch) atItsLimit(c *canary, seen *times) bool {
	searched := false
	for _, s := range w.searches {
		if s.began.Before(c.limit) {
			continue
		}
		if !searched {
			searched, seen.searched = true, max(seen.searched, s.began.Sub(c.limit))
		}
		for _, where := range mailtrails {
			require.Empty(w.t, s.found[where][c.number], "canary %d (kind %d) is in a file of %s, %s past its limit", c.number, c.kind, where, s.began.Sub(c.limit))
		}
	}
	return searched
}

// goneFrom is the end of the first search after the last that found the canary there.
func (w *watch) goneFrom(c *canary, where disk) time.Time {
	for i := len(w.searches) - 1; i > 0; i-- {
		if w.searches[i-1].found[where][c.number] != "" {
			return w.searches[i].ended
		}
	}
	require.Fail(w.t, "a raw search never found a canary", "%+v in %s", *c, where)
	return time.Time{}
}

// since is the end of the first look after the last of which it is there, and whether it ever was.
func (w *watch) since(there func(*look) bool) (time.Time, bool) {
	for i := len(w.looks) - 1; i > 0; i-- {
		if there(w.looks[i-1]) {
			return w.looks[i].ended, true
		}
	}
	return time.Time{}, false
}

// tableTimes are when the canary's slot went from the views, from the list of parts and from the disk.
func (w *watch) tableTimes(c *canary, seen *times) {
	row := w.schedule.Row(map[kind]string{mail: retention.MailTracking, service: retention.SpecialServiceTracking}[c.kind])
	slot, destroyAt := slotOf{row.Class, c.slot}, time.Unix(row.DestroyAt(c.slot), 0)
	unreadable, shown := w.since(func(l *look) bool { return l.readable[slot] })
	require.True(w.t, shown, "slot %v was in no view", slot)
	unlisted, shown := w.since(func(l *look) bool { return l.listed[slot] })
	require.True(w.t, shown, "slot %v was no part", slot)
	gone := w.goneFrom(c, tableDisk)
	for name, at := range map[string]time.Time{"view": unreadable, "list of parts": unlisted, "disk": gone} {
		require.False(w.t, at.Before(destroyAt), "slot %v was gone from the %s %s before its destroy_at", slot, name, destroyAt.Sub(at))
	}
	require.False(w.t, destroyAt.Before(c.limit.Add(-time.Duration(row.Slot+row.Margin))), "slot %v is destroyed more than a slot and a margin before a record's limit", slot)
	seen.of(tableDisk).add(c, destroyAt, unreadable, unlisted, gone)
}

// topicTimes are when the canary could not be read from its topic, when Kafka gave its file up, and when that was gone.
func (w *watch) topicTimes(c *canary, kept time.Duration, seen *times) {
	unreadable, shown := w.since(func(l *look) bool { return l.first[c.partition] <= c.offset && l.ended.After(c.began) })
	require.True(w.t, shown, "canary %d could never be read from its topic", c.number)
	unlisted, _ := w.since(func(l *look) bool { return l.segments[c.partition] <= c.offset })
	require.False(w.t, unreadable.Before(c.began.Add(kept)), "canary %d could not be read from %s before its retention had passed", c.number, event.ScansTopic)
	seen.of(scansDisk).add(c, c.clock, unreadable, unlisted, w.goneFrom(c, scansDisk))
}
