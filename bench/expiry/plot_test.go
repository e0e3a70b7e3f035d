package expiry

import (
	_ "embed"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"text/template"
	"time"

	"github.com/stretchr/testify/require"
)

//go:embed plot.svg.tmpl
var drawing string

// Sizes of the drawing, in its own units, which are pixels when it is shown as it is.
const (
	width, left, right = 980, 80, 90
	tall, firstTop     = 260, 76
	panelPitch         = tall + 84
)

// drawn are the stores in the order of the legend.
var drawn = []struct {
	of          disk
	name, color string
}{
	{tableDisk, "mailtrail, ClickHouse", "#0072B2"},
	{scansDisk, "mailtrail, Kafka", "#009E73"},
	{plainTableDisk, "ClickHouse, TTL alone", "#D55E00"},
	{plainTopicDisk, "Kafka, defaults", "#CC79A7"},
}

// point is the age of the oldest record at a moment.
type point struct{ at, age time.Duration }

// readableAges are the ages of the oldest record of the shortest limit that a store shows.
func (w *watch) readableAges(of disk) (points []point) {
	for _, l := range w.looks {
		p := point{at: l.began.Sub(w.began)}
		if oldest := l.oldest[of]; !oldest.IsZero() {
			p.age = max(0, l.began.Sub(oldest))
		}
		points = append(points, p)
	}
	return points
}

// diskAges are the ages of the oldest canary of that limit whose mark is in a file.
func (w *watch) diskAges(of disk) (points []point) {
	for _, s := range w.searches {
		p := point{at: s.began.Sub(w.began)}
		for _, c := range w.flock.planted() {
			if c.kind == mail && s.found[of][c.number] != "" {
				p.age = max(p.age, s.began.Sub(c.clock))
			}
		}
		points = append(points, p)
	}
	return points
}

// eachSecond keeps one point a second, the highest.
func eachSecond(points []point) (kept []point) {
	for _, p := range points {
		if n := len(kept); n > 0 && kept[n-1].at/time.Second == p.at/time.Second {
			kept[n-1].age = max(kept[n-1].age, p.age)
			continue
		}
		kept = append(kept, p)
	}
	return kept
}

type (
	tick struct {
		At    float64
		Label string
	}
	line  struct{ Color, Points string }
	panel struct {
		Title, LimitLabel string
		Top               int
		Limit             float64
		XTicks, YTicks    []tick
		Lines             []line
	}
)

// plot draws what was seen.
func (w *watch) plot(path string) error {
	out, err := os.Create(path)
	if err != nil {
		return err
	}
	var legend []map[string]any
	for i, d := range drawn {
		x := left + i*205
		legend = append(legend, map[string]any{"X": x, "Until": x + 28, "Text": x + 36, "Name": d.name, "Color": d.color})
	}
	caption := fmt.Sprintf("%d events a second; limit %s, slots of %s, margin %s; a topic's life %s. The plain stores are set to the same limit.",
		w.scale.rate, inSeconds(w.scale.mail.limit), inSeconds(w.scale.mail.slot), inSeconds(w.scale.mail.margin), inSeconds(w.scale.life))
	const plot = width - left - right
	err = template.Must(template.New("plot").Parse(drawing)).Execute(out, map[string]any{
		"Width": width, "Height": firstTop + 2*panelPitch + 26, "Left": left, "Plot": plot, "Tall": tall, "TickEnd": tall + 6, "TickLabel": tall + 22,
		"Middle": tall / 2, "Beside": plot + 8, "Foot": firstTop + 2*panelPitch - 30, "Note": firstTop + 2*panelPitch + 4,
		"XTitle": "seconds since the load began", "Caption": caption, "Legend": legend,
		"Panels": w.panels(),
	})
	return errors.Join(err, out.Close())
}

