package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	embedded "mailtrail/deploy/local/clickhouse"
	"mailtrail/pipeline/images"
	"mailtrail/schemas/event"
)

func newImagesListCommand(a *app) *cobra.Command {
	command := &cobra.Command{
		Use:   "list BARCODE",
		Short: "The images of one piece, newest first",
		Long: `list shows the images of one piece that are not past their limit. The barcode may be written as for ` + "`mailtrail piece`" + `.
The exit status is 1 where no image of the piece is kept.`,
		Example: `  mailtrail images list 00270900123456000012`,
		Args:    cobra.MinimumNArgs(1),
	}
	format := addFormatFlag(command)
	command.RunE = func(c *cobra.Command, args []string) error {
		readings, err := readBarcode(strings.Join(args, " "))
		if err != nil {
			return wrongUsage("not a barcode: %w", err)
		}
		return a.withImages(func(s *connections, reader *images.Reader) error {
			var keys []string
			for i := range readings {
				keys = append(keys, readings[i].LookupKeys(s.rules.tables.ServiceTypes)...)
			}
			slices.Sort(keys)
			found, err := reader.OfPiece(c.Context(), slices.Compact(keys))
			if err != nil {
				return err
			}
			if len(found) == 0 && *format == "table" {
				return errors.New("no image of this piece is kept")
			}
			return printImages(a, *format, found)
		})
	}
	return command
}

func printImages(a *app, format rowFormat, found []event.StoredImage) error {
	rows, err := newRowWriter(a.stdout, format, "id", "capturedDatetime", "machineId", "side", "mediaType", "width", "height", "bytes")
	if err != nil {
		return err
	}
	for i := range found {
		f := &found[i]
		if err := rows.Row(f.ID.String(), f.Captured, f.MachineID, f.Side, f.MediaType, f.Width, f.Height, f.Bytes); err != nil {
			return err
		}
	}
	if err := rows.Close(); err != nil || len(found) > 0 {
		return err
	}
	return errors.New("no image of this piece is kept")
}

func newImagesGetCommand(a *app) *cobra.Command {
	var out string
	command := &cobra.Command{
		Use:   "get ID",
		Short: "One image, as it was sent",
		Long: `get writes an image to standard output, or to --out FILE, which must not be there yet. Destroy the file before the image's limit:
mailtrail knows nothing of it.`,
		Example: `  mailtrail images get 019aa3c1f2d8b0e1c2a3948576a1b2c3d4e5f607 --out piece.tiff`,
		Args:    cobra.ExactArgs(1),
	}
	command.Flags().StringVar(&out, "out", "", "write to this `file`, mode 0600, in place of standard output")
	command.RunE = func(c *cobra.Command, args []string) error {
		id, err := event.ParseImageID(args[0])
		if err != nil {
			return wrongUsage("%w", err)
		}
		return a.withImages(func(_ *connections, reader *images.Reader) error {
			return a.getImage(c.Context(), reader, id, out)
		})
	}
	return command
}

func (a *app) getImage(ctx context.Context, reader *images.Reader, id event.ImageID, out string) error {
	image, err := reader.Find(ctx, id)
	if err != nil {
		return err
	}
	picture, err := reader.Read(ctx, image)
	if err != nil {
		return err
	}
	if out == "" {
		if isTerminal(a.stdout) {
			return wrongUsage("standard output is a terminal: use --out FILE, or a pipe")
		}
		_, err := a.stdout.Write(picture)
		return err
	}
	file, err := os.OpenFile(out, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if errors.Is(err, fs.ErrExist) {
		return fmt.Errorf("--out %s: there is a file already: remove it, or choose another name", out)
	}
	if err != nil {
		return fmt.Errorf("--out: %w", err)
	}
	_, err = file.Write(picture)
	return errors.Join(err, file.Close())
}

// withImages has work use a reader of images, with the auditor's rights in ClickHouse.
func (a *app) withImages(work func(*connections, *images.Reader) error) error {
	r, err := a.plainRole()
	if err != nil {
		return err
	}
	r.observer = newObserver("")
	stores, err := r.connect(embedded.Auditor)
	if err != nil {
		return err
	}
	defer stores.close()
	shelf, err := r.openShelf(stores)
	if err != nil {
		return err
	}
	defer shelf.close()
	return work(stores, shelf.reader)
}
