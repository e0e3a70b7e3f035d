package expiry

import (
	"fmt"
	"io"
	"slices"
	"strconv"
	"time"

	"github.com/stretchr/testify/require"

	"mailtrail/schemas/event"
)

// times are, by store, how long canaries took to become unreadable, unlisted, and gone from the disk.
type times struct {
	stores   map[disk]*storeTimes
	canaries int
	searched time.Duration // longest from a canary's limit to the beginning of the next search
}

type storeTimes struct {
	unreadable, unlisted, gone []time.Duration // since destroy_at, or the record's clock
	room                       time.Duration   // the least that was left from gone to the limit
}

func newTimes() *times { return &times{stores: map[disk]*storeTimes{}} }

func (t *times) of(where disk) *storeTimes {
	if t.stores[where] == nil {
		t.stores[where] = &storeTimes{room: 1<<63 - 1}
	}
	return t.stores[where]
}

func (s *storeTimes) add(c *canary, since, unreadable, unlisted, gone time.Time) {
	s.unreadable = append(s.unreadable, unreadable.Sub(since))
	s.unlisted = append(s.unlisted, unlisted.Sub(since))
	s.gone = append(s.gone, gone.Sub(since))
	s.room = min(s.room, c.limit.Sub(gone))
}

// print writes the lines of the table in README.md.
func (t *times) print(out io.Writer) {
	fmt.Fprintln(out, "\n| store | counted from | unreadable | unlisted | gone from disk | least room to the limit |\n|---|---|---|---|---|---|")
	for _, line := range []struct {
		of   disk
		from string
	}{{tableDisk, "the slot's destroy_at"}, {scansDisk, "the record's capture"}} {
		s := t.of(line.of)
		fmt.Fprintf(out, "| %s | %s | %s | %s | %s | %s |\n", line.of, line.from, spread(s.unreadable), spread(s.unlisted), spread(s.gone), s.room.Round(10*time.Millisecond))
	}
	fmt.Fprintf(out, "\n%d canaries past their limits; the search at the limit began at most %s after it\n", t.canaries, t.searched.Round(time.Millisecond))
}

// spread is median and worst.
func spread(d []time.Duration) string {
	slices.Sort(d)
	return fmt.Sprintf("%.2f s, worst %.2f s", d[len(d)/2].Seconds(), d[len(d)-1].Seconds())
}

// topicLife is how long mail.scans keeps a record at least, as its brokers tell.
func (w *watch) topicLife() time.Duration {
	settings, err := w.stack.Kafka.TopicSettings(w.t.Context(), event.ScansTopic)
	require.NoError(w.t, err)
	ms, err := strconv.ParseInt(settings["retention.ms"], 10, 64)
	require.NoError(w.t, err)
	return time.Duration(ms) * time.Millisecond
}
