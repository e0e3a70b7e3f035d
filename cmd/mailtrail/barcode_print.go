package main

import (
	"bytes"
	"cmp"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"github.com/spf13/cobra"

	"mailtrail/schemas/barcode"
)

// numberMark stands in the name of --out for the number of the line.
const numberMark = "{}"

func newBarcodePrintCommand(a *app) *cobra.Command {
	command := &cobra.Command{
		Use:   "print [TRACKING [ROUTING] | BARS]",
		Short: "An IMb as a picture, SVG or PNG, in its true size",
		Long: `print draws an Intelligent Mail barcode with the dimensions of USPS-B-3200: bars, spaces, heights and clear zones. It
takes the digits, or 65 bars. An SVG has the nominal dimensions; a PNG, and an SVG with --dpi, has all bars on whole
dots of that resolution and says its size. A resolution that cannot keep the tolerances is refused.

To standard output (--out -) an SVG is one line, so many barcodes give a line each; a PNG must be one. To a file the
answer is the file's name; for many barcodes it must hold {}, which becomes the number of the line.`,
		Example: `  mailtrail barcode print 01234567094987654321 01234567891 --out label.png --dpi 600 --text`,
		Args:    cobra.MaximumNArgs(2),
	}
	p := &printer{}
	command.Flags().StringVar(&p.out, "out", "-", "`file` to write, or - for standard output")
	command.Flags().StringVar(&p.format, "format", "", "svg or png (what the file's name ends with, else svg)")
	command.Flags().IntVar(&p.dotsPerInch, "dpi", 0, "resolution, dots per inch (png: 600; svg: exact dimensions)")
	command.Flags().BoolVar(&p.text, "text", false, "the digits below the bars")
	command.RunE = func(c *cobra.Command, args []string) error {
		if err := p.prepare(); err != nil {
			return err
		}
		if p.out == "-" && p.format == "png" {
			return a.printPNG(args, p)
		}
		var lines []string
		if len(args) > 0 {
			lines = []string{strings.Join(args, " ")}
		}
		return a.answerLines(c.Context(), lines, []answerer{p})
	}
	return command
}

// printer answers barcodes with their picture, or with the name of the file that holds it.
type printer struct {
	refusal
	out, format string
	dotsPerInch int
	text        bool
	layout      barcode.Layout
	line        int
}

// prepare checks the flags and makes the layout.
func (p *printer) prepare() error {
	p.format = cmp.Or(p.format, strings.TrimPrefix(strings.ToLower(filepath.Ext(p.out)), "."), "svg")
	if !slices.Contains([]string{"svg", "png"}, p.format) {
		return wrongUsage("--format %q: expected svg or png", p.format)
	}
	if p.dotsPerInch == 0 && p.format == "svg" {
		p.layout = barcode.ExactLayout()
		return nil
	}
	layout, err := barcode.NewLayout(cmp.Or(p.dotsPerInch, 600))
	if err != nil {
		return wrongUsage("--dpi: %w", err)
	}
	p.layout = layout
	return nil
}

var errOneFile = errors.New("the name of --out is for one barcode; for many put " + numberMark + " into it")

// Answer draws one barcode.
func (p *printer) Answer(dst, line []byte) ([]byte, verdict) {
	p.line++
	picture, err := p.draw(line)
	if err != nil {
		return p.Refuse(dst, line, err), refused
	}
	if p.out == "-" {
		return append(dst, bytes.TrimSuffix(picture, []byte("\n"))...), answered
	}
	if p.line > 1 && !strings.Contains(p.out, numberMark) {
		return p.Refuse(dst, line, errOneFile), refused
	}
	name := strings.ReplaceAll(p.out, numberMark, strconv.Itoa(p.line))
	if err := os.WriteFile(name, picture, 0o644); err != nil {
		return p.Refuse(dst, line, err), refused
	}
	return append(dst, name...), answered
}

// draw returns the picture of the barcode in a line.
func (p *printer) draw(line []byte) ([]byte, error) {
	m, err := imbToPrint(line)
	if err != nil {
		return nil, err
	}
	if p.format == "svg" {
		return p.layout.SVG(&m, p.text), nil
	}
	return p.layout.PNG(&m, p.text)
}

// imbToPrint reads TRACKING [ROUTING], all digits in one, or 65 bars.
func imbToPrint(line []byte) (barcode.IMb, error) {
	word := bytes.TrimSpace(line)
	switch {
	case bytes.ContainsAny(word, " \t"):
		return imbOfWords(word)
	case len(word) > 0 && bytes.IndexByte([]byte("ADFTadft?"), word[0]) >= 0:
		m, _, err := barcode.DecodeBars(word)
		return m, err
	default:
		return barcode.ParseIMb(word)
	}
}

// printPNG writes the picture of one barcode to standard output: of the arguments, or the only line of standard input.
func (a *app) printPNG(args []string, p *printer) error {
	if isTerminal(a.stdout) {
		return wrongUsage("--format png: a terminal cannot show the picture; give a file with --out, or redirect standard output")
	}
	line := []byte(strings.Join(args, " "))
	if len(args) == 0 {
		var err error
		if line, err = io.ReadAll(io.LimitReader(a.stdin, maxAnswerLine)); err != nil {
			return fmt.Errorf("reading the line: %w", err)
		}
		line = bytes.TrimSpace(line)
		if bytes.ContainsAny(line, "\n") {
			return wrongUsage("--format png: standard output takes the picture of one barcode; for many put a name with %s into --out", numberMark)
		}
	}
	picture, err := p.draw(line)
	if err != nil {
		return fmt.Errorf("refused: %w", err)
	}
	_, err = a.stdout.Write(picture)
	return err
}
