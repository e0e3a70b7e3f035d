package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"runtime"

	"github.com/spf13/cobra"
	"golang.org/x/sync/errgroup"

	"mailtrail/schemas/barcode"
	"mailtrail/schemas/barcode/picture"
)

// maxPictureFile is the largest file that is read, in bytes.
const maxPictureFile = 64 << 20

func newBarcodeReadCommand(a *app) *cobra.Command {
	command := &cobra.Command{
		Use:   "read [FILE...]",
		Short: "The IMbs in a picture of mail",
		Long: `read finds Intelligent Mail barcodes in pictures, TIFF, PNG or JPEG, and answers with "TRACKING [ROUTING]" for each,
from above to below; "-", or no file at all, is a picture on standard input. Of several files each answer begins
with the name. Pictures may be turned by ten degrees, upside down or by a quarter turn, noisy and blurred, from
about 100 dots per inch on.

Bars that cannot be told are repaired as decode does, but only up to two wrong bars, or six that are not known: what
is less certain is refused, and so is a picture without a barcode. With --format json the answer also has the place:
corners (upper left, upper right, lower right and lower left of the barcode as it stands) and pitch in pixels, angle in
degrees clockwise, and, where there is no answer, the bars as they were read.`,
		Example: `  mailtrail barcode read front.tiff --format json`,
	}
	format := addAnswerFormatFlag(command)
	repair := &repairFlags{limit: barcode.MaxRepair}
	addKnownFlag(command, repair)
	command.RunE = func(c *cobra.Command, files []string) error {
		known, err := repair.load(a.now())
		if err != nil {
			return err
		}
		if len(files) == 0 {
			files = []string{"-"}
		}
		return a.readPictures(c.Context(), files, *format, known)
	}
	return command
}

// pictureReader answers for files.
type pictureReader struct {
	refusal
	reader *picture.Reader
	stdin  io.Reader
	named  bool // text answers begin with the file's name
}

// readPictures answers for all files in their order, as many at once as there are cores.
func (a *app) readPictures(ctx context.Context, files []string, format answerFormat, known *barcode.KnownSet) error {
	readers := make([]*pictureReader, min(runtime.GOMAXPROCS(0), len(files)))
	for i := range readers {
		readers[i] = &pictureReader{refusal{format}, picture.NewReader(known), a.stdin, len(files) > 1}
	}
	total, answers, tallies := tally{}, make([][]byte, len(readers)), make([]tally, len(readers))
	for len(files) > 0 {
		var group errgroup.Group
		some := files[:min(len(readers), len(files))]
		files = files[len(some):]
		for i, name := range some {
			group.Go(func() error {
				answers[i], tallies[i] = readers[i].answer(answers[i][:0], name)
				return nil
			})
		}
		if err := errors.Join(group.Wait(), context.Cause(ctx)); err != nil {
			return err
		}
		for i := range some {
			if _, err := a.stdout.Write(answers[i]); err != nil {
				return fmt.Errorf("writing the answers: %w", err)
			}
			total.add(tallies[i])
		}
	}
	return total.findings("answers")
}

var errNoIMb = errors.New("no Intelligent Mail barcode in the picture")

// answer appends a line for each barcode in a file, or one that says why there is none.
func (p *pictureReader) answer(dst []byte, name string) ([]byte, tally) {
	var t tally
	found, err := p.read(name)
	if err == nil && len(found) == 0 {
		err = errNoIMb
	}
	if err != nil {
		t.count(refused)
		return append(p.Refuse(p.begin(dst, name), []byte(name), err), '\n'), t
	}
	for i := range found {
		answer := barcodeAnswer{input: []byte(name), found: &found[i]}
		t.count(answer.takeFound(&found[i]))
		dst = append(p.append(p.begin(dst, name), &answer), '\n')
	}
	return dst, t
}

// begin appends what stands before a text answer.
func (p *pictureReader) begin(dst []byte, name string) []byte {
	if !p.named || p.format == "json" {
		return dst
	}
	return append(append(dst, name...), ": "...)
}

func (p *pictureReader) append(dst []byte, answer *barcodeAnswer) []byte {
	switch {
	case p.format == "json":
		return answer.appendJSON(dst)
	case answer.imb != nil:
		return appendDigits(dst, answer.imb)
	case len(answer.candidates) > 0:
		return appendAmbiguous(dst, answer.candidates)
	}
	return appendRefused(dst, answer.err)
}

// read finds the barcodes of a file.
func (p *pictureReader) read(name string) ([]picture.Found, error) {
	file, err := p.load(name)
	if err != nil {
		return nil, err
	}
	grey, err := picture.Decode(file)
	if err != nil {
		return nil, err
	}
	return p.reader.Read(grey)
}

func (p *pictureReader) load(name string) ([]byte, error) {
	in := p.stdin
	if name != "-" {
		opened, err := os.Open(name)
		if err != nil {
			return nil, err
		}
		defer opened.Close()
		in = opened
	}
	file, err := io.ReadAll(io.LimitReader(in, maxPictureFile+1))
	if err != nil {
		return nil, fmt.Errorf("reading the picture: %w", err)
	}
	if len(file) > maxPictureFile {
		return nil, fmt.Errorf("the file is larger than %d MiB", maxPictureFile>>20)
	}
	return file, nil
}

// takeFound takes over what was found in a picture.
func (b *barcodeAnswer) takeFound(f *picture.Found) verdict {
	if f.Err == nil || errors.Is(f.Err, picture.ErrAmbiguous) {
		return b.takeRepaired(&f.Repaired)
	}
	b.status, b.err = barcode.OutcomeRefused.String(), f.Err
	return refused
}

// appendFound appends where a barcode stands in its picture, and its bars where they are no answer.
func (b *barcodeAnswer) appendFound(dst []byte) []byte {
	if b.imb == nil {
		dst = appendJSONText(append(dst, `,"read":`...), b.found.Bars)
	}
	for i, corner := range b.found.Corners {
		separator := `],[`
		if i == 0 {
			separator = `,"corners":[[`
		}
		dst = fmt.Appendf(append(dst, separator...), "%.1f,%.1f", corner.X, corner.Y)
	}
	return fmt.Appendf(dst, `]],"angle":%.2f,"pitch":%.3f`, b.found.Angle, b.found.Pitch)
}
