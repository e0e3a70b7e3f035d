package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"

	"github.com/spf13/cobra"

	"mailtrail/pipeline/confirm"
)

func newConfirmCommand(a *app) *cobra.Command {
	command := &cobra.Command{
		Use:   "confirm FILE...",
		Short: "Send CONFIRM scan files to the gateway",
		Long: `confirm sends CONFIRM scan files, or standard input for -, to the gateway of this configuration in the name of a
device. A line has five columns with commas between: the facility's ZIP Code, operation code, MM/DD/YYYY HH:MM:SS on
the facility's clock, routing code (or blanks), tracking code of 20 digits or PLANET code of 12 or 14. What the
gateway refuses is printed, one row a line of the file, and the exit status is then 1. A file that broke off may be
sent again as it is: what was taken in within 24 hours is stored once. After a change in it, it is another file.`,
		Example: `  mailtrail confirm --token-file token.txt scans-2012-11.csv`,
		Args:    cobra.MinimumNArgs(1),
	}
	tokenFile := command.Flags().String("token-file", "", "`file` with the token of the device that sends")
	check := command.Flags().Bool("check", false, "store nothing: say which lines would be refused")
	format := addFormatFlag(command)
	command.RunE = func(c *cobra.Command, args []string) error {
		return a.confirm(c.Context(), args, *tokenFile, *check, *format)
	}
	return command
}

func (a *app) confirm(ctx context.Context, paths []string, tokenFile string, check bool, format rowFormat) error {
	token, err := readToken(tokenFile)
	if err != nil {
		return err
	}
	r, err := a.plainRole()
	if err != nil {
		return err
	}
	client, url := r.gatewayClient()
	rows, err := newRowWriter(a.stdout, format, "file", "line", "column", "field", "code", "message")
	if err != nil {
		return err
	}
	refused := 0
	for _, path := range paths {
		sum, err := a.confirmFile(ctx, path, confirm.Config{URL: url, Token: token, Client: client, Check: check, Refused: func(r confirm.Refusal) error {
			return rows.Row(path, r.Line, columnCell(r.Column), r.Field, r.Code, r.Message)
		}})
		refused += sum.Refused
		fmt.Fprintf(a.stderr, "%s: %d scans accepted, %d refused, %d requests sent again\n", path, sum.Accepted, sum.Refused, sum.Retries)
		if err != nil {
			return errors.Join(fmt.Errorf("%s: %w", path, err), closeRefusals(rows, format, refused))
		}
	}
	if err := closeRefusals(rows, format, refused); err != nil || refused == 0 {
		return err
	}
	return &findings{fmt.Sprintf("refused: %d. Mend those lines and send them as a file of their own; a file with all lines would store the others once more", refused)}
}

// columnCell is nothing where the line as a whole was refused.
func columnCell(column int) any {
	if column == 0 {
		return nil
	}
	return column
}

// closeRefusals prints what is still kept; a table without rows is not shown.
func closeRefusals(rows *rowWriter, format rowFormat, refused int) error {
	if format == "table" && refused == 0 {
		return nil
	}
	return rows.Close()
}

// confirmFile sends one file and shows how far it is.
func (a *app) confirmFile(ctx context.Context, path string, c confirm.Config) (confirm.Sum, error) {
	file, size := io.NopCloser(a.stdin), int64(-1)
	if path != "-" {
		opened, err := os.Open(path)
		if err != nil {
			return confirm.Sum{}, err
		}
		file = opened
		if info, err := opened.Stat(); err == nil && info.Mode().IsRegular() {
			size = info.Size()
		}
	}
	defer file.Close()
	bar := a.newProgress(path, "bytes", size)
	defer bar.Close()
	c.Progress = func(n int) { bar.Add(int64(n)) }
	return confirm.Send(ctx, file, c)
}
