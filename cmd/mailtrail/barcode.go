package main

import (
	"context"
	"fmt"
	"io"
	"runtime"
	"slices"
	"strings"

	"github.com/spf13/cobra"
)

func newBarcodeCommand(a *app) *cobra.Command {
	group := newGroup(&cobra.Command{
		Use:   "barcode",
		Short: "Write, read, explain and draw the barcodes on mail",
		Long: `barcode works on arguments or, without any, on standard input, one barcode a line; read on pictures. Every line gets
an answer of one line, in the order of the input and as soon as it is known; a line that is no barcode is answered
with "refused: " and why. The exit status is 1 where a line was refused or has no certain answer.`,
		Example: `  # Each line of digits becomes a line of bars:
  mailtrail barcode encode < pieces.txt > bars.txt`,
	})
	group.AddCommand(newBarcodeEncodeCommand(a), newBarcodeDecodeCommand(a), newBarcodeParseCommand(a), newBarcodePrintCommand(a), newBarcodeReadCommand(a))
	return group
}

// answerFormat is the value of --format where answers are lines: text, or one JSON object a line.
type answerFormat string

func addAnswerFormatFlag(command *cobra.Command) *answerFormat {
	format := answerFormat("text")
	command.Flags().Var(&format, "format", "text, or json (one object a line)")
	return &format
}

// String is the format's name.
func (f *answerFormat) String() string { return string(*f) }

// Type is the word for the value in help texts.
func (f *answerFormat) Type() string { return "format" }

// Set takes text or json.
func (f *answerFormat) Set(value string) error {
	if !slices.Contains([]string{"text", "json"}, value) {
		return fmt.Errorf("expected text or json")
	}
	*f = answerFormat(value)
	return nil
}

// answerLines answers the lines, or those of standard input where there are none, with so many answerers at once.
func (a *app) answerLines(ctx context.Context, lines []string, answerers []answerer) error {
	var in io.Reader = a.stdin
	if len(lines) > 0 {
		in = strings.NewReader(strings.Join(lines, "\n") + "\n")
	}
	tally, err := stream(ctx, in, a.stdout, answerers)
	if err != nil {
		return err
	}
	return tally.findings("lines")
}

// oneForEachCore makes an answerer for each core that may be used.
func oneForEachCore(make func() answerer) []answerer {
	var answerers []answerer
	for range runtime.GOMAXPROCS(0) {
		answerers = append(answerers, make())
	}
	return answerers
}

// findings is nil where every line, or whatever has answers, has its answer.
func (t tally) findings(what string) error {
	var found []string
	for _, part := range []struct {
		lines int
		what  string
	}{{t.refused, "refused"}, {t.ambiguous, "ambiguous"}} {
		if part.lines > 0 {
			found = append(found, fmt.Sprintf("%d %s", part.lines, part.what))
		}
	}
	if found == nil {
		return nil
	}
	return &findings{fmt.Sprintf("of %d %s %s", t.lines, what, strings.Join(found, " and "))}
}
