package main

import (
	"bytes"
	"encoding/csv"
	"encoding/json"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"
	"unicode"

	"github.com/jedib0t/go-pretty/v6/table"
	"github.com/jedib0t/go-pretty/v6/text"
	"github.com/spf13/cobra"
)

// rowFormat is the value of --format.
type rowFormat string

// addFormatFlag gives a command that prints rows its --format.
func addFormatFlag(command *cobra.Command) *rowFormat {
	format := rowFormat("table")
	command.Flags().Var(&format, "format", "table, json (one object a line) or csv")
	return &format
}

// String is the format's name.
func (f *rowFormat) String() string { return string(*f) }

// Type is the word for the value in help texts.
func (f *rowFormat) Type() string { return "format" }

// Set takes table, json or csv.
func (f *rowFormat) Set(value string) error {
	if !slices.Contains([]string{"table", "json", "csv"}, value) {
		return fmt.Errorf("expected table, json or csv")
	}
	*f = rowFormat(value)
	return nil
}

// rowWriter prints rows in one of the formats. JSON and CSV are written row by row; a table is kept until Close, since its
// widths depend on all of it.
type rowWriter struct {
	out     io.Writer
	columns []string
	csv     *csv.Writer
	table   table.Writer
	// texts marks the table's columns that hold anything but numbers.
	texts []bool
}

// newRowWriter begins with the columns' names. CSV gets its header at once, so that no rows still make a valid file.
func newRowWriter(out io.Writer, format rowFormat, columns ...string) (*rowWriter, error) {
	w := &rowWriter{out: out, columns: columns}
	switch format {
	case "csv":
		w.csv = csv.NewWriter(out)
		return w, w.csv.Write(columns)
	case "table":
		w.table, w.texts = table.NewWriter(), make([]bool, len(columns))
		style := table.StyleLight
		style.Format.Header = text.FormatDefault
		w.table.SetStyle(style)
		header := make(table.Row, len(columns))
		for i, column := range columns {
			header[i] = column
		}
		w.table.AppendHeader(header)
	}
	return w, nil
}

// Row prints one row with a value for each column: text, numbers, booleans, times, lists of text, or nil for nothing.
func (w *rowWriter) Row(values ...any) error {
	if len(values) != len(w.columns) {
		return fmt.Errorf("a row of %d values for %d columns", len(values), len(w.columns))
	}
	switch {
	case w.csv != nil:
		record := make([]string, len(values))
		for i, value := range values {
			record[i] = cellText(value)
		}
		return w.csv.Write(record)
	case w.table != nil:
		row := make(table.Row, len(values))
		for i, value := range values {
			row[i] = tableCell(value)
			w.texts[i] = w.texts[i] || value != nil && !isNumber(value)
		}
		w.table.AppendRow(row)
		return nil
	default:
		return w.writeObject(values)
	}
}

// Close prints what is still kept.
func (w *rowWriter) Close() error {
	switch {
	case w.csv != nil:
		w.csv.Flush()
		return w.csv.Error()
	case w.table != nil:
		w.alignNumbers()
		_, err := fmt.Fprintln(w.out, w.table.Render())
		return err
	default:
		return nil
	}
}

// writeObject writes one JSON object on one line, its fields in the order of the columns.
func (w *rowWriter) writeObject(values []any) error {
	var line bytes.Buffer
	encoder := json.NewEncoder(&line)
	encoder.SetEscapeHTML(false)
	line.WriteByte('{')
	for i, value := range values {
		if i > 0 {
			line.WriteByte(',')
		}
		if t, ok := value.(time.Time); ok {
			value = cellText(t)
		}
		if err := encoder.Encode(w.columns[i]); err != nil {
			return err
		}
		line.Truncate(line.Len() - 1) // the encoder ends each value with a line break
		line.WriteByte(':')
		if err := encoder.Encode(value); err != nil {
			return fmt.Errorf("column %s: %w", w.columns[i], err)
		}
		line.Truncate(line.Len() - 1)
	}
	line.WriteString("}\n")
	_, err := w.out.Write(line.Bytes())
	return err
}

// cellText is a value as one text: times in RFC 3339 UTC, lists with spaces between.
func cellText(value any) string {
	switch value := value.(type) {
	case nil:
		return ""
	case time.Time:
		return value.UTC().Format(time.RFC3339Nano)
	case []string:
		return strings.Join(value, " ")
	default:
		return fmt.Sprint(value)
	}
}

// alignNumbers puts columns of numbers to the right. The table would do so itself, were no cell ever empty.
func (w *rowWriter) alignNumbers() {
	var configs []table.ColumnConfig
	for i, isText := range w.texts {
		if !isText {
			configs = append(configs, table.ColumnConfig{Number: i + 1, Align: text.AlignRight})
		}
	}
	w.table.SetColumnConfigs(configs)
}

func isNumber(value any) bool {
	switch value.(type) {
	case int, int32, int64, uint, uint16, uint32, uint64, float32, float64:
		return true
	}
	return false
}

// tableCell is a cell's text with control characters disarmed: a name that came with an event must not be able to steer
// the terminal.
func tableCell(value any) string {
	return strings.Map(func(r rune) rune {
		if unicode.IsControl(r) || unicode.Is(unicode.Cf, r) {
			return '\uFFFD'
		}
		return r
	}, cellText(value))
}
