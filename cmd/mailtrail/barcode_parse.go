package main

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"strconv"
	"strings"
	"time"
	"unicode"

	"github.com/spf13/cobra"

	"mailtrail/schemas/barcode"
)

func newBarcodeParseCommand(a *app) *cobra.Command {
	command := &cobra.Command{
		Use:   "parse [BARCODE...]",
		Short: "What a barcode is, and its fields",
		Long: `parse tells which barcode a text is and what its fields are, or why it is none: IMb as digits or bars (damaged ones
are repaired as decode does), IMpb and GS1-128, S10, tray (IMtb) and container barcodes (IMcb), and the retired
PLANET and POSTNET codes as digits or as bars L and S. Spaces and hyphens do not matter. The answer is the kind of
barcode, its digits or characters, and its fields as name=value.`,
		Example: `  mailtrail barcode parse 0027090234567812345612345678901 'RB 123 456 785 GB'`,
	}
	format := addAnswerFormatFlag(command)
	repair := addRepairFlags(command)
	on := command.Flags().String("on", "", "the `day`, YYYY-MM-DD, for which service types are looked up (today)")
	command.RunE = func(c *cobra.Command, args []string) error {
		at := a.now()
		if *on != "" {
			var err error
			if at, err = time.Parse(time.DateOnly, *on); err != nil {
				return wrongUsage("--on %q: expected a day, YYYY-MM-DD", *on)
			}
		}
		known, err := repair.load(a.now())
		if err != nil {
			return err
		}
		types, err := a.serviceTypes()
		if err != nil {
			return err
		}
		return a.answerLines(c.Context(), args, oneForEachCore(func() answerer {
			return &parser{refusal{*format}, barcode.NewRepairer(known), repair.limit, types, at}
		}))
	}
	return command
}

// serviceTypes is the table of the configuration, or the built-in one.
func (a *app) serviceTypes() (*barcode.ServiceTypes, error) {
	c, err := a.config()
	if err != nil {
		return nil, err
	}
	path := c.Reference.ServiceTypes
	if path == "" {
		return barcode.BuiltinServiceTypes(), nil
	}
	text, err := os.ReadFile(path)
	if err != nil {
		return nil, fmt.Errorf("reference.service_types: %w", err)
	}
	types, err := barcode.ParseServiceTypes(text)
	if err != nil {
		return nil, fmt.Errorf("reference.service_types: %s: %w", path, err)
	}
	return types, nil
}

// parser answers any barcode with its fields.
type parser struct {
	refusal
	repairer *barcode.Repairer
	limit    int
	types    *barcode.ServiceTypes
	at       time.Time
}

// Answer explains one line.
func (p *parser) Answer(dst, line []byte) ([]byte, verdict) {
	answer := barcodeAnswer{input: line, status: "ok"}
	parsed, err := barcode.Parse(string(line))
	v := answered
	if reason := (*barcode.Error)(nil); errors.As(err, &reason) && reason.Object == barcode.ObjectIMb && errors.Is(err, barcode.ErrUnreadable) {
		parsed, v, err = p.repair(&answer, line)
	}
	if err != nil {
		return p.Refuse(dst, line, err), refused
	}
	if v == answered {
		p.explain(&answer, &parsed)
	}
	switch {
	case p.format == "json":
		return answer.appendJSON(dst), v
	case v == ambiguous:
		return appendAmbiguous(dst, answer.candidates), v
	}
	return appendExplained(dst, &answer, &parsed), v
}

// repair reads the damaged bars of an IMb.
func (p *parser) repair(answer *barcodeAnswer, line []byte) (barcode.Parsed, verdict, error) {
	bars := bytes.Map(func(r rune) rune {
		if unicode.IsSpace(r) || unicode.Is(unicode.Dash, r) {
			return -1
		}
		return r
	}, line)
	repaired, err := p.repairer.Repair(bars, p.limit)
	if err != nil {
		return barcode.Parsed{}, refused, err
	}
	v := answer.takeRepaired(&repaired)
	return barcode.Parsed{Object: barcode.ObjectIMb, IMb: repaired.IMb, UpsideDown: repaired.UpsideDown}, v, nil
}

func (p *parser) explain(answer *barcodeAnswer, parsed *barcode.Parsed) {
	answer.object, answer.upsideDown, answer.otherHolds = parsed.Object.String(), parsed.UpsideDown, parsed.Ambiguous
	answer.fields = parsed.Fields(p.types, barcode.BuiltinSpecialServices(), p.at)
	if parsed.Object == barcode.ObjectIMb {
		answer.imb = &parsed.IMb
	}
}

// appendExplained appends the text of a parsed barcode.
func appendExplained(dst []byte, answer *barcodeAnswer, parsed *barcode.Parsed) []byte {
	dst = append(append(dst, answer.object...), ' ')
	dst = append(dst, parsed.Text()...)
	for _, field := range answer.fields {
		dst = append(append(append(dst, ' '), field.Name...), '=')
		if strings.ContainsRune(field.Value, ' ') {
			dst = strconv.AppendQuote(dst, field.Value)
		} else {
			dst = append(dst, field.Value...)
		}
	}
	if answer.repaired > 0 {
		dst = strconv.AppendInt(append(dst, " repaired="...), int64(answer.repaired), 10)
		dst = appendShare(append(dst, " confidence="...), answer.confidence)
	}
	if answer.otherHolds {
		dst = append(dst, " otherReading=true"...)
	}
	return dst
}
