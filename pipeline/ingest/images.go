package ingest

import (
	"context"
	"fmt"

	"mailtrail/schemas/event"
	"mailtrail/schemas/retention"
)

// Images is the topic mail.images, the index of packs: one entry a message.
// Rows go to insert, and stored tells which of the pictures have one already.
func Images(insert func(ctx context.Context, token string, rows *event.ImageColumns) error,
	stored func(ctx context.Context, ids []string) ([]event.BatchRow, error)) Stream {
	return imageStream{insert, stored}
}

type imageStream struct {
	insert func(ctx context.Context, token string, rows *event.ImageColumns) error
	stored func(ctx context.Context, ids []string) ([]event.BatchRow, error)
}

func (imageStream) Topic() string { return event.ImagesTopic }
func (imageStream) NewRows() Rows { return &event.ImageColumns{} }

func (s imageStream) Insert(ctx context.Context, token string, rows Rows) error {
	return s.insert(ctx, token, rows.(*event.ImageColumns))
}

// Known implements Identified: a picture's id is its row's own, so there is no need to remember it in batches too.
func (s imageStream) Known(ctx context.Context, ids []string) ([]event.BatchRow, error) {
	return s.stored(ctx, ids)
}

// Load implements Stream.
func (imageStream) Load(map[string][]byte) (Tables, error) { return ImageTables{}, nil }

// entryVersion names the rules of reading and checking entries. It changes
// whenever any entry could get another row or outcome.
const entryVersion = 2

// ImageTables are the tables that decide about entries: none, since the door has read the barcode.
type ImageTables struct{}

// Version implements Tables.
func (ImageTables) Version() string { return fmt.Sprintf("entry %d", entryVersion) }

// ClockField implements Tables.
func (ImageTables) ClockField() string { return event.CapturedDatetime }

// Parts implements Tables.
func (ImageTables) Parts() []event.EpochPart { return nil }

// Decoder implements Tables.
func (ImageTables) Decoder() Decoder { return imageDecoder{} }

// imageDecoder reads entries. None leaves a payload in its dead letter: that is sealed under the key of a class that lives ten
// times as long as a picture, and the picture itself goes with its pack.
type imageDecoder struct{}

// Withheld implements Withholding.
func (imageDecoder) Withheld([]byte) bool { return true }

func (imageDecoder) Decode(env *Envelope, in *Intake) {
	var row event.ImageRow
	row.Device = env.Device
	value := env.Message.Value
	err := row.DecodeJSON(value)
	if err == nil {
		err = checkEntry(env, &row)
	}
	captured := int64(0)
	if !row.Captured.IsZero() {
		captured = row.Captured.UnixMilli()
	}
	if err != nil {
		in.Reject(0, event.DecodeStage, err, captured, nil)
		return
	}
	head := in.Head(0, retention.MailpieceImages, captured)
	in.Rows().(*event.ImageColumns).Append(&head, row)
	in.Row(retention.MailpieceImages, captured, nil)
}

// checkEntry holds an entry against the headers of its message.
func checkEntry(env *Envelope, row *event.ImageRow) *event.Error {
	switch {
	case env.Proto:
		return badHeader(event.ContentTypeHeader, event.JSONType)
	case env.Origin == "" && string(env.Message.Header(event.BatchIDHeader)) != row.ID.String():
		return badHeader(event.BatchIDHeader, "the id of the entry, by which a repeat is stored once")
	}
	return nil
}
