package main

import (
	"fmt"

	"github.com/spf13/cobra"
)

func newLedgerAcceptCommand(a *app) *cobra.Command {
	command := &cobra.Command{
		Use:   "accept FILE --witness VKEY",
		Short: "Keep a checkpoint that a witness cosigned, so that proofs carry it",
		Long: `accept takes what the witness's ` + "`mailtrail ledger cosign`" + ` printed (- for standard input), checks it, and keeps it beside
the ledger; of each witness the newest is kept. Proofs that are made from now on carry it. It may run beside the writer.`,
		Example: "  mailtrail ledger accept cosigned --witness \"$(cat witness.vkey)\"",
		Args:    cobra.ExactArgs(1),
	}
	dir := addLedgerFlag(command)
	witness := command.Flags().String("witness", "", "the witness's public `key`")
	cobra.CheckErr(command.MarkFlagRequired("witness"))
	command.RunE = func(_ *cobra.Command, args []string) error {
		signed, err := a.readSmall(args[0])
		if err != nil {
			return err
		}
		r, err := a.readLedger(*dir)
		if err != nil {
			return err
		}
		defer r.Close()
		if err := r.Accept(string(signed), *witness); err != nil {
			return ledgerError(err)
		}
		_, err = fmt.Fprintln(a.stderr, "Kept.")
		return err
	}
	return command
}
