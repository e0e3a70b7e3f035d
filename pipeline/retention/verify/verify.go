package verify

import (
	"context"
	"fmt"
	"slices"
	"sync"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/rs/zerolog"
)

// Waiver excuses one object, with the reason in writing.
type Waiver struct{ Object, Reason string }

// Config is what the auditor keeps to.
type Config struct {
	// Schedule is the text of the retention schedule.
	Schedule []byte
	Waivers  []Waiver
	// Settle is the pause before the second look at what seems wrong: something may have been in the middle of it.
	Settle time.Duration
	// Every is the pause between two verifications of Run; 0 is what [Period] says.
	Every time.Duration
	// State is the file in which Run keeps the last result; empty: none.
	State string
}

// Deps are what the auditor needs from outside.
type Deps struct {
	// Inspectors by the name of their store. They are asked in this order; the ledger's needs what ClickHouse's saw.
	Inspectors []Named
	Clock      func() time.Time
	Log        zerolog.Logger
	Metrics    prometheus.Registerer
	// Record enters a result in the ledger; nil: it is not entered.
	Record Recorder
}

// Named is an inspector with the name of its store.
type Named struct {
	Store string
	Inspector
}

// Auditor verifies.
type Auditor struct {
	config   Config
	deps     Deps
	schedule *schedule
	metrics  *metrics
	// checking: one verification after the other.
	checking sync.Mutex
	told     told
}

// New makes an auditor; nothing is asked yet.
func New(config Config, deps Deps) (*Auditor, error) {
	read, err := readSchedule(config.Schedule)
	if err != nil {
		return nil, err
	}
	for _, w := range config.Waivers {
		if w.Object == "" || w.Reason == "" {
			return nil, fmt.Errorf("verify.waive: the waiver of %q has the reason %q; expected an object and a reason in writing", w.Object, w.Reason)
		}
	}
	if config.Every <= 0 {
		config.Every = period(read)
	}
	a := &Auditor{config: config, deps: deps, schedule: read}
	a.metrics = newMetrics(deps.Metrics, deps.Clock)
	return a, nil
}

// Check looks at all stores. What seems wrong is looked at a second time after a pause, and only what is still so is told: a slot
// may have been listed in the moment in which it was dropped. The error is that of a context that ended.
func (a *Auditor) Check(ctx context.Context) (*Report, error) {
	a.checking.Lock()
	defer a.checking.Unlock()
	began := time.Now()
	look := a.look(ctx)
	if len(look.findings) > 0 {
		first := look.findings
		select {
		case <-ctx.Done():
		case <-time.After(a.config.Settle):
		}
		look = a.look(ctx)
		look.findings = slices.DeleteFunc(look.findings, func(f Finding) bool {
			return !slices.ContainsFunc(first, func(g Finding) bool { return f.same(&g) })
		})
	}
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	slices.SortFunc(look.findings, func(x, y Finding) int { return x.compare(&y) })
	report := &Report{At: look.Now.UTC(), Took: time.Since(began), Inspected: look.inspected, Findings: look.findings, Rooms: look.rooms}
	a.waive(report)
	return report, nil
}

// look asks each inspector once. One that fails holds up no other.
func (a *Auditor) look(ctx context.Context) *Look {
	look := &Look{Now: a.deps.Clock(), schedule: a.schedule}
	for _, store := range a.deps.Inspectors {
		if err := store.Inspect(ctx, look); err != nil {
			look.missed(store.Store, store.Store, err)
		}
	}
	return look
}

// waive marks what is excused, and names the waivers that excuse nothing.
func (a *Auditor) waive(report *Report) {
	report.Unused = []string{}
	for _, w := range a.config.Waivers {
		used := false
		for i := range report.Findings {
			if f := &report.Findings[i]; f.Object == w.Object && f.Kind.waivable() {
				f.Waived, used = w.Reason, true
			}
		}
		if !used {
			report.Unused = append(report.Unused, w.Object)
		}
	}
}
