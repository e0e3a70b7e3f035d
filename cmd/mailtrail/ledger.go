package main

import (
	"errors"
	"fmt"
	"io"
	"os"

	"github.com/spf13/cobra"

	"mailtrail/pipeline/ledger"
)

func newLedgerCommand(a *app) *cobra.Command {
	group := newGroup(&cobra.Command{
		Use:   "ledger",
		Short: "Show and check the tamper-evident log of what was destroyed",
		Long: `The ledger holds what became of every slot: keys made and destroyed, partitions dropped, what verify found, which
schedule was in force. Whoever has its public key can check a proof of one slot, or a copy of the whole, offline; whoever
has an older checkpoint, or trusts a witness, can also tell that it was never rewritten.`,
		Example: "  mailtrail ledger verify proof.json --key \"$(cat ledger.vkey)\"",
	})
	group.AddCommand(newLedgerShowCommand(a), newLedgerVerifyCommand(a), newLedgerCosignCommand(a), newLedgerAcceptCommand(a))
	return group
}

// addLedgerFlag gives a command that reads a ledger its --dir.
func addLedgerFlag(command *cobra.Command) *string {
	return command.Flags().String("dir", "", "`folder` of the ledger, or of a copy of it (ledger under data)")
}

// readLedger opens the ledger in a folder, or the configuration's.
func (a *app) readLedger(dir string) (*ledger.Reader, error) {
	if dir == "" {
		loaded, err := a.config()
		if err != nil {
			return nil, err
		}
		dir = loaded.LedgerDir()
	}
	return ledger.Read(dir, "")
}

// ledgerError makes a key that is none wrong usage; everything else stays a failure.
func ledgerError(err error) error {
	if errors.Is(err, ledger.ErrKey) {
		return &usageError{err}
	}
	return err
}

// maxLedgerFile bounds what is read of a bundle, a checkpoint or a request, in bytes.
const maxLedgerFile = 17 << 20

// readSmall reads a file that a person named, or standard input for -.
func (a *app) readSmall(name string) ([]byte, error) {
	in := a.stdin
	if name != "-" {
		file, err := os.Open(name)
		if err != nil {
			return nil, err
		}
		defer file.Close()
		in = file
	}
	content, err := io.ReadAll(io.LimitReader(in, maxLedgerFile+1))
	if err != nil {
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	if len(content) > maxLedgerFile {
		return nil, fmt.Errorf("%s: larger than %d bytes, which nothing of a ledger is", name, maxLedgerFile)
	}
	return content, nil
}
