package main

import (
	"fmt"
	"io"
	"os"

	"github.com/spf13/cobra"

	"mailtrail/pipeline/ledger"
)

func newLedgerVerifyCommand(a *app) *cobra.Command {
	command := &cobra.Command{
		Use:   "verify FILE --key VKEY",
		Short: "Check a proof bundle, or a copy of a whole ledger, offline",
		Long: `verify needs the file and the public key of the ledger, and nothing else: no server, no configuration, no network. FILE
is a proof bundle (- for standard input), or the folder of a ledger or of a copy of one, which it then checks from the first
byte to the last, and against the calendar.

It says in sentences what follows and what does not. The exit status is 0 where the bundle is genuine and its slot was
destroyed everywhere in time (of a folder: where every slot that was due is accounted for), and 1 otherwise.

That the ledger was never rewritten shows against something that others hold: an older checkpoint of it (--since), or the
signature of a witness (--witness, may be given again). A bundle must have been made for that checkpoint.`,
		Example: "  mailtrail ledger verify proof.json --key \"$(cat ledger.vkey)\" --since checkpoint-of-january",
		Args:    cobra.ExactArgs(1),
	}
	format := addFormatFlag(command)
	flags := command.Flags()
	key := flags.String("key", "", "the ledger's public `key`, as `mailtrail ledger show --key` prints it")
	since := flags.String("since", "", "`file` with an older checkpoint of the same ledger")
	witnesses := flags.StringArray("witness", nil, "public `key` of a witness, as `mailtrail ledger cosign` prints it; may be given again")
	cobra.CheckErr(command.MarkFlagRequired("key"))
	command.RunE = func(_ *cobra.Command, args []string) error {
		options := ledger.Options{Witnesses: *witnesses}
		if *since != "" {
			older, err := a.readSmall(*since)
			if err != nil {
				return fmt.Errorf("--since: %w", err)
			}
			options.Since = string(older)
		}
		spoken, err := a.verifyLedger(args[0], *key, options)
		if err != nil {
			return ledgerError(err)
		}
		if err := spoken.print(a.stdout, *format); err != nil {
			return err
		}
		if len(spoken.findings) > 0 {
			return &findings{fmt.Sprintf("%d findings; the first: %s", len(spoken.findings), spoken.findings[0])}
		}
		return nil
	}
	return command
}

// sentences are a verdict as it is printed.
type sentences struct{ findings, proves, cannot []string }

// verifyLedger checks a folder or a bundle.
func (a *app) verifyLedger(name, key string, options ledger.Options) (*sentences, error) {
	if info, err := os.Stat(name); err == nil && info.IsDir() {
		v, err := ledger.VerifyFolder(name, key, options)
		if err != nil {
			return nil, err
		}
		spoken := &sentences{v.Findings, v.Proves, v.Cannot}
		for _, gap := range v.Gaps {
			text := fmt.Sprintf("Class %s, slot %s, %s: no destruction; it was due at %s.", gap.Class, cellText(gap.Slot), gap.Store, cellText(gap.DestroyAt))
			if gap.Acknowledged {
				spoken.cannot = append(spoken.cannot, text+" Somebody entered why.")
			} else {
				spoken.findings = append(spoken.findings, text)
			}
		}
		return spoken, nil
	}
	content, err := a.readSmall(name)
	if err != nil {
		return nil, err
	}
	v, err := ledger.Verify(content, key, options)
	if err != nil {
		return nil, err
	}
	return &sentences{v.Findings, v.Proves, v.Cannot}, nil
}

// print writes one row a sentence; for a person, three lists.
func (s *sentences) print(out io.Writer, format rowFormat) error {
	parts := []struct {
		what, title string
		texts       []string
	}{{"finding", "Amiss:", s.findings}, {"proves", "This proves:", s.proves}, {"cannot", "It cannot prove:", s.cannot}}
	if format == "table" {
		for _, part := range parts {
			if len(part.texts) > 0 {
				fmt.Fprintln(out, part.title)
			}
			for _, text := range part.texts {
				if _, err := fmt.Fprintln(out, "  - "+tableCell(text)); err != nil {
					return err
				}
			}
		}
		return nil
	}
	rows, err := newRowWriter(out, format, "what", "text")
	if err != nil {
		return err
	}
	for _, part := range parts {
		for _, text := range part.texts {
			if err := rows.Row(part.what, text); err != nil {
				return err
			}
		}
	}
	return rows.Close()
}
