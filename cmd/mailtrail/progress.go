package main

import (
	"fmt"
	"io"
	"sync"
	"time"

	"github.com/schollz/progressbar/v3"
)

// lineEvery is how often progress says a line where there is no terminal for a bar.
const lineEvery = 5 * time.Second

// progress shows how far long work has come, on standard error: a bar on a terminal, a line every few seconds otherwise.
// Several goroutines may add to it.
type progress struct {
	mu          sync.Mutex
	out         io.Writer
	now         func() time.Time
	description string
	unit        string
	done, total int64
	began, said time.Time
	bar         *progressbar.ProgressBar
}

// newProgress begins to show work of total units; total is -1 where nobody knows.
func (a *app) newProgress(description, unit string, total int64) *progress {
	p := &progress{out: a.stderr, now: a.now, description: description, unit: unit, total: total, began: a.now(), said: a.now()}
	if isTerminal(a.stderr) {
		p.bar = progressbar.NewOptions64(total,
			progressbar.OptionSetWriter(a.stderr),
			progressbar.OptionSetDescription(description),
			progressbar.OptionSetItsString(unit),
			progressbar.OptionShowIts(),
			progressbar.OptionShowCount(),
			progressbar.OptionThrottle(100*time.Millisecond),
			progressbar.OptionSetPredictTime(total > 0),
			progressbar.OptionClearOnFinish(),
		)
	}
	return p
}

// Add counts n more units as done.
func (p *progress) Add(n int64) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.done += n
	if p.bar != nil {
		_ = p.bar.Add64(n) // fails only beyond the total, which the last line tells anyway
		return
	}
	if now := p.now(); now.Sub(p.said) >= lineEvery {
		p.said = now
		p.say()
	}
}

// Close ends the bar and says the last line.
func (p *progress) Close() {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.bar != nil {
		_ = p.bar.Finish() // what a terminal refuses to show is no reason to fail
	}
	p.say()
}

func (p *progress) say() {
	spent := p.now().Sub(p.began)
	rate := 0.0
	if spent > 0 {
		rate = float64(p.done) / spent.Seconds()
	}
	share := ""
	if p.total > 0 {
		share = fmt.Sprintf(" of %d (%.0f%%)", p.total, 100*float64(p.done)/float64(p.total))
	}
	fmt.Fprintf(p.out, "%s: %d%s %s, %.0f a second, %s\n", p.description, p.done, share, p.unit, rate, spent.Round(time.Second))
}
