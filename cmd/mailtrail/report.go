package main

import (
	"context"
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/spf13/cobra"

	embedded "mailtrail/deploy/local/clickhouse"
	"mailtrail/pipeline/report"
	"mailtrail/schemas/sql"
)

func newReportCommand(a *app) *cobra.Command {
	group := newGroup(&cobra.Command{
		Use:   "report",
		Short: "Reports on the mail: volumes, scan rates, late pieces, where days are lost",
		Long: `Each report is one query with typed parameters, which are its flags. What its numbers mean stands in its help, before its
rows in a table, and on standard error beside json and csv. --sql prints the query for use in any client.`,
		Example: "  mailtrail report list\n  mailtrail report legs --from 2026-11-01 --mid 902345678",
	})
	reports, err := sql.Reports()
	if err != nil {
		panic(fmt.Sprintf("built-in reports: %v", err)) // a test reads them all
	}
	group.AddCommand(newReportListCommand(a, reports))
	for _, r := range reports {
		group.AddCommand(newReportNameCommand(a, r))
	}
	return group
}

func newReportListCommand(a *app, reports []sql.Report) *cobra.Command {
	command := &cobra.Command{Use: "list", Short: "All reports", Example: "  mailtrail report list", Args: cobra.NoArgs}
	format := addFormatFlag(command)
	command.RunE = func(*cobra.Command, []string) error {
		rows, err := newRowWriter(a.stdout, *format, "name", "title", "unit")
		if err != nil {
			return err
		}
		for _, r := range reports {
			if err := rows.Row(r.Name, r.Title, r.Unit); err != nil {
				return err
			}
		}
		return rows.Close()
	}
	return command
}

func newReportNameCommand(a *app, r sql.Report) *cobra.Command {
	command := &cobra.Command{
		Use:     r.Name,
		Short:   r.Title,
		Long:    fmt.Sprintf("%s.\n\nDefinition: %s\nUnit: %s\nSource: %s\nComplete: %s", r.Title, r.Definition, r.Unit, r.Source, r.Complete),
		Example: "  mailtrail report " + r.Name + " --from 2026-11-01 --format csv",
		Args:    cobra.NoArgs,
	}
	format := addFormatFlag(command)
	text := command.Flags().Bool("sql", false, "print the query instead of asking it")
	given := map[string]*[]string{}
	for _, p := range r.Parameters {
		meaning := p.Meaning
		if !strings.HasPrefix(p.Default, "@") && p.Default != "[]" {
			meaning += " (default " + p.Default + ")"
		}
		given[p.Name] = command.Flags().StringSlice(p.Name, nil, "`"+parameterWord(p)+"` "+meaning)
	}
	command.RunE = func(c *cobra.Command, _ []string) error {
		texts := map[string][]string{}
		for name, values := range given {
			if c.Flags().Changed(name) {
				texts[name] = *values
			}
		}
		return a.report(c.Context(), r, texts, *text, *format)
	}
	return command
}

// parameterWord is the word for a parameter's value in help texts.
func parameterWord(p sql.Parameter) string {
	switch p.Type {
	case "Array(String)":
		return "text,..."
	case "DateTime('UTC')":
		return "time"
	case "Date":
		return "day"
	}
	return "number"
}

func (a *app) report(ctx context.Context, r sql.Report, given map[string][]string, textOnly bool, format rowFormat) error {
	role, err := a.plainRole()
	if err != nil {
		return err
	}
	rules, err := role.rules()
	if err != nil {
		return err
	}
	values, err := report.Values(r, given, report.Surroundings{Now: a.now(), Operations: rules.service.Operations})
	if err != nil {
		return wrongUsage("--%w", err)
	}
	store, err := openClickHouse(role.config, rules, embedded.Auditor)
	if err != nil {
		return err
	}
	defer store.Close()
	if textOnly {
		text, err := store.ReportText(r.Name)
		if err != nil {
			return err
		}
		_, err = fmt.Fprintln(a.stdout, text)
		return err
	}
	answer, err := store.Report(ctx, r.Name, values)
	if err != nil {
		return refusedQuery(role.config, err)
	}
	defer answer.Close()
	head := a.stdout
	if format != "table" {
		head = a.stderr
	}
	if err := writeReportHead(head, r, rules, a.now()); err != nil {
		return err
	}
	return a.writeAnswer(answer, format, func(err error) error { return refusedQuery(role.config, err) })
}

// writeReportHead says what the rows mean, and from when on they are complete.
func writeReportHead(out io.Writer, r sql.Report, rules *ruleBook, now time.Time) error {
	var complete []string
	for _, row := range rules.schedule.Table("scans") {
		complete = append(complete, row.Class+" "+time.Unix(row.CompleteFrom(now.Unix()), 0).UTC().Format(time.RFC3339))
	}
	_, err := fmt.Fprintf(out, "%s\n  Definition  %s\n  Unit        %s\n  Source      %s\n  Complete    %s: %s\n",
		r.Title, r.Definition, r.Unit, r.Source, r.Complete, strings.Join(complete, ", "))
	return err
}
