package main

import (
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"mailtrail/pipeline/access"
)

func newAccessCommand(a *app) *cobra.Command {
	group := newGroup(&cobra.Command{
		Use:   "access",
		Short: "Say who may come in: devices, mailers, analysts, officers",
		Long: `Access keeps the file access.file (access.yaml under data). A token is shown once, alone on standard
output; only its SHA-256 is kept. A running role notices a change within two seconds.`,
		Example: "  mailtrail access add device dbcs-0421 --zone America/New_York > dbcs-0421.token",
	})
	add := newGroup(&cobra.Command{
		Use:     "add",
		Short:   "Let somebody in and print the token",
		Example: "  mailtrail access add analyst jane > jane.token",
	})
	add.AddCommand(newAddDeviceCommand(a), newAddMailerCommand(a), newAddAnalystCommand(a), newAddOfficerCommand(a))
	group.AddCommand(add, newDelegateCommand(a), newAccessListCommand(a), newRevokeCommand(a))
	return group
}

// editor is the access file that the configuration names.
func (a *app) editor() (*access.Editor, error) {
	loaded, err := a.config()
	if err != nil {
		return nil, err
	}
	return access.NewEditor(loaded.AccessFile(), a.now), nil
}

// showToken prints a token alone on standard output, and what to do with it elsewhere.
func (a *app) showToken(token, use string) error {
	fmt.Fprintf(a.stderr, "This token is shown once and kept nowhere. %s\n", use)
	_, err := fmt.Fprintln(a.stdout, token)
	return err
}

// accessError makes a value that cannot be taken wrong usage; what the file says against it stays a failure.
func accessError(err error) error {
	var value *access.ValueError
	if errors.As(err, &value) {
		return &usageError{err}
	}
	return err
}

func newAddDeviceCommand(a *app) *cobra.Command {
	var zone string
	command := &cobra.Command{
		Use:     "device NAME",
		Short:   "Let a device send events and images",
		Example: "  mailtrail access add device dbcs-0421 --zone America/New_York > dbcs-0421.token",
		Args:    cobra.ExactArgs(1),
		RunE: func(c *cobra.Command, args []string) error {
			editor, err := a.editor()
			if err != nil {
				return err
			}
			token, err := editor.AddDevice(c.Context(), args[0], zone)
			if err != nil {
				return accessError(err)
			}
			return a.showToken(token, "The device sends it as `Authorization: Bearer TOKEN`, or as the password of HTTP basic.")
		},
	}
	command.Flags().StringVar(&zone, "zone", "", "IANA time `zone` of capture times that come without an offset")
	return command
}

func newAddMailerCommand(a *app) *cobra.Command {
	var mids, crids []string
	command := &cobra.Command{
		Use:     "mailer NAME --mid M... --crid C...",
		Short:   "Let a mailer see what bears its MIDs and CRIDs",
		Example: "  mailtrail access add mailer acme --mid 123456 --mid 912345678 --crid 1234567 > acme.token",
		Args:    cobra.ExactArgs(1),
		RunE: func(c *cobra.Command, args []string) error {
			editor, err := a.editor()
			if err != nil {
				return err
			}
			token, err := editor.AddMailer(c.Context(), args[0], mids, crids)
			if err != nil {
				return accessError(err)
			}
			return a.showToken(token, "The mailer sends it to the API as `Authorization: Bearer TOKEN`.")
		},
	}
	command.Flags().StringSliceVar(&mids, "mid", nil, "a `MID` of 6 or 9 digits; may be given again")
	command.Flags().StringSliceVar(&crids, "crid", nil, "a `CRID`; may be given again")
	return command
}

func newAddAnalystCommand(a *app) *cobra.Command {
	return &cobra.Command{
		Use:     "analyst NAME",
		Short:   "Let an analyst ask SQL",
		Example: "  mailtrail access add analyst jane > jane.token",
		Args:    cobra.ExactArgs(1),
		RunE: func(c *cobra.Command, args []string) error {
			editor, err := a.editor()
			if err != nil {
				return err
			}
			token, err := editor.AddAnalyst(c.Context(), args[0])
			if err != nil {
				return accessError(err)
			}
			return a.showToken(token, "It is the password of the ClickHouse user "+strings.ToLower(args[0])+".")
		},
	}
}

func newAddOfficerCommand(a *app) *cobra.Command {
	return &cobra.Command{
		Use:     "officer NAME",
		Short:   "Let a records officer in",
		Example: "  mailtrail access add officer records > records.token",
		Args:    cobra.ExactArgs(1),
		RunE: func(c *cobra.Command, args []string) error {
			editor, err := a.editor()
			if err != nil {
				return err
			}
			token, err := editor.AddOfficer(c.Context(), args[0])
			if err != nil {
				return accessError(err)
			}
			return a.showToken(token, "The officer opens /officer on api.listen in a browser, and gives the name and this token as the password.")
		},
	}
}

