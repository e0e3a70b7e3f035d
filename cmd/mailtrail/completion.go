package main

import "github.com/spf13/cobra"

// newCompletionCommand prints what a shell needs to complete commands and flags.
func newCompletionCommand(a *app) *cobra.Command {
	return &cobra.Command{
		Use:                   "completion bash|zsh|fish|powershell",
		Short:                 "Print the script that lets a shell complete commands and flags",
		Example:               "  # For this bash:\n  source <(mailtrail completion bash)",
		Args:                  cobra.MatchAll(cobra.ExactArgs(1), cobra.OnlyValidArgs),
		ValidArgs:             []string{"bash", "zsh", "fish", "powershell"},
		DisableFlagsInUseLine: true,
		RunE: func(c *cobra.Command, args []string) error {
			switch args[0] {
			case "bash":
				return c.Root().GenBashCompletionV2(a.stdout, true)
			case "zsh":
				return c.Root().GenZshCompletion(a.stdout)
			case "fish":
				return c.Root().GenFishCompletion(a.stdout, true)
			default:
				return c.Root().GenPowerShellCompletionWithDesc(a.stdout)
			}
		},
	}
}
