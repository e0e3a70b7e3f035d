package main

import (
	"cmp"
	"fmt"
	"runtime"
	"runtime/debug"

	"github.com/spf13/cobra"
)

// Set by the linker: -ldflags "-X main.linkedVersion=v1.2.3 -X main.linkedCommit=0123abcd". Never changed by the program.
var linkedVersion, linkedCommit string

// build is what this binary was made from.
type build struct{ version, commit, goVersion string }

// thisBuild takes what the linker was told, else what the Go tool has recorded.
func thisBuild() build {
	b := build{version: linkedVersion, commit: linkedCommit, goVersion: runtime.Version()}
	info, ok := debug.ReadBuildInfo()
	if ok {
		b.version = cmp.Or(b.version, info.Main.Version)
		for _, setting := range info.Settings {
			switch {
			case setting.Key == "vcs.revision" && linkedCommit == "":
				b.commit = setting.Value + b.commit
			case setting.Key == "vcs.modified" && setting.Value == "true" && linkedCommit == "":
				b.commit += " with changes"
			}
		}
	}
	b.version, b.commit = cmp.Or(b.version, "unknown"), cmp.Or(b.commit, "unknown")
	return b
}

func newVersionCommand(a *app) *cobra.Command {
	return &cobra.Command{
		Use:     "version",
		Short:   "Print version, commit and Go version",
		Example: "  mailtrail version",
		Args:    cobra.NoArgs,
		RunE: func(*cobra.Command, []string) error {
			b := thisBuild()
			_, err := fmt.Fprintf(a.stdout, "mailtrail %s\ncommit %s\n%s %s/%s\n", b.version, b.commit, b.goVersion, runtime.GOOS, runtime.GOARCH)
			return err
		},
	}
}
