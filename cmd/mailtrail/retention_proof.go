package main

import (
	"fmt"
	"os"
	"time"

	"github.com/spf13/cobra"
	"golang.org/x/mod/sumdb/note"

	"mailtrail/pipeline/ledger"
)

func newRetentionProofCommand(a *app) *cobra.Command {
	command := &cobra.Command{
		Use:   "proof --class C --slot T",
		Short: "Write the proof that one slot was destroyed",
		Long: `proof writes the proof bundle of one slot: everything that the ledger holds about it, each entry with the proof that it
stands there, under the ledger's signature. ` + "`mailtrail ledger verify`" + ` checks it anywhere, offline, with the public key alone. It may
run beside the sweeper, on the machine that has the ledger with its signing key.

Whoever has kept an older checkpoint of the ledger can see by it that nothing was rewritten: the bundle must be made for it
(--since). Checkpoints that witnesses signed are put in by themselves.

The exit status is 1 where there is nothing to prove: a slot that is not due, or one without an entry; and where the bundle
shows something amiss, which is written all the same.`,
		Example: `  mailtrail retention proof --class mail_tracking --slot 2026-10-26T00:00:00Z --out proof.json
  mailtrail ledger verify proof.json --key "$(mailtrail ledger show --key)"`,
		Args: cobra.NoArgs,
	}
	dir := addLedgerFlag(command)
	flags := command.Flags()
	class := flags.String("class", "", "retention `class`")
	slot := flags.String("slot", "", "`time` at which the slot starts, RFC 3339")
	out := flags.String("out", "", "`file` that is written (standard output)")
	since := flags.StringArray("since", nil, "`file` with an older checkpoint, from which the bundle is to prove that the ledger goes on; may be given again")
	cobra.CheckErr(command.MarkFlagRequired("class"))
	cobra.CheckErr(command.MarkFlagRequired("slot"))
	command.RunE = func(*cobra.Command, []string) error {
		start, err := parseTime("--slot", *slot)
		if err != nil {
			return err
		}
		r, err := a.readLedger(*dir)
		if err != nil {
			return err
		}
		defer r.Close()
		older, err := a.readCheckpoints(r, *since)
		if err != nil {
			return err
		}
		return a.writeProof(r, *class, start, older, *out)
	}
	return command
}

// readCheckpoints reads older checkpoints of the ledger and returns their sizes.
func (a *app) readCheckpoints(r *ledger.Reader, files []string) (sizes []int64, err error) {
	log, err := note.NewVerifier(r.PublicKey())
	if err != nil {
		return nil, err
	}
	for _, file := range files {
		text, err := a.readSmall(file)
		if err != nil {
			return nil, fmt.Errorf("--since: %w", err)
		}
		older, err := ledger.ParseCheckpoint(string(text), log)
		if err == nil {
			err = r.Continues(older)
		}
		if err != nil {
			return nil, fmt.Errorf("--since %s: %w", file, err)
		}
		sizes = append(sizes, older.Size)
	}
	return sizes, nil
}

// writeProof writes the bundle, and says what it proves and what it cannot.
func (a *app) writeProof(r *ledger.Reader, class string, slot time.Time, since []int64, out string) error {
	bundle, err := r.ProveDestroyed(class, slot, a.now(), since...)
	if err != nil {
		return err
	}
	verdict, err := ledger.Verify(bundle, r.PublicKey(), ledger.Options{})
	if err != nil {
		return err
	}
	if out == "" {
		_, err = a.stdout.Write(bundle)
	} else {
		err = os.WriteFile(out, bundle, 0o644) // for everybody
	}
	if err != nil {
		return fmt.Errorf("write the proof: %w", err)
	}
	proves, cannot := verdict.Summary()
	fmt.Fprintf(a.stderr, "%s\n%s\nWho checks it needs the ledger's public key: %s\n", proves, cannot, r.PublicKey())
	if !verdict.Holds() {
		return &findings{fmt.Sprintf("%d findings; `mailtrail ledger verify` lists them", len(verdict.Findings))}
	}
	return nil
}
