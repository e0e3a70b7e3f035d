package verify

import (
	"context"
	"encoding/json"
	"errors"
	"os"
	"slices"
	"time"
)

// The bounds of the pause between two verifications.
const (
	longestPause  = 5 * time.Minute
	shortestPause = time.Second
)

// period is the pause between two verifications of Run: a quarter of the shortest margin of the schedule, so that a fault is told
// well before what it keeps reaches its limit, within 1 second and 5 minutes.
func period(s *schedule) time.Duration {
	return min(longestPause, max(shortestPause, s.shortestMargin()/4))
}

// Recorder enters results in the ledger.
type Recorder interface {
	// Record enters a result, and each of these findings as a violation.
	Record(report *Report, fresh []Finding) error
	// Destroyed tells how many destructions are entered, so that each is followed by a result.
	Destroyed() int64
}

// told is what was logged and entered last.
type told struct {
	logged, entered []Finding
	// at is when a result was entered last, zero where none was; destroyed how many destructions were entered by then.
	at        time.Time
	destroyed int64
}

// Run verifies at once and then periodically until ctx ends. It tells what changed in the log and enters it in the ledger.
func (a *Auditor) Run(ctx context.Context) error {
	for {
		report, err := a.Check(ctx)
		if err != nil {
			return err
		}
		a.metrics.show(report, a.schedule)
		a.keep(report)
		alarms := report.Alarms()
		a.tell(alarms)
		a.enter(report, alarms)
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(a.config.Every):
		}
	}
}

// tell logs what is new, and what is in order again.
func (a *Auditor) tell(alarms []Finding) {
	for _, f := range missing(alarms, a.told.logged) {
		event := a.deps.Log.Error().Str("kind", string(f.Kind)).Str("store", f.Store).Str("object", f.Object)
		if f.Class != "" {
			event = event.Str("class", f.Class)
		}
		if !f.Slot.IsZero() {
			event = event.Time("slot", f.Slot)
		}
		event.Msg("verify: " + f.Text)
	}
	for _, f := range missing(a.told.logged, alarms) {
		a.deps.Log.Info().Str("kind", string(f.Kind)).Str("store", f.Store).Str("object", f.Object).Msg("verify: it is in order again")
	}
	a.told.logged = alarms
}

// enter adds the result to the ledger: when the alarms change, after destructions (so that each slot has a verification behind
// its end), and at least once a day; not each time, since the same word every few minutes would bury the rest of the ledger and
// prove nothing more. What could not be entered is tried again with the next result.
func (a *Auditor) enter(report *Report, alarms []Finding) {
	if a.deps.Record == nil {
		return
	}
	destroyed := a.deps.Record.Destroyed()
	fresh := missing(alarms, a.told.entered)
	if len(fresh)+len(missing(a.told.entered, alarms)) == 0 && destroyed == a.told.destroyed && !a.told.at.IsZero() && report.At.Sub(a.told.at) < day {
		return
	}
	if err := a.deps.Record.Record(report, fresh); err != nil {
		a.metrics.failures.WithLabelValues("ledger").Inc()
		a.deps.Log.Error().Err(err).Msg("verify: the result could not be entered in the ledger; it is tried again with the next")
		return
	}
	a.told.entered, a.told.at, a.told.destroyed = alarms, report.At, destroyed
}

// missing are those of the findings that the others do not have.
func missing(findings, others []Finding) []Finding {
	return slices.DeleteFunc(slices.Clone(findings), func(f Finding) bool {
		return slices.ContainsFunc(others, func(g Finding) bool { return g.same(&f) })
	})
}

// keep writes the last result, for status and the records officer's page.
func (a *Auditor) keep(report *Report) {
	if a.config.State == "" {
		return
	}
	text, err := json.Marshal(report)
	if err == nil {
		err = os.WriteFile(a.config.State+".new", text, 0o600)
	}
	if err == nil {
		err = os.Rename(a.config.State+".new", a.config.State)
	}
	if err != nil {
		a.metrics.failures.WithLabelValues("state").Inc()
		a.deps.Log.Error().Err(err).Msg("verify: the result could not be kept for status")
	}
}

// Last reads the last result that a running auditor kept; nil where there is none.
func Last(path string) (*Report, error) {
	text, err := os.ReadFile(path)
	if errors.Is(err, os.ErrNotExist) {
		return nil, nil
	}
	report := &Report{}
	if err == nil {
		err = json.Unmarshal(text, report)
	}
	return report, err
}
