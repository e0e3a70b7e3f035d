package main

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"time"

	"github.com/spf13/cobra"

	"mailtrail/schemas/barcode"
)

func newBarcodeDecodeCommand(a *app) *cobra.Command {
	command := &cobra.Command{
		Use:   "decode [BARS...]",
		Short: "The bars of an IMb into its digits, repaired where they are damaged",
		Long: `decode turns the bars of an Intelligent Mail barcode, letters A, D, F and T, into "TRACKING [ROUTING]". Bars may stand
upside down. "?" is a bar that could not be read; one bar may be lost or one too many (64 or 66 letters).

Damaged bars become the nearest barcode. Where several are equally near, the answer is "ambiguous: " and the
candidates, with " | " between; where none is near enough, "refused: " and why. A file of known barcodes (--known)
settles what is ambiguous. It holds an entry a line: a mailer id, a range of serial numbers or "-", and the
beginning of the routing code; the last two may be left out:

  902345678
  123456  000001000-000001999  12345`,
		Example: `  mailtrail barcode decode 'AADTFFDFTDADTAA?AATFDTDDAAADDTDTTDAFADADDDTFFFDDTTTADFAAADFTDAADA' --format json`,
	}
	format := addAnswerFormatFlag(command)
	repair := addRepairFlags(command)
	command.RunE = func(c *cobra.Command, args []string) error {
		known, err := repair.load(a.now())
		if err != nil {
			return err
		}
		return a.answerLines(c.Context(), args, oneForEachCore(func() answerer {
			return &decoder{refusal{*format}, barcode.NewRepairer(known), repair.limit}
		}))
	}
	return command
}

// repairFlags say how damaged bars are repaired.
type repairFlags struct {
	knownFile string
	limit     int
}

func addRepairFlags(command *cobra.Command) *repairFlags {
	flags := new(repairFlags)
	addKnownFlag(command, flags)
	command.Flags().IntVar(&flags.limit, "repair", barcode.MaxRepair, "repair up to `N` wrong bars, 0 to 4; a \"?\" counts as three tenths, a bar lost or too many as two")
	return flags
}

func addKnownFlag(command *cobra.Command, flags *repairFlags) {
	command.Flags().StringVar(&flags.knownFile, "known", "", "`file` of known barcodes, which settle what is ambiguous")
}

// load checks the flags and reads the known set; nil where there is none.
func (r *repairFlags) load(now time.Time) (*barcode.KnownSet, error) {
	if r.limit < 0 || r.limit > barcode.MaxRepair {
		return nil, wrongUsage("--repair %d: expected 0 to %d", r.limit, barcode.MaxRepair)
	}
	if r.knownFile == "" {
		return nil, nil
	}
	text, err := os.ReadFile(r.knownFile)
	if err != nil {
		return nil, wrongUsage("--known: %w", err)
	}
	known, err := parseKnown(text, r.knownFile, now)
	if err != nil {
		return nil, wrongUsage("--known %s: %w", r.knownFile, err)
	}
	return known, nil
}

// parseKnown reads a known set that may lack the day and the source of its head: what one gives by hand is of today and its own source. They
// are put in behind the entries, so that an error names the lines of the file.
func parseKnown(text []byte, file string, now time.Time) (*barcode.KnownSet, error) {
	head := map[string]string{"effective": now.Format(time.DateOnly), "source": file}
	for {
		known, err := barcode.ParseKnownSet(text)
		lacking := new(barcode.TableError)
		if !errors.As(err, &lacking) || lacking.Line != 0 || head[lacking.Field] == "" {
			return known, err
		}
		text = fmt.Appendf(text, "\n%s %s\n", lacking.Field, head[lacking.Field])
		delete(head, lacking.Field)
	}
}

// decoder answers bars with digits.
type decoder struct {
	refusal
	repairer *barcode.Repairer
	limit    int
}

// Answer decodes one line.
func (d *decoder) Answer(dst, line []byte) ([]byte, verdict) {
	repaired, err := d.repairer.Repair(bytes.TrimSpace(line), d.limit)
	if err != nil {
		return d.Refuse(dst, line, err), refused
	}
	if d.format == "json" {
		answer := barcodeAnswer{input: line}
		v := answer.takeRepaired(&repaired)
		return answer.appendJSON(dst), v
	}
	if repaired.Outcome == barcode.OutcomeAmbiguous {
		return appendAmbiguous(dst, repaired.Candidates()), ambiguous
	}
	return appendDigits(dst, &repaired.IMb), answered
}

var errAmbiguous = errors.New("several barcodes are equally near")

// takeRepaired takes over what a repair found.
func (b *barcodeAnswer) takeRepaired(r *barcode.Repaired) verdict {
	b.status = r.Outcome.String()
	if r.Outcome == barcode.OutcomeAmbiguous {
		b.candidates, b.err = r.Candidates(), errAmbiguous
		return ambiguous
	}
	b.imb, b.upsideDown, b.known = &r.IMb, r.UpsideDown, r.Known
	b.repaired, b.runnerUp, b.confidence = r.Changed(), r.RunnerUp, r.Confidence
	return answered
}
