package main

import (
	"fmt"
	"strings"

	"github.com/spf13/cobra"
)

// newRootCommand is the whole tree of commands.
func newRootCommand(a *app) *cobra.Command {
	root := newGroup(&cobra.Command{
		Use:   "mailtrail",
		Short: "Mail tracking and retention: from scan events to answers, and nothing kept past its limit",
		Long: `mailtrail takes scan events, barcode reads and images from mail-processing equipment,
stores each of them exactly once, answers questions about the mail, and shows that
nothing outlives its limit.`,
		Example: `  # What would be run with this file, and one key set otherwise:
  mailtrail config show --config site.yaml --set gateway.listen=127.0.0.1:9441`,
		SilenceUsage:      true,
		SilenceErrors:     true,
		CompletionOptions: cobra.CompletionOptions{DisableDefaultCmd: true},
	})
	root.SetIn(a.stdin)
	root.SetOut(a.stdout)
	root.SetErr(a.stderr)

	flags := root.PersistentFlags()
	flags.StringVar(&a.configFile, "config", "", "YAML `file` of the configuration (or MAILTRAIL_CONFIG; none: defaults under ./data)")
	flags.StringArrayVar(&a.sets, "set", nil, "set one key, as `section.key=value`; may be given again")
	flags.StringVar(&a.data, "data", "", "`folder` of everything that mailtrail keeps on disk (key data)")
	flags.StringVar(&a.logLevel, "log-level", "", "trace, debug, info, warn or error (key log.level)")

	root.AddCommand(
		newAPICommand(a),
		newAccessCommand(a),
		newAPICommand(a),
		newAuditCommand(a),
		newBarcodeCommand(a),
		newCompletionCommand(a),
		newConfigCommand(a),
		newConfirmCommand(a),
		newEngineCommand(),
		newGatewayCommand(a),
		newImagesCommand(a),
		newIngestCommand(a),
		newLedgerCommand(a),
		newMigrateCommand(a),
		newPieceCommand(a),
		newQueryCommand(a),
		newRecordsCommand(a),
		newRejectsCommand(a),
		newReportCommand(a),
		newRetentionCommand(a),
		newSimulateCommand(a),
		newStatusCommand(a),
		newUpCommand(a),
		newVersionCommand(a),
	)
	root.InitDefaultHelpCmd()
	for _, command := range root.Commands() {
		if command.Name() == "help" {
			command.Example = "  mailtrail help config show"
		}
	}
	markStart(root, a)
	return root
}

// markStart lets the app know when a command's own code begins, in every command of the tree.
func markStart(command *cobra.Command, a *app) {
	if body := command.RunE; body != nil {
		command.RunE = func(c *cobra.Command, args []string) error {
			a.started = true
			return body(c, args)
		}
	}
	for _, child := range command.Commands() {
		markStart(child, a)
	}
}

// newGroup makes a command that only holds others: called without one of them, or with a stranger, it is wrong usage.
func newGroup(command *cobra.Command) *cobra.Command {
	command.Args = cobra.ArbitraryArgs
	command.RunE = func(c *cobra.Command, args []string) error {
		if len(args) == 0 {
			return wrongUsage("expected one of %s", strings.Join(childNames(c), ", "))
		}
		hint := ""
		if near := c.SuggestionsFor(args[0]); len(near) > 0 {
			hint = fmt.Sprintf("; did you mean %s?", strings.Join(near, " or "))
		}
		return wrongUsage("unknown command %q: expected one of %s%s", args[0], strings.Join(childNames(c), ", "), hint)
	}
	command.SuggestionsMinimumDistance = 2
	return command
}

func childNames(command *cobra.Command) []string {
	var names []string
	for _, child := range command.Commands() {
		if child.IsAvailableCommand() {
			names = append(names, child.Name())
		}
	}
	return names
}
