package main

import (
	"bytes"
	"errors"
	"strings"

	"github.com/spf13/cobra"

	"mailtrail/schemas/barcode"
)

func newBarcodeEncodeCommand(a *app) *cobra.Command {
	command := &cobra.Command{
		Use:   "encode [TRACKING [ROUTING]]",
		Short: "Digits of an IMb into its 65 bars",
		Long: `encode turns the 20 digits of a tracking code and the 0, 5, 9 or 11 digits of a routing code into the 65 bars of an
Intelligent Mail barcode (USPS-B-3200), letters A, D, F and T.`,
		Example: `  mailtrail barcode encode 01234567094987654321 01234567891`,
		Args:    cobra.MaximumNArgs(2),
	}
	format := addAnswerFormatFlag(command)
	command.RunE = func(c *cobra.Command, args []string) error {
		var lines []string
		if len(args) > 0 {
			lines = []string{strings.Join(args, " ")}
		}
		return a.answerLines(c.Context(), lines, oneForEachCore(func() answerer { return encoder{refusal{*format}} }))
	}
	return command
}

// encoder answers TRACKING [ROUTING] with bars.
type encoder struct{ refusal }

var errTwoCodes = errors.New("more than two words; expected a tracking code and at most one routing code")

// Answer encodes one line.
func (e encoder) Answer(dst, line []byte) ([]byte, verdict) {
	m, err := imbOfWords(line)
	if err != nil {
		return e.Refuse(dst, line, err), refused
	}
	if e.format == "json" {
		answer := barcodeAnswer{input: line, status: "ok", imb: &m}
		return answer.appendJSON(dst), answered
	}
	bars := m.Bars()
	return append(dst, bars[:]...), answered
}

// imbOfWords reads a tracking code and, behind a blank, a routing code.
func imbOfWords(line []byte) (barcode.IMb, error) {
	line = bytes.TrimSpace(line)
	tracking, routing := line, []byte(nil)
	if i := bytes.IndexAny(line, " \t"); i >= 0 {
		tracking, routing = line[:i], bytes.TrimSpace(line[i:])
	}
	if bytes.ContainsAny(routing, " \t") {
		return barcode.IMb{}, errTwoCodes
	}
	return barcode.NewIMb(tracking, routing)
}