func newDelegateCommand(a *app) *cobra.Command {
	var mids []string
	var from, until string
	command := &cobra.Command{
		Use:   "delegate FROM TO --mid M --from T --until T",
		Short: "Let one mailer see what bears MIDs of another, for a time",
		Long: `Delegate lets the mailer TO see what bears these MIDs of the mailer FROM, from one time until another. Delegating
the same MID between the same two again replaces the term. A time is RFC 3339, or a date, which is its first moment in UTC.`,
		Example: "  mailtrail access delegate acme presort --mid 123456 --from 2026-11-01 --until 2027-02-01",
		Args:    cobra.ExactArgs(2),
		RunE: func(c *cobra.Command, args []string) error {
			start, err := parseTime("--from", from)
			if err != nil {
				return err
			}
			end, err := parseTime("--until", until)
			if err != nil {
				return err
			}
			editor, err := a.editor()
			if err != nil {
				return err
			}
			if err := editor.Delegate(c.Context(), args[0], args[1], mids, start, end); err != nil {
				return accessError(err)
			}
			fmt.Fprintf(a.stderr, "%s may see MID %s of %s from %s until %s.\n", args[1], strings.Join(mids, ", "), args[0], start.Format(time.RFC3339), end.Format(time.RFC3339))
			return nil
		},
	}
	command.Flags().StringSliceVar(&mids, "mid", nil, "a `MID` of FROM; may be given again")
	command.Flags().StringVar(&from, "from", "", "`time` at which it begins")
	command.Flags().StringVar(&until, "until", "", "`time` at which it ends")
	for _, needed := range []string{"mid", "from", "until"} {
		cobra.CheckErr(command.MarkFlagRequired(needed))
	}
	return command
}

// parseTime reads RFC 3339, or a date in UTC.
func parseTime(flag, text string) (time.Time, error) {
	for _, layout := range []string{time.RFC3339, time.DateOnly} {
		if t, err := time.Parse(layout, text); err == nil {
			return t.UTC(), nil
		}
	}
	return time.Time{}, wrongUsage("%s %q: expected a time such as 2026-11-01T00:00:00-05:00, or a date such as 2026-11-01", flag, text)
}

func newAccessListCommand(a *app) *cobra.Command {
	command := &cobra.Command{
		Use:     "list",
		Short:   "Name everybody who may come in",
		Example: "  mailtrail access list --format json",
		Args:    cobra.NoArgs,
	}
	format := addFormatFlag(command)
	command.RunE = func(*cobra.Command, []string) error {
		editor, err := a.editor()
		if err != nil {
			return err
		}
		book, err := editor.List()
		if err != nil {
			return err
		}
		return a.printBook(book, *format)
	}
	return command
}

// printBook prints one row a party and one a delegation.
func (a *app) printBook(book *access.Book, format rowFormat) error {
	rows, err := newRowWriter(a.stdout, format, "kind", "name", "zone", "mids", "crids", "to", "from", "until", "added")
	if err != nil {
		return err
	}
	row := func(values ...any) {
		if err == nil {
			err = rows.Row(values...)
		}
	}
	for _, d := range book.Devices {
		row("device", d.Name, d.Zone, nil, nil, nil, nil, nil, d.Added)
	}
	for _, m := range book.Mailers {
		row("mailer", m.Name, nil, m.MIDs, m.CRIDs, nil, nil, nil, m.Added)
	}
	for _, analyst := range book.Analysts {
		row("analyst", analyst.Name, nil, nil, nil, nil, nil, nil, analyst.Added)
	}
	for _, o := range book.Officers {
		row("officer", o.Name, nil, nil, nil, nil, nil, nil, o.Added)
	}
	for _, d := range book.Delegations {
		row("delegation", d.From, nil, d.MIDs, nil, d.To, d.Start, d.Until, d.Added)
	}
	if err != nil {
		return err
	}
	return rows.Close()
}

func newRevokeCommand(a *app) *cobra.Command {
	return &cobra.Command{
		Use:     "revoke NAME",
		Short:   "Let somebody in no longer",
		Long:    "Revoke removes the name, and with a mailer every delegation from or to it. A running role refuses it within two seconds.",
		Example: "  mailtrail access revoke dbcs-0421",
		Args:    cobra.ExactArgs(1),
		RunE: func(c *cobra.Command, args []string) error {
			editor, err := a.editor()
			if err != nil {
				return err
			}
			kind, err := editor.Revoke(c.Context(), args[0])
			if err != nil {
				return accessError(err)
			}
			fmt.Fprintf(a.stderr, "The %s %s is revoked.\n", kind, strings.ToLower(args[0]))
			return nil
		},
	}
}
