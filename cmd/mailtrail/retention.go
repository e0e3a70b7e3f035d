package main

import "github.com/spf13/cobra"

func newRetentionCommand(a *app) *cobra.Command {
	group := newGroup(&cobra.Command{
		Use:   "retention",
		Short: "The retention schedule against the live stores",
		Long: `The retention schedule (schemas/retention/schedule.yaml, or the file that retention.schedule names) is the only place
that names a limit. These commands say what follows from it, and make the stores agree with it.`,
		Example: "  mailtrail retention plan --config site.yaml",
	})
	group.AddCommand(newRetentionPlanCommand(a), newRetentionApplyCommand(a), newRetentionSweepCommand(a), newRetentionRunCommand(a), newRetentionVerifyCommand(a))
	return group
}
