package main

import (
	"context"
	"fmt"
	"os"
	"path/filepath"

	"github.com/spf13/cobra"

	"mailtrail/pipeline/ledger"
)

// cosigning is what a witness is told on the command line.
type cosigning struct {
	key, dir, name string
	showKey        bool
}

func newLedgerCosignCommand(a *app) *cobra.Command {
	command := &cobra.Command{
		Use:   "cosign [REQUEST] --key VKEY",
		Short: "As a witness, sign that a ledger continues what was seen of it before",
		Long: `cosign is run by somebody else than the ledger's operator. It remembers the last checkpoint that it signed of each ledger
and signs a newer one only if that continues it: of two histories of one ledger only one gets the signature. REQUEST is a
file that ` + "`mailtrail ledger show --request N`" + ` printed (- for standard input), or the folder of a ledger or of a copy of
one. The cosigned checkpoint stands alone on standard output; send it back to the operator, for
` + "`mailtrail ledger accept`" + `. The witness's key and memory lie in --dir; the first time --name names it.

A fork is exit status 1: keep the two checkpoints, they are the evidence.`,
		Example: "  mailtrail ledger cosign request --key \"$(cat ledger.vkey)\" --name archive.example.org > cosigned",
		Args:    cobra.MaximumNArgs(1),
	}
	var w cosigning
	flags := command.Flags()
	flags.StringVar(&w.key, "key", "", "the ledger's public `key`")
	flags.StringVar(&w.dir, "dir", "", "`folder` of the witness (witness under data)")
	flags.StringVar(&w.name, "name", "", "`name` of a new witness, such as a host's")
	flags.BoolVar(&w.showKey, "show-key", false, "print the witness's public key alone, and sign nothing")
	command.RunE = func(c *cobra.Command, args []string) error {
		witness, err := a.openWitness(&w)
		if err != nil {
			return err
		}
		if w.showKey {
			_, err := fmt.Fprintln(a.stdout, witness.PublicKey())
			return err
		}
		if len(args) == 0 || w.key == "" {
			return wrongUsage("expected a REQUEST and --key, or --show-key")
		}
		signed, err := a.cosign(c.Context(), witness, args[0], w.key)
		if err != nil {
			return ledgerError(err)
		}
		fmt.Fprintf(a.stderr, "Signed. Whoever checks proofs needs this witness's key: %s\n", witness.PublicKey())
		_, err = fmt.Fprint(a.stdout, signed)
		return err
	}
	return command
}

func (a *app) openWitness(w *cosigning) (*ledger.Witness, error) {
	if w.dir == "" {
		loaded, err := a.config()
		if err != nil {
			return nil, err
		}
		w.dir = filepath.Join(loaded.Data, "witness")
	}
	if w.name == "" {
		if _, err := os.Stat(w.dir); err != nil {
			return nil, wrongUsage("there is no witness in %s yet: expected --name as well, which names it in its signatures", w.dir)
		}
	}
	return ledger.OpenWitness(w.dir, w.name, a.now)
}

// cosign makes the request from a folder, or reads it.
func (a *app) cosign(ctx context.Context, witness *ledger.Witness, name, key string) (string, error) {
	if info, err := os.Stat(name); err == nil && info.IsDir() {
		r, err := ledger.Read(name, key)
		if err != nil {
			return "", err
		}
		defer r.Close()
		seen, err := witness.Seen(key)
		if err != nil {
			return "", err
		}
		if err := r.Continues(seen); err != nil {
			return "", err
		}
		request, err := r.Request(seen.Size)
		if err != nil {
			return "", err
		}
		return witness.Cosign(ctx, key, request)
	}
	content, err := a.readSmall(name)
	if err != nil {
		return "", err
	}
	request, err := ledger.ParseRequest(string(content))
	if err != nil {
		return "", err
	}
	return witness.Cosign(ctx, key, request)
}