// panels have the same axes.
func (w *watch) panels() []panel {
	readable, onDisk := make([][]point, len(drawn)), make([][]point, len(drawn))
	longest, oldest := time.Second, w.scale.mail.limit
	for i, d := range drawn {
		readable[i], onDisk[i] = eachSecond(w.readableAges(d.of)), eachSecond(w.diskAges(d.of))
		for _, p := range append(readable[i], onDisk[i]...) {
			longest, oldest = max(longest, p.at), max(oldest, p.age)
		}
	}
	x, y := newAxis(longest, width-left-right), newAxis(oldest, tall)
	return []panel{
		w.panel(firstTop, "Age of the oldest record that can be read", readable, x, y),
		w.panel(firstTop+panelPitch, "Age of the oldest record whose bytes are in a file", onDisk, x, y),
	}
}

func (w *watch) panel(top int, title string, lines [][]point, x, y axis) panel {
	limit := w.scale.mail.limit
	p := panel{Title: title, Top: top, LimitLabel: inSeconds(limit), Limit: tall - y.of(limit), XTicks: x.ticks}
	for _, t := range y.ticks {
		p.YTicks = append(p.YTicks, tick{tall - t.At, t.Label})
	}
	for i, d := range drawn {
		var points strings.Builder
		for _, at := range lines[i] {
			fmt.Fprintf(&points, "%.1f,%.1f ", x.of(at.at), tall-y.of(at.age))
		}
		p.Lines = append(p.Lines, line{d.color, points.String()})
	}
	return p
}

func inSeconds(d time.Duration) string { return fmt.Sprintf("%g s", d.Seconds()) }

// axis goes from 0 to a round number that is at least the most.
type axis struct {
	end    time.Duration
	length float64
	ticks  []tick
}

// newAxis makes an axis with at most eleven ticks, at round numbers of seconds.
func newAxis(most time.Duration, length float64) axis {
	step := time.Second
	for _, s := range []int{1, 2, 5, 10, 20, 30, 60, 120, 300, 600} {
		if step = time.Duration(s) * time.Second; most <= 10*step {
			break
		}
	}
	a := axis{end: (most + step - 1) / step * step, length: length}
	for at := time.Duration(0); at <= a.end; at += step {
		a.ticks = append(a.ticks, tick{a.of(at), fmt.Sprint(int(at.Seconds()))})
	}
	return a
}

func (a axis) of(d time.Duration) float64 { return float64(d) / float64(a.end) * a.length }

func TestThePlotIsXML(t *testing.T) {
	w := &watch{scale: large, flock: newFlock(), began: time.Now()}
	for s := range 600 {
		at := w.began.Add(time.Duration(s) * time.Second)
		aged := func(most int) time.Time { return at.Add(-time.Duration(min(s, most)) * time.Second) }
		w.looks = append(w.looks, &look{began: at, oldest: map[disk]time.Time{tableDisk: aged(50), scansDisk: aged(32), plainTableDisk: aged(400), plainTopicDisk: aged(121)}})
		w.searches = append(w.searches, &search{began: at})
	}
	path := filepath.Join(t.TempDir(), "plot.svg")
	require.NoError(t, w.plot(path))
	svg, err := os.Open(path)
	require.NoError(t, err)
	defer svg.Close()
	lines := 0
	for decoder := xml.NewDecoder(svg); ; {
		token, err := decoder.Token()
		if errors.Is(err, io.EOF) {
			break
		}
		require.NoError(t, err)
		if start, ok := token.(xml.StartElement); ok && start.Name.Local == "polyline" {
			lines++
		}
	}
	require.Equal(t, 8, lines)
}

func TestAxesHaveRoundTicks(t *testing.T) {
	for most, want := range map[time.Duration][]string{
		9 * time.Second:   {"0", "1", "2", "3", "4", "5", "6", "7", "8", "9"},
		61 * time.Second:  {"0", "10", "20", "30", "40", "50", "60", "70"},
		540 * time.Second: {"0", "60", "120", "180", "240", "300", "360", "420", "480", "540"},
	} {
		var labels []string
		for _, at := range newAxis(most, 100).ticks {
			labels = append(labels, at.Label)
		}
		require.Equal(t, want, labels)
	}
}
