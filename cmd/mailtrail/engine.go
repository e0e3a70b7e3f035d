package main

import (
	"github.com/spf13/cobra"

	embedded "mailtrail/deploy/local/clickhouse"
)

// engineCommand is the hidden command under which this program starts itself again as the embedded ClickHouse.
const engineCommand = "engine-clickhouse"

func newEngineCommand() *cobra.Command {
	return &cobra.Command{
		Use: engineCommand, Short: "The embedded ClickHouse engine", Hidden: true, DisableFlagParsing: true,
		Example: "  Only `mailtrail up` starts it.",
		RunE: func(_ *cobra.Command, args []string) error {
			if status := embedded.EngineMain(args); status != 0 {
				return &engineEnded{status}
			}
			return nil
		},
	}
}

// engineEnded carries the engine's own exit status.
type engineEnded struct{ status int }

func (e *engineEnded) Error() string { return "the embedded ClickHouse engine ended with an error" }
