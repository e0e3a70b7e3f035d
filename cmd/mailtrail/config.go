package main

import (
	"fmt"

	"github.com/spf13/cobra"
)

func newConfigCommand(a *app) *cobra.Command {
	group := newGroup(&cobra.Command{
		Use:     "config",
		Short:   "Check and show the configuration",
		Example: "  mailtrail config check --config site.yaml",
	})
	group.AddCommand(newConfigCheckCommand(a), newConfigShowCommand(a))
	return group
}

func newConfigCheckCommand(a *app) *cobra.Command {
	return &cobra.Command{
		Use:   "check",
		Short: "Say every mistake in the configuration at once",
		Long: `Check reads the file, the environment and the flags as every other command does and says each mistake
with its place, the value, what was expected and what to try. The exit status is 0 when there is none and 2 otherwise.
A file that a key names and that does not exist on this machine is mentioned and is no mistake: a role only needs the
files that it uses.`,
		Example: `  mailtrail config check --config site.yaml
  # site.yaml:3:11: gateway.listen: wrong value "8441": expected an address host:port to listen on; try: 127.0.0.1:8441`,
		Args: cobra.NoArgs,
		RunE: func(*cobra.Command, []string) error {
			loaded, err := a.config()
			if err != nil {
				return err
			}
			for _, absent := range loaded.AbsentFiles() {
				fmt.Fprintln(a.stderr, "note: "+absent)
			}
			if loaded.KeysConnect() == "" {
				fmt.Fprintln(a.stderr, "note: keys.connect is not set: the roles ingest, rejects and audit need it; retention run, which serves the keys, needs keys.listen")
			}
			_, err = fmt.Fprintln(a.stdout, "configuration is good")
			return err
		},
	}
}

func newConfigShowCommand(a *app) *cobra.Command {
	return &cobra.Command{
		Use:   "show",
		Short: "Print the effective configuration, secrets masked, and where each value came from",
		Example: `  # What a role would run with, given this file and the environment:
  mailtrail config show --config site.yaml`,
		Args: cobra.NoArgs,
		RunE: func(*cobra.Command, []string) error {
			loaded, err := a.config()
			if err != nil {
				return err
			}
			return loaded.Show(a.stdout)
		},
	}
}
