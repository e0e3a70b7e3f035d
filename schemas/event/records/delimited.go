package records

import (
	"bytes"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"regexp"

	"mailtrail/schemas/event"
)

// unknownName is the form of a field's name, whoever made it up.
var unknownName = regexp.MustCompile(`^[A-Za-z_][A-Za-z0-9_. -]*$`)

// Delimited reads records from delimited text (RFC 4180): a first line with the
// names of fields, then one record a line. Fields are divided by a comma, or by
// a tab or a semicolon where the first line has one of those and no comma.
type Delimited struct {
	kind   *Kind
	reader *csv.Reader
	places []int
	before int64 // the place of the record that was read last
}

// NewDelimited reads the first line. The error is of the whole text.
func NewDelimited(kind *Kind, data []byte) (*Delimited, *event.Error) {
	data = bytes.TrimPrefix(data, []byte("\ufeff"))
	if len(bytes.TrimSpace(data)) == 0 {
		return nil, &event.Error{Code: event.EmptyValue, Message: "the body is empty: a line with the names of fields is needed"}
	}
	if !kind.Document {
		return nil, &event.Error{Code: event.NotReadable, Message: "records of kind " + kind.Name + " come as JSON alone: delimited text is for electronic documentation"}
	}
	d := &Delimited{kind: kind, reader: csv.NewReader(bytes.NewReader(data))}
	d.reader.Comma, d.reader.ReuseRecord = divider(data), true
	names, err := d.reader.Read()
	if err != nil {
		return nil, unreadable(err)
	}
	r := Record{Kind: kind}
	seen := map[int]bool{}
	for _, name := range names {
		place, failed := r.place(bytes.TrimSpace([]byte(name)))
		if failed != nil {
			return nil, failed
		}
		if seen[place] {
			return nil, kind.Fields[place].wrong(event.Repeated, "the field stands twice in the first line")
		}
		seen[place] = true
		d.places = append(d.places, place)
	}
	return d, nil
}

func divider(data []byte) rune {
	head, _, _ := bytes.Cut(data, []byte{'\n'})
	for _, mark := range []byte{',', '\t', ';'} {
		if bytes.IndexByte(head, mark) >= 0 {
			return rune(mark)
		}
	}
	return ','
}

// unreadable says where the text breaks, and nothing of what stands there.
func unreadable(err error) *event.Error {
	var broken *csv.ParseError
	if !errors.As(err, &broken) {
		return &event.Error{Code: event.NotReadable, Message: "expected delimited text"}
	}
	return &event.Error{Code: event.NotReadable, Message: fmt.Sprintf("line %d, byte %d: %v", broken.Line, broken.Column, broken.Err)}
}

// Bytes is how many bytes the record that was read last takes.
func (d *Delimited) Bytes() int { return int(d.reader.InputOffset() - d.before) }

// Next reads the next record. ok is false at the end; err is what is wrong with
// the record, and broken tells that nothing can be read behind it.
func (d *Delimited) Next(r *Record) (ok, broken bool, err *event.Error) {
	d.before = d.reader.InputOffset()
	texts, failed := d.reader.Read()
	switch {
	case failed == io.EOF:
		return false, false, nil
	case errors.Is(failed, csv.ErrFieldCount):
		return true, false, &event.Error{Code: event.NotReadable, Message: fmt.Sprintf("the line has %d fields, and the first line has %d", len(texts), len(d.places))}
	case failed != nil:
		return true, true, unreadable(failed)
	}
	r.Begin(d.kind)
	for i, text := range texts {
		place := d.places[i]
		if err := r.add(&d.kind.Fields[place], place, event.Value{Kind: event.TextValue, Text: []byte(text)}); err != nil {
			return true, false, err
		}
	}
	return true, false, r.complete()
}
