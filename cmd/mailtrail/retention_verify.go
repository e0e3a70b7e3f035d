package main

import (
	"context"
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/spf13/cobra"

	"mailtrail/pipeline/retention/verify"
)

func newRetentionVerifyCommand(a *app) *cobra.Command {
	command := &cobra.Command{
		Use:   "verify",
		Short: "Look whether anything outlived its limit, in every store",
		Long: `verify is the auditor. With credentials of its own (verify.clickhouse, verify.kafka.sasl) it lists every topic, every table
with its active, inactive and detached parts, the data folder and the folders in verify.directories, and the ledger, looks
into the data, and says per class and store how old the oldest record is and how much time is left.

It exits with 1 where anything is over its limit, not in the schedule, or not inspected. What cannot be inspected, or belongs
to somebody else, can be waived in writing: verify.waive: [{object: NAME, reason: WHY}], with the name as it is printed.
It changes nothing, and may run beside everything else. ` + "`mailtrail up` and `mailtrail retention run`" + ` do the same by themselves.`,
		Example: `  mailtrail retention verify --config site.yaml
  mailtrail retention verify --format json | grep '"what":"finding"'`,
		Args: cobra.NoArgs,
	}
	format := addFormatFlag(command)
	command.RunE = func(c *cobra.Command, _ []string) error {
		r, err := a.plainRole()
		if err != nil {
			return err
		}
		return r.verifyOnce(c.Context(), *format)
	}
	return command
}

// verifyOnce verifies and prints. It enters nothing in the ledger: the auditor writes nowhere.
func (r *role) verifyOnce(ctx context.Context, format rowFormat) error {
	v, err := r.openVerifier(verifyOptions{metrics: prometheus.NewRegistry()})
	if err != nil {
		return err
	}
	defer v.close()
	report, err := v.auditor.Check(ctx)
	if err != nil {
		return err
	}
	if err := printReport(r.stdout, format, report); err != nil {
		return err
	}
	for _, object := range report.Unused {
		fmt.Fprintf(r.stderr, "the waiver of %q (verify.waive) excuses nothing: take it out, or name the object as it is printed\n", object)
	}
	if alarms := report.Alarms(); len(alarms) > 0 {
		return &findings{fmt.Sprintf("looked into %d objects in %s: %d findings; the first: %s", report.Inspected, roundly(report.Took), len(alarms), findingSentence(&alarms[0]))}
	}
	fmt.Fprintln(r.stderr, summary(report))
	return nil
}

// summary says in a sentence that all is well.
func summary(report *verify.Report) string {
	text := fmt.Sprintf("looked into %d objects in %s: nothing is over its limit, outside of the schedule or not inspected", report.Inspected, roundly(report.Took))
	if waived := len(report.Findings); waived > 0 {
		text += fmt.Sprintf(", but for %d findings that are waived", waived)
	}
	if least := report.Least(); least != nil {
		left, _ := least.Left(report.At)
		text += fmt.Sprintf("; the least room is %s, of class %s in %s %s", roughly(left), least.Class, least.Store, least.Object)
	}
	return text
}

func roundly(d time.Duration) time.Duration { return d.Round(10 * time.Millisecond) }

// findingSentence says in a sentence what, where and of which records.
func findingSentence(f *verify.Finding) string {
	text := fmt.Sprintf("%s: %s %s", f.Kind, f.Store, f.Object)
	if f.Class != "" {
		text += ", class " + f.Class
	}
	if !f.Slot.IsZero() {
		text += ", slot " + f.Slot.UTC().Format(time.RFC3339)
	}
	return text + ": " + f.Text
}

// reportColumns are those of every row: what is finding, waived (its text ends with the reason) or room.
var reportColumns = []string{"what", "kind", "store", "object", "class", "slot", "oldest", "limit_at", "room_seconds", "rows", "text"}

// printReport prints findings first, then what each place holds of each class.
func printReport(out io.Writer, format rowFormat, report *verify.Report) error {
	columns := append([]string(nil), reportColumns...)
	if format == "table" {
		columns[8] = "room"
	}
	rows, err := newRowWriter(out, format, columns...)
	if err != nil {
		return err
	}
	row := func(values ...any) {
		if format == "table" {
			for i := range values {
				values[i] = forPeople(values[i])
			}
		}
		if err == nil {
			err = rows.Row(values...)
		}
	}
	for _, f := range report.Findings {
		what, text := "finding", f.Text
		if f.Waived != "" {
			what, text = "waived", f.Text+" (waived: "+f.Waived+")"
		}
		row(what, string(f.Kind), f.Store, f.Object, orNil(f.Class), timeOrNil(f.Slot), timeOrNil(f.Oldest), timeOrNil(f.Limit), nil, orNone(f.Rows), text)
	}
	for _, room := range report.Rooms {
		var left any
		if d, limited := room.Left(report.At); limited {
			left = int64(d / time.Second)
			if format == "table" {
				left = d
			}
		}
		row("room", nil, room.Store, room.Object, room.Class, nil, timeOrNil(room.Oldest), timeOrNil(room.Limit), left, orNone(room.Rows), orNil(room.Unknown))
	}
	if err != nil {
		return err
	}
	return rows.Close()
}

func orNone(rows uint64) any {
	if rows == 0 {
		return nil
	}
	return rows
}

// verifySection is the last result of the auditor that runs with the sweeper.
func (r *role) verifySection() section {
	s := section{name: "verify", title: "Retention: the last verification", columns: []statusColumn{
		{"at", "at"}, {"age_seconds", "ago"}, {"inspected", "objects"}, {"findings", "findings"}, {"waived", "waived"},
	}}
	report, err := verify.Last(r.verifyState())
	switch {
	case err != nil:
		s.problem = "its result cannot be read: " + err.Error()
	case report != nil:
		alarms := report.Alarms()
		s.rows = [][]any{{report.At, r.now().Sub(report.At), report.Inspected, len(alarms), len(report.Findings) - len(alarms)}}
		var texts []string
		for i := range alarms {
			if i == 3 {
				texts = append(texts, fmt.Sprintf("and %d more: `mailtrail retention verify`", len(alarms)-i))
				break
			}
			texts = append(texts, findingSentence(&alarms[i]))
		}
		s.problem = strings.Join(texts, "; ")
	}
	return s
}
