package main

import (
	"context"
	"fmt"
	"time"

	"github.com/spf13/cobra"
)

func newRetentionApplyCommand(a *app) *cobra.Command {
	command := &cobra.Command{
		Use:   "apply",
		Short: "Make the live stores agree with the schedule",
		Long: `apply says first where topics, tables, views and the bucket differ from what the schedule asks for, and then mends it:
settings of topics, expiry of tables, the condition of every view, the rules of the bucket. What the schedule itself changed since it was last applied
comes before that. Run again, it finds nothing. A change that would lengthen the life of a slot that has begun is refused.

--dry-run says what differs and changes nothing; the exit status is 1 where something does.`,
		Example: `  mailtrail retention apply --dry-run --config site.yaml
  mailtrail retention apply --config site.yaml`,
		Args: cobra.NoArgs,
	}
	dryRun := command.Flags().Bool("dry-run", false, "say what differs, and change nothing")
	format := addFormatFlag(command)
	command.RunE = func(c *cobra.Command, _ []string) error {
		r, err := a.plainRole()
		if err != nil {
			return err
		}
		return r.applyRetention(c.Context(), *dryRun, *format)
	}
	return command
}

// applyPatience is how long a store may take to answer at first.
const applyPatience = 10 * time.Second

// applyRetention prints the drift, and mends it unless told not to.
func (r *role) applyRetention(ctx context.Context, dryRun bool, format rowFormat) error {
	rows, err := newRowWriter(r.stdout, format, "object", "action", "what")
	if err != nil {
		return err
	}
	drift := 0
	err = r.bringStores(ctx, applyPatience, true, func(object, action, what string) error {
		drift++
		return rows.Row(object, action, what)
	})
	if err != nil {
		return err
	}
	if format != "table" || drift > 0 {
		if err := rows.Close(); err != nil {
			return err
		}
	}
	switch {
	case drift == 0:
		fmt.Fprintln(r.stderr, "no drift: topics, tables, views and the bucket are as the schedule asks")
		return nil
	case dryRun:
		return &findings{fmt.Sprintf("%d differences from the schedule; nothing was changed", drift)}
	}
	mended := 0
	err = r.bringStores(ctx, applyPatience, false, func(string, string, string) error {
		mended++
		return nil
	})
	if err != nil {
		return err
	}
	fmt.Fprintf(r.stderr, "applied: %d differences from the schedule are mended\n", mended)
	return nil
}
