package main

import (
	"fmt"
	"time"

	"github.com/spf13/cobra"

	"mailtrail/pipeline/ledger"
)

// shownEntries says which entries to show.
type shownEntries struct {
	kind, class string
	slot        time.Time
	last        int64
}

func newLedgerShowCommand(a *app) *cobra.Command {
	command := &cobra.Command{
		Use:   "show",
		Short: "Print entries of the ledger, its public key or its checkpoint",
		Long: `show checks the whole ledger against its signature and prints its newest entries, the oldest of them first. It may run
beside the writer. With --key, --checkpoint or --request it prints that alone: give the key to whoever checks proofs, keep
checkpoints elsewhere (they are what --since takes), and send a request to a witness, which says where it stands.`,
		Example: "  mailtrail ledger show --class mailpiece_images --slot 2026-11-20T05:00:00Z --format json",
		Args:    cobra.NoArgs,
	}
	dir, format := addLedgerFlag(command), addFormatFlag(command)
	flags := command.Flags()
	var shown shownEntries
	flags.StringVar(&shown.kind, "kind", "", "only this `kind` of entry, such as key_destroyed")
	flags.StringVar(&shown.class, "class", "", "only this retention `class`")
	slot := flags.String("slot", "", "only the slot that starts at this `time`, RFC 3339")
	flags.Int64Var(&shown.last, "last", 100, "at most the newest `N` of these; 0 for all")
	key := flags.Bool("key", false, "print the public key alone")
	checkpoint := flags.Bool("checkpoint", false, "print the newest checkpoint alone")
	request := flags.Int64("request", 0, "print a request to a witness that has signed the first `N` entries alone")
	command.MarkFlagsMutuallyExclusive("key", "checkpoint", "request")
	command.RunE = func(c *cobra.Command, _ []string) (err error) {
		if *slot != "" {
			if shown.slot, err = parseTime("--slot", *slot); err != nil {
				return err
			}
		}
		if shown.last < 0 || *request < 0 {
			return wrongUsage("--last and --request: expected 0 or more")
		}
		r, err := a.readLedger(*dir)
		if err != nil {
			return err
		}
		defer r.Close()
		switch {
		case *key:
			_, err = fmt.Fprintln(a.stdout, r.PublicKey())
		case *checkpoint:
			_, err = fmt.Fprint(a.stdout, r.Head().Signed)
		case c.Flags().Changed("request"):
			var asked ledger.Request
			if asked, err = r.Request(*request); err == nil {
				_, err = fmt.Fprint(a.stdout, asked)
			}
		default:
			err = a.showEntries(r, &shown, *format)
		}
		return err
	}
	return command
}

// entryColumns are what every format shows of an entry; JSON and CSV have the rest besides.
var (
	entryColumns     = []string{"index", "time", "kind", "class", "slot", "store", "object", "by", "rows", "bytes", "findings", "detail"}
	entryMoreColumns = []string{"commitment", "destroy_at", "nth", "clock_behind_ms", "schedule", "bound", "limit_s", "slot_s", "destroy_after_s", "first_slot", "stores",
		"citation", "inspected", "waived", "oldest", "step_ms"}
)

// showEntries prints the newest of those that are asked for.
func (a *app) showEntries(r *ledger.Reader, shown *shownEntries, format rowFormat) error {
	columns := entryColumns
	if format != "table" {
		columns = append(columns[:len(columns):len(columns)], entryMoreColumns...)
	}
	rows, err := newRowWriter(a.stdout, format, columns...)
	if err != nil {
		return err
	}
	numbers, passed, err := shown.find(r)
	if err != nil {
		return err
	}
	for _, at := range numbers {
		e, err := r.Entry(at)
		if err != nil {
			return err
		}
		if err := rows.Row(entryValues(at, e)[:len(columns)]...); err != nil {
			return err
		}
	}
	if err := rows.Close(); err != nil {
		return err
	}
	if passed > 0 {
		fmt.Fprintf(a.stderr, "%d older entries are not shown; --last 0 shows all.\n", passed)
	}
	return nil
}

// find returns the numbers of the entries to show, and how many older ones are not among them.
func (s *shownEntries) find(r *ledger.Reader) (numbers []int64, passed int64, err error) {
	for at, record := range r.Entries(0, r.Head().Size) {
		if record.Err != nil {
			return nil, 0, record.Err
		}
		e := record.Entry
		if s.kind != "" && string(e.Kind) != s.kind || s.class != "" && e.Class != s.class || !s.slot.IsZero() && !e.Slot.Equal(s.slot) {
			continue
		}
		numbers = append(numbers, at)
	}
	if over := int64(len(numbers)) - s.last; s.last > 0 && over > 0 {
		return numbers[over:], over, nil
	}
	return numbers, 0, nil
}

// entryValues are the values of all columns, nil where the entry has none.
func entryValues(at int64, e *ledger.Entry) []any {
	return []any{
		at, e.Time, string(e.Kind), orNil(e.Class), timeOrNil(e.Slot), orNil(e.Store), orNil(e.Object), orNil(e.By), countOrNil(e.Rows), countOrNil(e.Bytes),
		countOrNil(e.Findings), orNil(e.Detail), orNil(e.Commitment), timeOrNil(e.DestroyAt), numberOrNil(e.Nth), numberOrNil(e.ClockBehind), orNil(e.Schedule),
		orNil(e.Bound), numberOrNil(e.Limit), numberOrNil(e.SlotLength), numberOrNil(e.DestroyAfter), timeOrNil(e.FirstSlot), listOrNil(e.Stores), orNil(e.Citation),
		countOrNil(e.Inspected), countOrNil(e.Waived), timeOrNil(e.Oldest), numberOrNil(e.Step),
	}
}

func timeOrNil(t time.Time) any {
	if t.IsZero() {
		return nil
	}
	return t
}

func countOrNil(n *int64) any {
	if n == nil {
		return nil
	}
	return *n
}

func numberOrNil(n int64) any {
	if n == 0 {
		return nil
	}
	return n
}

func listOrNil(list []string) any {
	if len(list) == 0 {
		return nil
	}
	return list
}
