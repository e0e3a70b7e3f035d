package main

import (
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"mailtrail/schemas/event/records"
	"mailtrail/schemas/retention"
)

func newRecordsCommand(a *app) *cobra.Command {
	group := newGroup(&cobra.Command{
		Use:     "records",
		Short:   "The kinds of records besides scans and images",
		Example: `  mailtrail records kinds`,
	})
	group.AddCommand(newRecordsKindsCommand(a))
	return group
}

func newRecordsKindsCommand(a *app) *cobra.Command {
	command := &cobra.Command{
		Use:   "kinds [KIND]",
		Short: "What is kept of which kind, under which rule, and how it is found",
		Long: `kinds lists the kinds of records with the system and the category that they are of, their class and limit in the
retention schedule, what starts the limit, and the keys by which the system's notice lets a record be found.
With a KIND it lists what a record of that kind may hold; anything else in a record is refused.`,
		Example: `  mailtrail records kinds hold_mail --format json`,
		Args:    cobra.MaximumNArgs(1),
	}
	format := addFormatFlag(command)
	command.RunE = func(_ *cobra.Command, args []string) error {
		r, err := a.plainRole()
		if err != nil {
			return err
		}
		rules, err := r.rules()
		if err != nil {
			return err
		}
		catalog := rules.kinds()
		if len(args) == 0 {
			return a.printKinds(catalog, rules.schedule, *format)
		}
		kind := catalog.Kind(args[0])
		if kind == nil {
			return wrongUsage("%s is no kind of records: expected one of %s", args[0], strings.Join(catalog.Names(), ", "))
		}
		return a.printFields(kind, *format)
	}
	return command
}

func (a *app) printKinds(catalog *records.Catalog, schedule *retention.Schedule, format rowFormat) error {
	rows, err := newRowWriter(a.stdout, format, "kind", "citation", "class", "limit", "starts", "keys", "taken")
	if err != nil {
		return err
	}
	kinds := catalog.Kinds()
	for i := range kinds {
		k := &kinds[i]
		limit, starts := "no row", ""
		if row := schedule.Row(k.Class); row != nil {
			limit, starts = row.Limit.String(), string(row.Clock)
		}
		if err := rows.Row(k.Name, k.Citation(), k.Class, limit, starts, k.Keys, taken(k, schedule)); err != nil {
			return err
		}
	}
	return rows.Close()
}

// taken says whether records of the kind are taken in, and where.
func taken(k *records.Kind, schedule *retention.Schedule) string {
	_, err := schedule.Admit(k.Class)
	switch {
	case k.Never != "":
		return "never: " + k.Never
	case k.Elsewhere != "":
		return "by " + k.Elsewhere
	case err != nil:
		return "not yet"
	case k.Sealed():
		return "sealed"
	}
	return "in clear"
}

func (a *app) printFields(k *records.Kind, format rowFormat) error {
	rows, err := newRowWriter(a.stdout, format, "field", "words", "type", "needed", "longest", "values", "sensitivity", "key")
	if err != nil {
		return err
	}
	for i := range k.Fields {
		f := &k.Fields[i]
		kind := string(f.Type)
		if f.Many > 0 {
			kind = fmt.Sprintf("up to %d of %s", f.Many, f.Type)
		}
		if err := rows.Row(f.Name, f.Words, kind, f.Needed, f.Longest(), f.Values, string(f.Sensitivity), f.Key); err != nil {
			return err
		}
	}
	return rows.Close()
}
