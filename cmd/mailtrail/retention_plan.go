package main

import (
	"context"
	"time"

	"github.com/spf13/cobra"

	pipeline "mailtrail/pipeline/retention"
	"mailtrail/schemas/retention"
)

func newRetentionPlanCommand(a *app) *cobra.Command {
	command := &cobra.Command{
		Use:   "plan",
		Short: "Say what each store will lose, when, and under which rule",
		Long: `plan prints the retention schedule as a document: of each system and kind of record the rule with its citation, how
long, from which clock, how it is destroyed, where it lies, and what the live stores will lose next and when. It
changes nothing. The table shows the next three losses of each place; --format json and csv have all of them.
The exit status is 1 where a store does not answer; what is known without it is printed all the same.`,
		Example: `  mailtrail retention plan --config site.yaml > plan-2026-11.txt
  mailtrail retention plan --format json | grep '"section":"loss"'`,
		Args: cobra.NoArgs,
	}
	format := addFormatFlag(command)
	command.RunE = func(c *cobra.Command, _ []string) error {
		r, err := a.plainRole()
		if err != nil {
			return err
		}
		return r.planRetention(c.Context(), *format)
	}
	return command
}

func (r *role) planRetention(ctx context.Context, format rowFormat) error {
	rules, err := r.rules()
	if err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(ctx, statusPatience)
	defer cancel()
	plan := pipeline.Draw(ctx, rules.schedule, r.planStores(rules), r.now())
	if format == "table" {
		err = writePlan(r.stdout, plan)
	} else {
		err = writeStatus(r.stdout, format, planSections(plan))
	}
	if err != nil {
		return err
	}
	if len(plan.Silent) > 0 {
		return &findings{"not every store answered: the plan does not know what " + string(plan.Silent[0].Store) + " holds"}
	}
	return nil
}

// planSections are the plan as rows for programs.
func planSections(plan *pipeline.Plan) []section {
	rule := section{name: "rule", columns: []statusColumn{
		{name: "class"}, {name: "kind"}, {name: "rule"}, {name: "system"}, {name: "record"}, {name: "limit"}, {name: "bound"}, {name: "clock"}, {name: "idle"},
		{name: "slot_seconds"}, {name: "margin_seconds"}, {name: "behind_seconds"}, {name: "sealed"}, {name: "flows"}, {name: "stores"}, {name: "citation"}, {name: "reason"}, {name: "decision"},
	}}
	loss := section{name: "loss", columns: []statusColumn{
		{name: "class"}, {name: "store"}, {name: "place"}, {name: "from"}, {name: "destroy_at"}, {name: "backstop_at"}, {name: "limit_at"}, {name: "rows"}, {name: "bytes"}, {name: "strange"},
	}}
	medium := section{name: "disposal", columns: []statusColumn{{name: "rule"}, {name: "system"}, {name: "medium"}, {name: "method"}, {name: "citation"}, {name: "decision"}}}
	silent := section{name: "silent", columns: []statusColumn{{name: "store"}, {name: "why"}}}
	for _, line := range plan.Lines {
		rule.rows = append(rule.rows, ruleCells(&line))
		for _, l := range line.Losses {
			loss.rows = append(loss.rows, []any{
				line.Class, string(l.Place.Store), l.Place.Name, at(l.From), at(l.DestroyAt), timeOrNil(orNever(l.BackstopAt)), at(l.LimitAt), l.Rows, l.Bytes, nil,
			})
		}
		for _, h := range line.Strange {
			loss.rows = append(loss.rows, []any{line.Class, string(h.Place.Store), h.Place.Name, nil, nil, nil, nil, h.Rows, h.Bytes, h.Strange})
		}
	}
	for _, d := range plan.Schedule.Disposal {
		medium.rows = append(medium.rows, []any{d.Rule, d.System, d.Medium, d.Method, d.Citation, d.Decision})
	}
	for _, s := range plan.Silent {
		silent.rows = append(silent.rows, []any{string(s.Store), s.Err.Error()})
	}
	return []section{rule, loss, medium, silent}
}

func ruleCells(line *pipeline.Line) []any {
	kind := "record"
	if line.Own {
		kind = "own"
	}
	stores := []string{}
	for _, place := range line.Places() {
		stores = append(stores, string(place.Store)+":"+place.Name)
	}
	return []any{
		line.Class, kind, orNil(line.Rule), orNil(line.System), line.Record, orNil(limitOf(line)), string(line.Bound), orNil(string(line.Clock)), orNil(idleOf(line)),
		spanOrNil(line.Slot), spanOrNil(line.Margin), spanOrNil(line.Behind), line.Sealed, line.Flows(), stores, orNil(line.Citation), orNil(line.Reason), orNil(line.Decision),
	}
}

func limitOf(line *pipeline.Line) string {
	if line.Bound == retention.NoLimit {
		return ""
	}
	return line.Limit.String()
}

func idleOf(line *pipeline.Line) string {
	if line.Idle == (retention.Limit{}) {
		return ""
	}
	return line.Idle.String()
}

func spanOrNil(d retention.Duration) any {
	if d == 0 {
		return nil
	}
	return d
}

// orNever is at, and the zero time for 0.
func orNever(seconds int64) time.Time {
	if seconds == 0 {
		return time.Time{}
	}
	return at(seconds)
}

func at(seconds int64) time.Time { return time.Unix(seconds, 0).UTC() }
